"""The recap of a day, a month or any stretch: on the page, as a workbook, on paper."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, flash, render_template, request
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, requires, send_spreadsheet, today

from ..forms.setup import date_or_none
from ..models import Location
from ..services import places
from ..services.recap import Recap, minutes, month_of, recap
from ..services.recap_sheet import sheets
from ..words import _
from .room import blueprint

REPORT = "antrean.report"


@blueprint.get("/rekap")
@requires(REPORT)
def show_recap() -> ResponseReturnValue:
    """The figures on a page, with filters that stay."""
    mine, place = _place()
    if not mine:
        return render_template("antrean/no_place.html")
    found, status = _recap(mine, place)
    return render_template(
        "antrean/recap.html", recap=found, places=mine, place=place, minutes=minutes, shortcuts=_shortcuts(),
        filters={"lokasi": request.args.get("lokasi", ""), "dari": found.first, "sampai": found.last},
    ), status  # fmt: skip


@blueprint.get("/rekap.xlsx")
@requires(REPORT)
def recap_workbook() -> Response:
    """The same as a workbook, with every number on a sheet of its own."""
    mine, place = _place()
    found, _status = _recap(mine, place)
    return send_spreadsheet(f"rekap-antrean-{found.first}-{found.last}", sheets(found, _chosen(mine, place)))


@blueprint.get("/rekap/cetak")
@requires(REPORT)
def print_recap() -> ResponseReturnValue:
    """The same on paper, with room for the head's signature."""
    mine, place = _place()
    found, _status = _recap(mine, place)
    return render_template("antrean/recap_print.html", recap=found, place=place, minutes=minutes)


def _recap(mine: list[Location], place: Location | None) -> tuple[Recap, int]:
    first = date_or_none(request.args.get("dari")) or today()
    last = date_or_none(request.args.get("sampai")) or first
    try:
        return recap(_chosen(mine, place), first, last), 200
    except DomainError as refusal:
        flash(str(refusal), "gawat")
        return recap(_chosen(mine, place), today(), today()), 422


def _place() -> tuple[list[Location], Location | None]:
    """My places, and the one that was chosen; None means all of them."""
    mine = list(places.my_locations(REPORT, closed_too=True))
    chosen = next((place for place in mine if str(place.id) == request.args.get("lokasi")), None)
    return mine, chosen or (mine[0] if len(mine) == 1 else None)


def _chosen(mine: list[Location], place: Location | None) -> list[Location]:
    return [place] if place else mine


def _shortcuts() -> list[tuple[str, str, str]]:
    day = today()
    this, last = month_of(day), month_of(day.replace(day=1) - timedelta(days=1))
    pairs = [
        (_("Hari ini"), (day, day)),
        (_("Kemarin"), (day - timedelta(days=1), day - timedelta(days=1))),
        (_("14 hari terakhir"), (day - timedelta(days=13), day)),
        (_("Bulan ini"), this),
        (_("Bulan lalu"), last),
    ]
    return [(title, first.isoformat(), end.isoformat()) for title, (first, end) in pairs]
