"""Plugins are found without importing any; two packages that claim one name do not confuse the house."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lumbung.lifecycle import packages
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.registry.discovery import (
    PluginUnusable,
    add_plugin_folder,
    describe_error,
    find_plugin,
    find_plugins,
    forget,
    load_module,
)
from lumbung.registry.manifest import ManifestError
from lumbung.testing import TestHouse, make_wheel


def unpack(house: TestHouse, *wheels: Path) -> Path:
    """Put packages on the import path without installing them."""
    packages.put_in(house.settings.plugin_folder, *(inspect_wheel(wheel) for wheel in wheels))
    return house.settings.plugin_folder / "current"


def test_finding_and_reading_a_manifest_imports_nothing(house: TestHouse, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    code = f"open({str(trace)!r}, 'w').close()\n"
    unpack(house, make_wheel(tmp_path, files={"lumbung_contoh/__init__.py": code}))
    found = find_plugins()["contoh"]
    assert (found.module, found.version) == ("lumbung_contoh", "1.0.0")
    assert found.manifest.title.en == "Sample"
    assert found.folder.name == "lumbung_contoh"
    assert "lumbung_contoh" not in sys.modules
    assert not trace.exists()
    load_module("contoh")
    assert trace.exists()


def test_two_installs_within_a_second_are_both_seen(house: TestHouse, tmp_path: Path) -> None:
    for number in range(5):
        unpack(house, make_wheel(tmp_path, f"cepat{number}"))
        assert find_plugin(f"cepat{number}") is not None
    assert {f"cepat{number}" for number in range(5)} <= set(find_plugins())


def test_of_two_packages_with_one_name_only_the_first_on_the_path_is_imported(house: TestHouse, tmp_path: Path) -> None:
    unpack(house, make_wheel(tmp_path))
    other = tmp_path / "elsewhere"
    info = other / "penyusup-9.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: penyusup\nVersion: 9.9\n")
    (info / "entry_points.txt").write_text("[lumbung.plugins]\ncontoh = lumbung_penyusup\n")
    (other / "lumbung_penyusup").mkdir()
    (other / "lumbung_penyusup" / "__init__.py").write_text("raise SystemExit('kode asing')")
    sys.path.append(str(other))
    found = find_plugin("contoh")
    assert found is not None
    assert (found.module, found.version) == ("lumbung_contoh", "1.0.0")
    assert load_module("contoh").__name__ == "lumbung_contoh"
    assert "lumbung_penyusup" not in sys.modules


def test_a_package_whose_manifest_disagrees_is_named(house: TestHouse, tmp_path: Path) -> None:
    folder = unpack(house, make_wheel(tmp_path)) / "lumbung_contoh" / "plugin.toml"
    text = folder.read_text()
    for old, new, said in (
        ('version = "1.0.0"', 'version = "2.0.0"', "says version 2.0.0, its package says 1.0.0"),
        ('name = "contoh"', 'name = "lain"', "use one word"),
    ):
        folder.unlink()
        folder.write_text(text.replace(old, new))
        found = find_plugin("contoh")
        assert found is not None
        with pytest.raises(ManifestError, match=said):
            _ = found.manifest


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise ValueError('baris satu\\nbaris dua')", "ValueError: baris satu"),
        ("assert False", "AssertionError"),
        ("import tidak_ada_sama_sekali", "ModuleNotFoundError"),
        ("def (", "SyntaxError"),
    ],
)
def test_a_package_that_cannot_be_imported_is_unusable_in_one_line(
    house: TestHouse, tmp_path: Path, code: str, said: str
) -> None:
    unpack(house, make_wheel(tmp_path, files={"lumbung_contoh/__init__.py": code}))
    with pytest.raises(PluginUnusable, match="Plugin contoh cannot be imported") as refused:
        load_module("contoh")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_package_that_is_not_there_is_said_to_be_missing() -> None:
    assert find_plugin("tidak_ada") is None
    with pytest.raises(PluginUnusable, match="not on the import path"):
        load_module("tidak_ada")


def test_adding_the_folder_twice_adds_it_once(house: TestHouse) -> None:
    folder = house.settings.plugin_folder / "current"
    add_plugin_folder(folder)
    add_plugin_folder(folder)
    assert sys.path.count(str(folder)) == 1


def test_an_error_without_words_is_its_kind() -> None:
    assert describe_error(ValueError()) == "ValueError"
    assert describe_error(ValueError("  a\nb")) == "ValueError: a"


def test_many_threads_forget_at_once() -> None:
    """A worker's first requests open several plugins at once, and each looks afresh what is on the import path."""

    def look(_: int) -> int:
        for _time in range(60):
            sys.path_importer_cache.update({f"/hilang{number}.zip": None for number in range(30)})
            forget()
        return len(find_plugins())

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(look, range(4))) == [len(find_plugins())] * 4
    finally:
        sys.setswitchinterval(usual)
