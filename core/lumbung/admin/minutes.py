"""Minutes of a destruction: read, signed by two people who each prove who they are, withdrawn or carried out."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lumbung import audit
from lumbung.admin.archives import helpers, title_in
from lumbung.admin.minutes_document import document_of
from lumbung.admin.rights import PLUGINS, acting_as, need_one_of
from lumbung.context import current_scope, current_tenant
from lumbung.documents.pdf import PDF
from lumbung.errors import LumbungError
from lumbung.identity.models import PersonRow
from lumbung.lifecycle import archives, minutes
from lumbung.lifecycle.minutes_models import Minutes
from lumbung.lifecycle.operations import ask
from lumbung.registry.models import PluginRow
from lumbung.web.access import me, requires, staff
from lumbung.web.downloads import download
from lumbung.web.i18n import core_domain
from lumbung.web.proof import need_fresh
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_minutes", __name__, url_prefix="/admin/arsip/berita-acara")
_ = core_domain.gettext

Page = BaseResponse | str | tuple[str, int]
JSON = "application/json"


@blueprint.get("/<uuid:minutes_id>/")
@staff
def detail(minutes_id: UUID) -> str:
    """Show minutes: what would be destroyed and why, and who signed."""
    return _detail(_find(minutes_id))


@blueprint.post("/<uuid:minutes_id>/tanda-tangan")
@staff
def sign(minutes_id: UUID) -> Page:
    """Sign in one's own name, after having shown who one is."""
    row, scope = _find(minutes_id), current_scope()
    need_fresh(back_to=url_for(".detail", minutes_id=row.id))
    person = scope.session.get_one(PersonRow, (current_tenant().id, me().id))
    try:
        minutes.sign(scope.session, row, person, seen=request.form.get("seen", "")[:64])
    except LumbungError as error:
        return _detail(row, problem=words_of(error)), 422
    audit.record("plugin.minutes_sign", row.plugin, about=row.id, minutes=minutes.code_of(row))
    flash(_("Anda menandatangani %(code)s.", code=minutes.code_of(row)), "baik")
    return redirect(url_for(".detail", minutes_id=row.id), 303)


@blueprint.post("/<uuid:minutes_id>/batalkan")
@requires("platform.plugins")
def withdraw(minutes_id: UUID) -> Page:
    """Withdraw minutes; nothing of them is carried out any more."""
    row, scope = _find(minutes_id), current_scope()
    try:
        minutes.withdraw(scope.session, row, by=acting_as())
    except LumbungError as error:
        return _detail(row, problem=words_of(error)), 422
    audit.record("plugin.minutes_withdraw", row.plugin, about=row.id, minutes=minutes.code_of(row))
    flash(_("Berita acara %(code)s dibatalkan. Tidak ada yang dimusnahkan.", code=minutes.code_of(row)), "baik")
    return redirect(url_for(".detail", minutes_id=row.id), 303)


@blueprint.post("/<uuid:minutes_id>/laksanakan")
@requires("platform.plugins")
def carry_out(minutes_id: UUID) -> Page:
    """Have the job worker destroy what signed minutes say."""
    row, scope = _find(minutes_id), current_scope()
    need_fresh(back_to=url_for(".detail", minutes_id=row.id))
    try:
        if row.seal is None:  # else a run broke off after the tables were gone: it goes on
            minutes.lock_open(scope.session, row)
            minutes.refuse_unready(scope.kernel, scope.session, row.archive)
        elif row.carried_out_at is not None:
            minutes.lock_open(scope.session, row)
    except LumbungError as error:
        return _detail(row, problem=words_of(error)), 422
    if len(minutes.signatures_of(scope.session, row)) < minutes.SIGNATURES:
        return _detail(row, problem=_("Berita acara ini belum ditandatangani dua orang.")), 422
    operation = ask("purge", plugin=row.plugin, by=acting_as(), minutes=str(row.id))
    return redirect(url_for("admin_operations.show", operation_id=operation), 303)


@blueprint.get("/<uuid:minutes_id>/berita-acara.pdf")
@staff
def document(minutes_id: UUID) -> Response:
    """Hand out minutes as a PDF; until they are carried out it is marked a draft."""
    row = _find(minutes_id)
    made = document_of(row, minutes.signatures_of(current_scope().session, row))
    return download(f"{_file_name(row)}.pdf", made, PDF)


@blueprint.get("/<uuid:minutes_id>/berita-acara.json")
@staff
def statement(minutes_id: UUID) -> Response:
    """Hand out the sealed statement, or, before it is carried out, the text that is signed."""
    row = _find(minutes_id)
    if row.carried_out_at is None:
        return download(f"{_file_name(row)}-teks.json", minutes.text_of(row), JSON)
    return download(f"{_file_name(row)}.json", json.dumps(row.seal, indent=2, ensure_ascii=False), JSON)


def _detail(row: Minutes, *, problem: str = "") -> str:
    scope = current_scope()
    signatures = minutes.signatures_of(scope.session, row)
    plugin = scope.session.get_one(PluginRow, row.plugin)
    return render_template(
        "admin/archives/minutes.html",
        row=row,
        code=minutes.code_of(row),
        title=title_in(row.contents["title"]),
        digest=minutes.hash_of(row),
        signatures=signatures,
        signed=len(signatures) >= minutes.SIGNATURES,
        mine=any(one.person_id == me().id for one in signatures),
        closed=bool(row.withdrawn_at or row.carried_out_at),
        begun=row.seal is not None,
        ready=plugin.state == "uninstalled" and archives.today_of(scope.kernel) > row.archive.keep_until,
        problem=problem,
        **helpers(),
    )


def _find(minutes_id: UUID) -> Minutes:
    need_one_of(*PLUGINS)
    row = minutes.find(current_scope().session, minutes_id)
    return row if row is not None else abort(404)


def _file_name(row: Minutes) -> str:
    return minutes.code_of(row).lower().replace("/", "-")
