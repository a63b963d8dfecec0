"""Providers of identities, as administrators look after them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.addresses import public_address
from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity.models import SERVANT
from lumbung.openid.upstream import discovery
from lumbung.openid.upstream.models import AUDIENCES, FlowRow, IdentityRow, UpstreamRow
from lumbung.openid.upstream.refusals import UpstreamUnsound
from lumbung.settings import Settings

CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")
DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,60}")  # RFC 6749, section 3.3
CLAIM = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")
USUAL_SCOPES = ("openid", "profile", "email")
MOST = 20
KEEP = timedelta(minutes=20)


class CodeTaken(LumbungError):
    """Another provider of this tenant has the code."""


class StillUsed(LumbungError):
    """People here came in with identities of this provider."""


@dataclass(frozen=True)
class Wishes:
    """What an administrator writes down of a provider. ``client_secret`` is None to leave it as it is, "" for none."""

    title: Bilingual
    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: tuple[str, ...] = USUAL_SCOPES
    audience: str = "citizen"
    domains: tuple[str, ...] = ()
    trust_email: bool = False
    create_accounts: bool = False
    number_claim: str | None = None


@dataclass(frozen=True)
class Way:
    """A provider as a sign-in uses it: all that is needed after the database was let go."""

    id: UUID
    code: str
    title: Bilingual
    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: tuple[str, ...]
    audience: str
    domains: tuple[str, ...]
    trust_email: bool
    create_accounts: bool
    number_claim: str | None

    @property
    def callback(self) -> str:
        """Where the provider sends people back to; to be registered with it, letter by letter."""
        return callback_of(self.code)


def callback_of(code: str) -> str:
    """Return where a provider sends people back to: on the tenant's official host, one address for each provider.

    An address of its own is what keeps the answers of two providers apart (RFC 9700, section 4.4).
    """
    path = f"/masuk/dari/{code}/kembali"
    scope = current_scope()
    return public_address(scope.kernel.settings, current_tenant(), path) or f"http://localhost{path}"


def active(session: Session) -> Sequence[UpstreamRow]:
    """Return the providers that people may come from, in the order of their codes."""
    return session.scalars(select(UpstreamRow).where(UpstreamRow.active).order_by(UpstreamRow.code)).all()


def every(session: Session) -> list[tuple[UpstreamRow, int]]:
    """Return all providers, each with how many people here use it."""
    counted = select(IdentityRow.upstream_id, func.count().label("people")).group_by(IdentityRow.upstream_id).subquery()
    query = (
        select(UpstreamRow, func.coalesce(counted.c.people, 0))
        .outerjoin(counted, counted.c.upstream_id == UpstreamRow.id)
        .order_by(UpstreamRow.code)
    )
    return [(row, people) for row, people in session.execute(query)]


def way(session: Session, code: str) -> Way | None:
    """Return a provider that people may come from now, by its code."""
    row = session.scalar(select(UpstreamRow).where(UpstreamRow.code == code, UpstreamRow.active))
    if row is None:
        return None
    return Way(
        id=row.id,
        code=row.code,
        title=Bilingual(row.title["id"], row.title["en"]),
        issuer=row.issuer,
        client_id=row.client_id,
        client_secret=row.client_secret,
        scopes=tuple(row.scopes),
        audience=row.audience,
        domains=tuple(row.domains),
        trust_email=row.trust_email,
        create_accounts=row.create_accounts,
        number_claim=row.number_claim,
    )


def add(session: Session, code: str, wishes: Wishes, *, by: str) -> UpstreamRow:
    """Write down a provider; it is switched on. Raises `CodeTaken`, `UpstreamUnsound` or `OutgoingRefused`."""
    if not CODE.fullmatch(code):
        raise UpstreamUnsound("A code has 2 to 40 small letters, digits and hyphens, and begins with a letter.")
    if session.scalar(select(UpstreamRow.id).where(UpstreamRow.code == code)):
        raise CodeTaken("The code %(code)s is another provider's.", code=code)
    if (session.scalar(select(func.count()).select_from(UpstreamRow)) or 0) >= MOST:
        raise UpstreamUnsound("There are %(most)s providers already; remove one that nobody uses.", most=MOST)
    row = UpstreamRow(code=code, issuer=wishes.issuer, active=True, created_by=by[:160], created_at=utc_now())
    _write(row, wishes)
    session.add(row)
    session.flush()
    audit.record("upstream.add", code, about=row.id)
    return row


def change(session: Session, row: UpstreamRow, wishes: Wishes) -> None:
    """Write a provider down anew.

    Raises `StillUsed` for another issuer while identities of this one are kept, else as `add` does.
    """
    if wishes.issuer != row.issuer and people_of(session, row):
        raise StillUsed(
            "People here are known by what %(issuer)s calls them; another issuer would mean other people by it.",
            issuer=row.issuer,
        )
    if wishes.issuer != row.issuer:
        session.execute(delete(FlowRow).where(FlowRow.upstream_id == row.id))
    _write(row, wishes)
    session.flush()
    audit.record("upstream.change", row.code, about=row.id)


def switch(session: Session, row: UpstreamRow, *, on: bool) -> None:
    """Let people come from there, or stop it; who is here stays signed in."""
    if row.active != on:
        row.active = on
        session.flush()
        audit.record("upstream.on" if on else "upstream.off", row.code, about=row.id)


def remove(session: Session, row: UpstreamRow) -> None:
    """Forget a provider that nobody uses; raises `StillUsed`."""
    used = people_of(session, row, lock=True)
    if used:
        raise StillUsed("%(count)s people come in with this provider; switch it off instead.", count=used)
    code, about = row.code, row.id
    session.delete(row)
    session.flush()
    audit.record("upstream.remove", code, about=about)


def people_of(session: Session, row: UpstreamRow, *, lock: bool = False) -> int:
    """Return how many people here use a provider; with ``lock`` nobody is linked meanwhile."""
    if lock:
        session.execute(select(UpstreamRow.id).where(UpstreamRow.id == row.id).with_for_update())
    query = select(func.count()).select_from(IdentityRow).where(IdentityRow.upstream_id == row.id)
    return session.scalar(query) or 0


def look_at(settings: Settings, issuer: str) -> tuple[discovery.Provider, int]:
    """Ask a provider now what it can do; return that, and how many signing keys it shows.

    Raises `UpstreamUnsound`, `OutgoingRefused` or `OutgoingFailed`, which say what is wrong.
    """
    found = discovery.provider(settings, issuer, fresh=True)
    shown = discovery.keys(settings, found, fresh=True).keys
    if not shown:
        raise UpstreamUnsound("The provider shows no key that we could check its signatures with.")
    return found, len(shown)


def sweep(session: Session) -> int:
    """Delete ways there and back that ended; return how many. Run nightly."""
    old = delete(FlowRow).where(FlowRow.begun_at < utc_now() - KEEP)
    return len(session.execute(old.returning(FlowRow.id)).all())


def _write(row: UpstreamRow, wishes: Wishes) -> None:
    _refuse_unsound(wishes)
    row.title = {"id": wishes.title.id, "en": wishes.title.en}
    row.issuer = discovery.check_issuer(current_scope().kernel.settings, wishes.issuer)
    row.client_id = wishes.client_id
    if wishes.client_secret is not None:
        row.client_secret = wishes.client_secret or None
    row.scopes = list(dict.fromkeys(("openid", *wishes.scopes)))
    row.audience, row.domains = wishes.audience, list(dict.fromkeys(wishes.domains))
    row.trust_email, row.create_accounts = wishes.trust_email, wishes.create_accounts
    row.number_claim = wishes.number_claim or None


def _refuse_unsound(wishes: Wishes) -> None:
    if wishes.audience not in AUDIENCES:
        raise UpstreamUnsound("A provider is for one of: %(known)s.", known=list(AUDIENCES))
    if wishes.create_accounts and (not wishes.trust_email or wishes.audience == SERVANT):
        raise UpstreamUnsound("Accounts are made only for citizens, and only where the provider's e-mail is trusted.")
    if not 1 <= len(wishes.client_id) <= 255 or not wishes.client_id.isprintable():
        raise UpstreamUnsound("The client id has 1 to 255 letters.")
    if len(wishes.client_secret or "") > 500:
        raise UpstreamUnsound("The client secret has at most 500 letters.")
    _refuse_unfit("scope", wishes.scopes, SCOPE)
    _refuse_unfit("e-mail domain", wishes.domains, DOMAIN)
    _refuse_unfit("claim", (wishes.number_claim,) if wishes.number_claim else (), CLAIM)


def _refuse_unfit(what: str, given: Iterable[str], shape: re.Pattern[str]) -> None:
    listed = list(given)
    for one in listed:
        if not shape.fullmatch(one):
            raise UpstreamUnsound("%(one)s is no %(what)s.", one=one[:80], what=what)
    if len(listed) > MOST:
        raise UpstreamUnsound("At most %(most)s of a kind are kept.", most=MOST)
