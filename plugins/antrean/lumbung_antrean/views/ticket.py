"""One ticket, for whoever holds its code."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, external_url, public, rate_limit, today

from ..models import Ticket
from ..services import booking
from ..services.board import ahead_of
from ..words import _
from .room import blueprint, refused


@blueprint.get("/t/<code>")
@public
def ticket(code: str) -> ResponseReturnValue:
    """The number, large; what happens next; what to bring."""
    found = _ticket(code)
    return render_template("antrean/ticket.html", ticket=found, **_facts(found))


@blueprint.get("/t/<code>/isi")
@public
def ticket_part(code: str) -> ResponseReturnValue:
    """The part of the page that renews itself."""
    found = _ticket(code)
    return render_template("antrean/_ticket_live.html", ticket=found, **_facts(found))


@blueprint.post("/t/<code>/hadir")
@public
def arrive(code: str) -> ResponseReturnValue:
    """Say that one is here; the QR code on the ticket leads to its button."""
    found = _ticket(code)
    try:
        booking.check_in(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".ticket", code=code))
    flash(_("Anda tercatat hadir. Tunggu sampai nomor Anda dipanggil."), "baik")
    return redirect(url_for(".ticket", code=found.code))


@blueprint.post("/t/<code>/batal")
@public
def give_back(code: str) -> ResponseReturnValue:
    """Cancel one's own number."""
    found = _ticket(code)
    try:
        booking.cancel(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".ticket", code=code))
    flash(_("Nomor %(label)s dibatalkan. Tempatnya kini untuk orang lain.", label=found.label), "baik")
    return redirect(url_for(".ticket", code=found.code))


@blueprint.get("/t/<code>/cetak")
@public
def print_ticket(code: str) -> ResponseReturnValue:
    """The ticket on paper: a roll of 80 or 58 mm, or A4."""
    found = _ticket(code)
    paper = request.args.get("kertas", "thermal80")
    if paper not in ("thermal80", "thermal58", "a4"):
        abort(404)
    return render_template("antrean/ticket_print.html", ticket=found, paper=paper, **_facts(found))


def ticket_address(found: Ticket) -> str:
    """The whole address of a ticket, for its QR code."""
    return external_url(url_for("antrean.ticket", code=found.code))


def _ticket(code: str) -> Ticket:
    found = booking.by_code(code)
    if found is None:
        rate_limit(f"antrean.code:{request.remote_addr}", times=40, seconds=600)
        abort(404, _("Tidak ada tiket dengan kode ini. Periksa kodenya, atau cari dengan nomor ponsel."))
    return found


def _facts(found: Ticket) -> dict[str, object]:
    return {
        "address": ticket_address(found),
        "earliest": booking.earliest_service(found),
        "may_cancel": booking.may_cancel(found),
        "cancel_limit": booking.cancel_limit(found),
        "arrival_opens": booking.arrival_opens(found),
        "is_today": found.date == today(),
        "ahead": ahead_of(found),
    }
