"""Which value of an instance a variable of the environment stands for, by the names that applications use."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = (
    (r"(DB|DATABASE|MYSQL|POSTGRES|PG)_?HOST(NAME)?|MYSQL_SERVER", "database.host"),
    (r"(DB|DATABASE|MYSQL|POSTGRES|PG)_?(USER|USERNAME)", "database.user"),
    (r"(DB|DATABASE|MYSQL|POSTGRES|PG)_?(PASS|PASSWD|PASSWORD)", "database.password"),
    (r"(DB|DATABASE|MYSQL|POSTGRES|PG)_?(NAME|DATABASE|DB)|DB", "database.name"),
    (r"DATABASE_URL|DATABASE_URI|DB_URL|SQLALCHEMY_DATABASE_URI", "database.url"),
    (r"SECRET_KEY|APP_SECRET|FLASK_SECRET_KEY|DJANGO_SECRET_KEY|SESSION_SECRET", "secret"),
    (r"BASE_URL|APP_URL|SITE_URL|PUBLIC_URL", "address"),
    (r"TZ|TIME_ZONE|TIMEZONE|APP_TIMEZONE", "tenant.time_zone"),
    (r"PORT|APP_PORT", "port"),
    (r"HOST|APP_HOST|BIND_ADDRESS", "host"),
    (r"(OIDC|OPENID|OAUTH)_?(RP_)?CLIENT_ID", "openid.client_id"),
    (r"(OIDC|OPENID|OAUTH)_?(RP_)?CLIENT_SECRET", "openid.client_secret"),
    (r"(OIDC|OPENID)_?ISSUER(_URL)?", "openid.issuer"),
)
_ENDPOINTS = (
    (r"OIDC_OP_AUTHORIZATION_ENDPOINT", "/openid/authorize"),
    (r"OIDC_OP_TOKEN_ENDPOINT", "/openid/token"),
    (r"OIDC_OP_USER_ENDPOINT", "/openid/userinfo"),
    (r"OIDC_OP_JWKS_ENDPOINT", "/openid/jwks"),
)


def values_for(names: Iterable[str], *, database: bool, openid: bool) -> dict[str, str]:
    """Return what each of these variables is set to, those that are understood; the others keep their defaults."""
    found = {}
    for name in sorted(names):
        value = next((one for pattern, one in _NAMES if re.fullmatch(pattern, name, re.I)), "")
        if (value.startswith("database.") and not database) or (value.startswith("openid.") and not openid):
            continue
        end = next((path for pattern, path in _ENDPOINTS if openid and re.fullmatch(pattern, name)), "")
        if end:
            found[name] = "{{ openid.issuer }}" + end
        elif value and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,80}", name):
            found[name] = f"{{{{ {value} }}}}"
    return found
