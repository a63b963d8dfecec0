"""A forgotten password: a link to whoever reads the mailbox of the account. Unknown addresses take the same work."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.identity import devices, letters, people, sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.passwords import hash_password
from lumbung.identity.post_models import SecretLetter


def ask(session: Session, email: str, *, language: str) -> SecretLetter:
    """Return the letter to post: with a link for an open account, else one that says there is none.

    Raises `people.EmailUnsound` for what is no address.
    """
    email = people.normal_email(email)
    person = session.scalar(select(PersonRow).where(PersonRow.email == email, PersonRow.active))
    purpose = letters.UNKNOWN if person is None else letters.FORGOTTEN
    return letters.write(session, purpose, email=email, language=language, person=person)


def choose(session: Session, token: str, password: str) -> PersonRow:
    """Give the account behind a link a new password and end all its sessions; a second factor stays what it is.

    The letter is used up only when the password is accepted. Raises `letters.LetterDead` or `people.PasswordTooWeak`.
    """
    letter = letters.find(session, letters.FORGOTTEN, token)
    people.check_password(password, letter.email)
    letter = letters.redeem(session, letters.FORGOTTEN, token)
    person = letter.person
    if person is None or person.email != letter.email:
        raise letters.LetterDead
    person.password_hash = hash_password(password)
    person.email_verified_at = person.email_verified_at or utc_now()
    sessions.revoke_all(session, person.id)
    devices.forget_all(session, person.id)
    session.flush()
    audit.record("person.password_forgotten", person.email, about=person.id)
    return person
