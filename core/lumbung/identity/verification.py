"""Whether an e-mail address or phone number is truly a person's: by a link, or by an officer who saw it.

The site has no gateway for text messages, so a number is verified at a desk only.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.identity import letters, people
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import SecretLetter

Reach = Literal["email", "phone"]


def ask(session: Session, person: PersonRow, *, language: str, email: str | None = None) -> SecretLetter:
    """Return the letter that verifies a person's address, or the new one ``email``; the latter waits until then."""
    return letters.write(session, letters.VERIFICATION, email=email or person.email, language=language, person=person)


def confirm(session: Session, token: str) -> tuple[PersonRow, str | None]:
    """Take an address as verified; return the person and, where it is another now, the old one.

    Raises `letters.LetterDead`, or `people.EmailTaken` when another account took the new address meanwhile.
    """
    letter = letters.redeem(session, letters.VERIFICATION, token)
    person = letter.person
    if person is None:
        raise letters.LetterDead
    before = person.email
    try:
        with session.begin_nested():
            person.email, person.email_verified_at = letter.email, utc_now()
    except IntegrityError:
        raise people.EmailTaken("%(email)s already has an account here.", email=letter.email) from None
    if before != person.email:
        letters.void(session, letters.FORGOTTEN, person_id=person.id)
        audit.record("person.change", person.email, about=person.id)
    audit.record("person.verify", person.email, about=person.id, what="email")
    return person, before if before != person.email else None


def seen(session: Session, person: PersonRow, what: Reach) -> None:
    """An officer saw for themself that the address or number is this person's. Raises `LumbungError` without one."""
    if what == "phone" and not person.phone:
        raise LumbungError("This person has no phone number.")
    if what == "phone":
        person.phone_verified_at = utc_now()
    else:
        person.email_verified_at = utc_now()
    session.flush()
    audit.record("person.verify", person.email, about=person.id, what=what, in_person=True)
