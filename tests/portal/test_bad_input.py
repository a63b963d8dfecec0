"""Whatever is sent to the pages of sign-in and account: a clear refusal, and nothing is kept."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from lumbung.identity.second_factor import totp
from lumbung.testing import HouseClient, TestHouse

EMAIL, PASSWORD = "warga@contoh.id", "kuda laut biru"

# Every form here that takes text, with what would do; {id} is somebody's second factor, session or device.
FORMS: dict[str, dict[str, str]] = {
    "/masuk": {"email": EMAIL, "password": PASSWORD, "next": "/"},
    "/masuk/faktor-kedua": {"code": "123456", "credential": "", "trust": "y", "next": "/"},
    "/masuk/kunci-sandi": {"credential": "{}", "next": "/"},
    "/daftar": {
        "name": "Siti",
        "email": "siti@contoh.id",
        "phone": "",
        "password": PASSWORD,
        "agree": "y",
        "next": "/",
    },
    "/keluar": {"next": "/"},
    "/bahasa": {"language": "id", "next": "/"},
    "/akun": {"phone": "0812 3456 7890", "language": "id"},
    "/akun/nama-dan-surel": {"name": "Siti", "email": "siti@contoh.id", "current": PASSWORD},
    "/akun/pemberitahuan": {"mail": "y"},
    "/akun/kata-sandi": {"current": PASSWORD, "password": "gunung tambora 1815", "again": "gunung tambora 1815"},
    "/akun/pastikan": {"password": PASSWORD, "code": "123456", "credential": "", "next": "/"},
    "/akun/keamanan/aplikasi": {"code": "123456"},
    "/akun/keamanan/kunci-sandi": {"name": "Ponsel", "credential": "{}"},
}
SURROGATE = "a\ud800b".encode("utf-8", "surrogatepass")
LONG = "x" * 1_000_000


@pytest.fixture
def client(house: TestHouse) -> HouseClient:
    person = house.person("sumbawa", EMAIL, password=PASSWORD)
    with house.scope("sumbawa") as scope:
        totp.begin(scope.session, person.id)
    return house.client("sumbawa", person)


def kept(as_owner: Any) -> Any:
    tables = ("lumbung_person", "lumbung_session", "lumbung_totp", "lumbung_passkey", "lumbung_audit")
    return [as_owner(f"SELECT * FROM {table} ORDER BY id") for table in tables]  # noqa: S608


def send_parts(client: HouseClient, path: str, token: str, values: dict[str, bytes]) -> Any:
    """Send a form as multipart, in which bytes go as they are."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in {**values, "csrf_token": token.encode()}.items()
    ]
    return client.post(path, data=b"".join(parts) + b"--x--\r\n", content_type="multipart/form-data; boundary=x")


def send(client: HouseClient, path: str, token: str, values: dict[str, str]) -> Any:
    body = "&".join(f"{quote(name)}={value}" for name, value in {**values, "csrf_token": quote(token)}.items())
    return client.post(path, data=body, content_type="application/x-www-form-urlencoded")


def test_text_that_cannot_be_kept_is_refused_in_every_field(client: HouseClient, as_owner: Any) -> None:
    token = client.csrf_token("/akun")
    before = kept(as_owner)
    for path, values in FORMS.items():
        plain = {name: quote(value) for name, value in values.items()}
        for name in values:
            assert send(client, path, token, plain | {name: "a%00b"}).status_code in (400, 422), (path, name)
            for bad in (b"a\x00b", SURROGATE, b"a\xffb"):
                parts = {one: value.encode() for one, value in values.items()} | {name: bad}
                assert send_parts(client, path, token, parts).status_code in (400, 422), (path, name, bad)
        assert send(client, path, token, plain | {"x\x00": "1"}).status_code in (400, 422), path
    assert kept(as_owner) == before


def test_a_million_letters_are_refused_quickly_and_not_hashed(
    client: HouseClient, as_owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lumbung.identity import passwords

    monkeypatch.setattr(passwords, "_hasher", None)  # whoever hashes now gets a 500
    token = client.csrf_token("/akun")
    before = kept(as_owner)
    began = time.monotonic()
    for path, values in FORMS.items():
        for name in values.keys() - {"next", "trust", "agree", "mail", "credential"}:
            if (path, name) in {("/masuk", "email"), ("/akun/pastikan", "code")} or name == "current":
                continue  # the password beside it is in order, and hashed; or see below
            answer = send(client, path, token, {k: quote(v) for k, v in values.items()} | {name: LONG})
            free = name == "language" or path == "/masuk/faktor-kedua"  # nothing there to refuse it for
            assert answer.status_code in ((303, 422) if free else (422, 429)), (path, name)
    current = {"current": LONG, "password": "gunung tambora 1815", "again": "gunung tambora 1815"}
    assert send(client, "/akun/kata-sandi", token, current).status_code == 422
    assert time.monotonic() - began < 5
    assert kept(as_owner) == before


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "\tjavascript:alert(1)",
    "java\nscript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    "\r\n//evil.example",
    "data:text/html,x",
    "///evil.example",
    "evil.example",
    "http:/\\evil.example",
    "//evil.example/%2f..",
    "/" + "\x7f/evil.example",
    "//" + "e" * 5000,
]


def test_nobody_is_led_to_another_site(house: TestHouse) -> None:
    for number, target in enumerate(ELSEWHERE):
        email = f"warga{number}@contoh.id"
        person = house.person("sumbawa", email, password=PASSWORD)
        client, owner = house.client(), house.client("sumbawa", person)
        form = {"email": email, "password": PASSWORD, "next": target}
        answers = [
            client.post_form("/masuk", form, page="/masuk"),
            owner.get("/masuk", query_string={"next": target}),
            owner.get("/masuk/faktor-kedua", query_string={"next": target}),
            owner.post_form("/akun/pastikan", {"password": PASSWORD, "next": target}, page="/akun/pastikan"),
            owner.post_form("/bahasa", {"language": "id", "next": target}),
            owner.post_form("/keluar", {"next": target}),
        ]
        for answer in answers:
            assert answer.status_code in (302, 303)
            location = answer.headers["Location"]
            assert location.startswith("/"), location
            assert not location.startswith("//"), location
            assert "evil" not in location
            assert "script" not in location


def test_an_encoded_double_slash_stays_on_this_host(house: TestHouse) -> None:
    person = house.person("sumbawa", EMAIL)
    answer = house.client("sumbawa", person).get("/masuk", query_string={"next": "/%2f%2fevil.example"})
    assert answer.headers["Location"] == "/%2f%2fevil.example"  # a path of ours that does not exist


def test_a_host_that_is_nobody_s_gets_no_page_to_sign_in(house: TestHouse) -> None:
    person = house.person("sumbawa", EMAIL, password=PASSWORD)
    client = house.client("sumbawa", person)
    token = client.csrf_token("/akun")
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token}
    for host in ("evil.example", "sumbawa.localhost.evil.example", "sumbawa.localhost@evil.example", "a" * 300):
        for path, data in (("/masuk", form), ("/masuk/kunci-sandi/tantangan", {"csrf_token": token})):
            answer = client.post(path, data=data, headers={"Host": host})
            assert answer.status_code in (400, 404), host
            assert "Set-Cookie" not in answer.headers
            assert "challenge" not in answer.text
