"""From a wheel to a plugin of this site and back: all or nothing, again and again, with its data kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle import packages
from lumbung.lifecycle.enable import disable, enable
from lumbung.lifecycle.install import INSTALL
from lumbung.lifecycle.machine import Work
from lumbung.lifecycle.operations import install_found, install_wheel, resume, uninstall
from lumbung.lifecycle.overview import overview
from lumbung.registry.manifest import MANIFEST
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST as TEXT
from lumbung.testing.wheels import revision

Everything = Callable[[], Any]

NOTES = '    op.create_tenant_table("contoh_note", sa.Column("words", sa.Text, nullable=False))\n'


def test_a_wheel_becomes_a_plugin_with_tables_ledger_and_every_step_told(
    house: TestHouse, tmp_path: Path, as_owner: Any
) -> None:
    told: list[str] = []
    manifest = install_wheel(house.kernel, make_wheel(tmp_path, files=revision(NOTES)), by="siti", tell=told.append)
    assert manifest.name == "contoh"
    assert told == ["inspect", "plan", "unpack", "probe", "migrate", "switch", "register", "renew"]
    assert as_owner("SELECT name, version, state, installed_by FROM lumbung_plugin") == [
        ("contoh", "1.0.0", "installed", "siti")
    ]
    assert as_owner(
        "SELECT component, package_version, revision, by FROM lumbung_ledger WHERE component <> 'core'"
    ) == [("contoh", "1.0.0", "0001", "siti")]
    assert as_owner("SELECT count(*) FROM contoh_note") == [(0,)]
    assert overview(house.kernel)[0].as_json()["tenants"] == []


def test_installing_twice_changes_nothing(house: TestHouse, tmp_path: Path, everything: Everything) -> None:
    wheel = make_wheel(tmp_path, files=revision(NOTES))
    install_wheel(house.kernel, wheel, by="test")
    before = everything()
    install_wheel(house.kernel, wheel, by="test")
    assert everything() == before


def test_an_upgrade_that_fails_keeps_the_older_version_code_and_tables(
    house: TestHouse, tmp_path: Path, everything: Everything
) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path, files=revision(NOTES)), by="test")
    enable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
    before = everything()
    files = {**revision(NOTES), **revision("    op.execute('SELECT nope')\n", "0002", "0001")}
    newer = make_wheel(tmp_path, version="1.1.0", files=files)
    with pytest.raises(LumbungError, match="nope"):
        install_wheel(house.kernel, newer, by="test")
    assert everything() == before
    assert house.client().get("/contoh/").text == "halo dari contoh"


def test_an_upgrade_moves_code_tables_and_ledger_together(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path, files=revision(NOTES)), by="test")
    add = "    op.add_column('contoh_note', sa.Column('more', sa.Text))\n"
    files = {**revision(NOTES), **revision(add, "0002", "0001")}
    install_wheel(house.kernel, make_wheel(tmp_path, version="1.1.0", files=files), by="test")
    assert as_owner("SELECT version FROM lumbung_plugin") == [("1.1.0",)]
    assert as_owner("SELECT revision FROM lumbung_ledger WHERE component = 'contoh' ORDER BY id") == [
        ("0001",),
        ("0002",),
    ]
    infos = sorted(path.name for path in (house.settings.plugin_folder / "current").glob("*.dist-info"))
    assert infos == ["lumbung_contoh-1.1.0.dist-info"]
    with pytest.raises(LumbungError, match=r"is older than the contoh 1\.1\.0 that is installed"):
        install_wheel(house.kernel, make_wheel(tmp_path, files=revision(NOTES)), by="test")


class Killed(BaseException):
    """What a process that is killed does: nothing more."""


STEPS = [step.name for step in INSTALL]


@pytest.mark.parametrize("moment", ["begun", "done"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_is_taken_up_again_and_ends_as_if_nothing_had_been(
    house: TestHouse, tmp_path: Path, as_owner: Any, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    wheel = make_wheel(tmp_path, files=revision(NOTES))

    def killed(work: Work, name: str, state: str) -> None:
        if (name, state) == (step, moment):
            raise Killed
        marked(work, name, state)

    marked = Work._mark
    with monkeypatch.context() as patch:
        patch.setattr(Work, "_mark", killed)
        with pytest.raises(Killed):
            install_wheel(house.kernel, wheel, by="test")
    assert as_owner("SELECT state FROM lumbung_operation") == [("running",)]
    assert resume(house.kernel) == 1
    assert resume(house.kernel) == 0
    assert as_owner("SELECT state FROM lumbung_operation") == [("done",)]
    assert as_owner("SELECT name, version, state FROM lumbung_plugin") == [("contoh", "1.0.0", "installed")]
    assert as_owner("SELECT revision FROM lumbung_ledger WHERE component = 'contoh'") == [("0001",)]
    assert not list(house.settings.plugin_folder.glob(".draft*"))
    assert packages.distribution_in(house.settings.plugin_folder, "lumbung-contoh") is not None
    assert as_owner("SELECT count(*) FROM contoh_note") == [(0,)]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_fails_leaves_everything_as_it_was(
    house: TestHouse, tmp_path: Path, as_owner: Any, everything: Everything, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fails(work: Work, name: str, state: str) -> None:
        if (name, state) == (step, "done"):
            raise LumbungError("disengaja")
        marked(work, name, state)

    before, marked = everything(), Work._mark
    monkeypatch.setattr(Work, "_mark", fails)
    with pytest.raises(LumbungError, match="disengaja"):
        install_wheel(house.kernel, make_wheel(tmp_path, files=revision(NOTES)), by="test")
    assert everything() == before
    assert not list((house.settings.home / "wheels").glob("*"))
    assert as_owner("SELECT state FROM lumbung_operation") == [("failed",)]


def test_what_a_crash_left_in_the_folder_is_swept_by_the_next_change(house: TestHouse, tmp_path: Path) -> None:
    root = house.settings.plugin_folder
    install_wheel(house.kernel, make_wheel(tmp_path, "satu"), by="test")
    for name in (".draft-2", ".draft-77"):
        (root / name / "lumbung_setengah").mkdir(parents=True)
    (root / ".next").symlink_to("nowhere")
    (root / "41").mkdir()  # renamed, not yet switched to
    install_wheel(house.kernel, make_wheel(tmp_path, "dua"), by="test")
    assert not list(root.glob(".draft*"))
    assert {"satu", "dua"} <= {one.name for one in overview(house.kernel) if one.state == "installed"}
    for number in range(5):
        install_wheel(house.kernel, make_wheel(tmp_path, f"lagi{number}"), by="test")
    assert len([path for path in root.iterdir() if path.name.isdigit()]) == packages.KEEP
    assert packages.distribution_in(root, "lumbung-satu") is not None


def test_uninstalling_keeps_the_data_and_installing_again_finds_it(
    house: TestHouse, tmp_path: Path, as_owner: Any
) -> None:
    wheel = make_wheel(tmp_path, files=revision(NOTES))
    install_wheel(house.kernel, wheel, by="test")
    enable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
    with house.scope("sumbawa") as scope:
        scope.session.connection().exec_driver_sql("INSERT INTO contoh_note (words) VALUES ('masih ada')")
    told: list[str] = []
    uninstall(house.kernel, "contoh", by="test", tell=told.append)
    assert told == ["check", "hold", "archive", "disable", "remove"]
    assert house.client().get("/contoh/").status_code == 404
    assert packages.distribution_in(house.settings.plugin_folder, "lumbung-contoh") is None
    assert as_owner("SELECT words FROM contoh_note") == [("masih ada",)]
    assert ("contoh", "uninstalled") in [(one.name, one.state) for one in overview(house.kernel)]
    with pytest.raises(LumbungError, match="contoh is not installed"):
        uninstall(house.kernel, "contoh", by="test")
    install_wheel(house.kernel, wheel, by="test")
    assert as_owner("SELECT words FROM contoh_note") == [("masih ada",)]
    assert as_owner("SELECT * FROM lumbung_enabled") == []


def test_uninstalling_works_when_the_package_is_already_gone(house: TestHouse, tmp_path: Path) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path), by="test")
    shutil.rmtree(house.settings.plugin_folder)
    [line] = [one for one in overview(house.kernel) if one.name == "contoh"]
    assert line.problem is not None
    assert "package is gone" in line.problem
    uninstall(house.kernel, "contoh", by="test")
    assert "contoh" not in house.kernel.snapshot().plugins


def test_an_uninstall_that_was_interrupted_is_finished_by_the_next_operation(
    house: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path), by="test")

    def killed(*_: Any) -> bool:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(packages, "take_out", killed)
        with pytest.raises(Killed):
            uninstall(house.kernel, "contoh", by="test")
    assert packages.distribution_in(house.settings.plugin_folder, "lumbung-contoh") is not None
    install_wheel(house.kernel, make_wheel(tmp_path, "lain"), by="test")
    assert packages.distribution_in(house.settings.plugin_folder, "lumbung-contoh") is None
    assert list(house.kernel.snapshot().plugins) == ["lain"]


def test_plugins_that_need_one_another_come_and_go_in_order(house: TestHouse, tmp_path: Path) -> None:
    needing = TEXT.format(name="atap", version="1.0.0") + '[dependencies]\ndinding = ">=1,<2"\n'
    roof = make_wheel(tmp_path, "atap", manifest=needing)
    with pytest.raises(LumbungError, match="atap needs the plugin dinding >=1,<2; install that first"):
        install_wheel(house.kernel, roof, by="test")
    install_wheel(house.kernel, make_wheel(tmp_path, "dinding", version="2.0.0"), by="test")
    with pytest.raises(LumbungError, match=r"atap needs dinding >=1,<2; 2\.0\.0 is installed"):
        install_wheel(house.kernel, roof, by="test")
    uninstall(house.kernel, "dinding", by="test")
    shutil.rmtree(house.settings.plugin_folder)
    with pytest.raises(LumbungError, match="install that first"):
        install_wheel(house.kernel, roof, by="test")
    install_wheel(house.kernel, make_wheel(tmp_path, "dinding", version="1.5.0"), by="test")
    install_wheel(house.kernel, roof, by="test")
    here = house.kernel.tenant("sumbawa")
    with pytest.raises(LumbungError, match="atap needs dinding; enable that for sumbawa first"):
        enable(house.kernel, "atap", here, by="test")
    assert enable(house.kernel, "dinding", here, by="test")
    assert enable(house.kernel, "atap", here, by="test")
    with pytest.raises(LumbungError, match="dinding is needed by atap for sumbawa"):
        disable(house.kernel, "dinding", here, by="test")
    with pytest.raises(LumbungError, match="dinding is needed by atap; uninstall that first"):
        uninstall(house.kernel, "dinding", by="test")
    assert house.kernel.snapshot().is_enabled("dinding", here.id)
    for name in ("atap", "dinding"):
        uninstall(house.kernel, name, by="test")
    assert not {"atap", "dinding"} & set(house.kernel.snapshot().plugins)


def test_enabling_and_disabling_twice_is_harmless_and_stands_in_the_trail_once(
    house: TestHouse, gift: Any, as_owner: Any
) -> None:
    gift(tenants=())
    here = house.kernel.tenant("sumbawa")
    assert [enable(house.kernel, "contoh", here, by="siti") for _ in range(2)] == [True, False]
    assert [disable(house.kernel, "contoh", here, by="siti") for _ in range(2)] == [True, False]
    trail = as_owner("SELECT action, thing, person_name FROM lumbung_audit WHERE thing = 'contoh' ORDER BY at")
    assert trail == [("plugin.enable", "contoh", "siti"), ("plugin.disable", "contoh", "siti")]
    with pytest.raises(LumbungError, match="tidak_ada is not installed; installed are: contoh"):
        enable(house.kernel, "tidak_ada", here, by="test")


def test_a_web_process_cannot_install_or_change_the_schema(
    house: TestHouse, tmp_path: Path, everything: Everything
) -> None:
    web = Kernel(house.settings, house.urls.app)
    before = everything()
    try:
        with pytest.raises(LumbungError, match="may not change the schema"):
            install_wheel(web, make_wheel(tmp_path, files=revision(NOTES)), by="test")
    finally:
        web.close()
    assert everything() == before


def test_a_package_that_is_here_is_installed_by_its_name(house: TestHouse, tmp_path: Path) -> None:
    with pytest.raises(LumbungError, match="no plugin package 'tidak_ada' here"):
        install_found(house.kernel, "tidak_ada", by="test")
    install_wheel(house.kernel, make_wheel(tmp_path), by="test")
    uninstall(house.kernel, "contoh", by="test")
    from lumbung.lifecycle.inspection import inspect_wheel

    packages.put_in(house.settings.plugin_folder, inspect_wheel(make_wheel(tmp_path)))
    assert install_found(house.kernel, "contoh", by="test").name == "contoh"


def test_the_list_says_what_an_operator_must_mend(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path, "tua"), by="test")
    install_wheel(house.kernel, make_wheel(tmp_path, "aneh"), by="test")
    as_owner("UPDATE lumbung_plugin SET version = '0.9' WHERE name = 'tua'")
    as_owner("UPDATE lumbung_plugin SET manifest = '{}' WHERE name = 'aneh'")
    broken = house.settings.plugin_folder / "current" / "lumbung_tua" / MANIFEST
    lines = {one.name: one for one in overview(house.kernel)}
    assert "1.0.0 but 0.9 was installed" in (lines["tua"].problem or "")
    assert "the manifest kept of aneh" in (lines["aneh"].problem or "")
    assert json.dumps([one.as_json() for one in lines.values()])
    uninstall(house.kernel, "aneh", by="test")
    assert broken.exists()
    assert {one.name: one.state for one in overview(house.kernel)}["aneh"] == "uninstalled"
