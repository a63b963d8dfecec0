"""A citizen makes an account where mail is sent: asked for on a page, made only by whoever can read the mailbox.

So nobody learns from the page whether an address has an account, and nobody makes one in another's name. What was
typed waits in the letter until then. OWASP ASVS 4.0.3, 2.1 and 3.2; UU 27/2022 article 39 (guard against misuse).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.identity import letters, people
from lumbung.identity.models import PersonRow
from lumbung.identity.passwords import hash_password, matches
from lumbung.identity.post_models import SecretLetter


class OtherPassword(LumbungError):
    """Not the password that was chosen at registration: whoever opens the link may not be who asked for it."""

    def __init__(self) -> None:
        super().__init__("This is not the password that was chosen at registration.")


def ask(
    session: Session,
    *,
    email: str,
    name: str,
    password: str,
    phone: str | None,
    language: str,
    target: str,
    consent: int | None = None,
) -> SecretLetter:
    """Note a wish for an account and return the letter to post; the same work is done for an address that is known.

    ``consent`` is the version of the text that was agreed to. Raises `people.PasswordTooWeak` or `LumbungError` (no
    name, no address), which say nothing about accounts.
    """
    email, name = people.normal_email(email), people.normal_name(name)
    people.check_password(password, email)
    hashed = hash_password(password)
    known = session.scalar(select(PersonRow).where(PersonRow.email == email))
    if known is not None:
        return letters.write(session, letters.KNOWN, email=email, language=language, person=known)
    detail = {"name": name, "phone": phone or None, "password": hashed, "next": target, "consent": consent}
    return letters.write(session, letters.REGISTRATION, email=email, language=language, detail=detail)


def complete(session: Session, token: str, password: str) -> tuple[PersonRow, str]:
    """Make the account of a registration; return the person and the path to go on to.

    ``password`` is asked again: a stranger who registered somebody else's address does not thereby choose the
    password of their account. Raises `letters.LetterDead`, `OtherPassword` or `people.EmailTaken`.
    """
    letter = letters.redeem(session, letters.REGISTRATION, token)
    if not matches(letter.detail["password"], password):
        raise OtherPassword
    person = people.add_person(
        session,
        email=letter.email,
        name=letter.detail["name"],
        password=password,
        phone=letter.detail["phone"],
    )
    person.email_verified_at = utc_now()
    person.language = letter.language
    target, letter.detail, letter.person_id = str(letter.detail["next"]), {}, person.id
    session.flush()
    audit.record("person.verify", person.email, about=person.id, what="email")
    return person, target
