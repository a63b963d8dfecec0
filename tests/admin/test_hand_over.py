"""Handing over a post: everything or nothing, by whom it may be done, and what remains of it in the history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from lumbung.errors import LumbungError
from lumbung.identity import accounts, hand_over, people, post_history
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import HandOver, Post
from lumbung.testing import TestHouse

ROLES = """
[[permissions]]
name = "{name}.handle"
title = {{ id = "Menangani", en = "Handle" }}

[[roles]]
name = "handler"
title = {{ id = "Penangan", en = "Handler" }}
permissions = ["{name}.handle"]
"""

MOVES = """
from lumbung.sdk import Bilingual, Moved, audit, hookimpl

@hookimpl
def hand_over(giver, receiver, unit_ids):
    audit("{name}.moved", f"{{giver.email}} {{receiver.email}}", units=sorted(map(str, unit_ids or [])))
    return [Moved(Bilingual("pengaduan", "complaints"), 12), Moved(Bilingual("konsep", "drafts"), 0)]
"""

BREAKS = """
from lumbung.sdk import audit, hookimpl

@hookimpl
def hand_over(giver, receiver, unit_ids):
    audit("{name}.moved", "half of it")
    raise RuntimeError("the other half is lost")
"""


@pytest.fixture
def moves(gift: Any) -> Any:
    """Return a function that makes a plugin which hands over, or breaks while it does."""

    def make(name: str, init: str) -> None:
        gift(name, init=init.format(name=name), hooks=["hand_over"], more=ROLES.format(name=name))

    return make


def row_of(scope: Any, email: str) -> PersonRow:
    found: PersonRow = scope.session.scalars(select(PersonRow).where(PersonRow.email == email)).one()
    return found


def roles_of(house: TestHouse) -> dict[str, list[str]]:
    with house.scope() as scope:
        return {row.email: sorted(one.role for one in row.grants) for row in scope.session.scalars(select(PersonRow))}


def form(house: TestHouse, giver: str, receiver: str, roles: list[str] | None = None, **more: str) -> dict[str, Any]:
    with house.scope() as scope:
        grants = [str(one.id) for one in row_of(scope, giver).grants if roles is None or one.role in roles]
    return {"receiver": receiver, "grants": grants, **more}


def trail(as_owner: Any, action: str) -> int:
    return int(as_owner("SELECT count(*) FROM lumbung_audit WHERE action = :action", action=action)[0][0])


def test_everything_open_moves_at_once_and_both_are_told(house: TestHouse, moves: Any, as_owner: Any) -> None:
    moves("aduan", MOVES)
    unit = house.unit("sumbawa", "PUPR")
    admin = house.person("sumbawa", "a@a.id", roles=["admin"], name="Bu Ani")
    old = house.person("sumbawa", "lama@a.id", roles=["officer", ("aduan.handler", "PUPR")])
    house.person("sumbawa", "baru@a.id")
    client, path = house.client(person=admin), f"/admin/orang/{old.id}/serah-terima"
    data = form(house, "lama@a.id", "baru@a.id", note="SK 821/7", close="y")
    before = roles_of(house)
    looked = client.post_form(f"{path}/periksa", data, page=path)
    assert looked.status_code == 200
    assert "12 pengaduan" in looked.get_data(as_text=True)
    assert roles_of(house) == before, "a preview moves nothing"
    assert trail(as_owner, "aduan.moved") == trail(as_owner, "person.hand_over") == 0
    signed_in = house.client(person=old)
    assert signed_in.get("/meja/").status_code == 200
    answer = client.post_form(path, data, page=path)
    assert answer.status_code == 303
    assert roles_of(house) == {"a@a.id": ["admin"], "lama@a.id": [], "baru@a.id": ["aduan.handler", "officer"]}
    assert signed_in.get("/meja/").status_code == 302, "the closed account has no session"
    assert trail(as_owner, "aduan.moved") == 1
    page = client.get(answer.location).get_data(as_text=True)
    assert "12 pengaduan" in page
    pdf = client.get(f"{answer.location}/berita-acara.pdf")
    assert pdf.data.startswith(b"%PDF")
    people_told = (
        "SELECT p.email, n.title::text FROM lumbung_notification n JOIN lumbung_person p ON p.id = n.person_id"
    )
    told = dict(as_owner(people_told))
    assert "serah terima" in told["baru@a.id"]
    with house.scope() as scope:
        kept = {(post.role, post.unit_id, post.why, post.ended_by) for post in
                post_history.of_person(scope.session, old.id)}  # fmt: skip
    assert kept == {
        ("officer", None, "handed over", "Bu Ani"),
        ("aduan.handler", unit, "handed over", "Bu Ani"),
    }  # fmt: skip


def test_a_plugin_that_breaks_stops_all_of_it_and_is_named(house: TestHouse, moves: Any, as_owner: Any) -> None:
    moves("aduan", MOVES)
    moves("rusak", BREAKS)
    old = house.person("sumbawa", "lama@a.id", roles=["officer", "aduan.handler"])
    house.person("sumbawa", "baru@a.id")
    client = house.client(person=house.person("sumbawa", "a@a.id", roles=["admin"]))
    before, posts = roles_of(house), as_owner("SELECT id, ended_at FROM lumbung_post ORDER BY id")
    path = f"/admin/orang/{old.id}/serah-terima"
    data = form(house, "lama@a.id", "baru@a.id", close="y")
    for act in (path, f"{path}/periksa"):
        answer = client.post_form(act, data, page=path)
        assert answer.status_code == 422
        assert "baru@a.id" in answer.get_data(as_text=True)
    assert roles_of(house) == before
    assert as_owner("SELECT id, ended_at FROM lumbung_post ORDER BY id") == posts
    assert trail(as_owner, "aduan.moved") == trail(as_owner, "rusak.moved") == 0
    with house.scope() as scope:
        assert row_of(scope, "lama@a.id").active
        assert scope.session.scalar(select(HandOver.id)) is None
    assert ("rusak",) in as_owner("SELECT plugin FROM lumbung_fault")


def test_only_the_applications_whose_roles_move_are_asked_for_their_units(
    house: TestHouse, moves: Any, as_owner: Any
) -> None:
    moves("aduan", MOVES)
    moves("rusak", BREAKS)
    below = house.unit("sumbawa", "UPTD", parent="PUPR")
    unit = house.unit("sumbawa", "PUPR")
    admin = house.person("sumbawa", "a@a.id", roles=["admin"])
    house.person("sumbawa", "lama@a.id", roles=[("aduan.handler", "PUPR"), "rusak.handler"])
    house.person("sumbawa", "baru@a.id")
    with house.scope(person=admin) as scope:
        giver, receiver = row_of(scope, "lama@a.id"), row_of(scope, "baru@a.id")
        ids = [one.id for one in giver.grants if one.role == "aduan.handler"]
        hand_over.carry_out(scope.session, hand_over.plan(scope.session, admin, giver, receiver, ids), admin)
    asked = as_owner("SELECT detail FROM lumbung_audit WHERE action = 'aduan.moved'")
    assert asked == [({"units": sorted([str(unit), str(below)])},)]
    assert roles_of(house)["lama@a.id"] == ["rusak.handler"]


def test_who_may_not_give_a_role_cannot_move_it(house: TestHouse, as_owner: Any) -> None:
    admin = house.person("sumbawa", "a@a.id", roles=["admin"])
    house.person("sumbawa", "lama@a.id", roles=["admin"])
    house.person("sumbawa", "baru@a.id")
    house.person("sumbawa", "op@a.id", operator=True, roles=["officer"])
    with house.scope(person=admin) as scope:
        from lumbung.identity import composing

        code = composing.compose(scope.session, admin, title="Kepegawaian", permissions=["core.people"]).code
    clerk = house.person("sumbawa", "b@a.id", roles=[f"tenant.{code}"])
    before = roles_of(house)
    with house.scope(person=clerk) as scope:
        giver, receiver = row_of(scope, "lama@a.id"), row_of(scope, "baru@a.id")
        ids = [one.id for one in giver.grants]
        with pytest.raises(hand_over.MayNotMove):
            hand_over.plan(scope.session, clerk, giver, receiver, ids)
        operator = row_of(scope, "op@a.id")
        with pytest.raises(hand_over.MayNotMove):
            hand_over.plan(scope.session, clerk, operator, receiver, [operator.grants[0].id])
        with pytest.raises(hand_over.SamePerson):
            hand_over.plan(scope.session, admin, giver, giver, ids)
        with pytest.raises(hand_over.NothingToMove):
            hand_over.plan(scope.session, admin, giver, receiver, [UUID(int=7)])
        receiver.active = False
        with pytest.raises(hand_over.ReceiverClosed):
            hand_over.plan(scope.session, admin, giver, receiver, ids)
        scope.session.rollback()
    assert roles_of(house) == before
    elsewhere = house.client("sumbawabarat", house.person("sumbawabarat", "a@a.id", roles=["admin"]))
    assert elsewhere.get(f"/admin/orang/{clerk.id}/serah-terima").status_code == 404
    assert house.client(person=clerk).get(f"/admin/orang/{admin.id}/serah-terima").status_code == 403
    assert as_owner("SELECT count(*) FROM lumbung_hand_over") == [(0,)]


def test_a_second_hand_over_of_the_same_roles_is_refused(house: TestHouse) -> None:
    admin = house.person("sumbawa", "a@a.id", roles=["admin"])
    house.person("sumbawa", "lama@a.id", roles=["officer"])
    for email in ("satu@a.id", "dua@a.id"):
        house.person("sumbawa", email)
    with house.scope(person=admin) as late:
        giver = row_of(late, "lama@a.id")
        ids = [one.id for one in giver.grants]
        plan = hand_over.plan(late.session, admin, giver, row_of(late, "dua@a.id"), ids)
        with house.scope(person=admin) as early:
            first = hand_over.plan(early.session, admin, row_of(early, "lama@a.id"), row_of(early, "satu@a.id"), ids)
            hand_over.carry_out(early.session, first, admin)
        with pytest.raises(hand_over.NothingToMove):
            hand_over.carry_out(late.session, plan, admin)
        late.session.rollback()
    assert roles_of(house) == {"a@a.id": ["admin"], "lama@a.id": [], "satu@a.id": ["officer"], "dua@a.id": []}


def test_an_operator_stays_one_and_an_administrator_may_hand_over_their_own_post(house: TestHouse) -> None:
    boss = house.person("sumbawa", "boss@a.id", operator=True, roles=["admin"])
    house.person("sumbawa", "baru@a.id")
    with house.scope(person=boss) as scope:
        giver, receiver = row_of(scope, "boss@a.id"), row_of(scope, "baru@a.id")
        ids = [one.id for one in giver.grants]
        with pytest.raises(accounts.OwnAccount):
            hand_over.plan(scope.session, boss, giver, receiver, ids, close=True)
        hand_over.carry_out(scope.session, hand_over.plan(scope.session, boss, giver, receiver, ids), boss)
    assert roles_of(house) == {"boss@a.id": [], "baru@a.id": ["admin"]}
    with house.scope() as scope:
        assert (row_of(scope, "boss@a.id").operator, row_of(scope, "baru@a.id").operator) == (True, False)


def test_the_history_says_who_held_what_and_why_it_ended(house: TestHouse) -> None:
    unit = house.unit("sumbawa", "PUPR")
    admin = house.person("sumbawa", "a@a.id", roles=["admin"], name="Bu Ani")
    someone = house.person("sumbawa", "b@a.id", roles=["officer"])
    client = house.client(person=admin)
    page = f"/admin/orang/{someone.id}/"
    client.post_form(f"{page}peran/", {"role": "officer", "unit": str(unit)}, page=page)
    with house.scope() as scope:
        ids = {one.unit_id: one.id for one in row_of(scope, "b@a.id").grants}
    client.post_form(f"{page}peran/{ids[None]}/cabut", page=page)
    with house.scope() as scope:
        posts = scope.session.scalars(select(Post).where(Post.person_id == someone.id).order_by(Post.began_at)).all()
        assert [(one.unit_name, one.given_by, one.why, one.ended_by) for one in posts] == [
            (None, "test", "withdrawn", "Bu Ani"),
            ("Unit PUPR", "Bu Ani", None, None),
        ]
        with pytest.raises(LumbungError):
            people.grant(scope.session, row_of(scope, "b@a.id"), "tenant.tidak-ada")
        assert len(scope.session.scalars(select(Post.id).where(Post.person_id == someone.id)).all()) == 2
    assert "dicabut" in client.get(page).get_data(as_text=True)
    listed = client.get("/admin/jabatan/?kini=tidak&peran=officer").get_data(as_text=True)
    assert "B" in listed
    assert "dicabut" in listed
    assert client.get(f"/admin/jabatan/?unit={unit}").status_code == 200


def test_an_officer_marks_what_they_saw(house: TestHouse, as_owner: Any) -> None:
    client = house.client(person=house.person("sumbawa", "a@a.id", roles=["admin"]))
    someone = house.person("sumbawa", "b@a.id")
    page = f"/admin/orang/{someone.id}/"
    assert client.post_form(f"{page}pastikan/ponsel", page=page).status_code == 404, "there is no number"
    assert client.post_form(f"{page}pastikan/surel", page=page).status_code == 303
    as_owner("UPDATE lumbung_person SET phone = '0812 3456 7890', phone_verified_at = now() WHERE email = 'b@a.id'")
    with house.scope() as scope:
        row = row_of(scope, "b@a.id")
        assert row.email_verified_at is not None
        accounts.change(scope.session, row, name="B", email="c@a.id", phone="0812 3456 7891")
        assert (row.email_verified_at, row.phone_verified_at) == (None, None), "another one is not verified"
    assert trail(as_owner, "person.verify") == 1
