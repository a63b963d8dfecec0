"""The example applications, taken in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from lumbung.adoption.adopting import Looked, looked_at

APPS = Path(__file__).resolve().parent.parent / "foreign" / "apps"


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Looked]:
    """Take in one of the examples, or a path, and look at it."""
    with ExitStack() as stack:
        yield lambda given: stack.enter_context(
            looked_at(APPS / given if isinstance(given, str) else given, tmp_path / "to")
        )


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Write files into a folder of its own and return it."""

    def write(files: dict[str, str], name: str = "donated") -> Path:
        for path, text in files.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return tmp_path / name

    return write
