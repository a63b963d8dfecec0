"""The chain: sealed by the database, checked from outside, broken by nothing that stays unnoticed."""

from __future__ import annotations

import threading
from pathlib import Path
from runpy import run_path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from lumbung import audit
from lumbung.audit import anchor, chain
from lumbung.mail import mailer_for
from lumbung.migrate import environment_folder
from lumbung.notifications.anchors import anchor_trails
from lumbung.testing import TestHouse
from lumbung.testing.mail_server import FakeMailServer

SEALED = "ALTER TABLE lumbung_audit DISABLE TRIGGER USER;"  # what an owner of the database can do
# A copy of entry 4 or 10 with another name; what follows are number, previous hash and hash.
FORGED = (
    "INSERT INTO lumbung_audit SELECT tenant_id, gen_random_uuid(), at, plugin, person_id, 'penyusup', action, thing, "
    "detail, address, about,"
)
FROM = "FROM lumbung_audit"
MOVE = "UPDATE lumbung_audit SET seq = seq"
REWRITE = "UPDATE lumbung_audit SET thing = 'lain'"
HEAD = "UPDATE lumbung_audit_head SET seq ="
RESEAL = "UPDATE lumbung_audit a SET hash = lumbung_audit_digest(a, seq, prev_hash)"


def write(house: TestHouse, *things: str, tenant: str = "sumbawa") -> None:
    for thing in things:
        with house.scope(tenant):
            audit.record("contoh.write", thing, panjang="ä" * 3, angka=1.50, kosong=None)


def verdict(house: TestHouse, tenant: str = "sumbawa", **given: Any) -> chain.Verdict:
    one = house.kernel.tenant(tenant)
    with chain.snapshot(house.kernel.database.engine, one.id) as connection:
        return chain.verify(connection, one.id, **given)


@pytest.fixture
def trail(house: TestHouse, as_owner: Any) -> Any:
    """A trail with at least ten entries; returns (first of the ten, last) as numbers."""
    as_owner("DELETE FROM lumbung_audit")
    as_owner("DELETE FROM lumbung_audit_head")
    write(house, *(f"hal {number}" for number in range(1, 11)))
    assert verdict(house) == chain.Verdict(10, 10, verdict(house).hash, None)
    return as_owner


def test_entries_of_many_transactions_at_once_are_one_chain_without_a_gap(house: TestHouse, as_owner: Any) -> None:
    before = verdict(house).newest
    ready = threading.Barrier(4)

    def visitor(name: str) -> None:
        ready.wait()
        for number in range(8):
            with house.scope("sumbawa"):
                audit.record("a.b", f"{name} {number}")
                audit.record("a.c", f"{name} {number}")
            with pytest.raises(ZeroDivisionError), house.scope("sumbawa"):
                audit.record("a.d", "falls")
                raise ZeroDivisionError

    visitors = [threading.Thread(target=visitor, args=(name,)) for name in "abcd"]
    for one in visitors:
        one.start()
    for one in visitors:
        one.join()
    write(house, "di sini", tenant="sumbawabarat")
    found = verdict(house)
    assert (found.newest, found.bad) == (before + 64, None)
    assert as_owner("SELECT count(*) FROM lumbung_audit WHERE action = 'a.d'") == [(0,)]
    assert verdict(house, "sumbawabarat").bad is None
    moments = as_owner("SELECT thing FROM lumbung_audit WHERE action = 'a.b' ORDER BY seq")
    assert [thing for (thing,) in moments if str(thing).startswith("a ")] == [f"a {number}" for number in range(8)]


DAMAGE = {
    "edited": (f"{REWRITE} WHERE seq = 4", 4, "edited", None),
    "edited detail": ("UPDATE lumbung_audit SET detail = '{}' WHERE seq = 4", 4, "edited", None),
    "moment edited": ("UPDATE lumbung_audit SET at = at - interval '1 us' WHERE seq = 1", 1, "edited", None),
    "about edited": ("UPDATE lumbung_audit SET about = gen_random_uuid() WHERE seq = 7", 7, "edited", None),
    "deleted": ("DELETE FROM lumbung_audit WHERE seq BETWEEN 5 AND 6", 5, "missing", 6),
    "deleted first": ("DELETE FROM lumbung_audit WHERE seq = 1", 1, "missing", 1),
    "deleted and closed up": (
        "DELETE FROM lumbung_audit WHERE seq = 5; UPDATE lumbung_audit SET seq = seq + 90 WHERE seq > 5;"
        "UPDATE lumbung_audit SET seq = seq - 91 WHERE seq > 90; UPDATE lumbung_audit_head SET seq = 9",
        5, "moved", 6,
    ),
    "numbers swapped": (
        "UPDATE lumbung_audit SET seq = 90 WHERE seq = 3; UPDATE lumbung_audit SET seq = 3 WHERE seq = 8;"
        "UPDATE lumbung_audit SET seq = 8 WHERE seq = 90",
        3, "moved", 8,
    ),
    "words swapped": (
        "UPDATE lumbung_audit a SET prev_hash = b.prev_hash, hash = b.hash FROM lumbung_audit b "
        "WHERE (a.seq, b.seq) IN ((3, 8), (8, 3)) AND a.tenant_id = b.tenant_id;"
        "UPDATE lumbung_audit SET seq = 90 WHERE seq = 3; UPDATE lumbung_audit SET seq = 3 WHERE seq = 8;"
        "UPDATE lumbung_audit SET seq = 8 WHERE seq = 90",
        3, "moved", 8,
    ),
    "tail cut": ("DELETE FROM lumbung_audit WHERE seq > 8", 9, "cut", 10),
    "all cut": ("DELETE FROM lumbung_audit", 1, "cut", 10),
    "head gone": ("DELETE FROM lumbung_audit_head", 10, "headless", None),
    "put in behind": (f"{FORGED} 11, '\\x00', '\\x00' {FROM} WHERE seq = 10", 11, "edited", None),
    "put in without a number": (
        f"{FORGED} NULL, NULL, NULL {FROM} WHERE seq = 10", None, "unsealed", None,
    ),
    "sealed anew": (f"{REWRITE} WHERE seq = 4; {RESEAL} WHERE seq = 4", 4, "replaced", None),
    "newest sealed anew": (f"{REWRITE} WHERE seq = 10; {RESEAL} WHERE seq = 10", 10, "replaced", None),
    "well forged, in the middle": (
        f"{MOVE} + 90 WHERE seq > 4; {MOVE} - 89 WHERE seq > 90; {FORGED} 5, hash, NULL {FROM} WHERE seq = 4; "
        f"{RESEAL} WHERE seq = 5; {HEAD} 11",
        5, "inserted", None,
    ),
    "well forged, behind": (
        f"{FORGED} 11, hash, NULL {FROM} WHERE seq = 10; {RESEAL} WHERE seq = 11", 11, "beyond", None,
    ),
}  # fmt: skip


RESTORE = (
    "DELETE FROM lumbung_audit",
    "INSERT INTO lumbung_audit SELECT * FROM kept_audit",
    "DELETE FROM lumbung_audit_head",
    "INSERT INTO lumbung_audit_head SELECT * FROM kept_head",
)


def test_the_first_bad_entry_is_named_whatever_an_owner_of_the_database_did(house: TestHouse, trail: Any) -> None:
    trail("CREATE TABLE kept_audit AS SELECT * FROM lumbung_audit")
    trail("CREATE TABLE kept_head AS SELECT * FROM lumbung_audit_head")
    for name, (statements, seq, wrong, other) in DAMAGE.items():
        for statement in (SEALED + statements).split(";"):
            trail(statement)
        bad = verdict(house).bad
        assert bad is not None and (bad.seq, bad.wrong, bad.other) == (seq, wrong, other), name
        if wrong in ("edited", "moved", "replaced", "inserted"):
            assert trail("SELECT at, action FROM lumbung_audit WHERE id = :id", id=bad.id) == [(bad.at, bad.action)], (
                name
            )
        for statement in RESTORE:
            trail(statement)
        assert verdict(house).bad is None, name


def test_an_anchor_catches_what_the_chain_cannot(house: TestHouse, trail: Any) -> None:
    settings, engine = house.settings, house.kernel.database.engine
    tenants = list(house.kernel.snapshot().tenants.values())
    anchor.write(settings, engine, tenants)
    write(house, "sebelas", "dua belas")
    anchor.write(settings, engine, tenants)
    path, key = anchor.path_of(settings), anchor.public_key(settings)
    tenant = house.kernel.tenant("sumbawa")
    kept = anchor.hashes(anchor.read(path, key))[tenant.id]
    assert set(kept) == {10, 12} and verdict(house, anchors=kept).bad is None
    assert (anchor.newest(path, tenant.id) or pytest.fail("no anchor")).seq == 12
    write(house, "tiga belas")

    # The tail goes, and the head is turned back to match.
    trail(SEALED.rstrip(";"))
    trail("DELETE FROM lumbung_audit WHERE seq > 11")
    trail("UPDATE lumbung_audit_head h SET seq = 11, hash = (SELECT hash FROM lumbung_audit a WHERE a.seq = 11)")
    assert verdict(house).bad is None
    bad = verdict(house, anchors=kept).bad
    assert bad and (bad.seq, bad.wrong, bad.other) == (12, "cut", 12)

    # Everything is written anew from entry 11 on, head included: the very functions of the database do it.
    trail("UPDATE lumbung_audit_head h SET seq = 10, hash = (SELECT hash FROM lumbung_audit a WHERE a.seq = 10)")
    trail("UPDATE lumbung_audit SET thing = 'lain', seq = NULL WHERE seq = 11")
    trail("SELECT lumbung_audit_append(tenant_id, id) FROM lumbung_audit WHERE seq IS NULL")
    trail("ALTER TABLE lumbung_audit ENABLE TRIGGER USER")
    write(house, "dua belas", "tiga belas")
    assert verdict(house).bad is None
    bad = verdict(house, anchors=kept).bad
    assert bad and (bad.seq, bad.wrong, bad.other) == (12, "anchor", 10)


def test_the_file_of_anchors_itself_cannot_be_changed_unnoticed(house: TestHouse) -> None:
    settings, engine = house.settings, house.kernel.database.engine
    tenants = list(house.kernel.snapshot().tenants.values())
    write(house, "satu")
    for _ in range(3):
        anchor.write(settings, engine, tenants)
    path, key = anchor.path_of(settings), anchor.public_key(settings)
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    assert len(anchor.read(path, key)[house.kernel.tenant("sumbawa").id]) == 3
    forged = {
        "Line 2 .* signature": lines[0] + lines[1].replace('"seq":', '"seq":9') + lines[2],
        "missing before line 2": lines[0] + lines[2],
        "missing before line 1": lines[1] + lines[2],
        "Line 2 .* no anchor": lines[0] + lines[1][:40],
        "Line 1 .* another key": lines[0].replace('"key":"', '"key":"AAAA'),
        "Line 3 .* no anchor": lines[0] + lines[1] + "[]\n",
    }
    for words, text_ in forged.items():
        path.write_text(text_)
        with pytest.raises(anchor.BadAnchor, match=words):
            anchor.read(path, key)
    path.write_text(lines[1])  # a printed line, typed in again
    assert len(anchor.read(path, key, whole=False)[house.kernel.tenant("sumbawa").id]) == 1
    path.write_text(whole)
    assert anchor.read(path, key)


FORGERIES = (
    "UPDATE lumbung_audit SET seq = 1",
    "UPDATE lumbung_audit_head SET seq = 1",
    "INSERT INTO lumbung_audit_head (tenant_id, seq, hash, at) VALUES (1, 1, '', now())",
    "DELETE FROM lumbung_audit_head",
    "SELECT lumbung_audit_append(tenant_id, id) FROM lumbung_audit LIMIT 1",
    "SELECT lumbung_audit_digest(a, 1, '') FROM lumbung_audit a LIMIT 1",
    "SELECT lumbung_audit_seal()",
    "ALTER TABLE lumbung_audit DISABLE TRIGGER USER",
    "SET session_replication_role = replica",
    "UPDATE lumbung_access SET reader_name = 'x'",
    "DELETE FROM lumbung_access",
    # A trigger of one's own on a table of one's own, hung on our function, would run it with the owner's rights.
    "CREATE TEMP TABLE mine (tenant_id int, id uuid); "
    "CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION lumbung_audit_seal()",
)


def test_the_pages_role_can_neither_forge_nor_unseal(house: TestHouse) -> None:
    write(house, "satu")
    before = verdict(house)
    for statement in FORGERIES:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), house.scope() as scope:
            scope.session.execute(text(statement))
    with house.scope() as scope:
        scope.session.add(
            audit.AuditRow(
                id=uuid4(),
                at=scope.tenant.now(),
                person_name="x",
                action="x",
                thing="x",
                detail={},
                seq=1,
                prev_hash=b"x",
                hash=b"x",
            )
        )
        scope.session.flush()
        scope.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    after = verdict(house)
    assert (after.newest, after.bad) == (before.newest + 1, None)


def test_a_part_of_the_chain_can_be_checked(house: TestHouse, trail: Any) -> None:
    assert verdict(house, after=6) == chain.Verdict(4, 10, verdict(house).hash, None)
    trail(SEALED.rstrip(";"))
    trail("UPDATE lumbung_audit SET thing = 'lain' WHERE seq IN (3, 8)")
    bad = verdict(house, after=6).bad
    assert bad and (bad.seq, bad.wrong) == (8, "edited")


def test_entries_from_before_the_chain_are_sealed_in_the_order_of_their_moments(house: TestHouse, trail: Any) -> None:
    migration = run_path(str(environment_folder() / "versions" / "0010_audit.py"))
    trail(SEALED.rstrip(";"))
    trail("UPDATE lumbung_audit SET seq = NULL, prev_hash = NULL, hash = NULL")
    trail("DELETE FROM lumbung_audit_head")
    trail(migration["EXISTING"])
    assert verdict(house) == chain.Verdict(10, 10, verdict(house).hash, None)
    assert [thing for (thing,) in trail("SELECT thing FROM lumbung_audit ORDER BY seq")] == [
        f"hal {number}" for number in range(1, 11)
    ]


def test_the_trails_are_anchored_by_night_and_a_copy_is_sent(house: TestHouse, as_owner: Any, tmp_path: Path) -> None:
    write(house, "satu")
    with FakeMailServer() as server:
        mailing = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none", "mail_from": "a@b.id"}
        house.kernel.settings = house.settings.model_copy(update={**mailing, "audit_anchor_mail": "arsip@ntb.id"})
        line = anchor_trails(house.kernel, mailer_for(house.kernel.settings))
        [letter] = server.letters
        assert line in letter.get_body(("plain",)).get_content().replace("\r\n", "\n")
        server.answers["RCPT"] = "550 no"
        anchor_trails(house.kernel, mailer_for(house.kernel.settings))
    assert len(anchor.path_of(house.settings).read_text().splitlines()) == 2
    house.kernel.settings = house.settings.model_copy(update={"audit_anchor": tmp_path})
    with pytest.raises(IsADirectoryError):
        anchor_trails(house.kernel, mailer_for(house.settings))
    assert [place for (place,) in as_owner("SELECT place FROM lumbung_fault")] == ["anchor", "anchor"]
