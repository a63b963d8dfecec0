"""A person's own data: seen and taken away as a file (UU 27/2022, articles 7 and 13). Plugins tell what they hold."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template

from lumbung import audit
from lumbung.context import current_scope, current_tenant
from lumbung.documents.pdf import PDF
from lumbung.identity.models import PersonRow
from lumbung.privacy import consents, letters
from lumbung.privacy.subject import Kept, as_json, everything, subject_of
from lumbung.web.access import me, signed_in
from lumbung.web.action_titles import reading_title
from lumbung.web.downloads import download
from lumbung.web.i18n import language
from lumbung.web.limits import rate_limit

blueprint = Blueprint("my_data", __name__, url_prefix="/akun")


@blueprint.get("/data")
@signed_in
def overview() -> str:
    """Show all that is held of oneself, by application, with purpose, legal basis and time of keeping."""
    row = account()
    return render_template(
        "portal/data/overview.html",
        kept=_kept(row),
        shown=lambda value: letters.shown(value, language()),
        outdated=[one for one in consents.standing_of(current_scope().session, row.id) if one.outdated],
        readings=audit.readings_of(row.id),
        reading_title=reading_title,
    )


@blueprint.get("/data.json")
@signed_in
def as_file() -> Response:
    """Hand a person all that is held of them, for another program to read."""
    row = account()
    _note_copy(row, "json")
    kept = json.dumps(as_json(_kept(row), row), ensure_ascii=False, indent=2)
    return download("data-saya.json", kept, "application/json")


@blueprint.get("/data.pdf")
@signed_in
def as_pdf() -> Response:
    """Hand a person all that is held of them, to print."""
    row = account()
    _note_copy(row, "pdf")
    return download("data-saya.pdf", letters.copy_of(_kept(row), row.name, language()), PDF)


def account() -> PersonRow:
    """Return the account of whoever is signed in."""
    who = me()
    return current_scope().session.get_one(PersonRow, (who.tenant_id, who.id))


def _kept(row: PersonRow) -> Kept:
    return everything(subject_of(row), row, language())


def _note_copy(row: PersonRow, form: str) -> None:
    """Count and note a download; in a transaction of its own, since that of a GET is not kept."""
    rate_limit(f"data copy {row.id}", times=20, seconds=3600)
    scope = current_scope()
    with scope.kernel.scope(current_tenant(), person=scope.person, address=scope.address):
        audit.record("data.copy", form, about=row.id)
