"""Who asks for a passkey: the host of this request, which the gate knows to be the tenant's."""

from __future__ import annotations

from flask import request

from lumbung.context import current_scope, current_tenant
from lumbung.identity.second_factor.passkeys import Party


def party() -> Party:
    """Return the relying party of this request. A browser names the same origin, or the passkey is refused."""
    scheme = "https" if current_scope().kernel.settings.secure_cookies else request.scheme
    host = request.host
    return Party(id=host.rsplit(":", 1)[0], name=current_tenant().name, origin=f"{scheme}://{host}")
