"""Passkeys over HTTP with one made of software, and once in Chromium with its virtual authenticator."""

from __future__ import annotations

import hashlib
import json
import struct
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url as text_of
from werkzeug.test import TestResponse

from lumbung.identity import people
from lumbung.identity.models import PersonRow
from lumbung.identity.second_factor import rules
from lumbung.testing import HouseClient, TestHouse, frozen_clock

EMAIL, PASSWORD = "warga@contoh.id", "kuda laut biru"
SECURITY = "/akun/keamanan"
NEW = f"{SECURITY}/kunci-sandi"
ORIGIN = "http://sumbawa.localhost"
NOW = datetime.fromisoformat("2026-11-24T08:00+08:00")


class SoftKey:
    """An authenticator of software: makes one passkey and signs with it, rightly unless told otherwise."""

    def __init__(self, host: str = "sumbawa.localhost", origin: str = ORIGIN) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(str(id(self)).encode()).digest()
        self.host, self.origin, self.count = host, origin, 0

    def make(self, options: dict[str, Any]) -> str:
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        made = {"fmt": "none", "attStmt": {}, "authData": self._data(0x45) + attested}
        client = self._client("webauthn.create", options["challenge"])
        response = {"clientDataJSON": text_of(client), "attestationObject": text_of(cbor2.dumps(made))}
        return self._sent(response | {"transports": ["internal", "\ud83d", 7][:1]})

    def show(self, options: dict[str, Any], *, verified: bool = True, user: bytes | None = None) -> str:
        self.count += 1
        data = self._data(0x05 if verified else 0x01)
        client = self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        handle = {"userHandle": text_of(user)} if user else {}
        return self._sent({name: text_of(value) for name, value in response.items()} | handle)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, act: str, challenge: str) -> bytes:
        return json.dumps({"type": act, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _sent(self, response: dict[str, Any]) -> str:
        return json.dumps(
            {"id": text_of(self.id), "rawId": text_of(self.id), "type": "public-key", "response": response}
        )


@pytest.fixture
def citizen(house: TestHouse) -> Any:
    return house.person("sumbawa", EMAIL, password=PASSWORD)


def challenge(client: HouseClient, path: str, page: str = "/masuk") -> dict[str, Any]:
    answer = client.post_form(path, page=page)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.data)
    return found


def add(client: HouseClient, key: SoftKey, name: str = "Ponsel") -> TestResponse:
    made = key.make(challenge(client, f"{NEW}/tantangan", NEW))
    return client.post_form(NEW, {"credential": made, "name": name}, page=NEW)


def enter(client: HouseClient, credential: str, **more: str) -> TestResponse:
    return client.post_form("/masuk/kunci-sandi", {"credential": credential, **more}, page="/masuk")


def is_in(client: HouseClient) -> bool:
    return client.get("/akun").status_code == 200


def test_a_passkey_signs_its_owner_in_without_a_password_and_only_once(house: TestHouse, citizen: Any) -> None:
    owner, key = house.client("sumbawa", citizen), SoftKey()
    answer = add(owner, key)
    assert answer.status_code == 200
    assert answer.text.count("<li>") >= 10  # codes on paper come with the first factor
    assert "Ponsel" in owner.get(SECURITY).text
    client = house.client()
    sent = key.show(challenge(client, "/masuk/kunci-sandi/tantangan"), user=citizen.id.bytes)
    answer = enter(client, sent, next="/akun/sesi")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/akun/sesi"
    assert "kunci sandi" in client.get("/akun/sesi").text
    replayed = house.client()
    assert enter(replayed, sent).status_code == 422
    assert not is_in(replayed)
    # the password alone does not do any more
    plain = house.client()
    plain.post_form("/masuk", {"email": EMAIL, "password": PASSWORD}, page="/masuk")
    assert not is_in(plain)
    options = challenge(plain, "/masuk/faktor-kedua/tantangan", "/masuk/faktor-kedua")
    assert [one["id"] for one in options["allowCredentials"]] == [text_of(key.id)]
    form = {"credential": key.show(options, verified=False)}  # beside the password, holding it is enough
    assert plain.post_form("/masuk/faktor-kedua", form, page="/masuk/faktor-kedua").status_code == 303
    assert is_in(plain)
    # a role that asks for it at every sign-in is content with both, and not with the password alone
    with house.scope("sumbawa") as scope:
        people.grant(scope.session, scope.session.get_one(PersonRow, (citizen.tenant_id, citizen.id)), "officer")
        rules.require(scope.session, {"officer": True}, "test")
    assert is_in(plain)
    again = house.client()
    assert enter(again, key.show(challenge(again, "/masuk/kunci-sandi/tantangan"))).status_code == 303
    assert is_in(again)
    assert not is_in(house.client("sumbawa", citizen))


def test_what_a_passkey_did_not_sign_for_us_now_is_refused(house: TestHouse, citizen: Any, as_owner: Any) -> None:
    owner, key = house.client("sumbawa", citizen), SoftKey()
    add(owner, key)
    path = "/masuk/kunci-sandi/tantangan"
    client = house.client()
    other = house.person("sumbawa", "lain@contoh.id")

    def fresh() -> dict[str, Any]:
        return challenge(client, path)

    foreign = SoftKey()
    foreign.id = key.id
    wrong_origin, wrong_host = SoftKey(origin="http://sumbawa.localhost:81"), SoftKey(host="sumbawabarat.localhost")
    for one in (wrong_origin, wrong_host):
        one.key, one.id, one.count = key.key, key.id, 10
    right = json.loads(key.show(fresh()))
    bent = right | {"response": right["response"] | {"signature": text_of(b"\x30\x00")}}
    odd = ["", "null", "[]", "{}", "9" * 30_000, '{"response": {}}', "[" * 9000, '{"id": "\\ud800", "response": {}}']
    refused = [
        foreign.show(fresh()),
        wrong_origin.show(fresh()),
        wrong_host.show(fresh()),
        key.show(fresh(), verified=False),  # nobody's finger or PIN was asked for
        key.show(fresh(), user=other.id.bytes),
        key.show({"challenge": text_of(b"x" * 32)}),  # never handed out
        SoftKey().show(fresh()),
        json.dumps(bent),
        json.dumps(right | {"id": "\u00e9\u00e9", "rawId": 7}),
        json.dumps(right | {"response": {"clientDataJSON": text_of(b"\xff\xfe")}}),
        json.dumps(right | {"response": {"clientDataJSON": text_of(b"7")}}),
        *odd,
    ]
    for sent in refused:
        assert enter(client, sent).status_code == 422, sent[:80]
        assert not is_in(client)
    with frozen_clock(NOW):
        late = key.show(fresh())
    with frozen_clock(NOW + timedelta(minutes=5, seconds=1)):
        assert enter(client, late).status_code == 422
    # a challenge for the second factor of one does not sign another in, nor anybody at all
    mine = challenge(owner, "/akun/pastikan/tantangan", SECURITY)
    assert enter(client, key.show(mine)).status_code == 422
    foreign_house = house.client("sumbawabarat")
    abroad = SoftKey("sumbawabarat.localhost", "http://sumbawabarat.localhost")
    abroad.key, abroad.id, abroad.count = key.key, key.id, 50
    assert enter(foreign_house, abroad.show(challenge(foreign_house, path))).status_code == 422
    as_owner("UPDATE lumbung_person SET active = false WHERE email = 'warga@contoh.id'")
    key.count = 60
    assert enter(client, key.show(fresh())).status_code == 422
    as_owner("UPDATE lumbung_person SET active = true")
    assert enter(client, key.show(fresh())).status_code == 303  # the right one still does
    assert is_in(client)


def test_a_counter_that_goes_backwards_marks_the_passkey_as_copied(house: TestHouse, citizen: Any) -> None:
    owner, key = house.client("sumbawa", citizen), SoftKey()
    add(owner, key)
    key.count = 7
    client = house.client()
    assert enter(client, key.show(challenge(client, "/masuk/kunci-sandi/tantangan"))).status_code == 303
    key.count = 3
    thief = house.client()
    assert enter(thief, key.show(challenge(thief, "/masuk/kunci-sandi/tantangan"))).status_code == 422
    assert "Mungkin disalin" in owner.get(SECURITY).text
    key.count = 20
    assert enter(thief, key.show(challenge(thief, "/masuk/kunci-sandi/tantangan"))).status_code == 422
    assert not is_in(thief)


def test_passkeys_are_named_and_removed_by_their_owner_alone(house: TestHouse, citizen: Any) -> None:
    owner, key = house.client("sumbawa", citizen), SoftKey()
    add(owner, key)
    assert add(owner, key).status_code == 422  # this very one is known
    assert add(owner, SoftKey(), name="").status_code == 422
    assert add(owner, SoftKey(), name="n" * 81).status_code == 422
    assert add(owner, SoftKey(), name="Laptop <b>").status_code == 303
    page = owner.get(SECURITY).text
    assert "Laptop &lt;b&gt;" in page
    [first, second] = [part.partition('"')[0] for part in page.split(f'href="{NEW}/')[1:]]
    stranger = house.client("sumbawa", house.person("sumbawa", "lain@contoh.id"))
    for path in (f"{NEW}/{first}", f"{NEW}/{first}/hapus"):
        assert stranger.post_form(path, {"name": "Milik saya"}).status_code == 404
    assert owner.post_form(f"{NEW}/{first}", {"name": "  Ponsel   kantor "}).status_code == 303
    assert "Ponsel kantor" in owner.get(SECURITY).text
    for passkey in (first, second):
        assert owner.post_form(f"{NEW}/{passkey}/hapus").status_code == 303
    assert "Belum ada kunci sandi" in owner.get(SECURITY).text
    client = house.client()
    assert enter(client, key.show(challenge(client, "/masuk/kunci-sandi/tantangan"))).status_code == 422
    client.post_form("/masuk", {"email": EMAIL, "password": PASSWORD}, page="/masuk")
    assert is_in(client)  # with the last factor gone, the password does again


def test_chromium_registers_a_passkey_and_signs_in_with_it(house: TestHouse, citizen: Any, new_page: Any) -> None:
    with house.serving() as port:
        home = f"http://sumbawa.localhost:{port}"
        page = new_page()
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto(f"{home}/masuk?next=/akun/keamanan")
        page.locator("#email").fill(EMAIL)
        page.locator("#password").fill(PASSWORD)
        page.get_by_role("button", name="Masuk", exact=True).click()
        page.get_by_role("link", name="Tambah kunci sandi").click()
        page.get_by_label("Nama kunci").fill("Laptop")
        page.get_by_role("button", name="Buat kunci sandi").click()
        page.get_by_role("heading", name="Kode cadangan Anda").first.wait_for()
        page.get_by_role("link", name="Sudah saya simpan").click()
        page.get_by_text("Laptop").wait_for()
        page.context.clear_cookies()
        page.goto(f"{home}/masuk?next=/akun/sesi")
        with page.expect_request(lambda sent: sent.url.endswith("/masuk/kunci-sandi")) as caught:
            page.get_by_role("button", name="Masuk dengan kunci sandi").click()
        page.wait_for_url("**/akun/sesi")
        assert "kunci sandi" in page.locator("main").inner_text()
        # the very request, sent again, opens nothing
        [sent] = parse_qs(caught.value.post_data)["credential"]
        visitor = house.client()
        assert enter(visitor, sent).status_code == 422
        assert not is_in(visitor)
        # and beside the password
        page.context.clear_cookies()
        page.goto(f"{home}/masuk?next=/akun")
        page.locator("#email").fill(EMAIL)
        page.locator("#password").fill(PASSWORD)
        page.get_by_role("button", name="Masuk", exact=True).click()
        page.get_by_role("button", name="Pakai kunci sandi").click()
        page.wait_for_url("**/akun")
