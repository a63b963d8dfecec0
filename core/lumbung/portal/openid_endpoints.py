"""The OpenID provider as machines ask it: discovery, keys, tokens, userinfo. JSON, errors too.

No cookie counts here and no form token is asked for: an application says itself who it is. What lies open to every
origin is what holds nobody's cookie: keys and discovery, and what one brings a token or a code for.
"""

from __future__ import annotations

from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Blueprint, Response, abort, jsonify, make_response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from lumbung.context import current_scope, current_tenant
from lumbung.openid import addresses, claims, clients, keys, tokens
from lumbung.openid.asked import Answer, Asked
from lumbung.openid.grants import METHODS
from lumbung.openid.provider import refusal, revocation_answer, token_answer
from lumbung.web.access import public
from lumbung.web.errors import TooMany
from lumbung.web.limits import rate_limit

blueprint = Blueprint("openid_endpoints", __name__)

FAILURES = 100  # of one client from one address in five minutes
LONGEST_QUERY = 8000
OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*"}
PREFLIGHT = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Max-Age": "3600",
}


@blueprint.get("/.well-known/openid-configuration")
@public
def discovery() -> Response:
    """Tell what this provider can do and where (OpenID Connect Discovery 1.0, section 3)."""
    base = addresses.issuer() or abort(404)
    return _for_everybody(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/openid/authorize",
            "token_endpoint": f"{base}/openid/token",
            "userinfo_endpoint": f"{base}/openid/userinfo",
            "jwks_uri": f"{base}/openid/jwks",
            "end_session_endpoint": f"{base}/openid/logout",
            "revocation_endpoint": f"{base}/openid/revoke",
            "scopes_supported": list(clients.SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": [keys.ALGORITHM],
            "token_endpoint_auth_methods_supported": METHODS,
            "revocation_endpoint_auth_methods_supported": METHODS,
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", *claims.CLAIMS],
            "prompt_values_supported": ["none", "login", "consent"],
            "ui_locales_supported": list(current_tenant().languages),
            "authorization_response_iss_parameter_supported": True,
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        }
    )


@blueprint.get("/openid/jwks")
@public
def jwks() -> Response:
    """Show the public keys."""
    return _for_everybody({"keys": keys.published(current_scope().session)})


@blueprint.post("/openid/token")
@public
def token() -> Response:
    """Give tokens for a code or for a refresh token."""
    asked = Asked(request.form, method="POST", headers=request.headers)
    answer = token_answer(asked)
    if answer.status >= 400:
        _count_failure(asked)
    return _sent(answer)


@blueprint.post("/openid/revoke")
@public
def revoke() -> Response:
    """Take a token back from a client that wants it no more."""
    asked = Asked(request.form, method="POST", headers=request.headers)
    answer = revocation_answer(asked)
    if answer.status >= 400:
        _count_failure(asked)
    return _sent(answer)


@blueprint.route("/openid/userinfo", methods=["GET", "POST"])
@public
def userinfo() -> Response:
    """Tell what an access token lets one know of a person (OpenID Connect Core 1.0, section 5.3)."""
    session = current_scope().session
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        return _challenge(None)
    row = tokens.find_access(session, secret.strip())
    client = clients.of_token(session, row) if row is not None else None
    if row is None or client is None:
        return _challenge("invalid_token")
    return _unkept(jsonify(claims.claims_of(session, client, row.person, row.scopes)))


@blueprint.post("/openid/authorize")
@blueprint.post("/openid/logout")
@public
def by_form() -> BaseResponse:
    """Turn a request that another site sent as a form into one that the browser asks with its cookie.

    Both may be sent so (OpenID Connect Core 1.0, section 3.1.2.1); the cookie of a session does not come along.
    """
    query = urlencode(list(request.form.items(multi=True)))
    if len(query) > LONGEST_QUERY:
        abort(413)
    return redirect(f"{request.path}?{query}", 303)


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    if request.endpoint != f"{blueprint.name}.by_form":
        response.headers.update(OPEN_TO_ALL)
        if request.method == "OPTIONS":
            response.headers.update(PREFLIGHT)
    return response


@blueprint.errorhandler(HTTPException)
def _refused(error: HTTPException) -> Response:
    """Say in JSON what the house refused at its door: a parameter that no text is, a method, a body without end."""
    if error.response is not None:
        return make_response(error.get_response())
    answer = _sent(refusal(InvalidRequestError("The request cannot be read.", status_code=error.code)))
    for name, value in error.get_headers():
        if name.lower() == "allow":
            answer.headers[name] = value
    return answer


@blueprint.errorhandler(TooMany)
def _too_often(error: TooMany) -> Response:
    answer = _unkept(jsonify(error="temporarily_unavailable", error_description="Too many failures; try again later."))
    answer.status_code = 429
    answer.headers["Retry-After"] = str(error.seconds or 60)
    return answer


def _count_failure(asked: Asked) -> None:
    scope = current_scope()
    who = asked.given.get("client_id", "") or request.headers.get("Authorization", "")[:40]
    rate_limit(f"openid {scope.address} {who[:100]}", times=FAILURES, seconds=300)


def _sent(answer: Answer) -> Response:
    response = _unkept(jsonify(answer.body))
    response.status_code = answer.status
    for name, value in answer.headers:
        if name.lower() == "www-authenticate":
            response.headers[name] = value
    return response


def _for_everybody(told: dict[str, object]) -> Response:
    response = jsonify(told)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def _challenge(error: str | None) -> Response:
    response = _unkept(jsonify({"error": error or "invalid_request"}))
    response.status_code = 401
    response.headers["WWW-Authenticate"] = 'Bearer realm="openid"' + (f', error="{error}"' if error else "")
    return response
