"""The protocol itself, by Authlib: authorization code with PKCE (RFC 6749, 7636), refresh, revocation, ID tokens.

Nothing here knows Flask. A request comes in as `Asked`, an answer goes out as `Answer`; the tenant and the database
are those of the scope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, OAuth2Error
from sqlalchemy.orm import Session

from lumbung.context import current_scope
from lumbung.openid import clients, tokens
from lumbung.openid.asked import Answer, Asked
from lumbung.openid.clients import Client
from lumbung.openid.grants import CodeGrant, IdToken, Pkce, RefreshGrant, Revocation
from lumbung.openid.models import ACCESS, REFRESH, CodeRow, TokenRow


class Provider(AuthorizationServer):
    """Authlib's server on our tables."""

    def query_client(self, client_id: str) -> Client | None:
        """Return the client that may ask now by this id."""
        return clients.find(_session(), client_id)

    def validate_requested_scope(self, scope: str | None) -> None:
        """Let unknown scopes pass: they are left out (OpenID Connect Core 1.0, section 3.1.2.1)."""

    def generate_token(
        self,
        grant_type: str,
        client: Client,
        user: Any = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """Return the tokens of an answer; a refresh token only where ``offline_access`` was allowed."""
        told = {
            "token_type": "Bearer",
            "access_token": tokens.new_secret(),
            "expires_in": int(tokens.ACCESS_LASTS.total_seconds()),
            "scope": scope or "",
        }
        if "offline_access" in (scope or "").split():
            told["refresh_token"] = tokens.new_secret()
        return told

    def save_token(self, token: dict[str, Any], request: Asked) -> None:
        """Keep what `generate_token` made."""
        session = _session()
        of: CodeRow | TokenRow = (request.authorization_code or request.refresh_token).row
        began = of.session_id if isinstance(of, CodeRow) else None
        scopes = token["scope"].split()
        tokens.keep(session, ACCESS, token["access_token"], of, scopes=scopes, session_id=began)
        if "refresh_token" in token:
            tokens.keep(session, REFRESH, token["refresh_token"], of, scopes=list(of.scopes), session_id=None)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Tell nobody."""

    def create_oauth2_request(self, request: Asked) -> Asked:
        """Take the request as it is."""
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        """Return the answer as plain data."""
        return Answer(status, body, list(headers))


def _provider() -> Provider:
    provider = Provider()
    provider.register_grant(CodeGrant, [Pkce(required=True), IdToken()])
    provider.register_grant(RefreshGrant, [IdToken()])
    provider.register_endpoint(Revocation)
    return provider


PROVIDER = _provider()


def token_answer(asked: Asked) -> Answer:
    """Answer a request to the token endpoint; never raises for what was asked."""
    return _answered(lambda: PROVIDER.create_token_response(asked), asked)


def revocation_answer(asked: Asked) -> Answer:
    """Answer a request to the revocation endpoint; never raises for what was asked."""
    return _answered(lambda: PROVIDER.create_endpoint_response(Revocation.ENDPOINT_NAME, asked), asked)


def refusal(error: OAuth2Error) -> Answer:
    """Return an error as JSON (RFC 6749 section 5.2)."""
    status, body, headers = error()
    return Answer(status, dict(body) if not isinstance(body, str) else body, list(headers))


def _answered(answer: Callable[[], Answer], asked: Asked) -> Answer:
    try:
        asked.refuse_unreadable()
        made = answer()
    except OAuth2Error as error:
        made = refusal(error)
    except ValueError:  # Authlib, of a header that is not text, or a value it may not repeat in its answer
        made = refusal(InvalidRequestError("The request cannot be read."))
    return made


def _session() -> Session:
    return current_scope().session
