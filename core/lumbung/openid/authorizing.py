"""The authorization request: what it asks for, and the address that takes the answer back to the client.

Until client and address are known to belong together nothing is sent anywhere: such an error has no ``redirect_uri``
and becomes a page (RFC 6749 section 4.1.2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidRequestError, OAuth2Error
from authlib.oidc.core.errors import (
    ConsentRequiredError,
    LoginRequiredError,
    RequestNotSupportedError,
    RequestURINotSupportedError,
)
from werkzeug.datastructures import MultiDict

from lumbung.clock import utc_now
from lumbung.openid import addresses
from lumbung.openid.asked import Answer, Asked
from lumbung.openid.clients import Client
from lumbung.openid.provider import PROVIDER
from lumbung.openid.tokens import SignedIn

PROMPTS = frozenset(("none", "login", "consent", "select_account"))
LONGEST_NONCE = 500


@dataclass(frozen=True)
class Authorization:
    """A request that may be granted. ``redirect_uri`` is registered for the client."""

    asked: Asked
    grant: Any
    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    prompts: frozenset[str]
    max_age: int | None

    def is_stale(self, auth_time: datetime) -> bool:
        """Whether the client wants a younger sign-in than this one."""
        return self.max_age is not None and (utc_now() - auth_time).total_seconds() > self.max_age

    def without_login(self) -> list[tuple[str, str]]:
        """Return the request as it goes on once the person has proven anew who they are."""
        kept = [(name, value) for name, value in self.asked.given.items() if name not in ("prompt", "max_age")]
        left = " ".join(sorted(self.prompts - {"login", "select_account"}))
        kept += [("prompt", left)] if left else []
        return kept + ([("max_age", str(self.max_age))] if self.max_age else [])

    def grant_code(self, signed: SignedIn) -> str:
        """Give a code in the current transaction; return the address that takes it to the client."""
        self.asked.signed_in = signed
        answer: Answer = PROVIDER.create_authorization_response(request=self.asked, grant_user=signed, grant=self.grant)
        if answer.location is None:
            raise RuntimeError("a request that was checked before was refused")
        return _with_issuer(answer.location)

    def deny(self) -> str:
        """Return the address that tells the client that the person said no."""
        return self.refuse(AccessDeniedError())

    def need_sign_in(self) -> str:
        """Return the address that tells the client that nobody is signed in, and nobody was to be asked."""
        return self.refuse(LoginRequiredError())

    def need_consent(self) -> str:
        """Return the address that tells the client that the person has to be asked, and was not to be."""
        return self.refuse(ConsentRequiredError())

    def refuse(self, error: OAuth2Error) -> str:
        """Return the address that tells the client of an error."""
        error.redirect_uri = self.redirect_uri
        return error_address(error, self.asked)


def read(given: MultiDict[str, str]) -> Authorization:
    """Return what is asked for. Raises `OAuth2Error`; with a ``redirect_uri`` it may be told to the client."""
    asked = Asked(given)
    for name in ("client_id", "redirect_uri"):
        if len(given.getlist(name)) > 1 or len(given.get(name, "")) > addresses.LONGEST:
            raise InvalidRequestError(f"The parameter {name} cannot be read.")
    if given.get("response_type") != "code":
        _refuse_type(asked)
    try:
        grant = PROVIDER.get_consent_grant(asked)
    except ValueError:
        raise InvalidRequestError("The request cannot be read.") from None
    authorization = Authorization(
        asked=asked,
        grant=grant,
        client=asked.client,
        redirect_uri=grant.redirect_uri,
        scopes=tuple(asked.scope.split()),
        prompts=frozenset(given.get("prompt", "").split()) & PROMPTS,
        max_age=_max_age(given),
    )
    try:
        _check(asked, authorization.prompts)
    except OAuth2Error as error:
        error.redirect_uri = grant.redirect_uri
        raise
    return authorization


def error_address(error: OAuth2Error, asked: Asked) -> str:
    """Return the address that tells the client of an error; it holds ``state`` and ``iss`` (RFC 9207)."""
    error.state = asked.given.get("state")
    _status, _body, headers = error()
    return _with_issuer(dict(headers)["Location"])


def _check(asked: Asked, prompts: frozenset[str]) -> None:
    asked.refuse_unreadable()
    given = asked.given
    if "request" in given:
        raise RequestNotSupportedError()
    if "request_uri" in given:
        raise RequestURINotSupportedError()
    if given.get("response_mode", "query") != "query":
        raise InvalidRequestError("The only response_mode here is query.")
    if "none" in prompts and len(prompts) > 1:
        raise InvalidRequestError("The prompt none stands alone.")
    if len(given.get("nonce", "")) > LONGEST_NONCE:
        raise InvalidRequestError("The nonce is too long.")
    if given.get("max_age") and _max_age(given) is None:
        raise InvalidRequestError("The max_age is a number of seconds.")


def _refuse_type(asked: Asked) -> NoReturn:
    """Refuse another flow, at the client's address if that is known to be the client's.

    Authlib would put what was asked for into its words, and then stumble over it.
    """
    client = PROVIDER.query_client(asked.given.get("client_id", ""))
    address = asked.given.get("redirect_uri", "")
    known = client is not None and client.check_redirect_uri(address)
    raise OAuth2Error(
        "The only response_type here is code.",
        error="unsupported_response_type",
        redirect_uri=address if known else None,
    )


def _max_age(given: MultiDict[str, str]) -> int | None:
    value = given.get("max_age", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def _with_issuer(address: str) -> str:
    return str(add_params_to_uri(address, [("iss", addresses.issuer() or "")]))
