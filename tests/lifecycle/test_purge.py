"""Nothing is destroyed before its time, without two people, or without an archive that holds it; then all of it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from lumbung.audit import anchor
from lumbung.errors import LumbungError
from lumbung.identity.models import PersonRow
from lumbung.lifecycle import archives, minutes, purge
from lumbung.lifecycle.minutes import MinutesRefused
from lumbung.lifecycle.minutes_models import Minutes
from lumbung.lifecycle.operations import install_wheel, resume, run, uninstall
from lumbung.testing import TestHouse, frozen_clock

LATER = "2030-01-01T08:00+08:00"  # all is kept long enough by then
ROWS = {"contoh_../a'b": 0, "contoh_note": 20, "contoh_place": 2}
REASON = "Aplikasi diganti dengan layanan pusat."


@pytest.fixture
def uninstalled(house: TestHouse, full_gift: Any) -> Iterator[None]:
    """The gift with its rows was uninstalled, and the day until which its archive is kept has passed."""
    full_gift()
    uninstall(house.kernel, "contoh", by="test")
    with frozen_clock(LATER):
        yield


@pytest.fixture
def sign(house: TestHouse) -> Callable[..., None]:
    """Return a function that signs minutes in the name of somebody, made when not there."""

    def sign_as(minutes_id: UUID, email: str, *, tenant: str = "sumbawa", operator: bool = False, **facts: Any) -> None:
        person = house.person(tenant, email, operator=operator, roles=["admin"])
        with house.scope(tenant, person=person) as scope:
            row = scope.session.scalars(select(PersonRow).where(PersonRow.id == person.id)).one()
            for name, value in facts.items():
                setattr(row, name, value)
            written = minutes.find(scope.session, minutes_id)
            assert written is not None
            minutes.sign(scope.session, written, row, seen=minutes.hash_of(written))

    return sign_as


def prepare(house: TestHouse, **wishes: Any) -> UUID:
    with house.scope("sumbawa") as scope:
        archive = archives.newest(scope.session, "contoh")
        assert archive is not None
        wishes = {"reason": REASON, "by": "test", **wishes}
        return minutes.prepare(house.kernel, scope.session, archive, **wishes).id


def signed(house: TestHouse, sign: Any, **wishes: Any) -> UUID:
    minutes_id = prepare(house, **wishes)
    sign(minutes_id, "op@contoh.id", operator=True)
    sign(minutes_id, "kepala@contoh.id", nip="198501012010011001", position="Kepala Dinas")
    return minutes_id


def what_is_there(house: TestHouse, as_owner: Any) -> Any:
    return (
        as_owner("SELECT relname FROM pg_class WHERE starts_with(relname, 'contoh') ORDER BY 1"),
        as_owner("SELECT proname FROM pg_proc WHERE starts_with(proname, 'contoh')"),
        as_owner("SELECT name, state FROM lumbung_plugin"),
        as_owner("SELECT plugin FROM lumbung_plugin_setting"),
        sorted(str(path) for path in house.settings.home.rglob("files/**/*")),
        sorted(archives.folder(house.settings).iterdir()),
        as_owner("SELECT count(*) FROM lumbung_ledger"),
    )


def refused(house: TestHouse, as_owner: Any, said: str) -> None:
    before = what_is_there(house, as_owner)
    with pytest.raises(LumbungError, match=said):
        run(house.kernel, "purge", plugin="contoh", by="test")
    assert what_is_there(house, as_owner) == before


@pytest.mark.usefixtures("uninstalled")
def test_two_signatures_destroy_everything_but_archive_trail_and_ledger(
    house: TestHouse, as_owner: Any, sign: Any
) -> None:
    as_owner("INSERT INTO lumbung_plugin_setting (plugin, name, changed_by) VALUES ('contoh', 'x', 'test')")
    trail = as_owner("SELECT count(*) FROM lumbung_audit")[0][0]
    minutes_id = signed(house, sign)
    run(house.kernel, "purge", plugin="contoh", by="siti")
    there = what_is_there(house, as_owner)
    assert there[:5] == ([], [], [("contoh", "purged")], [], [])
    assert [path.suffix for path in there[5]] == [".zip"]
    assert as_owner("SELECT to_regtype('contoh_mood'), to_regtype('contoh_code')") == [(None, None)]
    ledger = as_owner("SELECT revision, by FROM lumbung_ledger WHERE component = 'contoh' ORDER BY id DESC LIMIT 1")
    assert ledger == [(None, "siti (purge)")]
    assert as_owner("SELECT purged_at IS NOT NULL FROM lumbung_archive") == [(True,)]
    assert as_owner("SELECT count(*) FROM lumbung_audit WHERE action = 'plugin.purge'") == [(2,)]
    assert as_owner("SELECT count(*) FROM lumbung_audit")[0][0] > trail
    [(seal, code)] = as_owner("SELECT seal, number FROM lumbung_minutes")
    assert code == 20300001
    key = anchor.public_key(house.settings)
    statement = minutes.check_sealed(seal, key)
    assert statement["carried_out"]["rows"] == ROWS
    assert statement["carried_out"]["files"] == 2
    assert {(one["name"], one["nip"], one["operator"]) for one in statement["signatures"]} == {
        ("Op", None, True),
        ("Kepala", "198501012010011001", False),
    }
    for path in ("reason", "number"):
        with pytest.raises(LumbungError, match="changed after it was sealed"):
            minutes.check_sealed({**seal, "statement": {**seal["statement"], path: "lain"}}, key)
    assert str(minutes_id) == statement["id"]
    with pytest.raises(LumbungError, match="no open minutes"):
        run(house.kernel, "purge", plugin="contoh", by="test")


@pytest.mark.usefixtures("uninstalled")
def test_minutes_are_refused_before_their_time_and_signed_by_two_different_people(
    house: TestHouse, as_owner: Any, sign: Any
) -> None:
    with frozen_clock("2026-11-25T08:00+08:00"), pytest.raises(MinutesRefused, match="has to be kept until"):
        prepare(house)
    with pytest.raises(MinutesRefused, match="Write the reason"):
        prepare(house, reason=" singkat ")
    refused(house, as_owner, "no open minutes")
    minutes_id = prepare(house)
    with pytest.raises(MinutesRefused, match="BA-0001/2030 are open"):
        prepare(house)
    refused(house, as_owner, "bear 0 of 2 signatures")
    sign(minutes_id, "saksi@contoh.id", nip="198501012010011001")
    refused(house, as_owner, "bear 1 of 2 signatures")
    with pytest.raises(MinutesRefused, match="You signed these minutes already"):
        sign(minutes_id, "saksi@contoh.id")
    with pytest.raises(MinutesRefused, match="You signed these minutes already"):  # another account, the same NIP
        sign(minutes_id, "lain@contoh.id", tenant="sumbawabarat", operator=True, nip="198501012010011001")
    with pytest.raises(MinutesRefused, match="has to be an operator"):
        sign(minutes_id, "kedua@contoh.id")
    sign(minutes_id, "op@contoh.id", operator=True)
    with pytest.raises(MinutesRefused, match="both signatures already"):
        sign(minutes_id, "ketiga@contoh.id", operator=True)
    assert as_owner("SELECT count(*) FROM lumbung_minutes_signature") == [(2,)]
    as_owner("UPDATE lumbung_person SET operator = false")
    refused(house, as_owner, "is an operator now")


@pytest.mark.usefixtures("uninstalled")
def test_of_three_who_sign_at_the_same_moment_two_succeed(house: TestHouse, as_owner: Any, sign: Any) -> None:
    minutes_id = prepare(house)
    emails = ["op1@contoh.id", "op2@contoh.id", "op3@contoh.id"]
    for email in emails:
        house.person("sumbawa", email, operator=True, roles=["admin"])

    def attempt(email: str) -> bool:
        try:
            sign(minutes_id, email)
        except MinutesRefused:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(attempt, emails)) == [False, True, True]
    assert as_owner("SELECT count(DISTINCT person_id) FROM lumbung_minutes_signature") == [(2,)]


@pytest.mark.usefixtures("uninstalled")
def test_what_was_signed_cannot_change_and_withdrawn_minutes_do_nothing(
    house: TestHouse, as_owner: Any, sign: Any
) -> None:
    minutes_id = signed(house, sign)
    forged = (
        "UPDATE lumbung_minutes SET reason = 'lain sekali'",
        "UPDATE lumbung_minutes SET contents = '{}'",
        "UPDATE lumbung_minutes SET carried_out_at = now()",
        "UPDATE lumbung_minutes SET seal = '{}'",
        "UPDATE lumbung_minutes_signature SET name = 'Orang lain'",
        "DELETE FROM lumbung_minutes_signature",
        "DELETE FROM lumbung_minutes",
        "UPDATE lumbung_archive SET keep_until = '2020-01-01'",
    )
    for statement in forged:  # as the pages' own role
        with pytest.raises(DBAPIError), house.scope("sumbawa") as scope:
            scope.session.connection().exec_driver_sql(statement)
    with house.scope("sumbawa") as scope:
        row = minutes.find(scope.session, minutes_id)
        assert row is not None
        minutes.withdraw(scope.session, row, by="siti")
    with house.scope("sumbawa") as scope, pytest.raises(MinutesRefused, match="were withdrawn"):
        minutes.withdraw(scope.session, scope.session.get_one(Minutes, minutes_id), by="siti")
    refused(house, as_owner, "no open minutes")
    assert prepare(house) != minutes_id


@pytest.mark.usefixtures("uninstalled")
def test_an_archive_that_is_not_whole_or_not_all_holds_the_tables_back(
    house: TestHouse, as_owner: Any, sign: Any
) -> None:
    signed(house, sign)
    as_owner("UPDATE contoh_place SET name = 'lain'")
    refused(house, as_owner, "no longer hold what its archive holds")
    as_owner("UPDATE contoh_place SET name = 'Loket'")
    [path] = archives.folder(house.settings).iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    refused(house, as_owner, "The archive is not whole")
    path.write_bytes(whole)
    as_owner("CREATE TABLE other_note (tenant_id int, id uuid, FOREIGN KEY (tenant_id, id) REFERENCES contoh_note)")
    refused(house, as_owner, "needed by other_note")
    as_owner("DROP TABLE other_note")
    as_owner("CREATE VIEW other_view AS SELECT id FROM contoh_note")
    refused(house, as_owner, "needed by other_view")
    as_owner("DROP VIEW other_view")
    run(house.kernel, "archive", plugin="contoh", by="test")
    refused(house, as_owner, "There is a newer archive")
    assert as_owner("SELECT count(*) > 0 FROM contoh_note") == [(True,)]


@pytest.mark.usefixtures("uninstalled")
def test_an_archive_that_is_lost_is_stated_and_one_that_goes_too(house: TestHouse, as_owner: Any, sign: Any) -> None:
    with pytest.raises(MinutesRefused, match="choose one of the two"):
        prepare(house, archive_lost=True, also_archive=True)
    [path] = archives.folder(house.settings).iterdir()
    path.unlink()
    signed(house, sign, archive_lost=True)
    run(house.kernel, "purge", plugin="contoh", by="test")
    assert as_owner("SELECT seal -> 'statement' -> 'contents' -> 'archive_lost' FROM lumbung_minutes") == [(True,)]


@pytest.mark.usefixtures("uninstalled")
def test_killed_anywhere_a_purge_is_carried_to_its_end(
    house: TestHouse, as_owner: Any, sign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(house, sign, also_archive=True)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for target, name in ((purge, "digest_of"), (purge, "move"), (purge.shutil, "rmtree"), (purge.anchor, "sealed")):
        with monkeypatch.context() as patch:
            patch.setattr(target, name, killed)
            with pytest.raises(KeyboardInterrupt):
                if name == "digest_of":
                    run(house.kernel, "purge", plugin="contoh", by="test")
                else:
                    resume(house.kernel)
        tables = as_owner("SELECT count(*) FROM pg_class WHERE relname = 'contoh_note'")
        assert tables == [(1 if name in ("digest_of", "move") else 0,)], name
    assert resume(house.kernel) == 1
    [(seal, done)] = as_owner("SELECT seal, carried_out_at FROM lumbung_minutes")
    assert done is not None
    found = minutes.check_sealed(seal, anchor.public_key(house.settings))["carried_out"]
    assert (found["rows"], found["files"]) == (ROWS, 2)
    assert list(archives.folder(house.settings).iterdir()) == []
    assert as_owner("SELECT count(*) FROM lumbung_audit WHERE action = 'plugin.purge'") == [(2,)]
    assert as_owner("SELECT state FROM lumbung_operation WHERE kind = 'purge'") == [("done",)]
    assert json.dumps(seal)


def test_a_purged_plugin_begins_anew_when_it_is_installed_again(
    house: TestHouse, as_owner: Any, sign: Any, full_gift: Any
) -> None:
    wheel = full_gift()
    uninstall(house.kernel, "contoh", by="test")
    with frozen_clock(LATER):
        signed(house, sign)
        run(house.kernel, "purge", plugin="contoh", by="test")
        install_wheel(house.kernel, wheel, by="test")
        assert as_owner("SELECT count(*) FROM contoh_note") == [(0,)]
        refused(house, as_owner, "no open minutes")
