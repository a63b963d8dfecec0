"""Whose identity it is here: known, to be linked, or new. Nobody is taken for somebody because of an address alone.

The first time, an account here is linked only by its owner: signed in, or with the password of an account whose
address both sides verified. What that guards against: `docs/decisions/0021-upstream-identity.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.identity import nik, people
from lumbung.identity.models import CITIZEN, SERVANT, PersonRow
from lumbung.identity.second_factor.models import PasskeyRow
from lumbung.openid.upstream.models import EVERYBODY, IdentityRow, UpstreamRow
from lumbung.openid.upstream.proof import Found
from lumbung.openid.upstream.refusals import Reason, UpstreamRefused
from lumbung.openid.upstream.services import Way


class OnlyWayIn(LumbungError):
    """Without this identity, the person could not sign in any more."""


class Step(Enum):
    """What to do with somebody who came back from a provider."""

    LET_IN = "let in"
    ASK_PASSWORD = "ask password"  # noqa: S105  (no password)
    MAKE_ACCOUNT = "make account"


@dataclass(frozen=True)
class Outcome:
    """What to do, and whose account it is about."""

    step: Step
    person: PersonRow | None = None


def decide(session: Session, way: Way, found: Found) -> Outcome:
    """Say what to do with somebody who is not signed in here. Raises `UpstreamRefused`; writes nothing."""
    _refuse_domain(way, found)
    identity = _identity(session, way, found)
    if identity is not None:
        _refuse_person(way, identity.person)
        return Outcome(Step.LET_IN, identity.person)
    if not way.trust_email or found.email is None or not found.email_verified:
        raise _unknown()
    person = session.scalar(select(PersonRow).where(PersonRow.email == found.email))
    if person is not None:
        return Outcome(Step.ASK_PASSWORD, _may_link(session, way, found, person))
    if not way.create_accounts:
        raise _unknown()
    return Outcome(Step.MAKE_ACCOUNT)


def used(session: Session, way: Way, found: Found) -> None:
    """Note that an identity was used just now."""
    identity = _identity(session, way, found)
    if identity is not None:
        identity.used_at = utc_now()


def link(session: Session, way: Way, found: Found, person: PersonRow) -> bool:
    """Have somebody's identity at a provider open their account here; False when it does already.

    Raises `UpstreamRefused` when the identity is another account's, when the account has another one there, or when the
    provider may not let this person in. The caller made sure that it is them.
    """
    _refuse_domain(way, found)
    _refuse_person(way, person)
    _refuse_other_number(session, way, found, person)
    session.execute(select(UpstreamRow.id).where(UpstreamRow.id == way.id).with_for_update(key_share=True))
    held = session.scalar(
        select(IdentityRow).where(IdentityRow.upstream_id == way.id, IdentityRow.person_id == person.id)
    )
    identity = _identity(session, way, found)
    if identity is not None and identity is held:
        return False
    if identity is not None or held is not None:
        raise _taken()
    made = IdentityRow(
        upstream_id=way.id, person_id=person.id, subject=found.subject, created_at=utc_now(), used_at=None
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise _taken() from None
    audit.record("person.identity_link", person.email, about=person.id, provider=way.code)
    return True


def make_account(session: Session, way: Way, found: Found, name: str) -> PersonRow:
    """Make a citizen's account for somebody unknown, and link it. They agreed to it on the page before.

    Raises `UpstreamRefused` when something changed meanwhile, `LumbungError` for a name that is none.
    """
    if decide(session, way, found).step is not Step.MAKE_ACCOUNT or found.email is None:
        raise _unknown()
    try:
        person = people.add_person(session, email=found.email, name=name, password=None)
    except people.EmailTaken:
        raise _unknown() from None
    person.kind = CITIZEN
    person.email_verified_at = utc_now()
    session.flush()
    audit.record("person.verify", person.email, about=person.id, what="email")
    if found.number:
        try:
            with suppress(nik.NikWrong):  # a number that is no NIK is not kept, and keeps nobody out
                nik.keep(session, person, found.number)
        except nik.NikTaken:
            raise UpstreamRefused(Reason.LINK_INSIDE, "Another account here holds this number.") from None
    link(session, way, found, person)
    return person


def identities_of(session: Session, person_id: UUID) -> Sequence[IdentityRow]:
    """Return the identities that open an account, in the order they were linked."""
    query = select(IdentityRow).where(IdentityRow.person_id == person_id).order_by(IdentityRow.created_at)
    return session.scalars(query).all()


def unlink(session: Session, person: PersonRow, identity_id: UUID) -> UpstreamRow | None:
    """Take an identity off an account; return its provider, None when the account has no such identity.

    Raises `OnlyWayIn`. Of two that are taken off at once, one stays if nothing else is left.
    """
    session.execute(select(PersonRow.id).where(PersonRow.id == person.id).with_for_update(key_share=True))
    mine = {row.id: row for row in identities_of(session, person.id)}
    identity = mine.get(identity_id)
    if identity is None:
        return None
    others = [row for row in mine.values() if row is not identity and row.upstream.active]
    if person.password_hash is None and not others and not _has_passkey(session, person.id):
        raise OnlyWayIn("This is the only way into the account: choose a password or add a passkey first.")
    upstream = identity.upstream
    session.delete(identity)
    session.flush()
    audit.record("person.identity_unlink", person.email, about=person.id, provider=upstream.code)
    return upstream


def _identity(session: Session, way: Way, found: Found) -> IdentityRow | None:
    return session.scalar(
        select(IdentityRow).where(IdentityRow.upstream_id == way.id, IdentityRow.subject == found.subject)
    )


def _may_link(session: Session, way: Way, found: Found, person: PersonRow) -> PersonRow:
    """Return a person whose verified address the provider verified too; raises `UpstreamRefused` for any other."""
    _refuse_person(way, person)
    if person.email_verified_at is None:
        raise UpstreamRefused(Reason.UNVERIFIED, "An account here has this address, not verified yet.")
    if session.scalar(
        select(IdentityRow.id).where(IdentityRow.upstream_id == way.id, IdentityRow.person_id == person.id)
    ):
        raise _taken()
    if person.password_hash is None:
        raise UpstreamRefused(Reason.LINK_INSIDE, "The account with this address has no password to ask for.")
    return person


def _refuse_person(way: Way, person: PersonRow) -> None:
    """Refuse a closed account as if it were none, and one that this provider is not for."""
    if not person.active or person.erased_at is not None:
        raise _unknown()
    if way.audience not in (EVERYBODY, person.kind):
        raise UpstreamRefused(Reason.UNWELCOME, "This provider opens accounts of another kind.")


def _refuse_domain(way: Way, found: Found) -> None:
    if not way.domains:
        return
    domain = found.email.rpartition("@")[2] if found.email and found.email_verified else None
    if domain not in way.domains:
        raise UpstreamRefused(Reason.UNWELCOME, "No verified address of a domain that may come from this provider.")


def _refuse_other_number(session: Session, way: Way, found: Found, person: PersonRow) -> None:
    """Refuse to link when both sides know a NIK (of servants a NIP) and it is not the same."""
    if not found.number:
        return
    differs = False
    if way.audience == SERVANT:
        digits = "".join(letter for letter in found.number if letter.isdigit())
        differs = person.nip is not None and person.nip != digits
    elif person.nik_set_at is not None:
        try:
            differs = nik.find(session, found.number) != person.id
        except nik.NikWrong:
            differs = True
    if differs:
        raise UpstreamRefused(Reason.TAKEN, "The identity holds another number than the account.")


def _has_passkey(session: Session, person_id: UUID) -> bool:
    query = select(func.count()).where(PasskeyRow.person_id == person_id, PasskeyRow.suspect_at.is_(None))
    return bool(session.scalar(query))


def _unknown() -> UpstreamRefused:
    return UpstreamRefused(Reason.UNWELCOME, "Nobody here is known by this identity.")


def _taken() -> UpstreamRefused:
    return UpstreamRefused(Reason.TAKEN, "The identity, or the account, is linked already.")
