"""The crews of one's units."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from lumbung.sdk import (
    ChoiceFilter,
    DomainError,
    ListColumn,
    Listing,
    current_person,
    find_or_404,
    requires,
    session,
)

from ...forms.work import CrewForm
from ...models import Crew, WorkOrder
from ...rules import work
from ...services import crews as services
from ...services.work_orders import FIELD, WORK
from ...words import _
from ..room import refused, say
from . import blueprint
from .orders import unit_names


@blueprint.get("/regu")
@requires(WORK)
def crews() -> ResponseReturnValue:
    """Who goes out together."""
    listing = _listing()
    return listing.export() or render_template("infrastruktur/work/crews.html", listing=listing)


@blueprint.route("/regu/baru", methods=["GET", "POST"])
@requires(WORK)
def new_crew() -> ResponseReturnValue:
    """Add a crew."""
    return _edit(None)


@blueprint.route("/regu/<uuid:crew_id>", methods=["GET", "POST"])
@requires(WORK)
def crew(crew_id: UUID) -> ResponseReturnValue:
    """Change a crew."""
    return _edit(find_or_404(Crew, crew_id, permission=WORK))


@blueprint.post("/regu/<uuid:crew_id>/tutup")
@requires(WORK)
def close_crew(crew_id: UUID) -> ResponseReturnValue:
    """Take a crew out of use."""
    found = find_or_404(Crew, crew_id, permission=WORK)
    try:
        services.close(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".crew", crew_id=crew_id))
    flash(_("Regu %(name)s ditutup. Riwayat pekerjaannya tetap ada.", name=found.name), "baik")
    return redirect(url_for(".crews"), 303)


@blueprint.post("/regu/<uuid:crew_id>/buka")
@requires(WORK)
def reopen_crew(crew_id: UUID) -> ResponseReturnValue:
    """Put a crew to use again."""
    found = find_or_404(Crew, crew_id, permission=WORK)
    services.reopen(found)
    flash(_("Regu %(name)s dipakai lagi.", name=found.name), "baik")
    return redirect(url_for(".crew", crew_id=crew_id), 303)


def _edit(found: Crew | None) -> ResponseReturnValue:
    person, form = current_person(), CrewForm()
    form.offer(person.units_with(WORK) if person else frozenset(), found, FIELD)
    if form.validate_on_submit():
        try:
            saved = services.save(found, **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Regu %(name)s sudah disimpan.", name=saved.name), "baik")
            return redirect(url_for(".crews"), 303)
    elif found is not None and not form.is_submitted():
        form.fill(found)
    return render_template("infrastruktur/work/crew.html", form=form, crew=found), 422 if form.is_submitted() else 200


def _listing() -> Listing:
    busy = _busy()
    everybody = session.scalars(select(Crew).where(*services.mine())).all()
    leaders, names = services.leader_names(everybody), unit_names()
    return Listing(
        query=select(Crew).where(*services.mine()),
        columns=[
            ListColumn("nama", _("Regu"), lambda one: one.name, link=_page, sort=Crew.name),
            ListColumn("unit", _("Unit"), lambda one: names.get(one.unit_id, "")),
            ListColumn("kepala", _("Kepala regu"), lambda one: leaders.get(one.leader_id, "")),
            ListColumn("telepon", _("Telepon"), lambda one: one.phone),
            ListColumn("anggota", _("Anggota"), lambda one: len(services.members_of(one)), kind="number"),
            ListColumn("nama-anggota", _("Nama anggota"), services.members_of, shown=False, width=60),
            ListColumn("pekerjaan", _("Pekerjaan berjalan"), lambda one: busy.get(one.id, 0), kind="number"),
            ListColumn("keadaan", _("Keadaan"), lambda one: _("Dipakai") if one.open else _("Ditutup")),
        ],
        name="regu",
        title=_("Regu"),
        noun=_("regu"),
        default_sort="nama",
        search=[Crew.name, Crew.members],
        search_label=_("Nama regu atau anggota"),
        filters=[
            ChoiceFilter(
                "keadaan",
                _("Keadaan"),
                [("dipakai", _("Dipakai")), ("ditutup", _("Ditutup"))],
                where=lambda value: Crew.open.is_(value == "dipakai"),
            )
        ],
    )


def _page(found: Crew) -> str:
    return url_for("work.crew", crew_id=found.id)


def _busy() -> dict[Any, int]:
    query = select(WorkOrder.crew_id, func.count()).where(WorkOrder.state.in_(sorted(work.IN_THE_FIELD)))
    return {row[0]: row[1] for row in session.execute(query.group_by(WorkOrder.crew_id))}
