"""The officer's first page, the part of it that renews itself, and the choice of a unit."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung.addresses import local_path
from lumbung.clock import utc_now
from lumbung.desk.tasks import desk_of
from lumbung.web.access import me, staff
from lumbung.web.current_unit import choose_unit, my_units
from lumbung.web.current_unit import current_unit as unit_at_work
from lumbung.web.i18n import core_domain

blueprint = Blueprint("desk", __name__, url_prefix="/meja")
_ = core_domain.gettext

EVERY = 60  # seconds; an application that failed is asked again only after ten times as long


@blueprint.get("/")
@staff
def home() -> str:
    """Show what waits for this officer, and where their applications are."""
    return render_template("desk/home.html", **_scene())


@blueprint.get("/menunggu")
@staff
def waiting() -> str:
    """Show what waits alone: the part of the page that renews itself."""
    return render_template("desk/_waiting.html", **_scene())


@blueprint.get("/unit")
@staff
def units() -> str:
    """List the units one may work in, narrowed by a search."""
    words = request.args.get("q", "").strip()[:100]
    wanted = words.casefold().split()
    found = [unit for unit in my_units() if all(word in f"{unit.name} {unit.code}".casefold() for word in wanted)]
    return render_template(
        "desk/units.html", found=found, words=words, next=local_path(request.args.get("next"), url_for(".home"))
    )


@blueprint.post("/unit")
@staff
def work_in() -> Response:
    """Remember the unit one works in from now on; an empty ``unit`` means all of one's own."""
    if not choose_unit(request.form.get("unit", "")):
        abort(403)
    chosen = unit_at_work()
    flash(
        _("Sekarang Anda bekerja di %(unit)s.", unit=chosen.name)
        if chosen
        else _("Sekarang daftar memuat semua unit Anda."),
        "baik",
    )
    return redirect(local_path(request.form.get("next"), url_for(".home")), 303)


def _scene() -> dict[str, Any]:
    desk = desk_of(me())
    return {"desk": desk, "every": EVERY * (10 if desk.silent else 1), "at": utc_now()}
