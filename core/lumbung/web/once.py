"""A form counts once. A second press, or a browser that sends again, is led to where the first one went.

Each form that `lumbung/ui.html` writes carries a random token. The first request with it puts a row into
``lumbung_form_sent``, in the transaction of the act itself: kept when the act is kept, undone when it is refused, so
that a form with mistakes may be sent again. A twin that comes at the same moment waits at the database for the first.
What was typed, files too, is part of the key: a page that comes back from the history and is changed is a new form.
"""

from __future__ import annotations

import hashlib
import secrets

from flask import Response, g, redirect, request
from markupsafe import Markup
from sqlalchemy import text
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response as BaseResponse

from lumbung.context import current_scope, current_tenant
from lumbung.web.i18n import core_domain

FIELD = "lb_once"
CSRF_FIELD = "csrf_token"

_CLAIM = text(
    "INSERT INTO lumbung_form_sent (tenant_id, key) VALUES (:tenant, :key) ON CONFLICT DO NOTHING RETURNING true"
)
_WHERE_IT_LED = text("SELECT location FROM lumbung_form_sent WHERE key = :key")
_NOTE = text(
    """
    INSERT INTO lumbung_form_sent (tenant_id, key, location) VALUES (:tenant, :key, :location)
    ON CONFLICT (tenant_id, key) DO UPDATE SET location = excluded.location
    """
)


def once_field() -> Markup:
    """Return the hidden field for a form written by hand; `ui.form` and `ui.post_button` have it already."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, secrets.token_urlsafe(16))


def claim() -> BaseResponse | None:
    """Claim this request's form for the current transaction.

    None when it is the first of its kind or carries no token. Otherwise where the first one led; raises `Conflict`
    (409) when that led nowhere in particular.
    """
    key = g.form_key = _key()
    if key is None:
        return None
    session, values = current_scope().session, {"tenant": current_tenant().id, "key": key}
    if session.execute(_CLAIM, values).first():
        return None
    location = session.execute(_WHERE_IT_LED, values).scalar()
    if location:
        return redirect(location, 303)
    raise Conflict(core_domain.gettext("Formulir ini sudah kami terima. Tidak ada yang tersimpan dua kali."))


def note_where_it_led(answer: Response) -> None:
    """Keep where a form's answer leads, just before the act is committed."""
    key = g.get("form_key")
    if key is not None:
        values = {"tenant": current_tenant().id, "key": key, "location": answer.headers.get("Location")}
        current_scope().session.execute(_NOTE, values)


def _key() -> bytes | None:
    """Return the hash of token, sender, address and contents; None for a request without a token."""
    token = request.form.get(FIELD) if request.method == "POST" else None
    if not token or current_scope().tenant is None:
        return None
    person = current_scope().person
    digest = hashlib.sha256()
    parts = [token, str(person.id if person else ""), request.script_root + request.full_path]
    parts += [f"{name}={value}" for name, value in request.form.items(multi=True) if name not in (FIELD, CSRF_FIELD)]
    for name, file in request.files.items(multi=True):
        parts.append(f"{name}={file.filename}={hashlib.file_digest(file.stream, 'sha256').hexdigest()}")  # type: ignore[arg-type]
        file.stream.seek(0)
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.digest()
