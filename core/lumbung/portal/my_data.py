"""All that the core keeps of one person, in a form that a program can read. Plugins keep their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from lumbung.context import current_scope, current_tenant
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.notifications.services import list_query


def everything_kept_of(me: PersonRow) -> dict[str, Any]:
    """Return a person's account, roles, sessions and notifications as plain JSON data. No password is in it."""
    session = current_scope().session
    opened = select(SessionRow).where(SessionRow.person_id == me.id).order_by(SessionRow.created_at)
    return {
        "tenant": current_tenant().name,
        "account": {
            "name": me.name,
            "email": me.email,
            "phone": me.phone,
            "language": me.language,
            "mail": me.mail,
            "operator": me.operator,
            "created_at": _at(me.created_at),
        },
        "roles": [{"role": grant.role, "unit": grant.unit.name if grant.unit else None} for grant in me.grants],
        "sessions": [
            {
                "created_at": _at(row.created_at),
                "seen_at": _at(row.seen_at),
                "revoked_at": _at(row.revoked_at),
                "address": row.address,
                "agent": row.agent,
            }
            for row in session.scalars(opened)
        ],
        "notifications": [
            {
                "at": _at(told.at),
                "title": told.title,
                "text": told.text,
                "url": told.url,
                "read_at": _at(told.read_at),
                "mailed_at": _at(told.mailed_at),
            }
            for told in session.scalars(list_query(me.id))
        ],
    }


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(current_tenant().now().tzinfo).isoformat() if moment else None
