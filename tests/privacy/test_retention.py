"""Data whose time is over go, and only those; a rehearsal tells the same and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from lumbung import housekeeping
from lumbung.audit import AuditRow
from lumbung.clock import utc_now
from lumbung.lifecycle.enable import disable
from lumbung.notifications.models import Notification
from lumbung.privacy import retention
from lumbung.privacy.retention_models import Swept
from lumbung.testing import TestHouse, frozen_clock

NOTES = """
from sqlalchemy import text
from lumbung.sdk import Bilingual, Erased, hookimpl, session

@hookimpl
def routes():
    return []

@hookimpl
def export_person(person):
    return []

@hookimpl
def erase_person(person):
    return []

@hookimpl
def sweep_personal_data(today):
    gone = session.execute(text("DELETE FROM catat_note WHERE day < :day RETURNING 1"), {"day": today}).all()
    {then}
    return [Erased(Bilingual("Catatan tamu", "Guest notes"), len(gone))]
"""
TABLE = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_tenant_table("catat_note", sa.Column("words", sa.Text), sa.Column("day", sa.Date))
"""
DATA = """
[[personal_data]]
name = "Catatan tamu"
purpose = { id = "Mengingat tamu", en = "To remember guests" }
basis = "UU 27/2022"
where = "catat_note.words"
retention_days = 30
subjects = { id = "Tamu", en = "Guests" }
"""


@pytest.fixture
def house_plugins() -> list[str]:
    return []


@pytest.fixture
def notes(house: TestHouse, gift: Callable[..., Any]) -> Callable[..., None]:
    def make(then: str = "pass") -> None:
        gift(
            "catat",
            init=NOTES.replace("{then}", then),
            files={"lumbung_catat/migrations/0001_x.py": TABLE},
            hooks=["routes", "export_person", "erase_person", "sweep_personal_data"],
            more=DATA,
            tenants=("sumbawa", "sumbawabarat"),
        )
        for tenant in ("sumbawa", "sumbawabarat"):
            with house.scope(tenant) as scope:
                scope.session.execute(
                    text("INSERT INTO catat_note (words, day) VALUES ('lama', '2020-01-01'), ('baru', '2999-01-01')")
                )

    return make


def left(house: TestHouse, tenant: str = "sumbawa") -> list[str]:
    with house.scope(tenant) as scope:
        return sorted(scope.session.execute(text("SELECT words FROM catat_note")).scalars())


def rules(house: TestHouse) -> list[retention.Rule]:
    return housekeeping.rules(house.settings)


def told(outcome: retention.Outcome) -> list[tuple[str | None, str, int]]:
    return [(line.plugin, line.done.what.en, line.done.count) for line in outcome.told]


def test_a_rehearsal_tells_what_a_run_does_and_changes_nothing(house: TestHouse, notes: Any) -> None:
    notes()
    with frozen_clock(utc_now() - timedelta(days=400)):
        person = house.person("sumbawa", "warga@contoh.id")
        with house.scope() as scope:
            scope.session.add(
                Notification(person_id=person.id, title={"id": "a"}, text={"id": "b"}, url="/", at=utc_now())
            )
    with house.scope():
        rehearsed = told(retention.rehearse(rules(house)))
    assert left(house) == ["baru", "lama"]
    with house.scope() as scope:
        assert len(scope.session.scalars(select(Notification)).all()) == 1
        assert scope.session.scalars(select(Swept)).all() == []
        done = retention.run(rules(house), by="test")
    assert told(done) == rehearsed
    assert ("catat", "Guest notes", 1) in rehearsed
    assert ("Notifications" in {what for _, what, _ in rehearsed}) or any(count for _, _, count in rehearsed)
    assert left(house) == ["baru"]
    assert left(house, "sumbawabarat") == ["baru", "lama"]
    with house.scope() as scope:
        rows = scope.session.scalars(select(Swept)).all()
        assert {(row.plugin, row.count, row.how) for row in rows} == {
            (plugin, count, "deleted") for plugin, _, count in rehearsed
        }
        entry = scope.session.scalars(select(AuditRow).where(AuditRow.action == "privacy.sweep")).one()
        assert entry.detail["count"] == sum(count for _, _, count in rehearsed)
        assert told(retention.run(rules(house), by="test")) == []


def test_an_application_that_is_off_still_sweeps_what_it_holds(house: TestHouse, notes: Any) -> None:
    notes()
    disable(house.kernel, "catat", house.kernel.tenant("sumbawa"), by="test")
    with house.scope():
        assert ("catat", "Guest notes", 1) in told(retention.run(rules(house), by="test"))
    assert left(house) == ["baru"]


def test_one_that_fails_is_undone_and_named_and_the_rest_is_done(house: TestHouse, notes: Any) -> None:
    notes(then="1 / 0")
    with frozen_clock(utc_now() - timedelta(days=400)):
        house.token("sumbawa", house.person("sumbawa", "warga@contoh.id"))
    with house.scope():
        outcome = retention.run(rules(house), by="test")
    assert list(outcome.failures) == ["catat"]
    assert [plugin for plugin, _, _ in told(outcome)] == [None]
    assert left(house) == ["baru", "lama"]


def test_the_night_sweeps_every_tenant(house: TestHouse, notes: Any) -> None:
    notes()
    housekeeping.sweep_all(house.kernel)
    assert left(house) == left(house, "sumbawabarat") == ["baru"]


def test_the_page_rehearses_and_runs_for_whoever_looks_after_personal_data(house: TestHouse, notes: Any) -> None:
    notes()
    admin = house.client("sumbawa", house.person("sumbawa", "admin@contoh.id", roles=["admin"]))
    citizen = house.client("sumbawa", house.person("sumbawa", "warga@contoh.id"))
    assert citizen.get("/admin/data-pribadi/retensi").status_code == 403
    assert citizen.post_form("/admin/data-pribadi/retensi").status_code == 403
    assert "Catatan tamu" in admin.get("/admin/data-pribadi/retensi/uji-coba").text
    assert left(house) == ["baru", "lama"]
    assert admin.post_form("/admin/data-pribadi/retensi").status_code == 303
    assert left(house) == ["baru"]
    assert "Catatan tamu" in admin.get("/admin/data-pribadi/retensi").text


def test_the_register_names_core_and_applications_also_those_that_are_off(house: TestHouse, notes: Any) -> None:
    notes()
    admin = house.client("sumbawa", house.person("sumbawa", "admin@contoh.id", roles=["admin"]))
    page = admin.get("/admin/data-pribadi/register").text
    assert "catat_note.words" in page
    assert "30 hari" in page
    assert "lumbung_person.nik" in page
    disable(house.kernel, "catat", house.kernel.tenant("sumbawa"), by="test")
    assert "Dimatikan, data tetap tersimpan" in admin.get("/admin/data-pribadi/register").text
    pdf = admin.get("/admin/data-pribadi/register.pdf")
    assert pdf.data.startswith(b"%PDF")
    assert admin.get("/admin/data-pribadi/register.xlsx").data.startswith(b"PK")


def test_the_command_rehearses_and_sweeps(house: TestHouse, notes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    from lumbung.cli import privacy

    notes()
    monkeypatch.setattr(privacy, "open_kernel", lambda: nullcontext(house.kernel))
    run = CliRunner().invoke(privacy.privacy, ["retention", "--tenant", "sumbawa", "--dry-run", "--json"])
    [told_] = json.loads(run.output)
    assert (told_["dry_run"], told_["failures"]) == (True, {})
    assert {"application": "catat", "what": "Guest notes", "count": 1, "how": "deleted"} in told_["swept"]
    assert left(house) == ["baru", "lama"]
    assert CliRunner().invoke(privacy.privacy, ["retention"]).exit_code == 0
    assert left(house) == left(house, "sumbawabarat") == ["baru"]
    listed = CliRunner().invoke(privacy.privacy, ["register", "--tenant", "sumbawa", "--json"])
    assert {row["application"] for row in json.loads(listed.output)} == {"core", "catat"}
