"""An upgrade ends at the new version or where it began, whatever fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle import health, upgrade, upgrade_plan
from lumbung.lifecycle.operations import install_wheel, run
from lumbung.testing import TestHouse, make_wheel

SECOND = '    op.add_column("contoh_note", sa.Column("more", sa.Text, server_default="baru"))\n'


def unwell(*_given: Any) -> int:
    """Be a check that fails."""
    raise LumbungError("tidak sehat")


FAILURES = {
    "fails on the rows there are": ("    op.create_check_constraint('ck', 'contoh_note', \"words <> 'dua'\")\n", "ck"),
    "loses a table's row security": (
        "    op.execute('ALTER TABLE contoh_note DISABLE ROW LEVEL SECURITY')\n",
        "row-level",
    ),
    "fails in Python": ("    raise RuntimeError('tidak jadi')\n", "tidak jadi"),
    "ends the process": ("    raise SystemExit(3)\n", "3"),
    "ends its connection": ("    op.execute('SELECT pg_terminate_backend(pg_backend_pid())')\n", "terminat"),
    "commits in the middle": ("    op.execute('COMMIT')\n" + SECOND + "    op.execute('SELECT nope')\n", "nope"),
}
LIVE_ONLY = '    if op.get_bind().execute(sa.text("SELECT current_schema()")).scalar() == "public":\n    '


def test_a_migration_that_fails_in_the_rehearsal_never_meets_the_live_tables_and_one_that_fails_there_is_undone(
    house: TestHouse, tmp_path: Path, lab: Any
) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path / "other", "lain"), by="test")
    before = {**without_packages(lab)}
    for number, (kind, (body, said)) in enumerate(FAILURES.items()):
        for live in (False, True) if number > 3 else (False,):
            indented = LIVE_ONLY + body.replace("\n    ", "\n        ") if live else body
            with pytest.raises(LumbungError, match=said):
                install_wheel(house.kernel, lab.newer(indented), by="test")
            steps = {one["step"]: one["state"] for one in lab.operation().steps}
            assert ("migrate" in steps) == live, (kind, steps)
            assert without_packages(lab) == before, kind
    assert len(lab.operation().facts["plan"]["revisions"]) == 1
    assert house.kernel.snapshot().plugins["lain"].version == "1.0.0"


def without_packages(lab: Any) -> dict[str, Any]:
    """As `everything`, with another plugin beside it."""
    return {name: value for name, value in lab.everything().items() if name != "package"}


def test_rows_written_after_the_migration_are_saved_before_the_tables_come_back(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lab.everything()

    def written_meanwhile(*_given: Any) -> int:
        lab.ask(lambda one: one.execute(text("UPDATE contoh_note SET more = 'diam, \"diam\"' WHERE words = 'dua'")))
        return unwell()

    monkeypatch.setattr(health, "visit", written_meanwhile)
    with pytest.raises(LumbungError, match="tidak sehat"):
        install_wheel(house.kernel, lab.newer(), by="test")
    [note] = [one["note"] for one in lab.operation().steps if "returned" in one.get("note", "")]
    [folder] = (house.settings.home / "returned").iterdir()
    assert str(folder) in note
    assert [path.name for path in folder.iterdir()] == ["contoh_note.csv"]
    assert folder.stat().st_mode & 0o77 == (folder / "contoh_note.csv").stat().st_mode & 0o77 == 0
    assert '"diam, ""diam"""' in (folder / "contoh_note.csv").read_text()
    assert lab.everything() == before


def test_nobody_but_the_owner_looks_into_a_copy_and_the_plugin_is_held_meanwhile(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def look(*_given: Any) -> int:
        with house.kernel.database.new_session(None) as session:
            seen["state"] = session.execute(text("SELECT state FROM lumbung_plugin")).scalar()
            for role in (house.urls.app, house.urls.reader):
                name = role.split("//")[1].split(":")[0]
                seen[name] = lab.ask(
                    lambda one, name=name: one.execute(
                        text("SELECT has_schema_privilege(:name, 'lumbung_draft_contoh', 'USAGE')"), {"name": name}
                    ).scalar()
                )
        return 1

    monkeypatch.setattr(health, "visit", look)
    install_wheel(house.kernel, lab.newer(), by="test")
    assert seen.pop("state") == "upgrading"
    assert list(seen.values()) == [False, False]
    lab.write("empat")


def test_what_cannot_end_well_is_refused_before_anything_is_held(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lab.everything()
    two_ends = {
        "lumbung_contoh/migrations/0003_x.py": lab.HEAD.format(words="", revision="0003", down="'0001'") + lab.SECOND,
    }
    rootless = make_wheel(
        tmp_path / "ahead",
        version="1.1.0",
        files={"lumbung_contoh/migrations/9_x.py": lab.HEAD.format(words="", revision="9", down=None) + lab.FIRST},
    )
    for wheel, said in (
        (lab.newer(files=two_ends), "more than one end: 0002, 0003"),
        (rootless, "are at revision 0001, which this version does not know"),
        (lab.newer("    x = = 1\n"), "cannot be read: 0002_x.py"),
    ):
        with pytest.raises(LumbungError, match=said):
            install_wheel(house.kernel, wheel, by="test")
        assert lab.everything() == before
    monkeypatch.setattr(upgrade_plan, "free_space", lambda _settings: 2**20)
    with pytest.raises(LumbungError, match="no room for the copies"):
        install_wheel(house.kernel, lab.newer(), by="test")
    assert lab.everything() == before
    assert [one["step"] for one in lab.operation().steps][-1] == "weigh"


def test_a_table_that_somebody_holds_ends_the_wait_with_their_name(house: TestHouse, tmp_path: Path, lab: Any) -> None:
    before = lab.everything()
    impatient = Kernel(
        house.settings.model_copy(update={"lock_timeout_ms": 50}), house.urls.app, migrator_url=house.urls.migrator
    )
    engine = create_engine(house.urls.migrator, connect_args={"application_name": "laporan bulanan"})
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE contoh_note IN ROW EXCLUSIVE MODE"))
        with pytest.raises(LumbungError, match=r"in use by laporan bulanan \(.*; try again when that has ended"):
            install_wheel(impatient, lab.newer(), by="test")
    engine.dispose()
    impatient.close()
    assert lab.everything() == before
    install_wheel(house.kernel, lab.newer(), by="test")


def test_rows_written_between_the_copy_and_the_migration_are_copied_too(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearse, late = upgrade.rehearsal.rehearse, iter(["empat", "lima"])

    def somebody_writes(*given: Any) -> None:
        rehearse(*given)
        lab.write(next(late))

    monkeypatch.setattr(upgrade.rehearsal, "rehearse", somebody_writes)
    install_wheel(house.kernel, lab.newer(), by="test")
    run(house.kernel, "return", plugin="contoh", by="test")
    assert lab.ask(lambda one: one.execute(text("SELECT count(*) FROM contoh_note")).scalar()) == 4
