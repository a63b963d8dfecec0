"""How often something may be asked for, counted in PostgreSQL so that every worker counts together."""

from __future__ import annotations

import hashlib
from math import ceil

from sqlalchemy import text

from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.web.errors import TooMany
from lumbung.web.i18n import core_domain

_COUNT = text(
    """
    INSERT INTO lumbung_rate (tenant_id, key, window_start, count)
    VALUES (:tenant, :key, :start, 1)
    ON CONFLICT (tenant_id, key) DO UPDATE SET
        count = CASE WHEN lumbung_rate.window_start = excluded.window_start THEN lumbung_rate.count + 1 ELSE 1 END,
        window_start = excluded.window_start
    RETURNING count
    """
)


def rate_limit(key: str, *, times: int, seconds: int) -> None:
    """Count one more use of ``key`` for the current tenant.

    Raises `TooMany` (a page with 429 that says when to try again) past ``times`` uses within a window of
    ``seconds``. The count is kept in a transaction of its own: a refused request counts too. ``key`` is hashed before
    it is kept.
    """
    scope = current_scope()
    now = int(utc_now().timestamp())
    with scope.database.new_session(current_tenant().id) as aside, aside.begin():
        count = aside.execute(
            _COUNT,
            {
                "tenant": current_tenant().id,
                "key": hashlib.sha256(key.encode("utf-8", "replace")).digest(),
                "start": now - now % seconds,
            },
        ).scalar_one()
    if count > times:
        raise TooMany(_words(wait := seconds - now % seconds), wait)


def _words(wait: int) -> str:
    minutes = ceil(wait / 60)
    said: str = core_domain.ngettext(
        "Terlalu sering dalam waktu singkat. Coba lagi dalam %(num)s menit.",
        "Terlalu sering dalam waktu singkat. Coba lagi dalam %(num)s menit.",
        minutes,
    )
    return said
