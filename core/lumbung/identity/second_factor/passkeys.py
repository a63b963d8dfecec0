"""Passkeys (WebAuthn Level 3): registering one, and what one has to sign to prove who is there.

A challenge lives in a table, not in the signed cookie, which could be played again: one purpose, one try, five
minutes. The relying party is the host that was asked, which the gate knows to be the tenant's.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import webauthn
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from lumbung.clock import utc_now
from lumbung.identity.attempts import aside
from lumbung.identity.models import PersonRow
from lumbung.identity.second_factor.models import PasskeyChallenge, PasskeyRow

CHALLENGE_LASTS = timedelta(minutes=5)
LONGEST = 20_000  # letters of what a browser sends
MOST = 20  # passkeys of one person
_TRANSPORTS = frozenset(("ble", "hybrid", "internal", "nfc", "smart-card", "usb"))

Purpose = Literal["register", "sign in", "second factor"]


@dataclass(frozen=True)
class Party:
    """Who asks (the relying party): ``id`` is the host without port, ``origin`` the whole address of its root."""

    id: str
    name: str
    origin: str


@dataclass(frozen=True)
class Shown:
    """A passkey that proved itself. ``verified``: the device also made sure of its owner, by finger, face or PIN."""

    row: PasskeyRow
    verified: bool


class PasskeyRefused(Exception):
    """What the browser sent proves nothing: wrong challenge, origin or signature, or a key that nobody here has."""


class PasskeyCopied(PasskeyRefused):
    """The counter of the passkey went backwards: a copy of it may exist."""


def registration_options(session: Session, person: PersonRow, party: Party) -> str:
    """Return, as JSON, what a browser needs to make a passkey for this person."""
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=person.id.bytes,
        user_name=person.email,
        user_display_name=person.name,
        challenge=_issue(session, "register", person.id),
        exclude_credentials=_descriptors(of_person(session, person.id)),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json(options)


def register(session: Session, person: PersonRow, party: Party, credential: str, name: str) -> PasskeyRow:
    """Keep the passkey that a browser made; raises `PasskeyRefused`."""
    sent = _parsed(credential)
    challenge = _challenge_of(sent)
    _take(session, challenge, "register", person.id)
    if len(of_person(session, person.id)) >= MOST:
        raise PasskeyRefused
    try:
        made = webauthn.verify_registration_response(
            credential=sent, expected_challenge=challenge, expected_rp_id=party.id, expected_origin=party.origin
        )
    except Exception as error:  # the library lets more through than its own errors, for what is no CBOR or no UTF-8
        raise PasskeyRefused from error
    transports = sent["response"].get("transports")
    row = PasskeyRow(
        person_id=person.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        transports=[one for one in transports if one in _TRANSPORTS] if _is_texts(transports) else [],
        created_at=utc_now(),
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # this very passkey is known already
        raise PasskeyRefused from None
    return row


def sign_in_options(session: Session, party: Party, person_id: UUID | None = None) -> str:
    """Return, as JSON, what a browser needs to show a passkey: any (to sign in), or one of ``person_id``."""
    known = of_person(session, person_id) if person_id else []
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=_issue(session, "second factor" if person_id else "sign in", person_id),
        allow_credentials=_descriptors(known) or None,
        user_verification=UserVerificationRequirement.PREFERRED if person_id else UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def show(session: Session, party: Party, credential: str, person_id: UUID | None = None) -> Shown:
    """Check what a passkey signed and return it; raises `PasskeyRefused` or `PasskeyCopied`.

    Without ``person_id`` it signs somebody in all by itself: then the device must have made sure of its owner.
    """
    sent = _parsed(credential)
    challenge = _challenge_of(sent)
    _take(session, challenge, "second factor" if person_id else "sign in", person_id)
    row = _find(session, sent)
    if row is None or row.suspect_at is not None or (person_id is not None and row.person_id != person_id):
        raise PasskeyRefused
    handle = sent["response"].get("userHandle")
    if handle and _bytes(handle) != row.person_id.bytes:
        raise PasskeyRefused
    try:
        seen = webauthn.verify_authentication_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=0,  # compared below, where a copy is told from a mistake
            require_user_verification=person_id is None,
        )
    except Exception as error:  # see register()
        raise PasskeyRefused from error
    if not _count(session, row, seen.new_sign_count):
        with aside(session) as own:
            own.execute(update(PasskeyRow).where(PasskeyRow.id == row.id).values(suspect_at=utc_now()))
        raise PasskeyCopied
    return Shown(row, seen.user_verified)


def of_person(session: Session, person_id: UUID) -> Sequence[PasskeyRow]:
    """Return the passkeys of a person, the first one first."""
    return session.scalars(
        select(PasskeyRow).where(PasskeyRow.person_id == person_id).order_by(PasskeyRow.created_at)
    ).all()


def find(session: Session, person_id: UUID, passkey_id: UUID) -> PasskeyRow | None:
    """Return one passkey of a person."""
    return session.scalar(select(PasskeyRow).where(PasskeyRow.person_id == person_id, PasskeyRow.id == passkey_id))


def sweep(session: Session) -> int:
    """Delete challenges that nobody can answer any more; return how many. Run nightly."""
    old = delete(PasskeyChallenge).where(PasskeyChallenge.created_at < utc_now() - CHALLENGE_LASTS)
    return len(session.execute(old.returning(PasskeyChallenge.id)).all())


def _issue(session: Session, purpose: Purpose, person_id: UUID | None) -> bytes:
    challenge = secrets.token_bytes(32)
    session.add(
        PasskeyChallenge(
            person_id=person_id,
            challenge_hash=hashlib.sha256(challenge).digest(),
            purpose=purpose,
            created_at=utc_now(),
        )
    )
    session.flush()
    return challenge


def _take(session: Session, challenge: bytes, purpose: Purpose, person_id: UUID | None) -> None:
    """Use a challenge up, in a transaction of its own: it is spent also when what was signed is wrong."""
    with aside(session) as own:
        taken = own.execute(
            update(PasskeyChallenge)
            .where(
                PasskeyChallenge.challenge_hash == hashlib.sha256(challenge).digest(),
                PasskeyChallenge.purpose == purpose,
                PasskeyChallenge.person_id == person_id if person_id else PasskeyChallenge.person_id.is_(None),
                PasskeyChallenge.used_at.is_(None),
                PasskeyChallenge.created_at > utc_now() - CHALLENGE_LASTS,
            )
            .values(used_at=utc_now())
            .returning(PasskeyChallenge.id)
        ).first()
    if taken is None:
        raise PasskeyRefused


def _count(session: Session, row: PasskeyRow, count: int) -> bool:
    """Note the counter of a passkey; False when it did not grow. Those that do not count always say 0."""
    grew = PasskeyRow.sign_count == 0 if count == 0 else PasskeyRow.sign_count < count
    noted = session.execute(
        update(PasskeyRow)
        .where(PasskeyRow.id == row.id, grew)
        .values(sign_count=count, used_at=utc_now())
        .returning(PasskeyRow.id)
        .execution_options(synchronize_session=False)
    )
    return noted.first() is not None


def _find(session: Session, sent: dict[str, Any]) -> PasskeyRow | None:
    return session.scalar(select(PasskeyRow).where(PasskeyRow.credential_id == _bytes(sent.get("id"))))


def _parsed(credential: str) -> dict[str, Any]:
    """Return what a browser sent, an object with an object ``response`` in it at least."""
    try:
        sent = json.loads(credential) if len(credential) <= LONGEST else None
    except (ValueError, RecursionError):
        raise PasskeyRefused from None
    if not isinstance(sent, dict) or not isinstance(sent.get("response"), dict):
        raise PasskeyRefused
    return sent


def _challenge_of(sent: dict[str, Any]) -> bytes:
    """Return the challenge that the browser says was signed; the library compares it with what was signed indeed."""
    try:
        said = json.loads(_bytes(sent["response"].get("clientDataJSON")))
        return _bytes(said.get("challenge"))
    except (ValueError, AttributeError, RecursionError):
        raise PasskeyRefused from None


def _bytes(text: object) -> bytes:
    try:
        return base64url_to_bytes(text) if isinstance(text, str) else b""
    except ValueError:
        raise PasskeyRefused from None


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _descriptors(rows: Sequence[PasskeyRow]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=row.credential_id) for row in rows]
