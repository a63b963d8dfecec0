"""Two clients that we did not write sign somebody in over HTTP: Authlib's, and idpyoidc's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from lumbung.openid import keys
from lumbung.testing import HouseClient, TestHouse
from lumbung.testing.openid import AFTER, ALL, CALLBACK, App, answered


@pytest.fixture(autouse=True)
def own_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Find every name below localhost on this machine, as browsers do (RFC 6761), and let clients speak plain http."""
    find = socket.getaddrinfo

    def find_here(host: Any, *args: Any, **kwargs: Any) -> Any:
        return find("127.0.0.1" if str(host).endswith(".localhost") else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", find_here)
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "localhost,.localhost,127.0.0.1")
    yield


def sent_back(browser: HouseClient, url: str) -> str:
    """Play the person whom a client sends to ``url``: she allows. Return the address that her browser then opens."""
    asked = urlsplit(url)
    page = browser.get(f"{asked.path}?{asked.query}")
    answer = page if page.status_code == 302 else answered(browser, page, "allow")
    return answer.headers.get("Location") or answer.headers["Refresh"].removeprefix("0; url=")


def test_authlib_signs_in_refreshes_and_verifies_across_a_rotation(
    app: App, house: TestHouse, browser: HouseClient, issuer: str
) -> None:
    with OAuth2Session(
        app.client_id,
        app.secret,
        scope="openid profile email offline_access",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    ) as client:
        told = client.get(f"{issuer}/.well-known/openid-configuration", withhold_token=True).json()
        assert told["issuer"] == issuer
        url, state = client.create_authorization_url(
            told["authorization_endpoint"], nonce="satu-dua", code_verifier=app.verifier
        )
        back = sent_back(browser, url)
        assert parse_qs(urlsplit(back).query)["iss"] == [issuer]
        token = client.fetch_token(
            told["token_endpoint"], authorization_response=back, state=state, code_verifier=app.verifier
        )
        with house.scope() as scope:
            rotated = keys.rotate(scope.session)
        jwks = client.get(told["jwks_uri"], withhold_token=True).json()
        assert rotated in [key["kid"] for key in jwks["keys"]]
        key_set = KeySet.import_key_set(jwks)
        before = jwt.decode(token["id_token"], key_set, ["RS256"])
        claims = CodeIDToken(
            before.claims,
            before.header,
            {"iss": {"essential": True, "value": issuer}, "nonce": {"value": "satu-dua"}},
            {"client_id": app.client_id, "access_token": token["access_token"]},
        )
        claims.validate()
        info = client.get(told["userinfo_endpoint"]).json()
        assert info["name"] == "Siti Aminah" and info["sub"] == claims["sub"]
        fresh = client.refresh_token(told["token_endpoint"], token["refresh_token"])
        after = jwt.decode(fresh["id_token"], key_set, ["RS256"])
        assert after.header["kid"] == rotated != before.header["kid"]
        assert client.get(told["userinfo_endpoint"]).json() == info
        client.revoke_token(told["revocation_endpoint"], fresh["refresh_token"])
        assert client.get(told["userinfo_endpoint"]).status_code == 401


@pytest.mark.filterwarnings("default")
def test_idpyoidc_discovers_signs_in_refreshes_and_signs_out(
    app: App, house: TestHouse, browser: HouseClient, issuer: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from idpyoidc.client.rp_handler import RPHandler

    monkeypatch.chdir(tmp_path)  # it writes its own keys where it stands

    config = {
        issuer: {
            "issuer": issuer,
            "client_type": "oidc",
            "client_authn_methods": ["client_secret_basic", "client_secret_post"],
            "client_id": app.client_id,
            "client_secret": app.secret,
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [AFTER],
            "allow": {"http_links": True},
            "scopes_supported": list(ALL),
            "preference": {"response_types_supported": ["code"], "scopes_supported": list(ALL)},
            "add_ons": {
                "pkce": {
                    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
                    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
                }
            },
            "services": {
                name: {"class": f"idpyoidc.client.oidc.{path}"}
                for name, path in {
                    "discovery": "provider_info_discovery.ProviderInfoDiscovery",
                    "registration": "registration.Registration",
                    "authorization": "authorization.Authorization",
                    "accesstoken": "access_token.AccessToken",
                    "refresh_accesstoken": "refresh_access_token.RefreshAccessToken",
                    "userinfo": "userinfo.UserInfo",
                    "end_session": "end_session.EndSession",
                }.items()
            },
        }
    }
    party = RPHandler(base_url="https://perizinan.contoh.id", client_configs=config)
    url = party.begin(issuer)
    url = url if isinstance(url, str) else url["url"]
    back = {name: values[0] for name, values in parse_qs(urlsplit(sent_back(browser, url)).query).items()}
    result = party.finalize(issuer, back)
    assert "error" not in result, result
    assert result["userinfo"]["name"] == "Siti Aminah" and result["id_token"]["sub"] == result["userinfo"]["sub"]
    with house.scope() as scope:
        keys.rotate(scope.session)
    fresh = party.refresh_access_token(back["state"])
    assert fresh["access_token"] != result["token"]
    assert party.get_user_info(back["state"], access_token=fresh["access_token"])["sub"] == result["id_token"]["sub"]
    out = party.logout(back["state"], post_logout_redirect_uri=AFTER)
    left = sent_back(browser, out["url"])
    assert left.startswith(AFTER) and browser.get("/akun").status_code == 302
