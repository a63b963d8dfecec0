"""A report for somebody who telephones or stands at the counter."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lumbung.sdk import DomainError, current_tenant, districts, find_or_404, requires, session, villages

from ...forms.desk import PhonedForm
from ...models import Category, Report
from ...services.inbox import VERIFY, may
from ...services.officer_photos import pictures
from ...services.reporting import NewReport, Reporter, make_report
from ...words import _
from ..room import say
from . import blueprint


@blueprint.route("/laporan/baru", methods=["GET", "POST"])
@requires(VERIFY)
def phoned() -> ResponseReturnValue:
    """Write down what somebody reports who cannot do it themself."""
    form = PhonedForm()
    categories = session.scalars(
        select(Category).where(Category.open).order_by(Category.group, Category.position, Category.name)
    ).all()
    form.offer(categories, village_choices())
    if form.validate_on_submit():
        try:
            report = make_report(_new_report(form))
        except DomainError as refusal:
            session.rollback()
            say(form, refusal)
        else:
            return _made(report)
    page = render_template("infrastruktur/desk/phoned.html", form=form, categories=categories)
    return page, 422 if form.is_submitted() else 200


def _made(report: Report) -> ResponseReturnValue:
    flash(_("Laporan %(number)s tercatat. Sebutkan nomornya kepada pelapor.", number=report.number), "baik")
    seen = may(VERIFY, report.unit_id)
    return redirect(url_for(".report", report_id=report.id) if seen else url_for(".inbox"), 303)


def _new_report(form: PhonedForm) -> NewReport:
    category = find_or_404(Category, UUID(form.category.data))
    placed = form.lat.data is not None
    return NewReport(
        category=category,
        description=(form.description.data or "").strip(),
        lat=float(form.lat.data) if placed else None,
        lon=float(form.lon.data) if placed else None,
        place_from="map" if placed else "village" if form.village.data else "address",
        village_code=form.village.data or "",
        address=(form.address.data or "").strip(),
        answers=_answers(category),
        photos=pictures(form.photos.data or []),
        severity=form.severity.data,
        reporter=Reporter(
            name=(form.name.data or "").strip(),
            email=(form.email.data or "").strip(),
            phone=(form.phone.data or "").strip(),
        ),
        channel="officer",
    )


def _answers(category: Category) -> dict[str, object]:
    """What was answered to the category's questions; their fields are named ``jawaban-<category>-<question>``."""
    given: dict[str, object] = {}
    for question in category.questions:
        values = [one for one in request.form.getlist(f"jawaban-{category.id}-{question.code}") if one]
        if values:
            given[question.code] = values if question.datatype == "multivaluelist" else values[0]
    return given


def village_choices() -> list[tuple[str, str]]:
    """The villages of the region with their district, in the order of the districts."""
    region = current_tenant().region_code
    return [
        (village.code, f"{village.name} ({district.name})")
        for district in (districts(region) if region else ())
        for village in villages(district.code)
    ]
