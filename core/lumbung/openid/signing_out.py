"""Signing out at the wish of an application (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from dataclasses import dataclass

from authlib.common.urls import add_params_to_uri
from joserfc import jws, jwt
from joserfc.errors import JoseError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from lumbung.context import current_scope
from lumbung.identity.person import Person
from lumbung.openid import addresses, clients, keys
from lumbung.openid.claims import subject_of
from lumbung.openid.clients import Client

LONGEST_HINT = 4000


@dataclass(frozen=True)
class SignOut:
    """What is asked. ``sure``: an ID token of this very person proves that the application knows them.

    ``target`` is where to go afterwards, None where no address was named that the client registered.
    """

    client: Client | None
    sure: bool
    target: str | None


def read(given: MultiDict[str, str], person: Person | None) -> SignOut:
    """Return what an application wants: whatever it names that is not its own is passed over."""
    session = current_scope().session
    hint = given.get("id_token_hint", "")
    audience, subject = _told_by(session, hint) if 0 < len(hint) <= LONGEST_HINT else (None, None)
    named = given.get("client_id") or audience
    client = clients.find(session, named) if named and audience in (None, named) else None
    sure = (
        client is not None
        and audience is not None
        and person is not None
        and subject == subject_of(client.row, person.id)
    )
    return SignOut(client, sure, _target(client, given))


def _told_by(session: Session, hint: str) -> tuple[str | None, str | None]:
    """Return audience and subject of an ID token of ours, however old; None twice for anything else."""
    try:
        kid = jws.extract_compact(hint.encode()).headers().get("kid")
        key = keys.key_named(session, kid)
        told = jwt.decode(hint, key, [keys.ALGORITHM]).claims if key is not None else {}
    except (JoseError, ValueError, TypeError, KeyError):
        return None, None
    if told.get("iss") != addresses.issuer():
        return None, None
    return str(told.get("aud")), str(told.get("sub"))


def _target(client: Client | None, given: MultiDict[str, str]) -> str | None:
    address = given.get("post_logout_redirect_uri", "")
    if client is None or not client.check_post_logout_uri(address):
        return None
    state = given.get("state", "")
    return str(add_params_to_uri(address, [("state", state)])) if state else address
