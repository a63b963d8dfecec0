"""Which modules of others a package imports, read from its source without running it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

NOT_TRIED = ("tests", "migrations", "conftest", "__main__")  # modules of a package that a portal never imports


def import_what_it_uses(package: Path) -> None:
    """Import the libraries that a package names; one that cannot be is the package's own affair, later."""
    for name in sorted(set(names_in(package))):
        if not name.startswith("lumbung"):
            try:
                importlib.import_module(name)
            except Exception:  # noqa: S112  (a name in a module, or a library that it does without)
                continue


def names_in(package: Path) -> Iterator[str]:
    """Yield the names of what may be modules: ``PIL`` and ``PIL.Image`` for ``from PIL import Image``."""
    for path in package.rglob("*.py"):
        if set(path.relative_to(package).with_suffix("").parts) & set(NOT_TRIED):
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
