"""Which modules of others a package imports, read from its source without running it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

NOT_TRIED = ("tests", "migrations", "conftest", "__main__")  # modules of a package that a portal never imports


def import_what_it_uses(package: Path) -> None:
    """Import the libraries that a package names; one that cannot be is the package's own affair, later."""
    for module, names in sorted(set(imports_in(package))):
        if module.partition(".")[0].startswith("lumbung"):
            continue
        try:
            imported = importlib.import_module(module)
            for name in names:
                if not hasattr(imported, name):  # a module within, such as Image in PIL
                    importlib.import_module(f"{module}.{name}")
        except Exception:  # noqa: S112  (a library that it does without)
            continue


def imports_in(package: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each module that is imported from elsewhere, with what is taken out of it."""
    for path in package.rglob("*.py"):
        if set(path.relative_to(package).with_suffix("").parts) & set(NOT_TRIED):
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, ()) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield node.module, tuple(alias.name for alias in node.names)
