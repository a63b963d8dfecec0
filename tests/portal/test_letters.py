"""Letters with a secret link: registration, forgotten password, verification. What works, and what never does."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.clock import utc_now
from lumbung.database.roles import DatabaseUrls
from lumbung.identity import letters, passwords
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.identity.post_models import SecretLetter
from lumbung.settings import Settings
from lumbung.testing import HouseClient, TestHouse, frozen_clock
from lumbung.testing.mail_server import FakeMailServer

PASSWORD = "empat kata yang panjang"
NEW = "lima kata yang lebih panjang"
FORM = {"name": "Siti Rahmah", "email": "siti@a.id", "phone": "0812 3456 7890", "password": PASSWORD, "agree": "y"}
LINK = re.compile(r"http://[a-z.]+:8000(/[a-z/-]+)\?k=([A-Za-z0-9_-]+)")


@pytest.fixture
def house(house_with_mail: TestHouse) -> TestHouse:
    return house_with_mail


def letter(house: TestHouse, mail_server: FakeMailServer) -> tuple[str, str]:
    """Have the mail sent; return address and text of the newest letter."""
    house.work()
    newest = mail_server.letters[-1]
    return str(newest["To"]), newest.get_body(("plain",)).get_content()


def link(house: TestHouse, mail_server: FakeMailServer) -> tuple[str, str]:
    """Return path and token of the newest letter."""
    found = LINK.search(letter(house, mail_server)[1])
    assert found, mail_server.letters[-1]
    return found[1], found[2]


def redeem(client: HouseClient, path: str, token: str, **data: str) -> Any:
    return client.post_form(path, {"k": token, **data}, page="/daftar")


def people_of(house: TestHouse, tenant: str = "sumbawa") -> list[PersonRow]:
    with house.scope(tenant) as scope:
        return list(scope.session.scalars(select(PersonRow)))


def plain(page: str) -> str:
    """Return a page without what is new in each: tokens of forms."""
    return re.sub(r'value="[^"]{16,}"', "", page)


def test_the_account_is_made_by_the_link_and_once(house: TestHouse, mail_server: FakeMailServer, as_owner: Any) -> None:
    client = house.client()
    answer = client.post_form("/daftar", FORM, page="/daftar")
    assert (answer.status_code, answer.location) == (303, "/daftar/periksa-surel")
    assert people_of(house) == []
    path, token = link(house, mail_server)
    kept = str(as_owner("SELECT args::text FROM procrastinate_jobs")) + str(as_owner("SELECT * FROM lumbung_letter"))
    assert token not in kept
    assert PASSWORD not in kept
    for _ in range(2):  # a mail scanner opens links too
        page = client.get(f"{path}?k={token}")
        assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    wrong = redeem(client, path, token, password="bukan kata sandi itu")
    assert wrong.status_code == 422
    assert people_of(house) == []
    assert redeem(client, path, token, password=PASSWORD).status_code == 303
    assert "Siti Rahmah" in client.get("/akun").get_data(as_text=True)
    (person,) = people_of(house)
    assert person.email_verified_at is not None
    assert as_owner("SELECT detail::text FROM lumbung_letter") == [("{}",)]
    other = house.client()
    assert redeem(other, path, token, password=PASSWORD).status_code == 410
    assert "tidak berlaku lagi" in other.get(f"{path}?k={token}").get_data(as_text=True)
    assert len(people_of(house)) == 1


@pytest.mark.parametrize(
    ("path", "form"), [("/daftar", FORM), ("/lupa-sandi", {"email": "siti@a.id"})], ids=["register", "forgotten"]
)
def test_known_and_unknown_addresses_get_the_same_answer_and_the_same_work(
    house: TestHouse, mail_server: FakeMailServer, monkeypatch: pytest.MonkeyPatch, as_owner: Any, path: str,
    form: dict[str, str],
) -> None:  # fmt: skip
    house.person("sumbawa", "siti@a.id", password=PASSWORD)
    hashed: list[str] = []
    from lumbung.identity import registration

    monkeypatch.setattr(
        registration, "hash_password", lambda word: hashed.append(word) or passwords.hash_password(word)
    )
    seen = []
    for email in ("siti@a.id", "entah@a.id"):
        client = house.client()
        answer = client.post_form(path, {**form, "email": email}, page=path)
        page = client.get(answer.location).get_data(as_text=True)
        seen.append((answer.status_code, answer.location, plain(page), len(hashed), dict(answer.headers).keys()))
        hashed.clear()
    assert seen[0] == seen[1]
    assert as_owner("SELECT count(*) FROM lumbung_letter") == [(2,)]
    house.work()
    assert len(mail_server.letters) == 2
    said = {str(one["To"]).split("<")[-1].strip(">"): str(one["Subject"]) for one in mail_server.letters}
    assert len(set(said.values())) == 2, "the mailbox, and nobody else, is told the difference"
    assert len(people_of(house)) == 1


def test_a_forgotten_password_is_chosen_anew_and_ends_every_session(
    house: TestHouse, mail_server: FakeMailServer
) -> None:
    person = house.person("sumbawa", "siti@a.id", password=PASSWORD)
    with house.scope() as scope:
        row = scope.session.scalars(select(PersonRow)).one()
        row.mail = False  # who wants no notifications still gets these letters
    signed_in, visitor = house.client(person=person), house.client()
    visitor.post_form("/lupa-sandi", {"email": " SITI@a.id"}, page="/lupa-sandi")
    path, token = link(house, mail_server)
    weak = redeem(visitor, path, token, password="aaaaaaaaaaaa", again="aaaaaaaaaaaa")
    assert weak.status_code == 422
    assert signed_in.get("/akun").status_code == 200
    assert redeem(visitor, path, token, password=NEW, again=NEW).location == "/masuk"
    assert signed_in.get("/akun").status_code == 302 or signed_in.get("/akun").status_code == 303
    assert all(row.revoked_at for row in house.sessions_of("sumbawa", person))
    assert "Kata sandi Anda diganti" in letter(house, mail_server)[1]
    assert redeem(visitor, path, token, password=PASSWORD, again=PASSWORD).status_code == 410
    for word, status in ((PASSWORD, 422), (NEW, 303)):
        form = {"email": "siti@a.id", "password": word}
        assert house.client().post_form("/masuk", form, page="/masuk").status_code == status


def test_links_that_never_work_all_get_one_answer_and_change_nothing(
    house: TestHouse, mail_server: FakeMailServer, as_owner: Any
) -> None:
    house.person("sumbawa", "siti@a.id", password=PASSWORD)
    house.person("sumbawabarat", "siti@a.id", password=PASSWORD)
    client = house.client()
    client.post_form("/lupa-sandi", {"email": "siti@a.id"}, page="/lupa-sandi")
    path, old = link(house, mail_server)
    client.post_form("/lupa-sandi", {"email": "siti@a.id"}, page="/lupa-sandi")
    path, token = link(house, mail_server)
    before = as_owner("SELECT email, password_hash FROM lumbung_person ORDER BY tenant_id")
    answers = []
    garbage = ["", "x", "%00", "é" * 50, "A" * 5000, token[:-1], token + "A", token[::-1], "=" * 54, "\ud800"[:0]]
    for wrong in [old, *garbage]:
        answers.append(redeem(client, path, wrong, password=NEW, again=NEW))
        assert client.get(path, query_string={"k": wrong}).status_code == 410
    answers.append(redeem(house.client("sumbawabarat"), path, token, password=NEW, again=NEW))
    answers.append(redeem(client, "/undangan", token, password=NEW, again=NEW))  # another purpose
    with frozen_clock(utc_now() + timedelta(minutes=31)):
        answers.append(redeem(house.client(), path, token, password=NEW, again=NEW))
    assert {answer.status_code for answer in answers} == {410}
    assert as_owner("SELECT email, password_hash FROM lumbung_person ORDER BY tenant_id") == before
    with house.scope() as scope:
        scope.session.scalars(select(PersonRow)).one().active = False
    assert redeem(client, path, token, password=NEW, again=NEW).status_code == 410
    with house.scope() as scope:
        scope.session.scalars(select(PersonRow)).one().active = True
    assert redeem(client, path, token, password=NEW, again=NEW).status_code == 303, "all the while it was a good one"


def test_another_site_cannot_make_a_token(house: TestHouse, tmp_path: Path) -> None:
    with house.scope() as scope:
        written = letters.write(scope.session, letters.FORGOTTEN, email="a@a.id", language="id")
        mine = letters.token_of(written)
        scope.kernel.settings = Settings(home=tmp_path / "elsewhere")
        theirs = letters.token_of(written)
        scope.kernel.settings = house.settings
        assert letters.find(scope.session, letters.FORGOTTEN, mine) is written
        with pytest.raises(letters.LetterDead):
            letters.find(scope.session, letters.FORGOTTEN, theirs)


def test_a_new_address_takes_effect_with_its_link_and_the_old_one_is_told(
    house: TestHouse, mail_server: FakeMailServer
) -> None:
    person = house.person("sumbawa", "siti@a.id", password=PASSWORD)
    house.person("sumbawa", "wayan@a.id")
    client = house.client(person=person)
    form = {"name": "Siti", "email": "baru@a.id", "current": PASSWORD}
    assert client.post_form("/akun/nama-dan-surel", form, page="/akun/nama-dan-surel").status_code == 303
    house.work()
    assert {str(one["To"]).split("<")[-1].strip(">") for one in mail_server.letters[-2:]} == {"siti@a.id", "baru@a.id"}
    assert people_of(house)[0].email == "siti@a.id"
    text = next(one for one in mail_server.letters if "baru@a.id" in str(one["To"])).get_body(("plain",)).get_content()
    path, token = LINK.search(text).groups()  # type: ignore[union-attr]
    assert client.get(f"{path}?k={token}").status_code == 200
    assert "siti@a.id" in {one.email for one in people_of(house)}
    assert redeem(client, path, token).status_code == 303
    assert {one.email: one.email_verified_at is not None for one in people_of(house)} == {
        "baru@a.id": True,
        "wayan@a.id": False,
    }
    house.work()
    assert "siti@a.id" in " ".join(str(one["To"]) for one in mail_server.letters[-2:])
    taken = client.post_form(
        "/akun/nama-dan-surel", {**form, "email": "wayan@a.id"}, page="/akun/nama-dan-surel", follow_redirects=True
    )
    assert "Surel dikirim ke wayan@a.id" in taken.get_data(as_text=True), "no page tells who has an account"
    assert sorted(one.email for one in people_of(house)) == ["baru@a.id", "wayan@a.id"]


def test_who_is_invited_as_a_successor_leads_the_inviter_back_to_the_hand_over(
    house: TestHouse, mail_server: FakeMailServer, as_owner: Any
) -> None:
    admin = house.client(person=house.person("sumbawa", "a@a.id", roles=["admin"]))
    old = house.person("sumbawa", "lama@a.id", roles=["officer"])
    page = f"/admin/undangan/baru?penerus={old.id}"
    data = {"name": "Ketut", "email": "k@a.id", "kind": "servant", "unit": "", "role_unit": "", "penerus": str(old.id)}
    assert admin.post_form("/admin/undangan/baru", data, page=page).location == "/admin/undangan/"
    path, token = link(house, mail_server)
    assert redeem(house.client(), path, token, password=PASSWORD, again=PASSWORD).status_code == 303
    [(url,)] = as_owner("SELECT url FROM lumbung_notification WHERE title::text LIKE '%undangan%'")
    assert str(url).startswith(f"/admin/orang/{old.id}/serah-terima?penerus=")
    assert "k@a.id" in admin.get(str(url)).get_data(as_text=True)


def test_an_address_is_verified_by_its_own_letter_sent_again(house: TestHouse, mail_server: FakeMailServer) -> None:
    person = house.person("sumbawa", "siti@a.id", password=PASSWORD)
    client = house.client(person=person)
    for _ in range(2):
        assert client.post_form("/akun/surel/kirim", page="/akun").status_code == 303
    path, token = link(house, mail_server)
    with frozen_clock(utc_now() + timedelta(hours=25)):
        assert house.client().get(f"{path}?k={token}").status_code == 410
    assert redeem(house.client(), path, token).status_code == 303
    assert people_of(house)[0].email_verified_at is not None
    client.post_form("/akun/surel/kirim", page="/akun")
    house.work()
    assert len(mail_server.letters) == 1, "the older letter was void before it was sent, and nobody asks a second time"


def test_asking_is_limited_alike_for_known_and_unknown_addresses(house: TestHouse, as_owner: Any) -> None:
    house.person("sumbawa", "siti@a.id", password=PASSWORD)
    for email in ("siti@a.id", "entah@a.id"):
        client = house.client()
        token = client.csrf_token("/lupa-sandi")
        codes = [client.post("/lupa-sandi", data={"email": email, "csrf_token": token}).status_code for _ in range(6)]
        assert codes == [303] * 5 + [429]
    assert as_owner("SELECT count(*) FROM lumbung_letter") == [(10,)]


def test_old_letters_are_swept_and_invitations_stay_a_year(house: TestHouse) -> None:
    with house.scope() as scope:
        for purpose in (letters.FORGOTTEN, letters.INVITATION):
            letters.write(scope.session, purpose, email="a@a.id", language="id")
    with frozen_clock(utc_now() + timedelta(days=20)), house.scope() as scope:
        assert letters.sweep(scope.session) == 1
        assert scope.session.scalars(select(SecretLetter.purpose)).all() == [letters.INVITATION]
    with house.scope() as scope:
        assert scope.session.scalar(select(SessionRow.id)) is None


def test_without_a_mail_server_the_page_says_where_to_go(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    house = TestHouse(Settings(home=tmp_path / "home"), database_urls)
    try:
        assert "KTP" in house.client().get("/lupa-sandi").get_data(as_text=True)
        assert house.client().post_form("/lupa-sandi", {"email": "a@a.id"}, page="/masuk").status_code == 200
        with house.scope() as scope:
            assert scope.session.scalar(select(SecretLetter.id)) is None
    finally:
        house.close()
