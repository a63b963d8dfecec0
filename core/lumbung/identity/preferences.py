"""What people may settle about themselves without a password: phone, language, and whether mail comes to them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.identity.models import PersonRow


def set_contact(session: Session, row: PersonRow, *, phone: str | None, language: str) -> None:
    """Keep a person's phone number and the language of messages to them."""
    if row.phone != (phone or None):
        row.phone_verified_at = None
    row.phone, row.language = phone or None, language
    session.flush()
    audit.record("person.change", row.email, about=row.id)


def choose_language(session: Session, person_id: UUID, language: str) -> None:
    """Remember the language somebody switched to, for the next time and for messages to them."""
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(language=language))


def want_mail(session: Session, row: PersonRow, *, wanted: bool) -> None:
    """Switch e-mail to a person on or off. What they are told waits in the portal in either case."""
    row.mail = wanted
    session.flush()
    audit.record("person.change", row.email, about=row.id, mail=wanted)
