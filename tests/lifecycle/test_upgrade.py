"""An upgrade ends at the new version or where it began, whatever fails and whenever it is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from lumbung.clock import utc_now
from lumbung.errors import LumbungError, Sentence
from lumbung.kernel import Kernel
from lumbung.lifecycle import full_set, health, machine, patience, snapshots, upgrade, upgrade_plan, way_back
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.layout import layout_of
from lumbung.lifecycle.operations import finish_left_behind, install_wheel, resume, run, uninstall
from lumbung.lifecycle.outdated import forget_outdated
from lumbung.lifecycle.way_back import RETURN
from lumbung.registry.models import OperationRow
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.clocks import frozen_clock

HEAD = '''"""{words}

More that nobody lists.
"""
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = {down}
def upgrade():
'''
FIRST = (
    '    op.create_tenant_table("contoh_note", sa.Column("words", sa.Text, nullable=False),\n'
    '        sa.Column("number", sa.Integer, sa.Identity()))\n'
)
SECOND = '    op.add_column("contoh_note", sa.Column("more", sa.Text, server_default="baru"))\n'


def revisions(*bodies: str, name: str = "contoh") -> dict[str, str]:
    """Return the files of a plugin with these revisions, one after the other."""
    files, down = {}, None
    for number, body in enumerate(bodies, 1):
        text_ = HEAD.format(words=f"Langkah {number}", revision=f"{number:04}", down=repr(down)) + body
        files[f"lumbung_{name}/migrations/{number:04}_x.py"] = text_
        down = f"{number:04}"
    return files


@pytest.fixture
def owner(house: TestHouse) -> Iterator[Callable[[Callable[..., Any]], Any]]:
    """Ask something of the database as the owner of the tables."""
    engine = create_engine(house.urls.migrator)

    def ask(question: Callable[..., Any]) -> Any:
        with engine.begin() as connection:
            return question(connection)

    yield ask
    engine.dispose()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for a lock again at once, and leave the whole set of packages to its own tests: it takes longest."""
    monkeypatch.setattr(full_set, "refuse_conflicts", lambda *_given: None)
    monkeypatch.setattr(full_set, "words", lambda _given: Sentence("cocok"))
    monkeypatch.setattr(patience, "PAUSES", (0.0,))
    for module in (patience, way_back):
        monkeypatch.setattr(module, "PAUSES_ON_THE_WAY_BACK", (0.0,))


@pytest.fixture
def old(house: TestHouse, tmp_path: Path) -> Path:
    """The first version, installed, switched on for sumbawa, with rows and a file; returns its wheel."""
    wheel = make_wheel(tmp_path / "old", files=revisions(FIRST))
    install_wheel(house.kernel, wheel, by="test")
    enable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
    write(house, "satu", "dua", "tiga")
    files = house.settings.home / "files" / "contoh"
    files.mkdir(parents=True)
    (files / "surat.txt").write_text("asli")
    return wheel


def newer(folder: Path, *bodies: str, version: str = "1.1.0", **more: Any) -> Path:
    """Return a wheel of the second version, which goes on from the first revision."""
    files = {**revisions(FIRST, *(bodies or (SECOND,))), **more.pop("files", {})}
    return make_wheel(folder / version, version=version, files=files, **more)


def write(house: TestHouse, *words: str) -> None:
    """Write notes as the pages would."""
    with house.scope("sumbawa") as scope:
        for word in words:
            scope.session.execute(text("INSERT INTO contoh_note (words) VALUES (:word)"), {"word": word})


def everything(house: TestHouse, owner: Any) -> dict[str, Any]:
    """All that an upgrade could change, but the numbers of generations and what history keeps."""
    current = house.settings.plugin_folder / "current"
    files = house.settings.home / "files"
    return {
        "package": sorted(
            (str(path.relative_to(current)), path.read_bytes())
            for path in (current.rglob("*") if current.exists() else ())
            if path.is_file() and path.suffix != ".pyc"
        ),
        "files": sorted((path.name, path.read_bytes()) for path in files.rglob("*") if path.is_file()),
        "layout": owner(lambda one: layout_of(one, "contoh").statements()),
        "rows": owner(lambda one: snapshots.digests(one, "contoh")),
        "next": owner(lambda one: one.execute(text("SELECT last_value FROM contoh_note_number_seq")).scalar()),
        "plugin": owner(
            lambda one: tuple(
                one.execute(
                    text(
                        "SELECT version, module, state, manifest, wheel_hash, installed_by FROM lumbung_plugin "
                        "WHERE name = 'contoh'"
                    )
                ).one()
            )
        ),
        "schemas": owner(
            lambda one: (
                one.execute(text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'lumbung_')"))
                .scalars()
                .all()
            )
        ),
        "kept": owner(lambda one: one.execute(text("SELECT plugin, version FROM lumbung_way_back")).all()),
    }


def killed_again_and_again(house: TestHouse, log: Path, begin: Callable[[Kernel], object]) -> list[str]:
    """Do an operation in processes each of which is killed just before a note that it would make, every note once.

    Return at which.
    """
    log.touch()
    for attempt in range(100):
        child = os.fork()
        if child == 0:
            _doomed(house, log, begin if attempt == 0 else go_on)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != -signal.SIGKILL:
            assert status == 0, (log.parent / "error").read_text()
            return log.read_text().splitlines()
    raise AssertionError("there was no end to it")


def go_on(kernel: Kernel) -> None:
    """Take up what was left behind, once the database let go of the dead."""
    with machine.alone(kernel):
        finish_left_behind(kernel)


def _doomed(house: TestHouse, log: Path, do: Callable[[Kernel], object]) -> None:
    """Be a process of its own, with connections of its own, that dies at the first note nobody died at yet."""
    save = machine.Work._save

    def die_before(work: machine.Work) -> None:
        last = work.steps[-1] if work.steps else {}
        if (
            (last.get("state"), len(work.facts)) == ("begun", die_before.facts)
            and not last.get("note")
            and not last.get("progress")
        ):
            return save(work)  # nothing was done since the note before
        die_before.facts = len(work.facts)
        undone = [one["step"] for one in work.steps if one["state"] == "undone"]
        words = (
            last.get("step"),
            last.get("state"),
            bool(last.get("note")),
            last.get("progress"),
            len(work.facts),
            len(undone),
        )
        note = " ".join(map(str, words))
        if note not in log.read_text().splitlines():
            with log.open("a") as file:
                file.write(f"{note}\n")
            os.kill(os.getpid(), signal.SIGKILL)
        save(work)

    die_before.facts = -1  # type: ignore[attr-defined]
    machine.Work._save = die_before  # type: ignore[method-assign]
    try:
        do(Kernel(house.settings, house.urls.app, migrator_url=house.urls.migrator))
    except LumbungError:
        pass
    except BaseException as error:
        (log.parent / "error").write_text(repr(error))
        os._exit(1)
    os._exit(0)


def operation(house: TestHouse) -> OperationRow:
    """Return the latest operation."""
    with house.kernel.database.new_session(None) as session:
        return session.query(OperationRow).order_by(OperationRow.asked_at.desc()).first()  # type: ignore[return-value]


def test_killed_at_every_note_an_upgrade_arrives_and_its_return_too(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any
) -> None:
    before, wheel = everything(house, owner), newer(tmp_path)
    killed = killed_again_and_again(house, tmp_path / "log", lambda kernel: install_wheel(kernel, wheel, by="test"))
    assert len(killed) > 20
    assert {line.split()[0] for line in killed} == {step.name for step in upgrade.UPGRADE}
    assert operation(house).state == "done"
    after = everything(house, owner)
    assert after["plugin"][:3] == ("1.1.0", "lumbung_contoh", "installed")
    assert [digest["rows"] for digest in after["rows"].values()] == [3, 1]
    assert any("more text" in line for line in after["layout"])
    assert (after["schemas"], after["kept"]) == (["lumbung_back_contoh"], [("contoh", "1.0.0")])
    (house.settings.home / "files" / "contoh" / "surat.txt").write_text("berubah")
    killed = killed_again_and_again(
        house, tmp_path / "log-return", lambda kernel: run(kernel, "return", plugin="contoh", by="test")
    )
    assert {line.split()[0] for line in killed} == {step.name for step in RETURN}
    assert operation(house).state == "done"
    assert everything(house, owner) == before


def test_killed_at_every_note_an_upgrade_that_fails_at_the_end_is_as_if_it_had_never_been(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, wheel = everything(house, owner), newer(tmp_path)
    monkeypatch.setattr(health, "visit", unwell)
    killed = killed_again_and_again(house, tmp_path / "log", lambda kernel: install_wheel(kernel, wheel, by="test"))
    assert sum(not line.endswith(" 0") for line in killed) >= 5
    assert operation(house).state == "failed"
    assert "tidak sehat" in (operation(house).message or "")
    assert everything(house, owner) == before
    write(house, "empat")


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
    house: TestHouse, tmp_path: Path, old: Path, owner: Any
) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path / "other", "lain"), by="test")
    before = {**everything_of_contoh(house, owner)}
    for number, (kind, (body, said)) in enumerate(FAILURES.items()):
        for live in (False, True) if number > 3 else (False,):
            indented = LIVE_ONLY + body.replace("\n    ", "\n        ") if live else body
            with pytest.raises(LumbungError, match=said):
                install_wheel(house.kernel, newer(tmp_path / f"{number}{live}", indented), by="test")
            steps = {one["step"]: one["state"] for one in operation(house).steps}
            assert ("migrate" in steps) == live, (kind, steps)
            assert everything_of_contoh(house, owner) == before, kind
    assert len(operation(house).facts["plan"]["revisions"]) == 1
    assert house.kernel.snapshot().plugins["lain"].version == "1.0.0"


def everything_of_contoh(house: TestHouse, owner: Any) -> dict[str, Any]:
    """As `everything`, with another plugin beside it."""
    return {name: value for name, value in everything(house, owner).items() if name != "package"}


def test_rows_written_after_the_migration_are_saved_before_the_tables_come_back(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(house, owner)

    def written_meanwhile(*_given: Any) -> int:
        owner(lambda one: one.execute(text("UPDATE contoh_note SET more = 'diam, \"diam\"' WHERE words = 'dua'")))
        return unwell()

    monkeypatch.setattr(health, "visit", written_meanwhile)
    with pytest.raises(LumbungError, match="tidak sehat"):
        install_wheel(house.kernel, newer(tmp_path), by="test")
    [note] = [one["note"] for one in operation(house).steps if "returned" in one.get("note", "")]
    [folder] = (house.settings.home / "returned").iterdir()
    assert str(folder) in note
    assert [path.name for path in folder.iterdir()] == ["contoh_note.csv"]
    assert folder.stat().st_mode & 0o77 == (folder / "contoh_note.csv").stat().st_mode & 0o77 == 0
    assert '"diam, ""diam"""' in (folder / "contoh_note.csv").read_text()
    assert everything(house, owner) == before


def test_nobody_but_the_owner_looks_into_a_copy_and_the_plugin_is_held_meanwhile(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def look(*_given: Any) -> int:
        with house.kernel.database.new_session(None) as session:
            seen["state"] = session.execute(text("SELECT state FROM lumbung_plugin")).scalar()
            for role in (house.urls.app, house.urls.reader):
                name = role.split("//")[1].split(":")[0]
                seen[name] = owner(
                    lambda one, name=name: one.execute(
                        text("SELECT has_schema_privilege(:name, 'lumbung_draft_contoh', 'USAGE')"), {"name": name}
                    ).scalar()
                )
        return 1

    monkeypatch.setattr(health, "visit", look)
    install_wheel(house.kernel, newer(tmp_path), by="test")
    assert seen.pop("state") == "upgrading"
    assert list(seen.values()) == [False, False]
    write(house, "empat")


def test_what_cannot_end_well_is_refused_before_anything_is_held(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(house, owner)
    two_ends = {
        "lumbung_contoh/migrations/0003_x.py": HEAD.format(words="", revision="0003", down="'0001'") + SECOND,
    }
    rootless = make_wheel(
        tmp_path / "ahead",
        version="1.1.0",
        files={"lumbung_contoh/migrations/9_x.py": HEAD.format(words="", revision="9", down=None) + FIRST},
    )
    for wheel, said in (
        (newer(tmp_path / "a", files=two_ends), "more than one end: 0002, 0003"),
        (rootless, "are at revision 0001, which this version does not know"),
        (newer(tmp_path / "b", "    x = = 1\n"), "cannot be read: 0002_x.py"),
    ):
        with pytest.raises(LumbungError, match=said):
            install_wheel(house.kernel, wheel, by="test")
        assert everything(house, owner) == before
    monkeypatch.setattr(upgrade_plan, "free_space", lambda _settings: 2**20)
    with pytest.raises(LumbungError, match="no room for the copies"):
        install_wheel(house.kernel, newer(tmp_path / "c"), by="test")
    assert everything(house, owner) == before
    assert [one["step"] for one in operation(house).steps][-1] == "weigh"


def test_a_table_that_somebody_holds_ends_the_wait_with_their_name(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any
) -> None:
    before = everything(house, owner)
    impatient = Kernel(
        house.settings.model_copy(update={"lock_timeout_ms": 50}), house.urls.app, migrator_url=house.urls.migrator
    )
    engine = create_engine(house.urls.migrator, connect_args={"application_name": "laporan bulanan"})
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE contoh_note IN ROW EXCLUSIVE MODE"))
        with pytest.raises(LumbungError, match=r"in use by laporan bulanan \(.*; try again when that has ended"):
            install_wheel(impatient, newer(tmp_path), by="test")
    engine.dispose()
    impatient.close()
    assert everything(house, owner) == before
    install_wheel(house.kernel, newer(tmp_path), by="test")


def test_rows_written_between_the_copy_and_the_migration_are_copied_too(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearse, late = upgrade.rehearsal.rehearse, iter(["empat", "lima"])

    def somebody_writes(*given: Any) -> None:
        rehearse(*given)
        write(house, next(late))

    monkeypatch.setattr(upgrade.rehearsal, "rehearse", somebody_writes)
    install_wheel(house.kernel, newer(tmp_path), by="test")
    run(house.kernel, "return", plugin="contoh", by="test")
    assert owner(lambda one: one.execute(text("SELECT count(*) FROM contoh_note")).scalar()) == 4


def test_a_return_by_hand_keeps_what_was_written_since_and_its_time_ends(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any
) -> None:
    before, wheel = everything(house, owner), newer(tmp_path)
    with pytest.raises(LumbungError, match="no way back for contoh"):
        run(house.kernel, "return", plugin="contoh", by="test")
    install_wheel(house.kernel, wheel, by="test")
    install_wheel(house.kernel, wheel, by="test")  # the same again: the way back still leads to 1.0.0
    write(house, "empat")
    run(house.kernel, "return", plugin="contoh", by="test")
    [folder] = (house.settings.home / "returned").iterdir()
    assert "empat" in (folder / "contoh_note.csv").read_text()
    after = everything(house, owner)
    assert {**after, "next": 3} == before
    assert owner(lambda one: one.execute(text("SELECT by, revision FROM lumbung_ledger ORDER BY id DESC")).first()) == (
        "test (returned)",
        "0001",
    )
    install_wheel(house.kernel, wheel, by="test")
    assert forget_outdated(house.kernel) == 0
    with frozen_clock(utc_now() + timedelta(days=house.settings.way_back_days, seconds=1)):
        with pytest.raises(LumbungError, match="its time is over"):
            run(house.kernel, "return", plugin="contoh", by="test")
        assert forget_outdated(house.kernel) == 1
    assert (everything(house, owner)["schemas"], everything(house, owner)["kept"]) == ([], [])
    assert [path.name for path in (house.settings.home / "wheels").rglob("*.whl")] == [wheel.name]


def test_a_return_that_fails_leaves_the_newer_version_and_the_way_back(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_wheel(house.kernel, newer(tmp_path), by="test")
    write(house, "empat")
    before = everything(house, owner)
    monkeypatch.setattr(health, "visit", unwell)
    with pytest.raises(LumbungError, match="tidak sehat"):
        run(house.kernel, "return", plugin="contoh", by="test")
    assert everything(house, owner) == before


def test_a_way_back_that_fails_too_loses_nothing_and_is_tried_again(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(house, owner)
    with monkeypatch.context() as patch:
        patch.setattr(health, "visit", unwell)
        patch.setattr(snapshots, "exchange", unwell)
        with pytest.raises(LumbungError, match="way back failed at the step migrate"):
            install_wheel(house.kernel, newer(tmp_path), by="test")
    assert operation(house).state == "stuck"
    stuck = operation(house).id
    with pytest.raises(LumbungError, match="did not come back to an end"):
        install_wheel(house.kernel, newer(tmp_path, version="1.2.0"), by="test")
    assert "lumbung_draft_contoh" in everything(house, owner)["schemas"]
    with house.kernel.database.new_session(None) as session, session.begin():
        session.get_one(OperationRow, stuck).state = "returning"
    assert resume(house.kernel) == 1
    assert everything(house, owner) == before


def test_tables_kept_from_an_uninstalled_plugin_are_copied_and_come_back_too(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(house.kernel, "contoh", by="test")
    before = everything(house, owner)
    with monkeypatch.context() as patch:
        patch.setattr(health, "visit", unwell)
        with pytest.raises(LumbungError, match="tidak sehat"):
            install_wheel(house.kernel, newer(tmp_path), by="test")
    assert everything(house, owner) == before
    install_wheel(house.kernel, newer(tmp_path), by="test")
    after = everything(house, owner)
    assert (after["plugin"][2], after["schemas"], after["kept"]) == ("installed", [], [])


@pytest.mark.probed
def test_a_version_whose_page_fails_is_sent_back_by_a_visitor_in_a_process_of_its_own(
    house: TestHouse, tmp_path: Path, old: Path, owner: Any
) -> None:
    before = everything(house, owner)
    broken = newer(tmp_path, files={"lumbung_contoh/__init__.py": BROKEN})
    with pytest.raises(LumbungError, match="/contoh/rusak of sumbawa answers 500"):
        install_wheel(house.kernel, broken, by="test")
    assert everything(house, owner) == before


BROKEN = """
from flask import Blueprint
from lumbung.sdk import hookimpl, public

blueprint = Blueprint("contoh", __name__)

@blueprint.get("/")
@public
def index():
    return "halo"

@blueprint.get("/rusak")
@public
def broken():
    print("ini bukan jawaban")
    return 1 / 0

@hookimpl
def routes():
    return [blueprint]
"""
