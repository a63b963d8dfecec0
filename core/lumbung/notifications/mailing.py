"""A notification by e-mail: who gets it, in which language, and why at most once."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from sqlalchemy import func, select

from lumbung.addresses import public_address
from lumbung.bilingual import Catalogue
from lumbung.clock import utc_now
from lumbung.context import Scope
from lumbung.identity.models import PersonRow
from lumbung.mail import Letter, Mailer, MailRefused
from lumbung.notifications.models import Notification
from lumbung.tenancy.tenant import Tenant

logger = logging.getLogger(__name__)

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "mail"
STOP_HERE = "/akun/pemberitahuan"

_catalogue = Catalogue("lumbung")
_templates = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
)


def send_by_mail(scope: Scope, notification_id: UUID, mailer: Mailer) -> bool:
    """Send a notification to its person, in their language; False when there is nothing to send.

    Not sent: one that was swept away or sent already, to a closed account, or to somebody who wants no mail. Raises
    `MailDelayed` (the job tries again) or `MailRefused` (it does not).

    Sent at most once, but for one gap: ``mailed_at`` is written in the transaction that ends after the server said
    yes. Should the process die between the two, the job is done again and a second copy goes out. It has the same
    Message-ID, by which many mailboxes know a copy. The other order would lose messages instead. Two workers at the
    same one wait for each other; nobody who reads it meanwhile waits for the mail server.
    """
    session, tenant = scope.session, scope.tenant
    assert tenant is not None  # noqa: S101  (a job about a notification carries its tenant)
    key = int.from_bytes(notification_id.bytes[:8], "big", signed=True)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    told = session.get(Notification, (tenant.id, notification_id))
    person = session.get(PersonRow, (tenant.id, told.person_id)) if told else None
    if told is None or person is None or told.mailed_at or not _may_be_sent(told, person):
        return False
    try:
        mailer.send(_letter(scope, tenant, told, person))
    except MailRefused as refusal:  # its words may name the address, which the log and the faults must not
        sentence = f"The mail server refuses notification {told.id} with {refusal.code}."
        raise MailRefused(sentence, refusal.code) from None
    if mailer.sends:
        told.mailed_at = utc_now()
    return mailer.sends


def _may_be_sent(told: Notification, person: PersonRow) -> bool:
    return person.active and (person.mail or told.must_reach)


def template_of(name: str) -> Template:
    """Return a template of a letter by its name, such as ``visitor.txt``."""
    return _templates.get_template(name)


def language_of(person: PersonRow, tenant: Tenant) -> str:
    """Return the language in which a person is written to: their own if the tenant offers it, else its first."""
    return person.language if person.language in tenant.languages else tenant.languages[0]


def _letter(scope: Scope, tenant: Tenant, told: Notification, person: PersonRow) -> Letter:
    language, settings = language_of(person, tenant), scope.kernel.settings
    facts = {
        "t": lambda text, **values: _catalogue.say(language, text, **values),
        "language": language,
        "tenant": tenant.name,
        "name": person.name,
        "title": told.title_in(language),
        "text": told.text_in(language),
        "link": public_address(settings, tenant, told.url),
        "stop": public_address(settings, tenant, STOP_HERE),
    }
    return Letter(
        to=person.email,
        to_name=person.name,
        from_name=tenant.name,
        subject=told.title_in(language),
        text=_templates.get_template("notification.txt").render(facts),
        html=_templates.get_template("notification.html").render(facts),
        key=str(told.id),
        at=told.at.astimezone(tenant.now().tzinfo),
        language=language,
    )
