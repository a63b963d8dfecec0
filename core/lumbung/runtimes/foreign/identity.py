"""The signed header: a token of one minute that tells an application who asks, as ``sign_in.way = "header"`` wants it.

Signed with the key that signs the tenant's ID tokens, whose public part is at ``/openid/jwks``. Good for this one
application: ``aud`` is its address.
"""

from __future__ import annotations

import re
import time
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from lumbung.addresses import app_address, public_address
from lumbung.context import Scope
from lumbung.identity.person import Person
from lumbung.openid import keys
from lumbung.openid.claims import subject_in
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LASTS = 60  # seconds
KEPT = 20.0  # seconds for which the same token is sent again
KEY_KEPT = 30.0
MOST = 5000  # tokens kept in one process

# By these a client could say who it is, or that another path was meant than the one that was judged. WSGI has low
# lines where there were hyphens, and PHP makes one of a dot.
_FORGED = re.compile(
    r"HTTP_(X_LUMBUNG_.*|(X_)?REMOTE_(USER|NAME|EMAIL|GROUPS).*|X_FORWARDED_(USER|EMAIL|GROUPS|PREFERRED_USERNAME)"
    r"|X_AUTH_REQUEST_.*|X_AUTHENTICATED_.*|X_WEBAUTH_.*|X_ORIGINAL_(URL|URI)|X_REWRITE_URL|PROXY|X_CLIENT_CERT.*"
    r"|X_SSL_CLIENT_.*|SSL_CLIENT_.*)"
)


def take_out_forged(environ: WSGIEnvironment, header: str) -> None:
    """Take out of a request every header by which a client says who it is, however it is spelled."""
    own = f"HTTP_{_plain(header)}"
    for name in [name for name in environ if name.startswith("HTTP_")]:
        plain = _plain(name)
        if plain == own or _FORGED.fullmatch(plain):
            del environ[name]


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def roles_of(manifest: Manifest, person: Person) -> list[str]:
    """Return the roles there of somebody, the most powerful first."""
    return [role for role, permission in manifest.sign_in.roles.items() if person.can(permission)]


class Signer:
    """Makes tokens and keeps them for a moment: a page asks for thirty files. One per process."""

    def __init__(self) -> None:
        self._keys: dict[int, tuple[float, str, RSAKey]] = {}
        self._tokens: dict[Hashable, tuple[float, str]] = {}

    def token(self, scope: Scope, plugin: InstalledPlugin, person: Person) -> str | None:
        """Return the token for somebody, None for a tenant without a host name, which has no issuer."""
        tenant = scope.tenant
        roles = roles_of(plugin.manifest, person)
        key = (plugin.name, plugin.version, person.session_id, person.name, person.email, tuple(roles))
        until, token = self._tokens.get(key, (0.0, ""))
        if time.monotonic() < until:
            return token
        issuer = public_address(scope.kernel.settings, tenant, "") if tenant is not None else None
        if tenant is None or issuer is None:
            return None
        moment = int(time.time())
        told: dict[str, Any] = {
            "iss": issuer,
            "aud": app_address(scope.kernel.settings, tenant, plugin.name),
            "sub": subject_in(f"plugin:{plugin.name}", person.id),
            "iat": moment,
            "exp": moment + LASTS,
            "name": person.name,
            "email": person.email,
            "tenant": tenant.slug,
            "roles": roles,
        }
        kid, signing = self._key(scope, tenant.id)
        token = str(jwt.encode({"alg": keys.ALGORITHM, "kid": kid}, told, signing, [keys.ALGORITHM]))
        if len(self._tokens) >= MOST:
            self._tokens.clear()
        self._tokens[key] = (time.monotonic() + KEPT, token)
        return token

    def _key(self, scope: Scope, tenant_id: int) -> tuple[str, RSAKey]:
        known = self._keys.get(tenant_id)
        if known is None or time.monotonic() >= known[0]:
            known = self._keys[tenant_id] = (time.monotonic() + KEY_KEPT, *keys.signing_key(scope.session))
        return known[1], known[2]
