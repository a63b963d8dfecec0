"""What an application learns of a person: nothing that it did not ask for, and never the NIK.

``sub`` is pairwise (OpenID Connect Core 1.0, section 8.1): each client knows people by names of its own, so that two
applications cannot put together what they know of somebody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung.context import current_scope, current_tenant
from lumbung.identity import roles
from lumbung.identity.models import Grant, PersonRow
from lumbung.openid.clients import Client
from lumbung.openid.models import ClientRow

CLAIMS = (
    "sub",
    "name",
    "locale",
    "zoneinfo",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "roles",
    "permissions",
)


def subject_of(client: ClientRow, person_id: UUID) -> str:
    """Return the name by which a client knows a person; the same for as long as both are here.

    It cannot be turned back into the person's id, and stays when a plugin's client is removed and made again.
    """
    return subject_in(client.sector, person_id)


def subject_in(sector: str, person_id: UUID) -> str:
    """Return the name by which all clients of a sector know a person: ``plugin:antrian`` is what a plugin is in."""
    told = f"openid.sub:{current_tenant().id}:{sector}:{person_id}".encode()
    made = hmac.digest(current_scope().kernel.settings.index_key(), told, hashlib.sha256)
    return base64.urlsafe_b64encode(made[:24]).decode()


def claims_of(session: Session, client: Client, person: PersonRow, scopes: Collection[str]) -> dict[str, Any]:
    """Return what ``scopes`` let this client know of a person."""
    told: dict[str, Any] = {"sub": subject_of(client.row, person.id)}
    if "profile" in scopes:
        tenant = current_tenant()
        told |= {"name": person.name, "locale": person.language or tenant.languages[0], "zoneinfo": tenant.time_zone}
    if "email" in scopes:
        told |= {"email": person.email, "email_verified": person.email_verified_at is not None}
    if "phone" in scopes and person.phone:
        told |= {"phone_number": person.phone, "phone_number_verified": person.phone_verified_at is not None}
    if "roles" in scopes and client.row.plugin:
        told |= rights_in(session, client.row.plugin, person.id)
    return told


def rights_in(session: Session, plugin: str, person_id: UUID) -> dict[str, list[str]]:
    """Return the roles of one plugin that a person holds somewhere now, and what they may do in it.

    Without the plugin's name in front. An administrator, and who holds a role that the tenant composed, has no role of
    the plugin but has its permissions.
    """
    prefix = f"{plugin}."
    held = set(session.scalars(select(Grant.role).where(Grant.person_id == person_id, Grant.live())))
    allowed = roles.allowed_here()
    permissions = {one for role in held for one in allowed.get(role, ())}
    return {
        "roles": sorted(one.removeprefix(prefix) for one in held if one.startswith(prefix)),
        "permissions": sorted(one.removeprefix(prefix) for one in permissions if one.startswith(prefix)),
    }
