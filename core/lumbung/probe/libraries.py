"""Which modules of others a package imports, read from its source without running it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from lumbung.errors import LumbungError
from lumbung.registry.manifest import MANIFEST, read_manifest

NOT_TRIED = ("tests", "migrations", "conftest", "__main__")  # modules of a package that a portal never imports


def donated_in(package: Path) -> Path | None:
    """Return the folder of a package in which an application lies that runs apart: none of it is imported here."""
    try:
        manifest = read_manifest(package / MANIFEST)
    except LumbungError:
        return None
    return package / manifest.process.source if manifest.process is not None else None


def import_what_it_uses(package: Path, *, but: Path | None = None) -> None:
    """Import the libraries that a package names; one that cannot be is the package's own affair, later.

    What lies in the folder ``but`` is left alone.
    """
    for module, names in sorted(set(imports_in(package, but=but))):
        if module.partition(".")[0].startswith("lumbung"):
            continue
        try:
            imported = importlib.import_module(module)
            for name in names:
                if not hasattr(imported, name):  # a module within, such as Image in PIL
                    importlib.import_module(f"{module}.{name}")
        except Exception:  # noqa: S112  (a library that it does without)
            continue


def imports_in(package: Path, *, but: Path | None = None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each module that is imported from elsewhere, with what is taken out of it."""
    for path in package.rglob("*.py"):
        if but is not None and path.is_relative_to(but):
            continue
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
