"""Who read whose personal data: newest first, of one reader or one person, and as a file."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template, request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, with_expression
from werkzeug.wrappers import Response

from lumbung.audit import AccessRow
from lumbung.context import current_scope, current_tenant
from lumbung.identity.models import PersonRow
from lumbung.web.access import requires
from lumbung.web.action_titles import reading_title
from lumbung.web.erased import is_erased
from lumbung.web.i18n import core_domain
from lumbung.web.listing import ChoiceFilter, DateFilter, ListColumn, Listing

blueprint = Blueprint("admin_access", __name__, url_prefix="/admin/akses")
_ = core_domain.gettext

READER, SUBJECT = "pembaca", "orang"


@blueprint.get("/")
@requires("core.audit")
def index() -> Response | str:
    """Show who read whose data, newest first; or the same as a file."""
    listing = access_listing()
    return listing.export() or render_template(
        "admin/access_log.html",
        listing=listing,
        reading_title=reading_title,
        reader_of=reader_of,
        reader=READER,
        subject=SUBJECT,
    )


def access_listing() -> Listing:
    """Return the log as this request asks for it."""
    name = select(PersonRow.name).where(PersonRow.id == AccessRow.subject_id).scalar_subquery()
    filters = [_one(READER, _("Pembaca"), AccessRow.reader_id), _one(SUBJECT, _("Data milik"), AccessRow.subject_id)]
    return Listing(
        query=select(AccessRow).options(with_expression(AccessRow.subject_name, name)),
        columns=[
            ListColumn("waktu", _("Waktu"), value=lambda row: row.at, kind="datetime", sort=AccessRow.at),
            ListColumn(
                "pembaca",
                _("Pembaca"),
                value=reader_of,
                sort=(AccessRow.reader_name, AccessRow.at),
                width=30,
            ),
            ListColumn("milik", _("Data milik"), value=lambda row: row.subject_name, width=30),
            ListColumn("apa", _("Yang dibuka"), value=lambda row: reading_title(row.what), width=36),
            ListColumn("kode", _("Kode"), value=lambda row: row.what, shown=False),
            ListColumn("alasan", _("Alasan"), value=lambda row: row.why, width=36),
            ListColumn("alamat", _("Alamat jaringan"), value=lambda row: row.address, width=18),
        ],
        name="akses",
        title=_("Akses data pribadi"),
        noun=_("pembacaan"),
        default_sort="-waktu",
        search=[AccessRow.reader_name, _of_somebody_called],
        search_label=_("Nama pembaca atau pemilik data"),
        filters=[
            *(one for one in filters if one),
            DateFilter.since("dari", _("Dari tanggal"), AccessRow.at),
            DateFilter.until("sampai", _("Sampai tanggal"), AccessRow.at),
        ],
    )


def reader_of(row: AccessRow) -> str:
    """Return who read: the name as it was then, unless that person was erased."""
    return str(_("Akun dihapus")) if is_erased(row.reader_id) else row.reader_name


def _of_somebody_called(word: str) -> ColumnElement[bool]:
    called = select(PersonRow.id).where(PersonRow.name.icontains(word, autoescape=True))
    return AccessRow.subject_id.in_(called)


def _one(
    argument: str, title: str, column: InstrumentedAttribute[UUID | None] | InstrumentedAttribute[UUID]
) -> ChoiceFilter | None:
    """Return the filter for one person, where the address names one of this tenant: names in the list lead to it."""
    try:
        person_id = UUID(request.args.get(argument, ""))
    except ValueError:
        return None
    row = current_scope().session.get(PersonRow, (current_tenant().id, person_id))
    if row is None:
        return None
    return ChoiceFilter(argument, title, [(str(row.id), row.name)], lambda value: column == UUID(value))
