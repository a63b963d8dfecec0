"""Applications that sign people in with their account here: registering them, new secrets, switching off."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from lumbung.admin.openid_forms import ClientForm, NewClientForm
from lumbung.context import current_scope, current_tenant
from lumbung.openid import addresses, clients
from lumbung.openid.models import NATIVE, PLUGIN, WEB, ClientRow
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import ChoiceFilter, ListColumn, Listing
from lumbung.web.proof import need_fresh

blueprint = Blueprint("admin_openid", __name__, url_prefix="/admin/openid")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.tenant")
def index() -> str:
    """List the applications."""
    return render_template("admin/openid.html", listing=_listing(), kinds=_kinds(), issuer=addresses.issuer())


@blueprint.route("/tambah", methods=["GET", "POST"])
@requires("core.tenant")
def add() -> Page:
    """Register an application; its secret is shown once."""
    form = NewClientForm()
    if not form.is_submitted():
        return render_template("admin/openid_client.html", form=form, row=None)
    if not (form.validate() and form.take(form.kind.data)):
        return render_template("admin/openid_client.html", form=form, row=None), 422
    row, secret = clients.add(
        current_scope().session,
        name=form.both(),
        kind=form.kind.data,
        redirect_uris=form.lines(form.redirect_uris),
        post_logout_uris=form.lines(form.post_logout_uris),
        scopes=form.scopes.data or (),
        by=me().name,
    )
    return _given(row, secret, fresh=True)


@blueprint.route("/<uuid:client_id>/", methods=["GET", "POST"])
@requires("core.tenant")
def edit(client_id: UUID) -> Page:
    """Show an application, and change what was registered of it."""
    row = _find(client_id)
    if row.kind == PLUGIN:
        return render_template(
            "admin/openid_plugin.html", row=row, client=clients.usable(row), issuer=addresses.issuer()
        )
    form = ClientForm(
        name=row.name["id"],
        name_en=row.name["en"] if row.name["en"] != row.name["id"] else "",
        redirect_uris="\n".join(row.redirect_uris),
        post_logout_uris="\n".join(row.post_logout_uris),
        scopes=row.scopes,
    )
    if not form.is_submitted():
        return _edit_page(row, form)
    if not (form.validate() and form.take(row.kind)):
        return _edit_page(row, form), 422
    clients.change(
        current_scope().session,
        row,
        name=form.both(),
        redirect_uris=form.lines(form.redirect_uris),
        post_logout_uris=form.lines(form.post_logout_uris),
        scopes=form.scopes.data or (),
    )
    flash(_("%(name)s disimpan.", name=row.name[language()]), "baik")
    return redirect(url_for(".edit", client_id=row.id), 303)


@blueprint.post("/<uuid:client_id>/rahasia")
@requires("core.tenant")
def renew_secret(client_id: UUID) -> Page:
    """Make another secret and show it once; the old one is dead."""
    row = _find(client_id)
    if row.kind == NATIVE:
        abort(404)
    need_fresh(back_to=url_for(".edit", client_id=row.id))
    return _given(row, clients.renew_secret(current_scope().session, row), fresh=False)


@blueprint.post("/<uuid:client_id>/matikan")
@requires("core.tenant")
def stop(client_id: UUID) -> Response:
    """Switch an application off; its tokens end."""
    return _switch(client_id, on=False)


@blueprint.post("/<uuid:client_id>/nyalakan")
@requires("core.tenant")
def start(client_id: UUID) -> Response:
    """Switch an application on again."""
    return _switch(client_id, on=True)


@blueprint.post("/<uuid:client_id>/hapus")
@requires("core.tenant")
def remove(client_id: UUID) -> Response:
    """Remove an application with its tokens and permissions."""
    row = _find(client_id)
    if row.kind == PLUGIN:
        abort(404)
    name = row.name[language()]
    clients.remove(current_scope().session, row)
    flash(_("%(name)s dihapus.", name=name), "baik")
    return redirect(url_for(".index"), 303)


def _switch(client_id: UUID, *, on: bool) -> Response:
    row = _find(client_id)
    clients.switch(current_scope().session, row, on=on)
    name = row.name[language()]
    flash(_("%(name)s dinyalakan.", name=name) if on else _("%(name)s dimatikan.", name=name), "baik")
    return redirect(url_for(".edit", client_id=row.id), 303)


def _edit_page(row: ClientRow, form: ClientForm) -> str:
    return render_template("admin/openid_client.html", form=form, row=row, kinds=_kinds(), issuer=addresses.issuer())


def _given(row: ClientRow, secret: str | None, *, fresh: bool) -> str:
    return render_template("admin/openid_secret.html", row=row, secret=secret, fresh=fresh, issuer=addresses.issuer())


def _find(client_id: UUID) -> ClientRow:
    row = current_scope().session.get(ClientRow, (current_tenant().id, client_id))
    return row if row is not None else abort(404)


def _kinds() -> dict[str, str]:
    return {WEB: _("Situs web"), NATIVE: _("Di perangkat warga"), PLUGIN: _("Aplikasi hibah di sini")}


def _listing() -> Listing:
    kinds = _kinds()
    return Listing(
        query=clients.everything(),
        columns=[
            ListColumn("nama", _("Nama"), value=lambda row: row.name[language()], sort=ClientRow.name["id"].astext),
            ListColumn("jenis", _("Jenis"), value=lambda row: kinds[row.kind], sort=ClientRow.kind),
            ListColumn("kode", "client_id", value=lambda row: row.code),
            ListColumn("keadaan", _("Keadaan"), value=lambda row: _("Menyala") if row.active else _("Mati")),
            ListColumn(
                "terdaftar", _("Terdaftar"), kind="date", value=lambda row: row.created_at, sort=ClientRow.created_at
            ),
            ListColumn("tindakan", _("Tindakan"), kind="acts"),
        ],
        name="aplikasi-terhubung",
        title=_("Aplikasi terhubung"),
        noun=_("aplikasi"),
        default_sort="nama",
        search=[ClientRow.name["id"].astext, ClientRow.name["en"].astext, ClientRow.code],
        search_label=_("Cari nama atau client_id"),
        filters=[ChoiceFilter("jenis", _("Jenis"), list(kinds.items()), where=lambda kind: ClientRow.kind == kind)],
    )
