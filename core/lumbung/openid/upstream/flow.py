"""The way to a provider and back: authorization code with PKCE, bound to the browser that began it.

OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9207; RFC 9700 sections 2.1 and 4. What has to outlast a refusal, a
state that is used up, is written in a transaction of its own; while the provider is asked, no transaction is open.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung import outgoing
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.openid.upstream import discovery, proof
from lumbung.openid.upstream.discovery import Provider
from lumbung.openid.upstream.models import FlowRow
from lumbung.openid.upstream.proof import Found
from lumbung.openid.upstream.refusals import Reason, UpstreamRefused, UpstreamUnsound
from lumbung.openid.upstream.services import Way
from lumbung.settings import Settings

LASTS = timedelta(minutes=10)
LONGEST = 4000  # letters of anything that comes back
_DENIED = ("access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required")


@dataclass(frozen=True)
class Begun:
    """A way that was begun: what is kept of it, and where the browser is led."""

    row: FlowRow
    address: str


@dataclass(frozen=True)
class Redeemed:
    """A way whose answer came, its state used up."""

    id: UUID
    person_id: UUID | None
    verifier: str = field(repr=False)
    nonce_hash: bytes = field(repr=False)


def new_browser() -> str:
    """Return what the cookie of a browser holds that begins a way for the first time."""
    return secrets.token_urlsafe(32)


def begin(way: Way, provider: Provider, browser: str, next_path: str, person_id: UUID | None) -> Begun:
    """Return a way to begin; the caller adds its row. ``person_id`` is who wants to link an identity."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    row = FlowRow(
        upstream_id=way.id,
        person_id=person_id,
        state_hash=_sha256(state),
        browser_hash=_sha256(browser),
        nonce_hash=_sha256(nonce),
        verifier=verifier,
        next_path=next_path,
        begun_at=utc_now(),
    )
    challenge = base64.urlsafe_b64encode(_sha256(verifier)).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": way.client_id,
        "redirect_uri": way.callback,
        "scope": " ".join(way.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if person_id is not None:
        asked["prompt"] = "login"  # the identity of who sits there, not of who used the machine before
    return Begun(row, _with_query(provider.authorization_endpoint, asked))


def redeem(way: Way, state: str, browser: str | None) -> Redeemed:
    """Use up a state, for good, whatever comes after. Raises `UpstreamRefused` for one that this browser did not begin,
    that was used, or that is too old.
    """
    if not browser or not state or len(state) > LONGEST or len(browser) > LONGEST:
        raise _expired()
    with current_scope().kernel.scope(current_tenant(), actor="upstream") as aside:
        row = aside.session.scalar(
            select(FlowRow)
            .where(
                FlowRow.state_hash == _sha256(state),
                FlowRow.browser_hash == _sha256(browser),
                FlowRow.upstream_id == way.id,
                FlowRow.used_at.is_(None),
                FlowRow.begun_at > utc_now() - LASTS,
            )
            .with_for_update()
        )
        if row is None:
            raise _expired()
        row.used_at = utc_now()
        redeemed = Redeemed(row.id, row.person_id, row.verifier or "", row.nonce_hash)
        row.verifier = None
    return redeemed


def finish(settings: Settings, way: Way, redeemed: Redeemed, answer: Mapping[str, str]) -> Found:
    """Fetch and check what the provider says of who came back. Raises `UpstreamRefused`; reads no database."""
    try:
        provider = discovery.provider(settings, way.issuer)
        code = _code(provider, answer)
        told = _token_answer(settings, way, provider, code, redeemed.verifier)
        access_token = told.get("access_token")
        access_token = access_token if isinstance(access_token, str) and len(access_token) <= LONGEST * 4 else None
        claims = proof.believe(
            settings,
            provider,
            told.get("id_token"),
            client_id=way.client_id,
            nonce_hash=redeemed.nonce_hash,
            access_token=access_token,
        )
        wanted = ("name", "email", *([way.number_claim] if way.number_claim else []))
        if access_token and provider.userinfo_endpoint and any(name not in claims for name in wanted):
            claims = {**_userinfo(settings, provider, access_token, proof.subject_of(claims)), **claims}
        return proof.who(claims, way.number_claim)
    except (outgoing.OutgoingFailed, outgoing.OutgoingRefused, UpstreamUnsound) as error:
        raise UpstreamRefused(Reason.AWAY, "%(reason)s", reason=error) from None


def keep_found(session: Session, flow_id: UUID, found: Found) -> FlowRow:
    """Keep what a provider told, while they are asked what to do with it."""
    row = session.get_one(FlowRow, (current_tenant().id, flow_id))
    row.found = found.as_text()
    session.flush()
    return row


def path_of(session: Session, flow_id: UUID) -> str:
    """Return where somebody wanted to go when they began."""
    return session.get_one(FlowRow, (current_tenant().id, flow_id)).next_path


def waiting(session: Session, way: Way, flow_id: UUID, browser: str | None) -> tuple[FlowRow, Found] | None:
    """Return a way whose owner is asked something, in the browser that went it, and what the provider told of them."""
    if not browser or len(browser) > LONGEST:
        return None
    row = session.scalar(
        select(FlowRow)
        .where(
            FlowRow.id == flow_id,
            FlowRow.upstream_id == way.id,
            FlowRow.browser_hash == _sha256(browser),
            FlowRow.used_at > utc_now() - LASTS,
        )
        .with_for_update()
    )
    return (row, Found.from_text(row.found)) if row is not None and row.found else None


def _code(provider: Provider, answer: Mapping[str, str]) -> str:
    """Return the code out of an answer; an answer that names another issuer is not for this provider (RFC 9207)."""
    named = answer.get("iss")
    if (named is not None and named != provider.issuer) or (named is None and provider.names_itself):
        raise UpstreamRefused(Reason.UNTRUSTED, "The answer names another provider.")
    error = answer.get("error")
    if error is not None:
        if error in _DENIED:
            raise UpstreamRefused(Reason.DENIED, "They said no at the provider.")
        known = error if error.isascii() and error.isprintable() and len(error) <= 60 else "-"
        raise UpstreamRefused(Reason.AWAY, "The provider answers with the error %(error)s.", error=known)
    code = answer.get("code", "")
    if not 1 <= len(code) <= LONGEST:
        raise UpstreamRefused(Reason.UNTRUSTED, "The provider sent no code.")
    return code


def _token_answer(settings: Settings, way: Way, provider: Provider, code: str, verifier: str) -> dict[str, object]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": way.callback,
        "code_verifier": verifier,
    }
    headers = {"Accept": "application/json"}
    if way.client_secret is None:
        form["client_id"] = way.client_id
    elif _by_header(way.client_id, way.client_secret, provider):
        pair = f"{quote(way.client_id, safe='')}:{quote(way.client_secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": way.client_id, "client_secret": way.client_secret}
    reply = outgoing.ask(settings, provider.token_endpoint, method="POST", form=form, headers=headers)
    told = reply.json()
    if reply.status != 200 or not isinstance(told, dict):
        error = told.get("error") if isinstance(told, dict) else None
        named = error if isinstance(error, str) and error.isprintable() and len(error) <= 60 else "-"
        raise UpstreamUnsound(
            "The provider gave no tokens: status %(status)s, error %(error)s.", status=reply.status, error=named
        )
    return told


def _by_header(client_id: str, secret: str, provider: Provider) -> bool:
    """Whether to say who we are in a header. Not all providers undo the encoding that RFC 6749, section 2.3.1, asks for
    there; where it changes something, the form is the safer way.
    """
    plain = all(quote(text, safe="") == text for text in (client_id, secret))
    return "client_secret_basic" in provider.methods and (plain or "client_secret_post" not in provider.methods)


def _userinfo(settings: Settings, provider: Provider, access_token: str, subject: str) -> dict[str, object]:
    """Return what the provider tells beside the ID token; of another subject, it is not believed (section 5.3.2)."""
    if not access_token.isascii() or not access_token.isprintable():
        return {}
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    reply = outgoing.ask(settings, provider.userinfo_endpoint or "", headers=headers)
    if reply.status != 200:
        return {}
    told = reply.json()
    if not isinstance(told, dict) or told.get("sub") != subject:
        raise UpstreamRefused(Reason.UNTRUSTED, "The provider's userinfo is about somebody else.")
    return told


def _with_query(address: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in more]
    return urlunsplit(parts._replace(query=urlencode([*kept, *more.items()], quote_via=quote)))


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _expired() -> UpstreamRefused:
    return UpstreamRefused(
        Reason.EXPIRED, "This way was not begun in this browser, was gone before, or took longer than ten minutes."
    )
