"""The way there and back with providers that we did not write: idpyoidc's, Authlib's; and with our own.

What stands around them is what each library leaves to its user: addresses, one user, one client.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask, Response, jsonify, redirect, request
from sqlalchemy import select
from werkzeug.serving import make_server

from lumbung.bilingual import Bilingual
from lumbung.identity.models import PersonRow
from lumbung.openid.upstream import discovery, services
from lumbung.openid.upstream.models import IdentityRow
from lumbung.openid.upstream.services import Wishes
from lumbung.testing import TestHouse

CLIENT, SECRET = "sumbawa", "rahasia-yang-panjang-sekali_1204"
SITI = {"name": "Siti Rahmah", "email": "siti@a.id", "email_verified": True}
Maker = Callable[[str, str], Flask]


def serve(make: Maker, back_to: str) -> Iterator[str]:
    """Serve an application that knows its own address, and the one it may send people back to."""
    server = make_server("127.0.0.1", 0, Flask("later"), threaded=True)
    issuer = f"http://localhost:{server.port}"
    server.app = make(issuer, back_to)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield issuer
    server.shutdown()
    thread.join()
    server.server_close()


def idpyoidc_app(issuer: str, back_to: str) -> Flask:
    """The provider of idpyoidc (IdentityPython), a certified implementation."""
    from idpyoidc.server import Server
    from idpyoidc.server.configure import OPConfiguration

    keys = [{"type": "RSA", "use": ["sig"]}, {"type": "EC", "crv": "P-256", "use": ["sig"]}]
    secret = {"key_defs": [{"type": "OCT", "bytes": 24, "use": ["enc"], "kid": "code"}], "read_only": True}
    code = {"lifetime": 600, "kwargs": {"crypt_conf": {"kwargs": {"keys": secret, "iterations": 1}}}}
    oidc = "idpyoidc.server.oidc"
    conf = {
        "issuer": issuer,
        "key_conf": {"key_defs": keys, "uri_path": "jwks.json"},
        "httpc_params": {"verify": False},
        "preference": {"subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"]},
        "token_handler_args": {
            "code": code,
            "token": {"class": "idpyoidc.server.token.jwt_token.JWTToken", "kwargs": {"lifetime": 600}},
            "id_token": {"class": "idpyoidc.server.token.id_token.IDToken", "kwargs": {}},
        },
        "endpoint": {
            "provider_config": {
                "path": ".well-known/openid-configuration",
                "class": f"{oidc}.provider_config.ProviderConfiguration",
                "kwargs": {"client_authn_method": None},
            },
            "authorization": {
                "path": "authorization",
                "class": f"{oidc}.authorization.Authorization",
                "kwargs": {"client_authn_method": None, "response_types_supported": ["code"]},
            },
            "token": {
                "path": "token",
                "class": f"{oidc}.token.Token",
                "kwargs": {"client_authn_method": ["client_secret_basic"]},
            },
            "userinfo": {"path": "userinfo", "class": f"{oidc}.userinfo.UserInfo", "kwargs": {}},
        },
        "add_ons": {
            "pkce": {"function": "idpyoidc.server.oauth2.add_on.pkce.add_support", "kwargs": {"essential": True}}
        },
        "authentication": {
            "anon": {
                "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
                "class": "idpyoidc.server.user_authn.user.NoAuthn",
                "kwargs": {"user": "siti"},
            }
        },
        "userinfo": {"class": "idpyoidc.server.user_info.UserInfo", "kwargs": {"db": {"siti": SITI}}},
    }
    server = Server(OPConfiguration(conf))
    server.context.cdb[CLIENT] = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [(back_to, {})],
        "response_types_supported": ["code"],
        "allowed_scopes": ["openid", "profile", "email"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    server.keyjar.add_symmetric(CLIENT, SECRET)
    app = Flask("idpyoidc")

    def answer(name: str) -> Response:
        endpoint = server.get_endpoint(name)
        given = {"headers": dict(request.headers), "method": request.method, "url": request.url}
        given["headers"]["authorization"] = request.headers.get("Authorization", "")
        parsed = endpoint.parse_request({**request.args.to_dict(), **request.form.to_dict()}, http_info=given)
        made = parsed if "error" in parsed else endpoint.process_request(parsed, http_info=given)
        if "error" in made:
            return Response(made.to_json(), 400, content_type="application/json")
        shown = endpoint.do_response(request=parsed, **made)
        if name == "authorization":
            return redirect(shown["response"] if "?" in shown["response"] else f"{made['return_uri']}")  # type: ignore[return-value]
        return Response(shown["response"], content_type="application/json")

    app.add_url_rule("/.well-known/openid-configuration", "conf", lambda: answer("provider_config"))
    app.add_url_rule("/authorization", "authorize", lambda: answer("authorization"))
    app.add_url_rule("/token", "token", lambda: answer("token"), methods=["POST"])
    app.add_url_rule("/userinfo", "userinfo", lambda: answer("userinfo"))
    app.add_url_rule(
        "/jwks.json", "jwks", lambda: Response(server.keyjar.export_jwks_as_json(), content_type="application/json")
    )
    return app


def authlib_app(issuer: str, back_to: str) -> Flask:
    """The provider of Authlib, as its documentation builds one."""
    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
    from authlib.oauth2.rfc7636 import CodeChallenge
    from authlib.oidc.core import OpenIDCode as Code
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(2048, {"kid": "authlib-1", "use": "sig"})
    codes: dict[str, Any] = {}

    class Client(ClientMixin):  # type: ignore[misc]
        client_id = CLIENT

        def get_client_id(self) -> str:
            return CLIENT

        def get_allowed_scope(self, scope: str) -> str:
            return scope

        def check_redirect_uri(self, uri: str) -> bool:
            return uri == back_to

        def check_client_secret(self, secret: str) -> bool:
            return secret == SECRET

        def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
            return method == "client_secret_post"

        def check_response_type(self, kind: str) -> bool:
            return kind == "code"

        def check_grant_type(self, kind: str) -> bool:
            return kind == "authorization_code"

    class Kept(AuthorizationCodeMixin):  # type: ignore[misc]
        def __init__(self, code: str, asked: Any) -> None:
            self.code, self.scope, self.redirect_uri = code, asked.payload.scope, asked.payload.redirect_uri
            self.nonce = asked.payload.data.get("nonce")
            self.code_challenge = asked.payload.data.get("code_challenge")
            self.code_challenge_method = asked.payload.data.get("code_challenge_method")

        def get_redirect_uri(self) -> str:
            return str(self.redirect_uri)

        def get_scope(self) -> str:
            return str(self.scope)

        def get_nonce(self) -> str:
            return str(self.nonce)

        def get_auth_time(self) -> int:
            return int(time.time())

        def get_acr(self) -> None:
            return None

        def get_amr(self) -> None:
            return None

    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]  # noqa: RUF012

        def save_authorization_code(self, code: str, asked: Any) -> None:
            codes[code] = Kept(code, asked)

        def query_authorization_code(self, code: str, _client: Any) -> Any:
            return codes.get(code)

        def delete_authorization_code(self, kept: Any) -> None:
            codes.pop(kept.code, None)

        def authenticate_user(self, _kept: Any) -> dict[str, Any]:
            return {"sub": "siti-di-authlib", **SITI}

    class OpenIDCode(Code):  # type: ignore[misc]
        def exists_nonce(self, _nonce: str, _asked: Any) -> bool:
            return False

        def get_jwt_config(self, *_given: Any) -> dict[str, Any]:
            return {"key": key.as_dict(private=True), "alg": "RS256", "iss": issuer, "exp": 600}

        def generate_user_info(self, user: Any, _scope: str) -> Any:
            return user

    app = Flask("authlib")
    server = AuthorizationServer(app, query_client=lambda _id: Client(), save_token=lambda _token, _asked: None)
    server.register_grant(CodeGrant, [OpenIDCode(require_nonce=True), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def document() -> Response:
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/jwks",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            token_endpoint_auth_methods_supported=["client_secret_post"],
        )

    @app.get("/authorize")
    def authorize() -> Any:
        grant = server.get_consent_grant(end_user={"sub": "siti-di-authlib"})
        return server.create_authorization_response(grant_user={"sub": "siti-di-authlib"}, grant=grant)

    app.add_url_rule("/token", "token", lambda: server.create_token_response(), methods=["POST"])
    app.add_url_rule("/jwks", "jwks", lambda: jsonify(keys=[key.as_dict(private=False)]))
    return app


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


def trusting(house: TestHouse, issuer: str, **more: Any) -> None:
    with house.scope() as scope:
        wishes = {
            "title": Bilingual("Masuk Provinsi", "Province ID"),
            "issuer": issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "trust_email": True,
            "create_accounts": True,
            **more,
        }
        services.add(scope.session, "prov", Wishes(**wishes), by="test")


def follow(address: str, back_to: str) -> dict[str, str]:
    """Go to a provider as a browser does; return what it sends back to us."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code in (302, 303), answer.text
    location = answer.headers["Location"]
    assert location.startswith(f"{back_to}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*deprecated.*:Warning")
@pytest.mark.parametrize("make", [idpyoidc_app, authlib_app])
def test_a_citizen_comes_in_with_a_foreign_provider(
    make: Maker, house: TestHouse, travel: Any, request: pytest.FixtureRequest
) -> None:
    with house.scope():
        back_to = services.callback_of("prov")
    serving = serve(make, back_to)
    issuer = next(serving)
    request.addfinalizer(lambda: next(serving, None))
    trusting(house, issuer)
    found, keys = services.look_at(house.settings, issuer)
    assert found.issuer == issuer and keys >= 1
    siti = travel()
    asked = siti.come_back(**follow(siti.leave("/akun"), back_to))
    assert asked.status_code == 303, asked.get_data(as_text=True)
    form = {"name": "Siti Rahmah", "version": "1", "agree": "y"}
    assert siti.client.post_form(asked.location, form, page=asked.location).location == "/akun"
    assert siti.is_in
    again = travel()
    sent = follow(again.leave("/akun/sesi"), back_to)
    assert again.come_back(**sent).location == "/akun/sesi"
    assert travel().come_back(**sent).status_code == 422
    with house.scope() as scope:
        assert scope.session.scalars(select(PersonRow.email)).all() == ["siti@a.id"]
        assert len(scope.session.scalars(select(IdentityRow)).all()) == 1
    discovery.forget_all()
