"""E-mail to somebody who has no account: what a service tells about the matter they left their address for.

Address, name and path are kept encrypted: the path may hold the secret of a personal page. The queue learns the id of
a letter and no more (`docs/decisions/0017-letters-with-a-secret-link.md`).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lumbung.addresses import public_address
from lumbung.bilingual import Bilingual, Catalogue
from lumbung.clock import utc_now
from lumbung.context import Scope, current_scope
from lumbung.identity.blind_index import blind_index
from lumbung.jobs import defer_visitor_letter
from lumbung.mail import Letter, Mailer, MailRefused
from lumbung.notifications.mailing import template_of
from lumbung.notifications.models import VisitorLetter
from lumbung.notifications.secret_letters import site_sends_mail
from lumbung.notifications.services import refuse_unusable
from lumbung.tenancy.tenant import Tenant

A_DAY = timedelta(days=1)
MOST_A_DAY = 20  # letters to one address, whatever sends them
KEEP = timedelta(days=30)
LONGEST_NAME = 160

_catalogue = Catalogue("lumbung")
both = _catalogue.both


def post_letter(to: str, title: Bilingual, text: Bilingual, path: str, *, language: str = "id", name: str = "") -> bool:
    """Write to an address that is nobody's account, in the caller's own transaction.

    False, and nothing done, when this site has no mail server or the address was written to twenty times since
    yesterday. Raises `ValueError` for what is no address, an empty or endless text, or a path that leads elsewhere.
    """
    refuse_unusable(title, text, path)
    address = _address(to)
    scope, moment = current_scope(), utc_now()
    if not site_sends_mail():
        return False
    index = index_of(address)
    recent = select(func.count()).where(VisitorLetter.email_hash == index, VisitorLetter.at > moment - A_DAY)
    if (scope.session.scalar(recent) or 0) >= MOST_A_DAY:
        return False
    letter = VisitorLetter(
        plugin=scope.plugin,
        email=address,
        email_hash=index,
        name=" ".join(name.split())[:LONGEST_NAME],
        path=path,
        language=language,
        title=asdict(title),
        text=asdict(text),
        at=moment,
    )
    scope.session.add(letter)
    scope.session.flush()
    defer_visitor_letter(scope, letter.id)
    return True


def send_visitor_letter(scope: Scope, letter_id: UUID, mailer: Mailer) -> bool:
    """Send a letter; False when there is nothing to send: it was swept away, or sent already.

    Raises `MailDelayed` (the job tries again) or `MailRefused` (it does not).
    """
    tenant = scope.tenant
    assert tenant is not None  # noqa: S101  (a job about a letter carries its tenant)
    letter = scope.session.scalar(select(VisitorLetter).where(VisitorLetter.id == letter_id).with_for_update())
    if letter is None or letter.sent_at is not None:
        return False
    try:
        mailer.send(_composed(tenant, letter))
    except MailRefused as refusal:  # its words may name the address, which the log and the faults must not
        sentence = f"The mail server refuses visitor letter {letter.id} with {refusal.code}."
        raise MailRefused(sentence, refusal.code) from None
    if mailer.sends:
        letter.sent_at = utc_now()
    return mailer.sends


def index_of(address: str) -> bytes:
    """Return what letters to an address are found by."""
    return blind_index(f"email:{address.strip().casefold()}")


def sweep(session: Session) -> int:
    """Delete letters a month after they were written; return how many. Run nightly."""
    old = delete(VisitorLetter).where(VisitorLetter.at < utc_now() - KEEP)
    return len(session.execute(old.returning(VisitorLetter.id)).all())


def _address(to: str) -> str:
    try:
        return validate_email(to.strip(), check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError:
        raise ValueError("A letter goes to one e-mail address; what was given is none.") from None


def _composed(tenant: Tenant, letter: VisitorLetter) -> Letter:
    language = letter.language if letter.language in tenant.languages else tenant.languages[0]
    subject = Bilingual(**letter.title)(language)
    facts = {
        "t": lambda msgid, **values: _catalogue.say(language, msgid, **values),
        "language": language,
        "tenant": tenant.name,
        "name": letter.name,
        "title": subject,
        "text": Bilingual(**letter.text)(language),
        "act": both("Buka halamannya")(language),
        "link": public_address(current_scope().kernel.settings, tenant, letter.path),
        "ignore": both("Bukan Anda yang meninggalkan alamat surel ini? Abaikan surel ini.")(language),
    }
    return Letter(
        to=letter.email,
        to_name=letter.name,
        from_name=tenant.name,
        subject=subject,
        text=template_of("visitor.txt").render(facts),
        html=template_of("visitor.html").render(facts),
        key=str(letter.id),
        at=letter.at.astimezone(tenant.now().tzinfo),
        language=language,
    )
