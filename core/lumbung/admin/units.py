"""Units (OPD) of the tenant, as a tree."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.admin.forms import UnitForm, show_refusal
from lumbung.admin.words import tenancy_words
from lumbung.context import current_scope, current_tenant
from lumbung.identity.models import Grant
from lumbung.tenancy import services
from lumbung.tenancy.models import Unit
from lumbung.tenancy.regions import find_region
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain

blueprint = Blueprint("admin_units", __name__, url_prefix="/admin/unit")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.units")
def index() -> str:
    """Show the tree of units, with how many people hold a role in each."""
    return _index()


@blueprint.route("/tambah", methods=["GET", "POST"])
@requires("core.units")
def add() -> Page:
    """Add a unit."""
    session = current_scope().session
    form = UnitForm().offer(services.unit_tree(session))
    if form.is_submitted() and form.validate():
        try:
            unit = services.add_unit(
                session,
                code=form.code.data or "",
                name=form.name.data or "",
                parent=_parent(form),
                region_code=(form.region_code.data or "").strip(),
                address=form.address.data,
                position=_next_position(),
            )
        except services.TenancyError as error:
            show_refusal(form, error, tenancy_words(error))
        else:
            flash(_("%(name)s ditambahkan.", name=unit.name), "baik")
            return redirect(url_for(".index"), 303)
    page = render_template("admin/unit.html", form=form, unit=None)
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/<uuid:unit_id>/", methods=["GET", "POST"])
@requires("core.units")
def edit(unit_id: UUID) -> Page:
    """Change what a unit is called and where it stands in the tree."""
    session = current_scope().session
    unit = _find(unit_id)
    form = UnitForm(obj=unit).offer(services.unit_tree(session), besides=unit.id)
    if not form.is_submitted():
        form.parent.data = str(unit.parent_id or "")
        return render_template("admin/unit.html", form=form, unit=unit)
    if form.validate():
        try:
            _change(unit, form)
        except services.TenancyError as error:
            show_refusal(form, error, tenancy_words(error))
        else:
            flash(_("%(name)s disimpan.", name=unit.name), "baik")
            return redirect(url_for(".index"), 303)
    session.expire(unit)
    return render_template("admin/unit.html", form=form, unit=unit), 422


@blueprint.post("/<uuid:unit_id>/hapus")
@requires("core.units")
def remove(unit_id: UUID) -> Page:
    """Remove a unit that nothing hangs on."""
    unit = _find(unit_id)
    name = unit.name
    try:
        services.remove_unit(current_scope().session, unit)
    except services.TenancyError:
        return _index(
            _(
                "%(name)s masih dipakai: ada unit di bawahnya, peran, layanan yang dijalankannya, pengumuman, atau "
                "data layanan yang merujuk kepadanya. Tidak ada yang dihapus.",
                name=name,
            )
        ), 422
    flash(_("%(name)s dihapus.", name=name), "baik")
    return redirect(url_for(".index"), 303)


def _index(refusal: str | None = None) -> str:
    session = current_scope().session
    counted = (
        select(Grant.unit_id, func.count(func.distinct(Grant.person_id)))
        .where(Grant.unit_id.is_not(None))
        .group_by(Grant.unit_id)
    )
    return render_template(
        "admin/units.html",
        tree=services.unit_tree(session),
        people=dict(session.execute(counted).all()),
        region_name=_region_name,
        refusal=refusal,
    )


def _change(unit: Unit, form: UnitForm) -> None:
    session = current_scope().session
    parent = _parent(form)
    services.describe_unit(
        session,
        unit,
        code=form.code.data or "",
        name=form.name.data or "",
        region_code=(form.region_code.data or "").strip(),
        address=form.address.data,
    )
    if (parent.id if parent else None) != unit.parent_id:
        services.move_unit(session, unit, parent)
    session.flush()
    audit.record("unit.change", unit.code, about=unit.id)


def _parent(form: UnitForm) -> Unit | None:
    return _find(UUID(form.parent.data)) if form.parent.data else None


def _find(unit_id: UUID) -> Unit:
    unit = current_scope().session.get(Unit, (current_tenant().id, unit_id))
    return unit if unit is not None else abort(404)


def _next_position() -> int:
    return (current_scope().session.scalar(select(func.max(Unit.position))) or 0) + 1


def _region_name(code: str | None) -> str:
    region = find_region(code) if code else None
    return region.name if region else ""
