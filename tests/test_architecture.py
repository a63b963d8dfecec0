"""The house stands as its plan says: who may import whom, and how large a room may grow."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.api import read_configuration
from importlinter.application.use_cases import lint_imports

from lumbung.hooks import hook_names
from lumbung.registry.manifest import read_manifest

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
LARGEST_FILE = 400
LARGEST_FUNCTION = 60


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def code_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.py") if "node_modules" not in path.parts]


def test_rooms_of_the_core_stand_on_each_other(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert read_configuration()["contracts_options"], "the contracts are gone from pyproject.toml"
    assert lint_imports(cache_dir=None) is True


def test_no_room_of_the_core_takes_the_place_of_a_module_of_python():
    """A process that is started by a file of ours looks beside that file first: Python's `calendar` was ours then."""
    ours = {path.stem for path in (ROOT / "core/lumbung").iterdir() if path.suffix in ("", ".py")}
    assert ours & set(sys.stdlib_module_names) == {"site"}  # site is loaded before any of ours


def test_the_core_names_no_plugin():
    for path in code_of(ROOT / "core"):
        named = [name for name in imports_of(path) if name.startswith("lumbung_")]
        assert not named, f"{path.relative_to(ROOT)} imports {named[0]}"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_imports_the_sdk_and_nothing_else_of_the_core(plugin):
    package = f"lumbung_{plugin.name}"
    for path in code_of(plugin):
        allowed = {"lumbung.sdk"} | ({"lumbung.testing"} if "tests" in path.parts else set())
        for name in imports_of(path):
            of_the_core = name == "lumbung" or name.startswith("lumbung.")
            assert not of_the_core or name in allowed, f"{path.relative_to(ROOT)} imports {name}"
            of_a_plugin = name.startswith("lumbung_") and name.partition(".")[0] != package
            assert not of_a_plugin, f"{path.relative_to(ROOT)} imports another plugin: {name}"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_is_called_by_one_word_everywhere(plugin):
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    name = plugin.name
    assert project["name"] == f"lumbung-{name}"
    assert project["entry-points"]["lumbung.plugins"] == {name: f"lumbung_{name}"}
    manifest = read_manifest(plugin / f"lumbung_{name}" / "plugin.toml")
    assert (manifest.name, manifest.version) == (name, project["version"])
    assert set(manifest.hooks) <= hook_names()


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_the_front_page_of_a_plugin_holds_only_its_hooks(plugin):
    tree = ast.parse((plugin / f"lumbung_{plugin.name}" / "__init__.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            assert decorators == ["hookimpl"], f"{node.name} is no hook; it belongs in a room of its own"
            assert len(node.body) <= 5, f"{node.name} does work on the front page"
        else:
            assert isinstance(node, ast.Import | ast.ImportFrom | ast.Expr | ast.Assign | ast.If), ast.unparse(node)


def test_revision_files_import_nothing_of_the_house():
    for plugin in PLUGINS:
        for path in plugin.glob("lumbung_*/migrations/*.py"):
            for name in imports_of(path):
                allowed = sys.stdlib_module_names | {"alembic", "sqlalchemy"}
                assert name.partition(".")[0] in allowed, f"{path.name} imports {name}"


def test_no_room_has_grown_too_large():
    too_large = []
    packages = [ROOT / "core", *(plugin / f"lumbung_{plugin.name}" for plugin in PLUGINS)]
    for path in (path for package in packages for path in code_of(package)):
        text = path.read_text()
        lines = text.count("\n")
        if lines > LARGEST_FILE:
            too_large.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LARGEST_FUNCTION and "migrations" not in path.parts:
                    too_large.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines")
    assert not too_large, "\n".join(too_large)


def test_no_helper_drawer():
    names = {"util", "utils", "helpers", "misc"}
    drawers = [path for path in code_of(ROOT / "core") + code_of(ROOT / "plugins") if path.stem in names]
    assert not drawers
