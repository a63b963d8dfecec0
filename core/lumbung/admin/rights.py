"""Who is at the desk, and the check of a view that more than one permission opens."""

from __future__ import annotations

from flask import abort

from lumbung.web.access import me

PLUGINS = ("core.plugins", "platform.plugins")
DATA_OF_PLUGINS = ("core.privacy", "platform.plugins")  # what an application that is off has kept of people
DESK = (
    "core.plugins",
    "core.people",
    "core.units",
    "core.tenant",
    "core.audit",
    "core.announce",
    "core.privacy",
    "platform.plugins",
    "platform.tenants",
)


def need_one_of(*permissions: str) -> None:
    """Answer 403 unless the person holds one of these permissions."""
    if not any(me().can(permission) for permission in permissions):
        abort(403)


def acting_as() -> str:
    """Return how the person is named where only a text is kept: the registry, another tenant's trail."""
    person = me()
    return f"{person.name} <{person.email}>"[:160]
