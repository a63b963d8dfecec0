"""Inviting people: who may, into what, and that an invitation makes one account at most."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.identity import invitations, letters, people
from lumbung.identity.invitations import Invitee
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import SecretLetter
from lumbung.identity.roles import COMPOSED
from lumbung.testing import TestHouse, frozen_clock

PASSWORD = "empat kata yang panjang"
FORM = {
    "name": "Ketut Arya",
    "email": "ketut@bandung.id",
    "kind": "contributor",
    "organisation": "Kota Bandung",
    "unit": "",
    "role_unit": "",
}
TOKEN = re.compile(r"/undangan\?k=([A-Za-z0-9_-]{56})")


def state(house: TestHouse) -> list[str]:
    with house.scope() as scope:
        return [invitations.state_of(row) for row in scope.session.scalars(invitations.all_query())]


def accept(house: TestHouse, token: str, password: str = PASSWORD, tenant: str = "sumbawa") -> Any:
    form = {"k": token, "password": password, "again": password}
    return house.client(tenant).post_form("/undangan", form, page="/daftar")


def test_without_mail_the_link_is_shown_once_and_makes_the_account(house: TestHouse, as_owner: Any) -> None:
    house.unit("sumbawa", "DUKCAPIL")
    admin = house.client(person=house.person("sumbawa", "a@a.id", roles=["admin"], name="Bu Ani"))
    page = admin.post_form(
        "/admin/undangan/baru", {**FORM, "roles": ["officer", "editor"], "position": "Pemrogram"},
        page="/admin/undangan/baru",
    )  # fmt: skip
    assert page.status_code == 200
    (token,) = set(TOKEN.findall(page.get_data(as_text=True)))
    assert token not in admin.get("/admin/undangan/").get_data(as_text=True)
    visitor = house.client()
    shown = visitor.get(f"/undangan?k={token}").get_data(as_text=True)
    for words in ("Ketut Arya", "Kota Bandung", "Bu Ani", "Penulis pengumuman"):
        assert words in shown
    assert accept(house, token, "pendek").status_code == 422
    assert accept(house, token, tenant="sumbawabarat").status_code == 410
    assert state(house) == ["open"]
    answer = accept(house, token)
    assert answer.status_code == 303
    assert "lumbung_sid" in str(answer.headers) or "sid" in str(answer.headers)
    with house.scope() as scope:
        row = scope.session.scalars(select(PersonRow).where(PersonRow.email == "ketut@bandung.id")).one()
        assert (row.kind, row.organisation, row.position) == ("contributor", "Kota Bandung", "Pemrogram")
        assert sorted(one.role for one in row.grants) == ["editor", "officer"]
        assert row.email_verified_at is not None
    assert state(house) == ["accepted"]
    assert accept(house, token).status_code == 410
    assert "menerima undangan" in str(as_owner("SELECT title::text FROM lumbung_notification"))


def test_two_who_accept_at_once_make_one_account(house: TestHouse) -> None:
    with house.scope() as scope:
        letter = invitations.invite(scope.session, Invitee("k@a.id", "Ketut"), None, language="id")
        token = letters.token_of(letter)
    start, answers = threading.Barrier(2), []

    def try_it() -> None:
        start.wait()
        answers.append(accept(house, token).status_code)

    house.app  # noqa: B018  (made before the threads begin)
    threads = [threading.Thread(target=try_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 410]
    with house.scope() as scope:
        assert len(scope.session.scalars(select(PersonRow)).all()) == 1


def test_nobody_invites_into_more_than_they_may_give(house: TestHouse) -> None:
    admin = house.person("sumbawa", "a@a.id", roles=["admin"])
    with house.scope(person=admin) as scope:
        from lumbung.identity import composing

        row = composing.compose(scope.session, admin, title="Kepegawaian", permissions=["core.people"])
        code = COMPOSED + row.code
        above = invitations.invite(scope.session, Invitee("x@a.id", "Xaverius", roles=["admin"]), admin, language="id")
        above_id = above.id
    clerk = house.person("sumbawa", "b@a.id", roles=[code])
    client = house.client(person=clerk)
    answer = client.post_form("/admin/undangan/baru", {**FORM, "roles": ["admin"]}, page="/admin/undangan/baru")
    assert answer.status_code == 422
    with house.scope(person=clerk) as scope, pytest.raises(invitations.MayNotGive):
        invitations.invite(scope.session, Invitee("k@a.id", "Ketut", roles=["admin"]), clerk, language="id")
    for act in ("surat", "kirim-ulang"):  # seeing the link would be as good as accepting it
        assert client.post_form(f"/admin/undangan/{above_id}/{act}", page="/admin/undangan/").status_code == 403
    assert state(house) == ["open"]
    citizen = house.client(person=house.person("sumbawa", "w@a.id"))
    for path in ("/admin/undangan/", "/admin/undangan/baru", "/admin/jabatan/"):
        assert citizen.get(path).status_code == 403
    elsewhere = house.client("sumbawabarat", house.person("sumbawabarat", "a@a.id", roles=["admin"]))
    for letter_id in (above_id, UUID(int=7)):
        assert elsewhere.post_form(f"/admin/undangan/{letter_id}/batal", page="/admin/undangan/").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "bukan"},
        {"email": "ada@a.id"},
        {"organisation": " "},
        {"roles": ["tidak.ada"]},
        {"roles": ["admin"], "role_unit": "unit"},
        {"kind": "citizen"},
        {"name": ""},
    ],
)
def test_a_bad_invitation_is_refused_and_keeps_what_was_typed(house: TestHouse, wrong: dict[str, Any]) -> None:
    unit = str(house.unit("sumbawa", "DUKCAPIL"))
    house.person("sumbawa", "ada@a.id")
    client = house.client(person=house.person("sumbawa", "a@a.id", roles=["admin"]))
    data = {**FORM, **{key: unit if value == "unit" else value for key, value in wrong.items()}}
    answer = client.post_form("/admin/undangan/baru", data, page="/admin/undangan/baru")
    assert answer.status_code == 422
    assert ("Ketut Arya" if "name" not in wrong else "ketut@bandung.id") in answer.get_data(as_text=True)
    assert state(house) == []


def test_a_renewed_invitation_kills_the_older_link_and_a_cancelled_one_is_dead(house: TestHouse) -> None:
    admin = house.client(person=house.person("sumbawa", "a@a.id", roles=["admin"]))
    with house.scope() as scope:
        letter = invitations.invite(scope.session, Invitee("k@a.id", "Ketut"), None, language="id")
        letter_id, old = letter.id, letters.token_of(letter)
    with frozen_clock(utc_now() + timedelta(days=8)):
        assert accept(house, old).status_code == 410
        assert state(house) == ["expired"]
    sheet = admin.post_form(f"/admin/undangan/{letter_id}/surat", page="/admin/undangan/").get_data(as_text=True)
    assert "<svg" in sheet
    (token,) = set(TOKEN.findall(sheet))
    assert token != old
    assert accept(house, old).status_code == 410
    assert admin.post_form(f"/admin/undangan/{letter_id}/batal", page="/admin/undangan/").status_code == 303
    assert accept(house, token).status_code == 410
    assert state(house) == ["cancelled"]
    with house.scope() as scope:
        assert scope.session.scalars(select(PersonRow.email)).all() == ["a@a.id"]


def test_who_made_an_account_meanwhile_is_told_and_the_invitation_stays(house: TestHouse) -> None:
    with house.scope() as scope:
        letter = invitations.invite(scope.session, Invitee("k@a.id", "Ketut", roles=["admin"]), None, language="id")
        token = letters.token_of(letter)
    house.person("sumbawa", "k@a.id")
    assert accept(house, token).status_code == 422
    assert state(house) == ["open"]
    with house.scope() as scope:
        assert scope.session.scalars(select(PersonRow)).one().grants == []


def test_the_services_refuse_what_no_form_offers(house: TestHouse) -> None:
    house.person("sumbawa", "ada@a.id")
    with house.scope() as scope:
        for invitee in ({"kind": "citizen"}, {"kind": "contributor"}):
            with pytest.raises(LumbungError):
                Invitee("k@a.id", "Ketut", **invitee)
        with pytest.raises(people.EmailTaken):
            invitations.invite(scope.session, Invitee("ada@a.id", "Ada"), None, language="id")
        with pytest.raises(LumbungError, match="no such unit"):
            invitations.invite(scope.session, Invitee("k@a.id", "K", unit_id=UUID(int=7)), None, language="id")
        assert scope.session.scalar(select(SecretLetter.id)) is None
