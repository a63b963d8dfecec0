"""Signing in with an identity from elsewhere: whom it lets in, whom it asks, and whom not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from lumbung.clock import utc_now
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.identity.person import Person
from lumbung.openid.upstream.models import FlowRow, IdentityRow, UpstreamRow
from lumbung.testing import TestHouse

PASSWORD = "empat kata yang panjang"
SUBJECT = "u-1204"


def someone(house: TestHouse, *, verified: bool = True, password: str | None = PASSWORD, **more: Any) -> Person:
    person = house.person("sumbawa", "siti@a.id", password=password, name="Siti Rahmah")
    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (person.tenant_id, person.id))
        row.email_verified_at = utc_now() if verified else None
        for name, value in more.items():
            setattr(row, name, value)
    return person


def change(house: TestHouse, **values: Any) -> None:
    with house.scope() as scope:
        row = scope.session.scalars(select(PersonRow)).one()
        for name, value in values.items():
            setattr(row, name, value)


def linked(house: TestHouse, person: Person, subject: str = SUBJECT) -> None:
    with house.scope() as scope:
        upstream = scope.session.scalars(select(UpstreamRow)).one()
        scope.session.add(
            IdentityRow(upstream_id=upstream.id, person_id=person.id, subject=subject, created_at=utc_now())
        )


def kept(house: TestHouse) -> list[tuple[str, str]]:
    """Whose identities are linked: (address, subject)."""
    with house.scope() as scope:
        return [(row.person.email, row.subject) for row in scope.session.scalars(select(IdentityRow))]


def people(house: TestHouse) -> int:
    with house.scope() as scope:
        return len(scope.session.scalars(select(PersonRow.id)).all())


class TestKnown:
    def test_a_known_identity_comes_in_and_goes_on_to_where_it_wanted(
        self, house: TestHouse, trust: Any, travel: Any
    ) -> None:
        trust()
        linked(house, someone(house))
        siti = travel()
        answer = siti.go("/akun/sesi")
        assert (answer.status_code, answer.location) == (303, "/akun/sesi")
        assert "identitas lain" in siti.client.get("/akun/sesi").get_data(as_text=True)
        assert siti.client.get_cookie("lumbung_upstream", domain="sumbawa.localhost") is None
        with house.scope() as scope:
            assert scope.session.scalars(select(IdentityRow)).one().used_at is not None

    def test_whatever_a_stranger_puts_behind_next_leads_home(self, house: TestHouse, trust: Any, travel: Any) -> None:
        trust()
        linked(house, someone(house))
        for target in ("//evil.example", "https://evil.example", "javascript:alert(1)", "/\\evil.example"):
            assert travel().go(target).location == "/"

    def test_a_second_factor_is_asked_as_after_every_way_in(self, house: TestHouse, trust: Any, travel: Any) -> None:
        from lumbung.identity.second_factor import totp

        trust()
        person = someone(house)
        linked(house, person)
        with house.scope() as scope:
            row = totp.begin(scope.session, person.id)
            row.confirmed_at = utc_now()
        siti = travel()
        answer = siti.go("/akun")
        assert answer.location.startswith("/masuk/faktor-kedua")
        assert not siti.is_in

    def test_a_sign_in_at_the_provider_of_this_morning_is_no_fresh_proof(
        self, house: TestHouse, trust: Any, travel: Any, provider: Any
    ) -> None:
        trust()
        linked(house, someone(house))
        now = utc_now().timestamp()
        for told, fresh in ((None, False), (now - 7200, False), (now - 10, True), (now + 9999, False), ("x", False)):
            provider.claims["auth_time"] = told
            siti = travel()
            siti.go()
            answer = siti.client.post_form("/akun/keamanan/aplikasi/mulai")
            assert (answer.location == "/akun/keamanan/aplikasi") == fresh, told

    def test_a_closed_account_and_one_of_another_kind_stay_shut(
        self, house: TestHouse, trust: Any, travel: Any
    ) -> None:
        trust(audience="citizen")
        linked(house, someone(house))
        shut: list[dict[str, Any]] = [
            {"active": False},
            {"active": True, "erased_at": utc_now()},
            {"erased_at": None, "kind": "servant"},
        ]
        for changed in shut:
            change(house, **changed)
            siti = travel()
            answer = siti.go()
            assert answer.status_code == 403 and "Belum ada akun" in answer.get_data(as_text=True)
            assert not siti.is_in

    def test_only_the_domains_listed_come_in(self, house: TestHouse, trust: Any, travel: Any, provider: Any) -> None:
        trust(domains=("sumbawakab.go.id",), audience="everybody")
        linked(house, someone(house))
        provider.claims["email"] = "siti@sumbawakab.go.id"
        assert travel().go().status_code == 303
        for email, verified in (
            ("siti@sumbawakab.go.id", False),
            ("siti@x.sumbawakab.go.id", True),
            ("siti@sumbawakab.go.id.evil.id", True),
            ("siti", True),
        ):
            provider.claims |= {"email": email, "email_verified": verified}
            assert travel().go().status_code == 403


class TestTheFirstTime:
    def test_both_sides_verified_the_address_so_the_password_is_asked_once(
        self, house: TestHouse, trust: Any, travel: Any
    ) -> None:
        trust(trust_email=True)
        someone(house)
        siti = travel()
        asked = siti.go("/akun")
        assert asked.status_code == 303 and not siti.is_in and kept(house) == []
        page = siti.client.get(asked.location).get_data(as_text=True)
        assert "siti@a.id" in page and "Masuk Provinsi" in page
        wrong = siti.client.post_form(asked.location, {"password": "salah sama sekali"}, page=asked.location)
        assert wrong.status_code == 422 and not siti.is_in and kept(house) == []
        answer = siti.client.post_form(asked.location, {"password": PASSWORD}, page=asked.location)
        assert (answer.status_code, answer.location) == (303, "/akun")
        assert kept(house) == [("siti@a.id", SUBJECT)]
        assert siti.is_in
        again = siti.client.post_form(asked.location, {"password": PASSWORD})
        assert again.status_code == 422
        assert travel().go("/akun").location == "/akun"

    def test_what_is_asked_is_asked_in_that_browser_only_and_for_ten_minutes(
        self, house: TestHouse, trust: Any, travel: Any
    ) -> None:
        from lumbung.testing import frozen_clock

        trust(trust_email=True)
        someone(house)
        siti, thief = travel(), travel()
        asked = siti.go().location
        thief.leave()  # has a cookie of a way too
        for who in (thief, travel()):
            assert who.client.get(asked).status_code == 422
            assert who.client.post_form(asked, {"password": PASSWORD}, page="/masuk").status_code == 422
        with frozen_clock(utc_now() + timedelta(minutes=11)):
            assert siti.client.get(asked).status_code == 422
        assert kept(house) == []

    def test_guessing_the_password_there_is_stopped_as_on_the_sign_in_page(
        self, house: TestHouse, trust: Any, travel: Any
    ) -> None:
        trust(trust_email=True)
        someone(house)
        siti = travel()
        asked = siti.go().location
        for _ in range(10):
            answer = siti.client.post_form(asked, {"password": "salah sekali"}, page=asked)
        answer = siti.client.post_form(asked, {"password": PASSWORD}, page=asked)
        assert answer.status_code == 429 and answer.headers["Retry-After"]
        assert kept(house) == []

    def test_nobody_takes_an_account_over_by_its_address(
        self, house: TestHouse, trust: Any, travel: Any, provider: Any
    ) -> None:
        trust(trust_email=True, create_accounts=True)
        cases: list[tuple[dict[str, Any], dict[str, Any], int, str]] = [
            ({"email_verified_at": None}, {}, 422, "belum diverifikasi"),
            ({"email_verified_at": utc_now(), "password_hash": None}, {}, 422, "sudah punya akun"),
            ({"active": False}, {}, 403, "Belum ada akun"),
            ({"active": True}, {"email_verified": False}, 403, "Belum ada akun"),
            ({}, {"email_verified": "yes"}, 403, "Belum ada akun"),
            ({}, {"email": None}, 403, "Belum ada akun"),
            ({}, {"email": ["siti@a.id"]}, 403, "Belum ada akun"),
        ]
        someone(house)
        for changed, told, status, words in cases:
            change(house, **changed)
            provider.claims = told
            siti = travel()
            answer = siti.go()
            assert answer.status_code == status and words in answer.get_data(as_text=True), (changed, told)
            assert not siti.is_in and kept(house) == [] and people(house) == 1

    def test_an_address_that_is_not_trusted_says_nothing_of_who_is_here(
        self, house: TestHouse, trust: Any, travel: Any
    ) -> None:
        trust(trust_email=False)
        before = travel().go()
        someone(house)
        after = travel().go()
        assert before.status_code == after.status_code == 403
        assert "Belum ada akun" in before.get_data(as_text=True) and "Belum ada akun" in after.get_data(as_text=True)

    def test_a_citizen_gets_an_account_after_reading_what_they_agree_to(
        self, house: TestHouse, trust: Any, travel: Any, provider: Any, as_owner: Any
    ) -> None:
        trust(trust_email=True, create_accounts=True, number_claim="nik")
        provider.claims["nik"] = "5204084107900001"
        siti = travel()
        asked = siti.go("/akun").location
        page = siti.client.get(asked).get_data(as_text=True)
        assert 'value="Siti Rahmah"' in page and "Saya setuju nama, alamat surel" in page
        form = {"name": "Siti Rahmah", "version": "1"}
        for wrong in (form, {**form, "agree": "y", "version": "9"}, {**form, "agree": "y", "name": ""}):
            assert siti.client.post_form(asked, wrong, page=asked).status_code == 422
        assert people(house) == 0
        answer = siti.client.post_form(asked, {**form, "agree": "y"}, page=asked)
        assert (answer.status_code, answer.location) == (303, "/akun")
        with house.scope() as scope:
            row = scope.session.scalars(select(PersonRow)).one()
            assert (row.email, row.kind, row.password_hash) == ("siti@a.id", "citizen", None)
            assert row.email_verified_at is not None and row.nik == "5204084107900001"
        assert as_owner("SELECT code FROM lumbung_consent") == [("core.account",)]
        assert kept(house) == [("siti@a.id", SUBJECT)]
        assert travel().go("/akun").location == "/akun"

    def test_otherwise_a_stranger_is_asked_to_ask(self, house: TestHouse, trust: Any, travel: Any) -> None:
        trust(trust_email=True, create_accounts=False)
        answer = travel().go()
        assert answer.status_code == 403 and "pengelola" in answer.get_data(as_text=True)
        assert people(house) == 0

    def test_of_two_who_make_the_account_at_once_one_is_made(self, house: TestHouse, trust: Any, travel: Any) -> None:
        trust(trust_email=True, create_accounts=True)
        first, second = travel(), travel()
        pages = [(who, who.go().location) for who in (first, second)]
        form = {"name": "Siti Rahmah", "version": "1", "agree": "y"}
        answers = [who.client.post_form(page, form, page=page).status_code for who, page in pages]
        assert answers[0] == 303 and answers[1] in (303, 403, 422)
        assert people(house) == 1 and len(kept(house)) == 1


class TestOfOnesOwn:
    def link(self, who: Any, provider: Any) -> Any:
        page = who.client.post_form("/akun/identitas/prov/tautkan", page="/akun/identitas")
        code, state = provider.code_for(who.led_to(page))
        return who.come_back(code=code, state=state)

    def test_who_is_signed_in_links_and_takes_off(
        self, house: TestHouse, trust: Any, travel: Any, provider: Any
    ) -> None:
        trust()
        siti = travel(someone(house, verified=False))
        assert "Tautkan Masuk Provinsi" in siti.client.get("/akun/identitas").get_data(as_text=True)
        answer = self.link(siti, provider)
        assert (answer.status_code, answer.location) == (303, "/akun/identitas")
        assert kept(house) == [("siti@a.id", SUBJECT)]
        with house.scope() as scope:
            found = scope.session.scalars(select(IdentityRow.id)).one()
        answer = siti.client.post_form(f"/akun/identitas/{found}/lepas", page="/akun/identitas")
        assert answer.status_code == 303 and kept(house) == []

    def test_a_fresh_proof_is_asked_first(self, house: TestHouse, trust: Any, travel: Any, provider: Any) -> None:
        trust()
        person = someone(house)
        siti = travel(person)
        linked(house, person)
        with house.scope() as scope:
            for row in scope.session.scalars(select(SessionRow)):
                row.fresh_at = utc_now() - timedelta(hours=1)
            found = scope.session.scalars(select(IdentityRow.id)).one()
        for path in ("prov/tautkan", f"{found}/lepas"):
            answer = siti.client.post_form(f"/akun/identitas/{path}", page="/akun/identitas")
            assert answer.location.startswith("/akun/pastikan")
        assert len(kept(house)) == 1
        with house.scope() as scope:
            assert scope.session.scalars(select(FlowRow)).all() == []

    def test_the_only_way_in_is_not_taken_off(self, house: TestHouse, trust: Any, travel: Any) -> None:
        trust()
        person = someone(house, password=None)
        linked(house, person)
        siti = travel(person)
        with house.scope() as scope:
            found = scope.session.scalars(select(IdentityRow.id)).one()
        answer = siti.client.post_form(f"/akun/identitas/{found}/lepas", page="/akun/identitas")
        assert answer.status_code == 422 and "satu-satunya" in answer.get_data(as_text=True)
        assert len(kept(house)) == 1

    def test_an_identity_opens_one_account_and_an_account_has_one_of_each(
        self, house: TestHouse, trust: Any, travel: Any, provider: Any
    ) -> None:
        trust()
        other = house.person("sumbawa", "lain@a.id", password=PASSWORD)
        linked(house, other)
        siti = travel(someone(house))
        assert self.link(siti, provider).status_code == 422
        provider.claims["sub"] = "u-2"
        assert self.link(siti, provider).status_code == 303
        provider.claims["sub"] = "u-3"
        assert self.link(siti, provider).status_code == 422
        assert sorted(kept(house)) == [("lain@a.id", SUBJECT), ("siti@a.id", "u-2")]

    def test_linking_ends_for_who_signed_out_or_is_somebody_else_meanwhile(
        self, house: TestHouse, trust: Any, travel: Any, provider: Any
    ) -> None:
        trust()
        siti = travel(someone(house))
        page = siti.client.post_form("/akun/identitas/prov/tautkan", page="/akun/identitas")
        code, state = provider.code_for(siti.led_to(page))
        other = house.person("sumbawa", "lain@a.id")
        siti.client.set_cookie("lumbung_sid", house.token("sumbawa", other), domain="sumbawa.localhost")
        assert siti.come_back(code=code, state=state).status_code == 422
        assert kept(house) == []

    def test_another_number_than_the_accounts_is_another_person(
        self, house: TestHouse, trust: Any, travel: Any, provider: Any
    ) -> None:
        from lumbung.identity import nik

        trust(number_claim="nik")
        person = someone(house)
        with house.scope() as scope:
            nik.keep(scope.session, scope.session.get_one(PersonRow, (person.tenant_id, person.id)), "5204084107900001")
        siti = travel(person)
        provider.claims["nik"] = "5204080101900002"
        assert self.link(siti, provider).status_code == 422
        assert kept(house) == []
        provider.claims["nik"] = "5204084107900001"
        assert self.link(siti, provider).status_code == 303

    def test_what_belongs_to_others_is_not_there(self, house: TestHouse, trust: Any, travel: Any) -> None:
        trust()
        other = house.person("sumbawa", "lain@a.id", password=PASSWORD)
        linked(house, other)
        with house.scope() as scope:
            found = scope.session.scalars(select(IdentityRow.id)).one()
        siti = travel(someone(house))
        assert siti.client.post_form(f"/akun/identitas/{found}/lepas").status_code == 404
        west = house.person("sumbawabarat", "w@a.id", password=PASSWORD)
        away = travel(west, tenant="sumbawabarat")
        assert away.client.post_form(f"/akun/identitas/{found}/lepas").status_code == 404
        assert away.client.post_form("/akun/identitas/prov/tautkan").status_code == 404
        assert "Masuk Provinsi" not in travel(tenant="sumbawabarat").client.get("/masuk").get_data(as_text=True)
        assert travel(tenant="sumbawabarat").client.post_form("/masuk/dari/prov", page="/masuk").status_code == 404
        assert kept(house) == [("lain@a.id", SUBJECT)]


def test_each_tenant_knows_its_own_identities(house: TestHouse, trust: Any, travel: Any, provider: Any) -> None:
    trust("sumbawa")
    trust("sumbawabarat", trust_email=True)
    linked(house, someone(house))
    assert travel().go().status_code == 303
    assert travel(tenant="sumbawabarat").go().status_code == 403
    here, there = travel(), travel(tenant="sumbawabarat")
    code, state = provider.code_for(here.leave())
    there.leave()
    assert there.come_back(code=code, state=state).status_code == 422
    assert here.come_back(code=code, state=state).status_code == 303


def test_a_provider_that_is_switched_off_is_not_there(house: TestHouse, trust: Any, travel: Any, provider: Any) -> None:
    trust()
    linked(house, someone(house))
    siti = travel()
    code, state = provider.code_for(siti.leave())
    with house.scope() as scope:
        scope.session.scalars(select(UpstreamRow)).one().active = False
    assert siti.client.get(f"/masuk/dari/prov/kembali?code={code}&state={state}").status_code == 404
    assert (
        siti.client.post_form("/masuk/dari/prov/kembali", {"code": code, "state": state}, page="/masuk").status_code
        == 404
    )
    assert "Masuk Provinsi" not in siti.client.get("/masuk").get_data(as_text=True)
