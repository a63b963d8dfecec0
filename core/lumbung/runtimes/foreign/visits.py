"""Visits: somebody who is signed in at the portal, on the host of an application.

The application's host sends a browser to the portal with the hash of a state that only this browser holds. The
portal sends it back with a ticket, good for a minute, once, for this application and that state. A visit lives as long
as the session that it comes from, and is looked up together with it at each request.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from sqlalchemy import delete, update

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.context import Scope
from lumbung.identity.person import Person
from lumbung.identity.sessions import Lifetime, find_person_of_visit, token_hash
from lumbung.instances.models import AppVisitRow

TICKET_LASTS = timedelta(seconds=60)
STATE = re.compile(r"[A-Za-z0-9_-]{43}")
SHOWN_STATE = re.compile(r"[0-9a-f]{64}")


def new_state() -> str:
    """Return a state for a browser that is about to sign in."""
    return secrets.token_urlsafe(32)


def shown(state: str) -> str:
    """Return what the portal is told of a state."""
    return hashlib.sha256(state.encode()).hexdigest()


def issue(scope: Scope, plugin: str, person: Person, shown_state: str) -> str:
    """Return a ticket for who is signed in here; written down in a transaction of its own, for a page writes nothing.

    ``shown_state`` is what `shown` returned. Tickets of the same session that nobody used are thrown away.
    """
    if person.session_id is None or not SHOWN_STATE.fullmatch(shown_state):
        raise ValueError("a ticket is for a session and a browser's state")
    ticket, moment = secrets.token_urlsafe(32), utc_now()
    with scope.kernel.scope(scope.tenant, person=person, address=scope.address) as aside:
        aside.session.execute(
            delete(AppVisitRow).where(
                AppVisitRow.session_id == person.session_id,
                AppVisitRow.used_at.is_(None),
                AppVisitRow.created_at < moment - TICKET_LASTS,
            )
        )
        aside.session.add(
            AppVisitRow(
                session_id=person.session_id,
                person_id=person.id,
                plugin=plugin,
                ticket_hash=token_hash(ticket),
                state_hash=bytes.fromhex(shown_state),
                created_at=moment,
            )
        )
    return ticket


def redeem(scope: Scope, plugin: str, ticket: str, state: str, lifetime: Lifetime) -> tuple[str, Person] | None:
    """Begin the visit of a ticket: return the token for its cookie and who it is; None when it is not good here.

    Good is a ticket of this tenant and application, for this very browser, younger than a minute and never used.
    """
    token, moment = secrets.token_urlsafe(32), utc_now()
    with scope.kernel.scope(scope.tenant, address=scope.address) as aside:
        begun = aside.session.execute(
            update(AppVisitRow)
            .where(
                AppVisitRow.ticket_hash == token_hash(ticket),
                AppVisitRow.plugin == plugin,
                AppVisitRow.state_hash == token_hash(state),
                AppVisitRow.used_at.is_(None),
                AppVisitRow.created_at > moment - TICKET_LASTS,
            )
            .values(ticket_hash=None, state_hash=None, token_hash=token_hash(token), used_at=moment)
            .returning(AppVisitRow.id)
            .execution_options(synchronize_session=False)
        ).first()
        if begun is None:
            return None
        aside.person = find_person_of_visit(aside.session, token, plugin, scope.kernel.snapshot(), lifetime)
        if aside.person is None:  # signed out between the two
            return None
        aside.plugin = plugin
        audit.record("app.enter", plugin, about=aside.person.id)
        return token, aside.person
