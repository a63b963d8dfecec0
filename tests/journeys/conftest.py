"""One demo regency for all journeys that only visit it: loading it takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lumbung.database.embedded import ServerAddress
from lumbung.database.roles import DatabaseUrls
from lumbung.demo.load import demo_password, load_demo
from lumbung.settings import Settings
from lumbung.testing import TestHouse, frozen_clock
from lumbung.testing.databases import Build, copied_site
from lumbung.web import limits

MORNING = "2026-11-24T08:05+08:00"  # a Tuesday, in WITA


@pytest.fixture(scope="session")
def demo_house(postgres: ServerAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestHouse]:
    """The demo regency as it is on a Tuesday morning. Tests share it: what one does, the next may find done."""
    with demo_site(postgres, tmp_path_factory.mktemp("demo") / "home") as house:
        yield house


@contextmanager
def demo_site(postgres: ServerAddress, home: Path) -> Iterator[TestHouse]:
    """A copy of the demo regency as it is on that morning, with the database and the files of its own."""
    with copied_site(postgres, "demo", home, load_morning) as urls:
        house = TestHouse(Settings(home=home), urls)
        try:
            yield house
        finally:
            house.close()


def load_morning(settings: Settings, urls: DatabaseUrls) -> None:
    """Load the demo regency on a Tuesday morning."""
    with frozen_clock(MORNING):
        load_demo(settings, urls, tell=lambda step: None)


@pytest.fixture(scope="session")
def demo_to_begin_with() -> tuple[str, Build]:
    """The demo regency as another site's beginning; see `copied_site`."""
    return "demo", load_morning


@pytest.fixture
def own_demo_house(postgres: ServerAddress, tmp_path: Path) -> Iterator[TestHouse]:
    """The demo regency for one test alone."""
    with demo_site(postgres, tmp_path / "home") as house:
        yield house


@pytest.fixture
def demo_regency(demo_house: TestHouse) -> Iterator[str]:
    """The address of Sumbawa in `demo_house`, served while the clock stands at that morning."""
    with frozen_clock(MORNING):
        demo_house.kernel.state.forget()
        with demo_house.serving() as port:
            yield f"http://sumbawa.localhost:{port}"


@pytest.fixture
def password(demo_house: TestHouse) -> str:
    """The password of every account of the demo."""
    return demo_password(demo_house.settings)


@pytest.fixture
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test ask as often as it likes: a refusal for asking too often would hide what it looks for."""
    counting = "SELECT 1 WHERE :tenant IS NOT NULL AND :key IS NOT NULL AND :start > 0"
    monkeypatch.setattr(limits, "_COUNT", limits.text(counting))
