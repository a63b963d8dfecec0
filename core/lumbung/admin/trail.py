"""The tenant's audit trail: newest first, filtered, and as a spreadsheet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from sqlalchemy import Select, select

from lumbung.admin.words import action_title, detail_name
from lumbung.audit import AuditRow
from lumbung.context import current_scope, current_tenant
from lumbung.documents.spreadsheet import Column, Sheet, spreadsheet
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain
from lumbung.web.paging import page_number, page_url, paginate

blueprint = Blueprint("admin_trail", __name__, url_prefix="/admin/jejak")
_ = core_domain.gettext

MOST_ROWS = 20_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Filters:
    """What the trail is narrowed to. A date that cannot be read narrows nothing."""

    action: str
    words: str
    since: date | None
    until: date | None

    @classmethod
    def of_request(cls) -> Filters:
        """Read the filters of this request."""
        return cls(
            action=request.args.get("tindakan", "")[:80],
            words=request.args.get("q", "").strip()[:100],
            since=_date("dari"),
            until=_date("sampai"),
        )

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.action or self.words or self.since or self.until)

    def as_arguments(self) -> dict[str, str]:
        """Return the filters as parts of an address."""
        values = {
            "tindakan": self.action,
            "q": self.words,
            "dari": self.since.isoformat() if self.since else "",
            "sampai": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in values.items() if value}


@blueprint.get("/")
@requires("core.audit")
def index() -> str:
    """Show who did what, newest first."""
    filters = Filters.of_request()
    session = current_scope().session
    page = paginate(session, _query(filters), page_number())
    actions = session.scalars(select(AuditRow.action).distinct().order_by(AuditRow.action)).all()
    return render_template(
        "admin/trail.html",
        page=page,
        page_url=page_url(),
        filters=filters,
        actions=sorted(((action, action_title(action)) for action in actions), key=lambda pair: pair[1]),
        action_title=action_title,
        detail_words=detail_words,
        most=MOST_ROWS,
    )


@blueprint.get("/unduh")
@requires("core.audit")
def download() -> Response:
    """Return what the filters show as an xlsx file."""
    rows = current_scope().session.scalars(_query(Filters.of_request()).limit(MOST_ROWS))
    sheet = Sheet(
        _("Jejak audit"),
        [
            Column(_("Waktu"), "datetime"),
            Column(_("Orang"), width=30),
            Column(_("Tindakan"), width=32),
            Column(_("Kode tindakan")),
            Column(_("Hal"), width=36),
            Column(_("Rincian"), width=48),
            Column(_("Alamat jaringan"), width=18),
        ],
        [
            [
                row.at,
                row.person_name,
                action_title(row.action),
                row.action,
                row.thing,
                detail_words(row),
                row.address,
            ]
            for row in rows
        ],
    )
    answer = Response(spreadsheet([sheet]), mimetype=XLSX)
    name = f"jejak-{current_tenant().slug}-{current_tenant().today():%Y%m%d}.xlsx"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def detail_words(row: AuditRow) -> str:
    """Return the details of an entry as one line; what is empty, false or said already is left out."""
    parts = (
        f"{detail_name(key)}: {_plain(value)}"
        for key, value in row.detail.items()
        if value and value != row.person_name
    )
    return ", ".join(parts)


def _plain(value: object) -> str:
    if value is True:
        return str(_("ya"))
    if isinstance(value, list):
        return " ".join(_plain(one) for one in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _query(filters: Filters) -> Select[AuditRow]:
    query = select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id)
    if filters.action:
        query = query.where(AuditRow.action == filters.action)
    for word in filters.words.split()[:6]:
        query = query.where(
            AuditRow.person_name.icontains(word, autoescape=True) | AuditRow.thing.icontains(word, autoescape=True)
        )
    if filters.since:
        query = query.where(AuditRow.at >= _midnight(filters.since))
    if filters.until and filters.until < date.max:
        query = query.where(AuditRow.at < _midnight(filters.until + timedelta(days=1)))
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(current_tenant().time_zone))


def _date(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if date(1970, 1, 1) <= found <= date(9000, 1, 1) else None
