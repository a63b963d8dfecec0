"""A provider, or somebody between us and it, that lies. Nobody comes in, and nobody sees a 500."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select

from lumbung.clock import utc_now
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.openid.upstream.models import FlowRow, IdentityRow, UpstreamRow
from lumbung.testing import TestHouse, frozen_clock

SUBJECT = "u-1204"
OTHER = RSAKey.generate_key(2048)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    signed = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    return f"{signed}.{b64(sign(signed.encode()))}"


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda signed: hmac.digest(secret, signed, hashlib.sha256)


@pytest.fixture
def siti(house: TestHouse, trust: Any, travel: Any) -> Any:
    """Somebody whom the provider knows, and whose account it opens."""
    trust()
    person = house.person("sumbawa", "siti@a.id", name="Siti Rahmah")
    with house.scope() as scope:
        upstream = scope.session.scalars(select(UpstreamRow)).one()
        scope.session.add(
            IdentityRow(upstream_id=upstream.id, person_id=person.id, subject=SUBJECT, created_at=utc_now())
        )
    return travel()


def sessions(house: TestHouse) -> int:
    with house.scope() as scope:
        return len(scope.session.scalars(select(SessionRow.id).where(SessionRow.method == "upstream")).all())


def moved(seconds: int) -> int:
    return int(utc_now().timestamp()) + seconds


CLAIMS: list[tuple[str, dict[str, Any]]] = [
    ("another issuer", {"iss": "https://lain.example"}),
    ("the issuer with a slash", {"iss": "SLASH"}),
    ("another audience", {"aud": "lain"}),
    ("an audience in a list of others", {"aud": ["lain", "x"]}),
    ("two audiences and nobody named", {"aud": ["sumbawa", "lain"]}),
    ("given to another", {"azp": "lain"}),
    ("an audience that is no text", {"aud": {"sumbawa": 1}}),
    ("expired", {"exp": moved(-120)}),
    ("expired long ago", {"exp": 1, "iat": 0}),
    ("an end that is a text", {"exp": "9999999999"}),
    ("an end that is true", {"exp": True}),
    ("no end ever", {"exp": float("inf")}),
    ("an end that is no number", {"exp": float("nan")}),
    ("made tomorrow", {"iat": moved(86_400)}),
    ("made last week", {"iat": moved(-7 * 86_400)}),
    ("not yet", {"nbf": moved(3600)}),
    ("another nonce", {"nonce": "lain"}),
    ("a nonce that is a number", {"nonce": 5}),
    ("another access token", {"at_hash": "lain"}),
    ("an access token's hash that is a list", {"at_hash": []}),
    ("no subject", {"sub": ""}),
    ("a subject that is a number", {"sub": 5}),
    ("a subject with NUL", {"sub": "u\x00"}),
    ("an endless subject", {"sub": "u" * 300}),
]


def test_each_claim_is_checked(house: TestHouse, siti: Any, provider: Any) -> None:
    for what, claims in CLAIMS:
        provider.claims = {**claims, **({"iss": provider.issuer + "/"} if claims.get("iss") == "SLASH" else {})}
        answer = siti.go()
        assert answer.status_code == 422 and "tidak dapat dipercaya" in answer.get_data(as_text=True), what
        assert not siti.is_in, what
    provider.claims = {}
    for name in ("iss", "aud", "exp", "iat", "nonce", "sub"):
        provider.dropped = {name}
        assert siti.go().status_code == 422, name
    assert sessions(house) == 0
    provider.dropped = set()
    provider.claims = {"exp": moved(-30), "iat": moved(-400), "aud": ["sumbawa", "x"], "azp": "sumbawa"}
    assert siti.go().status_code == 303


def test_only_a_signature_with_a_key_it_shows_counts(house: TestHouse, siti: Any, provider: Any) -> None:
    shown = provider.key.as_dict(private=False)
    pem = provider.key.as_pem(private=False)
    header = {"alg": "RS256", "kid": "satu"}
    own = {"jwk": OTHER.as_dict(private=False)}
    forged: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
        ("none", lambda claims: by_hand({"alg": "none"}, claims, lambda _: b"")),
        ("None", lambda claims: by_hand({"alg": "None", "kid": "satu"}, claims, lambda _: b"")),
        ("HMAC with the public key", lambda c: by_hand({"alg": "HS256", "kid": "satu"}, c, hs256(pem))),
        ("HMAC with its number", lambda c: by_hand({"alg": "HS256"}, c, hs256(str(shown["n"]).encode()))),
        ("HMAC with our secret", lambda c: by_hand({"alg": "HS256"}, c, hs256(provider.client_secret.encode()))),
        ("a stranger's key", lambda claims: jwt.encode(header, claims, OTHER)),
        ("a key of its own", lambda claims: jwt.encode({**header, **own}, claims, OTHER)),
        ("a key from an address", lambda claims: jwt.encode({**header, "jku": "https://evil.example"}, claims, OTHER)),
        ("another algorithm", lambda c: jwt.encode({**header, "alg": "PS256"}, c, provider.key, algorithms=["PS256"])),
        ("an unknown name", lambda claims: jwt.encode({**header, "kid": "dua"}, claims, provider.key)),
        ("an endless name", lambda claims: by_hand({**header, "kid": "x" * 9000}, claims, lambda _: b"x")),
        ("a name that is a list", lambda claims: by_hand({**header, "kid": []}, claims, lambda _: b"x")),
        ("a critical extension", lambda claims: by_hand({**header, "crit": ["exp"]}, claims, lambda _: b"x")),
        ("unsigned claims", lambda claims: provider.signed(claims).rpartition(".")[0] + "."),
        ("other claims", lambda claims: swapped(provider.signed(claims), claims)),
        ("five parts", lambda claims: provider.signed(claims) + ".a.b"),
        ("no token", lambda claims: None),
        ("a number", lambda claims: 5),
        ("no text", lambda claims: "é" * 50),
        ("a giant", lambda claims: "a" * 50_000),
        ("depths", lambda claims: b64(b'{"alg":' + b"[" * 9000) + ".a.b"),
    ]
    for what, make in forged:
        provider.make_token = make
        answer = siti.go()
        assert answer.status_code == 422, what
        assert not siti.is_in, what
    assert sessions(house) == 0


def swapped(token: str, claims: dict[str, Any]) -> str:
    head, _body, signature = token.split(".")
    return f"{head}.{b64(json.dumps({**claims, 'sub': 'lain'}).encode())}.{signature}"


def test_keys_are_asked_for_again_when_one_is_new_but_not_for_each_that_is_made_up(
    house: TestHouse, siti: Any, provider: Any
) -> None:
    assert siti.go().status_code == 303
    provider.kid, provider.key = "dua", OTHER
    for _ in range(3):
        assert siti.go().status_code == 422  # a moment after they were asked for
    assert provider.asked.count("/jwks") == 1
    with frozen_clock(utc_now() + timedelta(minutes=2)):
        assert siti.go().status_code == 303
        provider.make_token = lambda claims: jwt.encode({"alg": "RS256", "kid": "tiga"}, claims, OTHER)
        for _ in range(3):
            assert siti.go().status_code == 422
    assert provider.asked.count("/jwks") == 2


def test_keys_that_nobody_should_sign_with_are_not_used(siti: Any, provider: Any) -> None:
    from lumbung.openid.upstream import discovery

    short, curve = short_key(), ECKey.generate_key("P-256")
    sets: list[list[dict[str, Any]]] = [
        [{**short.as_dict(private=False), "kid": "satu"}],
        [{**curve.as_dict(private=False), "kid": "satu"}],
        [{**provider.key.as_dict(private=False), "kid": "satu", "use": "enc"}],
        [{**provider.key.as_dict(private=False), "kid": "satu", "alg": "PS256"}],
        [{**provider.key.as_dict(private=False), "kid": "satu"}] * 2,
        [{"kty": "RSA", "kid": "satu", "n": "!", "e": "AQAB"}],
        [{"kty": "RSA", "kid": "satu"}],
        [{"kty": "oct", "kid": "satu", "k": "c2FuZ2F0IHJhaGFzaWE"}],
        [],
    ]
    for keys in sets:
        discovery.forget_all()
        provider.jwks = keys
        assert siti.go().status_code == 422, keys
    assert not siti.is_in


def short_key() -> RSAKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    with pytest.warns(Warning):
        return RSAKey.import_key(rsa.generate_private_key(65537, 1024))  # noqa: S505


def test_a_state_is_good_once_in_the_browser_that_began_it_for_ten_minutes(
    house: TestHouse, siti: Any, provider: Any, travel: Any
) -> None:
    code, state = provider.code_for(siti.leave())
    victim = travel()
    for answer in (
        victim.come_back(code=code, state=state),  # without a cookie: an attacker's identity, sent as a link
        siti.come_back(code=code, state=state + "x"),
        siti.come_back(code=code),
        siti.come_back(),
        siti.come_back(code=code, state="x" * 9000),
    ):
        assert answer.status_code == 422 and "Mulailah sekali lagi" in answer.get_data(as_text=True)
    victim.leave()
    assert victim.come_back(code=code, state=state).status_code == 422
    assert not victim.is_in and sessions(house) == 0
    assert siti.come_back(code=code, state=state).status_code == 303  # none of that used it up
    again = travel()
    again.client.set_cookie("lumbung_upstream", "x" * 43, domain="sumbawa.localhost")
    assert again.come_back(code=code, state=state).status_code == 422
    late, state = provider.code_for(siti.leave())
    with frozen_clock(utc_now() + timedelta(minutes=10, seconds=1)):
        assert siti.come_back(code=late, state=state).status_code == 422
    assert sessions(house) == 1


def test_a_refused_answer_uses_its_state_up(house: TestHouse, siti: Any, provider: Any) -> None:
    provider.claims = {"nonce": "lain"}
    code, state = provider.code_for(siti.leave())
    assert siti.come_back(code=code, state=state).status_code == 422
    provider.claims = {}
    fresh, _state = provider.code_for(siti.leave())
    answer = siti.come_back(code=fresh, state=state)
    assert "Mulailah sekali lagi" in answer.get_data(as_text=True)
    with house.scope() as scope:
        row = scope.session.scalars(select(FlowRow).where(FlowRow.used_at.is_not(None))).one()
        assert row.verifier is None and row.found is None


def test_a_code_of_another_way_does_not_fit(house: TestHouse, siti: Any, provider: Any, travel: Any) -> None:
    """Somebody else's code, put into one's own answer: PKCE and the nonce hold."""
    thief = travel()
    stolen, _state = provider.code_for(siti.leave())
    _code, state = provider.code_for(thief.leave())
    assert thief.come_back(code=stolen, state=state).status_code == 503
    assert not thief.is_in and sessions(house) == 0


def test_an_answer_that_names_another_provider_is_not_used(
    house: TestHouse, siti: Any, provider: Any, trust: Any
) -> None:
    code, state = provider.code_for(siti.leave())
    before = list(provider.asked)
    assert siti.come_back(code=code, state=state, iss="https://lain.example").status_code == 422
    assert provider.asked == before  # the code went nowhere
    code, state = provider.code_for(siti.leave())
    assert siti.come_back(code=code, state=state, iss=provider.issuer).status_code == 303
    trust(code="lain")
    code, state = provider.code_for(siti.leave())
    assert siti.come_back(to="lain", code=code, state=state).status_code == 422
    from lumbung.openid.upstream import discovery

    discovery.forget_all()
    provider.document = {"authorization_response_iss_parameter_supported": True}
    code, state = provider.code_for(siti.leave())
    assert siti.come_back(code=code, state=state).status_code == 422


def test_a_provider_that_is_away_or_beside_itself_gets_one_polite_page(
    house: TestHouse, siti: Any, provider: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from lumbung.openid.upstream import discovery

    bad: list[tuple[int, bytes, dict[str, str]]] = [
        (500, b"", {}),
        (200, b"<html>", {}),
        (200, b"[]", {}),
        (200, b"null", {}),
        (200, b"x" * 3_000_000, {}),
        (302, b"", {"Location": f"{provider.issuer}/lain"}),
        (401, b'{"error": "invalid_client"}', {}),
        (200, b'{"id_token": ' + b"[" * 50_000, {}),
    ]
    with caplog.at_level(logging.WARNING, "lumbung.upstream"):
        for reply in bad:
            code, state = provider.code_for(siti.leave())
            provider.replies = {"/token": reply}
            assert siti.come_back(code=code, state=state).status_code == 503
            provider.replies = {"/jwks": reply}
            discovery.forget_all()
            code, state = provider.code_for(siti.leave())
            assert siti.come_back(code=code, state=state).status_code == 503
            provider.replies = {"/.well-known/openid-configuration": reply}
            discovery.forget_all()
            answer = siti.client.post_form("/masuk/dari/prov", page="/masuk")
            assert answer.status_code == 503 and answer.headers["Retry-After"]
            assert "tidak dapat dihubungi" in answer.get_data(as_text=True)
            provider.replies = {}
    assert not siti.is_in and sessions(house) == 0
    logged = caplog.text
    assert "upstream prov of sumbawa refused" in logged
    assert all(secret not in logged for secret in (provider.client_secret, "siti@a.id", SUBJECT, "masuk "))


DOCUMENTS: list[dict[str, Any]] = [
    {"issuer": "https://lain.example"},
    {"issuer": None},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "http://10.0.0.1/"},
    {"token_endpoint": "http://169.254.169.254/latest"},
    {"token_endpoint": "file:///etc/passwd"},
    {"jwks_uri": None},
    {"jwks_uri": {"a": 1}},
    {"response_types_supported": ["token"]},
    {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    {"id_token_signing_alg_values_supported": "RS256"},
    {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
]


def test_what_a_provider_says_of_itself_is_checked(house: TestHouse, siti: Any, provider: Any) -> None:
    for document in DOCUMENTS:
        provider.document = document
        answer = siti.client.post_form("/masuk/dari/prov", page="/masuk")
        assert answer.status_code == 503, document
        assert "javascript:" not in answer.get_data(as_text=True)
    with house.scope() as scope:
        assert scope.session.scalars(select(FlowRow)).all() == []


def test_who_says_no_there_is_told_so_and_other_errors_are_the_providers(siti: Any, provider: Any) -> None:
    for error, status, words in (
        ("access_denied", 422, "membatalkannya"),
        ("server_error", 503, "tidak dapat dihubungi"),
        ("<script>alert(1)</script>", 503, "tidak dapat dihubungi"),
    ):
        _code, state = provider.code_for(siti.leave())
        answer = siti.come_back(error=error, state=state)
        page = answer.get_data(as_text=True)
        assert answer.status_code == status and words in page and "<script>alert" not in page
    assert siti.client.get("/masuk/dari/prov/kembali?code=a%00b&state=x").status_code == 400
    assert siti.client.get("/masuk/dari/prov/kembali").status_code == 200
    assert siti.client.get("/masuk/dari/tidak-ada/kembali").status_code == 404


def test_userinfo_is_believed_for_the_same_subject_only(
    house: TestHouse, trust: Any, travel: Any, provider: Any
) -> None:
    trust(trust_email=True, create_accounts=True)
    provider.dropped = {"email", "email_verified", "name"}
    provider.userinfo = {"sub": "lain", "email": "kepala@a.id", "email_verified": True, "name": "Kepala"}
    assert travel().go().status_code == 422
    provider.userinfo = {"sub": SUBJECT, "email": "siti@a.id", "email_verified": True, "name": "Siti\u202e\x00 Rahmah"}
    siti = travel()
    page = siti.client.get(siti.go().location).get_data(as_text=True)
    assert "siti@a.id" in page and 'value="Siti Rahmah"' in page
    with house.scope() as scope:
        assert scope.session.scalars(select(PersonRow)).all() == []


def test_a_stranger_cannot_make_us_ask_without_end(siti: Any, provider: Any) -> None:
    token = siti.client.csrf_token()
    statuses = {siti.client.post("/masuk/dari/prov", data={"csrf_token": token}).status_code for _ in range(61)}
    assert statuses == {200, 429}
    form = {"csrf_token": token, "state": "x", "code": "y"}
    statuses = {siti.client.post("/masuk/dari/prov/kembali", data=form).status_code for _ in range(61)}
    assert statuses == {422, 429}
    assert siti.client.post("/masuk/dari/prov", data={}).status_code == 400


def test_ways_that_ended_are_swept(house: TestHouse, siti: Any) -> None:
    from lumbung.openid.upstream import services

    siti.leave()
    with frozen_clock(utc_now() + timedelta(days=1)), house.scope() as scope:
        assert services.sweep(scope.session) == 1
