"""Finding a number without keeping it: a keyed hash, another for each tenant. In the SDK as ``blind_index``."""

from __future__ import annotations

import hashlib
import hmac

from lumbung.context import current_scope, current_tenant


def blind_index(text: str) -> bytes:
    """Return a keyed hash (HMAC-SHA256) of an identity number, to find it by without keeping it.

    The key is the site's own; the same number gives another hash for another tenant.
    """
    key = current_scope().kernel.settings.index_key()
    return hmac.digest(key, f"{current_tenant().id}:{text}".encode(), hashlib.sha256)
