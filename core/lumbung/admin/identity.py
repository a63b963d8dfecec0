"""The tenant's identity: its name, languages, time zone, logo and colour. Hosts and region are the operator's."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from lumbung.admin.forms import ColourForm, IdentityForm, LogoForm, show_refusal
from lumbung.admin.words import tenancy_words
from lumbung.context import current_scope, current_tenant
from lumbung.tenancy import services
from lumbung.tenancy.models import TenantRow
from lumbung.tenancy.regions import find_region
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain

blueprint = Blueprint("admin_identity", __name__, url_prefix="/admin/daerah")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.route("/", methods=["GET", "POST"])
@requires("core.tenant")
def index() -> Page:
    """Show and change how the tenant presents itself."""
    row = _row()
    form = IdentityForm(obj=row)
    form.keep_time_zone(row.time_zone)
    if not form.is_submitted():
        form.first_language.data = row.languages[0]
        return _page(row, form=form)
    if form.validate():
        try:
            services.change_tenant(
                current_scope().session,
                row,
                name=form.name.data,
                hosts=[host.host for host in row.hosts],
                region_code=row.region_code,
                time_zone=form.time_zone.data,
                languages=form.chosen_languages(),
            )
        except services.TenancyError as error:
            show_refusal(form, error, tenancy_words(error))
        else:
            return _saved(_("Identitas daerah disimpan."))
    return _page(row, form=form), 422


@blueprint.post("/logo")
@requires("core.tenant")
def logo() -> Page:
    """Take in a new logo; it is made into a small PNG with nothing hidden in it."""
    row = _row()
    form = LogoForm()
    if form.validate():
        picture = form.logo.data.stream.read(services.LARGEST_LOGO + 1)
        try:
            services.set_logo(current_scope().session, row, picture)
        except services.TenancyError as error:
            show_refusal(form, error, tenancy_words(error))
        else:
            return _saved(_("Logo diganti."))
    return _page(row, logo_form=form), 422


@blueprint.post("/warna")
@requires("core.tenant")
def colour() -> Page:
    """Take a colour of the tenant's own, or go back to the house's."""
    row = _row()
    form = ColourForm()
    if change_colour(row, form):
        return _saved(_("Warna disimpan.") if row.colour else _("Warna bawaan dipakai lagi."))
    return _page(row, colour_form=form), 422


def change_colour(row: TenantRow, form: ColourForm) -> bool:
    """Keep the colour that was sent, and say whether it was; else the form holds why, and one that would do."""
    if not form.validate():
        return False
    try:
        services.set_colour(current_scope().session, row, form.colour.data)
    except services.TenancyError as error:
        show_refusal(form, error, tenancy_words(error))
        if isinstance(error, services.ColourTooPale):
            form.nearest = error.measured.nearest
        return False
    return True


def _page(
    row: TenantRow,
    *,
    form: IdentityForm | None = None,
    logo_form: LogoForm | None = None,
    colour_form: ColourForm | None = None,
) -> str:
    if form is None:
        form = IdentityForm(formdata=None, obj=row)
        form.keep_time_zone(row.time_zone)
        form.first_language.data = row.languages[0]
    return render_template(
        "admin/identity.html",
        form=form,
        logo_form=logo_form or LogoForm(),
        colour_form=colour_form or ColourForm.showing(row.colour),
        row=row,
        region=find_region(row.region_code) if row.region_code else None,
    )


def _saved(words: str) -> Response:
    current_scope().kernel.state.forget()
    flash(words, "baik")
    return redirect(url_for(".index"), 303)


def _row() -> TenantRow:
    row = services.find_tenant(current_scope().session, current_tenant().slug)
    return row if row is not None else abort(404)
