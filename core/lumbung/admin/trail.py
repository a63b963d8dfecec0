"""The tenant's audit trail: newest first, filtered, as a file, and whether its chain is whole."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.admin.trail_state import chain_state, check, found_words
from lumbung.audit import AuditRow
from lumbung.context import current_scope
from lumbung.web.access import me, requires
from lumbung.web.action_titles import action_title, detail_words
from lumbung.web.erased import thing_of, who_did
from lumbung.web.i18n import core_domain
from lumbung.web.limits import rate_limit
from lumbung.web.listing import ChoiceFilter, DateFilter, ListColumn, Listing

blueprint = Blueprint("admin_trail", __name__, url_prefix="/admin/jejak")
_ = core_domain.gettext


@blueprint.get("/")
@requires("core.audit")
def index() -> Response | str:
    """Show who did what, newest first; or the same as a file."""
    listing = trail_listing()
    return listing.export() or render_template(
        "admin/trail.html",
        listing=listing,
        action_title=action_title,
        detail_words=detail_words,
        who_did=who_did,
        thing_of=thing_of,
        chain=chain_state(),
    )


@blueprint.post("/periksa")
@requires("core.audit")
def check_chain() -> Response:
    """Check the newest entries of this tenant's chain, say what was found, and record that it was asked."""
    rate_limit(f"audit check {me().id}", times=10, seconds=600)
    found = check()
    bad = found.verdict.bad
    audit.record("audit.check", found.verdict.newest, reason=bad.wrong if bad else "")
    tone = "gawat" if bad else "padi" if found.unbelievable else "baik"
    flash(found_words(found), tone)
    return redirect(url_for(".index"), 303)


def trail_listing() -> Listing:
    """Return the trail as this request asks for it."""
    actions = current_scope().session.scalars(select(AuditRow.action).distinct())
    titled = sorted(((action, action_title(action)) for action in actions), key=lambda pair: pair[1])
    return Listing(
        query=select(AuditRow),
        columns=[
            ListColumn("waktu", _("Waktu"), value=lambda row: row.at, kind="datetime", sort=AuditRow.at),
            ListColumn(
                "orang",
                _("Orang"),
                value=who_did,
                sort=(AuditRow.person_name, AuditRow.at),
                width=30,
            ),
            ListColumn("tindakan", _("Tindakan"), value=lambda row: action_title(row.action), width=32),
            ListColumn("kode", _("Kode tindakan"), value=lambda row: row.action, shown=False),
            ListColumn("hal", _("Hal"), value=thing_of, sort=(AuditRow.thing, AuditRow.at), width=36),
            ListColumn("rincian", _("Rincian"), value=lambda row: detail_words(row.detail, row.person_name), width=48),
            ListColumn("alamat", _("Alamat jaringan"), value=lambda row: row.address, width=18),
            ListColumn("nomor", _("Nomor dalam rantai"), value=lambda row: row.seq, kind="number", shown=False),
            ListColumn("sidik", _("Sidik"), value=lambda row: row.hash and row.hash.hex(), shown=False),
        ],
        name="jejak",
        title=_("Jejak audit"),
        noun=_("catatan"),
        default_sort="-waktu",
        search=[AuditRow.person_name, AuditRow.thing],
        search_label=_("Orang atau hal"),
        filters=[
            ChoiceFilter("tindakan", _("Tindakan"), titled, lambda action: AuditRow.action == action),
            DateFilter.since("dari", _("Dari tanggal"), AuditRow.at),
            DateFilter.until("sampai", _("Sampai tanggal"), AuditRow.at),
        ],
    )
