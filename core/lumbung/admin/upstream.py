"""Providers of identities that a tenant trusts: writing down, trying, switching off, removing."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung.admin.upstream_form import NewUpstreamForm, UpstreamForm
from lumbung.context import current_scope, current_tenant
from lumbung.openid.upstream import services
from lumbung.openid.upstream.models import UpstreamRow
from lumbung.openid.upstream.refusals import UpstreamUnsound
from lumbung.outgoing import OutgoingFailed, OutgoingRefused
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.limits import rate_limit
from lumbung.web.proof import need_fresh
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_upstream", __name__, url_prefix="/admin/identitas-luar")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]
WHILE_WRITING = 60  # minutes: what was typed is not lost to a proof that grew old meanwhile


@blueprint.get("/")
@requires("core.tenant")
def index() -> str:
    """List the providers, with how many people use each."""
    return render_template("admin/upstreams.html", rows=services.every(current_scope().session))


@blueprint.route("/tambah", methods=["GET", "POST"])
@requires("core.tenant")
def add() -> Page:
    """Write a provider down, once it answered; or only try its address."""
    need_fresh(WHILE_WRITING if request.method == "POST" else 10, back_to=url_for(".add"))
    form = NewUpstreamForm()
    if not form.is_submitted():
        return _page(form, None)
    if _only_tries():
        return _page(form, None, tried=_try(form))
    if form.validate() and _try(form):
        try:
            row = services.add(current_scope().session, form.code.data or "", form.wishes(), by=me().name)
        except services.CodeTaken:
            form.code.errors = [_("Kode ini sudah dipakai penyedia lain.")]
        except (UpstreamUnsound, OutgoingRefused) as error:
            form.form_errors.append(words_of(error))
        else:
            flash(_("%(name)s ditambahkan. Daftarkan alamat kembalinya di penyedia itu.", name=form.title.data), "baik")
            return redirect(url_for(".edit", upstream_id=row.id), 303)
    return _page(form, None), 422


@blueprint.route("/<uuid:upstream_id>/", methods=["GET", "POST"])
@requires("core.tenant")
def edit(upstream_id: UUID) -> Page:
    """Show a provider, change what was written down of it, or try it."""
    row = _find(upstream_id)
    form = UpstreamForm.of(row)
    if not form.is_submitted():
        return _page(form, row)
    if _only_tries():
        return _page(form, row, tried=_try(form))
    need_fresh(WHILE_WRITING, back_to=url_for(".edit", upstream_id=row.id))
    if form.validate() and (form.issuer.data == row.issuer or _try(form)):
        try:
            services.change(current_scope().session, row, form.wishes())
        except services.StillUsed as error:
            form.issuer.errors = [words_of(error)]
        except (UpstreamUnsound, OutgoingRefused) as error:
            form.form_errors.append(words_of(error))
        else:
            flash(_("%(name)s disimpan.", name=form.title.data), "baik")
            return redirect(url_for(".edit", upstream_id=row.id), 303)
    current_scope().session.expire(row)
    return _page(form, row), 422


@blueprint.post("/<uuid:upstream_id>/matikan")
@requires("core.tenant")
def stop(upstream_id: UUID) -> Response:
    """Let nobody come from there any more."""
    return _switch(upstream_id, on=False)


@blueprint.post("/<uuid:upstream_id>/nyalakan")
@requires("core.tenant")
def start(upstream_id: UUID) -> Response:
    """Let people come from there again."""
    return _switch(upstream_id, on=True)


@blueprint.post("/<uuid:upstream_id>/hapus")
@requires("core.tenant")
def remove(upstream_id: UUID) -> Page:
    """Remove a provider that nobody uses."""
    row = _find(upstream_id)
    need_fresh(back_to=url_for(".edit", upstream_id=row.id))
    name = _title(row)
    try:
        services.remove(current_scope().session, row)
    except services.StillUsed as error:
        form = UpstreamForm.of(row, fresh=True)
        form.form_errors = [words_of(error)]
        return _page(form, row), 422
    flash(_("%(name)s dihapus.", name=name), "baik")
    return redirect(url_for(".index"), 303)


def _only_tries() -> bool:
    return request.form.get("act") == "try"


def _try(form: UpstreamForm) -> str:
    """Ask the provider whether it can be used; say what it can, or beside its address what is wrong."""
    rate_limit(f"upstream try {me().id}", times=30, seconds=900)
    address = (form.issuer.data or "").strip()
    try:
        found, keys = services.look_at(current_scope().kernel.settings, address)
    except (UpstreamUnsound, OutgoingRefused, OutgoingFailed) as error:
        form.issuer.errors = [words_of(error)]
        return ""
    return str(
        _(
            "Penyedia ini menjawab dengan benar: %(keys)s kunci, tanda tangan %(algorithms)s.",
            keys=keys,
            algorithms=", ".join(found.algorithms),
        )
    )


def _switch(upstream_id: UUID, *, on: bool) -> Response:
    row = _find(upstream_id)
    need_fresh(back_to=url_for(".edit", upstream_id=row.id))
    services.switch(current_scope().session, row, on=on)
    name = _title(row)
    flash(_("%(name)s dinyalakan.", name=name) if on else _("%(name)s dimatikan.", name=name), "baik")
    return redirect(url_for(".edit", upstream_id=row.id), 303)


def _page(form: UpstreamForm, row: UpstreamRow | None, *, tried: str = "") -> str:
    people = services.people_of(current_scope().session, row) if row else 0
    back_to = services.callback_of(row.code) if row else None
    return render_template("admin/upstream.html", form=form, row=row, tried=tried, people=people, back_to=back_to)


def _title(row: UpstreamRow) -> str:
    return row.title.get(language()) or row.title["id"]


def _find(upstream_id: UUID) -> UpstreamRow:
    row = current_scope().session.get(UpstreamRow, (current_tenant().id, upstream_id))
    return row if row is not None else abort(404)
