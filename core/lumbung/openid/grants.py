"""What Authlib leaves to a server: how codes and tokens are kept, used up and ended, and what an ID token says.

A code and a refresh token are good once; a second use ends everything that came of the first (RFC 9700, sections 2.1.1
and 4.14).
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDToken
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.bilingual import Catalogue
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.identity.models import PersonRow
from lumbung.notifications.services import notify
from lumbung.openid import addresses, keys, tokens
from lumbung.openid.asked import Asked
from lumbung.openid.claims import subject_of
from lumbung.openid.clients import Client
from lumbung.openid.models import CodeRow, TokenRow

logger = logging.getLogger(__name__)
both = Catalogue("lumbung").both

METHODS = ["client_secret_basic", "client_secret_post", "none"]


class GivenCode:
    """A code as Authlib asks about it."""

    def __init__(self, row: CodeRow) -> None:
        self.row = row
        self.code_challenge = row.challenge
        self.code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        """Return where it was sent to."""
        return self.row.redirect_uri

    def get_scope(self) -> str:
        """Return what was allowed."""
        return " ".join(self.row.scopes)


class GivenToken:
    """A refresh or access token as Authlib asks about it."""

    def __init__(self, row: TokenRow) -> None:
        self.row = row

    def check_client(self, client: Client) -> bool:
        """Whether it was given to this client."""
        return self.row.client_id == client.row.id

    def get_scope(self) -> str:
        """Return what was allowed."""
        return " ".join(self.row.scopes)


class CodeGrant(grants.AuthorizationCodeGrant):
    """The authorization code grant."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def generate_authorization_code(self) -> str:
        """Return a new code."""
        return tokens.new_secret()

    def save_authorization_code(self, code: str, request: Asked) -> None:
        """Keep a code with all it is bound to."""
        if request.signed_in is None:
            raise ValueError("a code is given for a sign-in")
        data = request.payload.data
        tokens.give_code(
            _session(),
            request.signed_in,
            code=code,
            client_id=request.client.row.id,
            redirect_uri=data["redirect_uri"],
            scopes=request.scope.split(),
            nonce=data.get("nonce") or None,
            challenge=data["code_challenge"],
        )
        audit.record("openid.sign_in", request.client.name.id)

    def query_authorization_code(self, code: str, client: Client) -> GivenCode | None:
        """Use a code up; its second use ends what came of the first (RFC 6749 section 4.1.2)."""
        session = _session()
        row = tokens.take_code(session, code, client.row.id)
        if row is None and (known := tokens.family_of_used_code(session, code, client.row.id)):
            _end_reused(client, *known, kind="code")
        return GivenCode(row) if row is not None else None

    def delete_authorization_code(self, authorization_code: GivenCode) -> None:
        """Do nothing: the code is marked as used and kept, so that its second use is known."""

    def authenticate_user(self, authorization_code: GivenCode) -> PersonRow:
        """Return whose code it is."""
        return authorization_code.row.person


class RefreshGrant(grants.RefreshTokenGrant):
    """Another access token for a refresh token, and another refresh token in its place."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> GivenToken | None:
        """Use a refresh token up; its second use ends its family."""
        session, client = _session(), self.request.client
        row = tokens.take_refresh(session, refresh_token, client.row.id)
        if row is None and (known := tokens.family_of_used_refresh(session, refresh_token, client.row.id)):
            _end_reused(client, *known, kind="refresh_token")
        return GivenToken(row) if row is not None else None

    def issue_token(self, user: PersonRow, refresh_token: GivenToken) -> dict[str, Any]:
        """Return new tokens: what was allowed, less what is asked to be left out, less what the client lost since."""
        asked = self.request.payload.scope or refresh_token.get_scope()
        scope = self.request.client.get_allowed_scope(asked)
        if scope is None:
            raise InvalidGrantError("This client may not ask for that any more.")
        token: dict[str, Any] = self.generate_token(user=user, scope=scope)
        token.setdefault("refresh_token", tokens.new_secret())
        return token

    def authenticate_user(self, refresh_token: GivenToken) -> PersonRow:
        """Return whose token it is."""
        return refresh_token.row.person

    def revoke_old_credential(self, refresh_token: GivenToken) -> None:
        """Do nothing: it is marked as used already."""


class Pkce(CodeChallenge):
    """PKCE with S256, of every client (RFC 9700 section 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  (Authlib's own way to say it)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request without a challenge, and ``plain``."""
        data = grant.request.payload.data
        if not data.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge': PKCE is required.")
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The 'code_challenge_method' has to be S256.")
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(OpenIDToken):
    """Adds the ID token. It holds who and when, nothing else of the person: the rest is at userinfo."""

    def encode_id_token(self, token: dict[str, Any], request: Asked) -> str:
        """Return the ID token, signed with the tenant's active key (OpenID Connect Core 1.0, section 2)."""
        of: CodeRow | TokenRow = (request.authorization_code or request.refresh_token).row
        client: Client = request.client
        moment = int(utc_now().timestamp())
        kid, key = keys.signing_key(_session())
        told = {
            "iss": addresses.issuer(),
            "sub": subject_of(client.row, of.person_id),
            "aud": client.row.code,
            "iat": moment,
            "exp": moment + int(tokens.ACCESS_LASTS.total_seconds()),
            "auth_time": int(of.auth_time.timestamp()),
            "at_hash": create_half_hash(token["access_token"], keys.ALGORITHM).decode(),
        }
        if of.amr:
            told["amr"] = of.amr
        if isinstance(of, CodeRow) and of.nonce:
            told["nonce"] = of.nonce
        return str(jwt.encode({"alg": keys.ALGORITHM, "kid": kid}, told, key, [keys.ALGORITHM]))


class Revocation(RevocationEndpoint):
    """A client gives a token back (RFC 7009): all of its family ends."""

    CLIENT_AUTH_METHODS = METHODS

    def check_params(self, request: Asked, client: Client) -> None:
        """Refuse a request without a token. A hint of another kind is passed over, as the RFC allows."""
        if not request.form.get("token"):
            raise InvalidRequestError("Missing 'token' in request.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> TokenRow | None:
        """Find a token of any client: never asked here, `authenticate_token` looks among the client's own."""
        raise NotImplementedError

    def authenticate_token(self, request: Asked, client: Client) -> GivenToken | None:
        """Return the client's own token; one of another client is as unknown as one that never was."""
        self.check_params(request, client)
        row = tokens.find_any(_session(), request.form["token"], client.row.id)
        return GivenToken(row) if row is not None else None

    def revoke_token(self, token: GivenToken, request: Asked) -> None:
        """End the token's family."""
        tokens.end_family(_session(), token.row.family)


def _end_reused(client: Client, family: UUID, person_id: UUID, *, kind: str) -> None:
    """End a family, in a transaction of its own: the answer is a refusal, and takes back what it did itself.

    What is open is taken back first: PostgreSQL keeps the row locked that was waited for, though it fits no more.
    """
    scope = current_scope()
    scope.session.rollback()
    with scope.kernel.scope(current_tenant(), actor=client.name.id, address=scope.address) as aside:
        ended = tokens.end_family(aside.session, family)
        audit.record("openid.reuse", client.name.id, about=person_id, kind=kind, count=ended)
        if ended and kind == "refresh_token":
            notify(
                person_id,
                both("Sambungan ke sebuah aplikasi diputus"),
                both(
                    "Aplikasi %(name)s memakai tanda masuk yang sudah tidak berlaku; mungkin ada yang menyalinnya. "
                    "Sambungannya kami putus. Masuklah lagi dari aplikasi itu. Bila Anda tidak mengenalnya, cabut "
                    "izinnya.",
                    name=client.name,
                ),
                "/akun/aplikasi",
            )
    logger.warning("openid: a %s of client %s was used twice; its family is ended", kind, client.row.code)


def _session() -> Session:
    return current_scope().session
