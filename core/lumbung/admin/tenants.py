"""The regional governments served here: for the office that runs the platform."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.admin.forms import AccountForm, ColourForm, LogoForm, NewTenantForm, TenantForm, show_refusal
from lumbung.admin.identity import change_colour
from lumbung.admin.people import email_words
from lumbung.admin.rights import acting_as
from lumbung.admin.words import tenancy_words
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import accounts, people
from lumbung.identity.person import ADMIN
from lumbung.tenancy import services
from lumbung.tenancy.models import TenantRow
from lumbung.tenancy.regions import find_region
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain

blueprint = Blueprint("admin_tenants", __name__, url_prefix="/admin/tenant")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]
ADMIN_FORM = "admin-"  # two forms stand on one page


@blueprint.get("/")
@requires("platform.tenants")
def index() -> str:
    """List the tenants."""
    scope = current_scope()
    scope.kernel.state.forget()
    return render_template(
        "admin/tenants.html",
        tenants=services.all_tenants(scope.session),
        snapshot=scope.kernel.snapshot(),
        region_name=_region_name,
    )


@blueprint.route("/tambah", methods=["GET", "POST"])
@requires("platform.tenants")
def add() -> Page:
    """Register a tenant and, if wished, its first administrator."""
    form = NewTenantForm()
    if not form.is_submitted():
        return render_template("admin/tenant_new.html", form=form)
    if form.validate() and _email_is_sound(form):
        try:
            _register(form)
        except services.TenancyError as error:
            show_refusal(form, error, tenancy_words(error))
        else:
            flash(_("%(name)s didaftarkan.", name=form.name.data), "baik")
            if form.admin_email.data:
                return _first_admin(form.slug.data or "", form.admin_name.data or "", form.admin_email.data)
            return redirect(url_for(".edit", slug=form.slug.data), 303)
    return render_template("admin/tenant_new.html", form=form), 422


@blueprint.route("/<slug>/", methods=["GET", "POST"])
@requires("platform.tenants")
def edit(slug: str) -> Page:
    """Change a tenant."""
    row = _find(slug)
    form = TenantForm()
    if not form.is_submitted():
        return _edit_page(row, _as_it_is(row))
    form.keep_time_zone(row.time_zone)
    if form.validate() and _keeps_my_host(row, form):
        try:
            services.change_tenant(current_scope().session, row, **_values(form))
        except services.TenancyError as error:
            show_refusal(form, error, tenancy_words(error))
        else:
            flash(_("%(name)s disimpan.", name=row.name), "baik")
            return redirect(url_for(".edit", slug=slug), 303)
    return _edit_page(row, form), 422


@blueprint.post("/<slug>/logo")
@requires("platform.tenants")
def logo(slug: str) -> Page:
    """Take in a new logo for a tenant."""
    row = _find(slug)
    form = LogoForm()
    if form.validate():
        picture = form.logo.data.stream.read(services.LARGEST_LOGO + 1)
        try:
            services.set_logo(current_scope().session, row, picture)
        except services.TenancyError as error:
            show_refusal(form, error, tenancy_words(error))
        else:
            flash(_("Logo %(name)s diganti.", name=row.name), "baik")
            return redirect(url_for(".edit", slug=slug), 303)
    return _edit_page(row, _as_it_is(row), logo_form=form), 422


@blueprint.post("/<slug>/warna")
@requires("platform.tenants")
def colour(slug: str) -> Page:
    """Take a colour for a tenant, or go back to the house's."""
    row = _find(slug)
    form = ColourForm()
    if change_colour(row, form):
        flash(_("Warna %(name)s disimpan.", name=row.name), "baik")
        return redirect(url_for(".edit", slug=slug), 303)
    return _edit_page(row, _as_it_is(row), colour_form=form), 422


@blueprint.post("/<slug>/administrator")
@requires("platform.tenants")
def add_admin(slug: str) -> Page:
    """Add an administrator to a tenant; the password is shown once."""
    row = _find(slug)
    form = AccountForm(prefix=ADMIN_FORM)
    if form.validate():
        try:
            return _first_admin(slug, form.name.data or "", form.email.data or "")
        except LumbungError as error:
            form.email.errors = [email_words(error)]
    return _edit_page(row, _as_it_is(row), admin_form=form), 422


def _register(form: NewTenantForm) -> None:
    """Register the tenant in a transaction of its own: its first administrator needs it to stand already."""
    scope = current_scope()
    with scope.kernel.scope(actor=acting_as()) as aside:
        services.add_tenant(aside.session, slug=form.slug.data or "", **_values(form))
    audit.record("tenant.add", form.slug.data)


def _first_admin(slug: str, name: str, email: str) -> Page:
    """Add an administrator inside the tenant's own scope: that tenant's trail tells of it."""
    scope = current_scope()
    password = accounts.make_password()
    tenant = scope.kernel.tenant(slug)
    with scope.kernel.scope(tenant, actor=acting_as(), address=scope.address) as aside:
        row = people.add_person(aside.session, email=email, name=name, password=password)
        people.grant(aside.session, row, ADMIN)
    return render_template("admin/password.html", row=row, password=password, fresh=True, tenant=tenant)


def _edit_page(
    row: TenantRow,
    form: TenantForm,
    *,
    logo_form: LogoForm | None = None,
    colour_form: ColourForm | None = None,
    admin_form: AccountForm | None = None,
) -> str:
    scope = current_scope()
    with scope.kernel.scope(scope.kernel.tenant(row.slug)) as aside:
        admins = accounts.admins(aside.session)
    return render_template(
        "admin/tenant.html",
        row=row,
        form=form,
        logo_form=logo_form or LogoForm(),
        colour_form=colour_form or ColourForm.showing(row.colour),
        admin_form=admin_form or AccountForm(formdata=None, prefix=ADMIN_FORM),
        admins=admins,
        logo_url=f"data:image/png;base64,{b64encode(row.logo).decode()}" if row.logo else None,
    )


def _as_it_is(row: TenantRow) -> TenantForm:
    """Return the form filled with what is kept, whatever was sent."""
    form = TenantForm(formdata=None, obj=row)
    form.keep_time_zone(row.time_zone)
    form.hosts.data = "\n".join(host.host for host in row.hosts)
    form.first_language.data = row.languages[0]
    return form


def _values(form: TenantForm) -> dict[str, Any]:
    return {
        "name": form.name.data or "",
        "hosts": form.host_lines(),
        "region_code": (form.region_code.data or "").strip(),
        "time_zone": form.time_zone.data,
        "languages": form.chosen_languages(),
    }


def _email_is_sound(form: NewTenantForm) -> bool:
    """Check the administrator's address before the tenant is made."""
    if not form.admin_email.data:
        return True
    try:
        people.normal_email(form.admin_email.data)
    except LumbungError as error:
        form.admin_email.errors = [email_words(error)]
        return False
    return True


def _keeps_my_host(row: TenantRow, form: TenantForm) -> bool:
    """Refuse to take away the address at which the operator is working right now."""
    here = request.host.rsplit(":", 1)[0].lower()
    if row.id != current_tenant().id or here in form.host_lines() or here not in current_tenant().hosts:
        return True
    form.hosts.errors = [_("%(host)s sedang Anda pakai; masuk lewat alamat lain sebelum menghapusnya.", host=here)]
    return False


def _find(slug: str) -> TenantRow:
    row = services.find_tenant(current_scope().session, slug)
    return row if row is not None else abort(404)


def _region_name(code: str | None) -> str:
    region = find_region(code) if code else None
    return region.name if region else ""
