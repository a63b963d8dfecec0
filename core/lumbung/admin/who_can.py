"""Who can do this, and what can this person do: each with the reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from lumbung import audit
from lumbung.admin.people import find
from lumbung.admin.role_words import (
    days_left,
    last_day,
    permission_title,
    place,
    role_title,
    through,
    why_asleep,
)
from lumbung.context import current_scope, current_tenant
from lumbung.identity import explain, roles
from lumbung.identity.explain import Answer
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.person import PLATFORM_PERMISSIONS
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import ListColumn, Listing
from lumbung.web.listing.files import csv_file, xlsx_file
from lumbung.web.permission_titles import by_application

blueprint = Blueprint("admin_who_can", __name__, url_prefix="/admin")
_ = core_domain.gettext

Page = BaseResponse | str


@blueprint.get("/peran/siapa")
@requires("core.people")
def who() -> Page:
    """Show everyone who holds a permission: where, through which role, from whom, until when."""
    known = roles.everything_here() | set(PLATFORM_PERMISSIONS)
    permission = request.args.get("izin", "")
    if permission not in known:
        permission = ""
    listing = _listing(permission) if permission else None
    return (listing.export() if listing else None) or render_template(
        "admin/who_can.html",
        listing=listing,
        permission=permission,
        title=permission_title(permission).title if permission else "",
        groups=by_application(frozenset(known), current_scope().kernel.snapshot(), current_tenant().id, language()),
        of_platform=permission in PLATFORM_PERMISSIONS,
        role_title=role_title,
        last_day=last_day,
        days_left=days_left,
    )


@blueprint.get("/orang/<uuid:person_id>/izin")
@requires("core.people")
def what(person_id: UUID) -> Page:
    """Show every permission: whether this person holds it, where, and why."""
    row = find(person_id)
    audit.note_reading(row.id, "person.permissions")
    session = current_scope().session
    answers = explain.answers(session, row)
    if request.args.get("unduh") in ("csv", "xlsx"):
        return _file(row, answers, request.args["unduh"])
    return render_template(
        "admin/permissions.html",
        row=row,
        groups=_by_application(answers),
        asleep=explain.asleep_grants(session, row),
        through=through,
        why_asleep=why_asleep,
        where=where,
    )


def where(answer: Answer) -> str:
    """Return where a permission is held, in words."""
    if not answer.can:
        return ""
    if answer.everywhere:
        return str(_("Platform") if answer.as_operator else _("Seluruh daerah"))
    return ", ".join(dict.fromkeys(grant.unit.name for grant in answer.giving if grant.unit))


def _by_application(answers: list[Answer]) -> list[tuple[str, list[tuple[str, Answer]]]]:
    groups: dict[str, list[tuple[str, Answer]]] = {}
    for answer in answers:
        title = permission_title(answer.permission)
        groups.setdefault(title.of, []).append((title.title, answer))
    return list(groups.items())


def _listing(permission: str) -> Listing:
    common: dict[str, Any] = {
        "name": "siapa",
        "title": _("Siapa bisa: %(title)s", title=permission_title(permission).title),
        "noun": _("orang") if permission in PLATFORM_PERMISSIONS else _("peran"),
        "default_sort": "nama",
        "search": [PersonRow.name, PersonRow.email],
        "search_label": _("Cari nama, surel"),
        "keep": {"izin": permission},
    }
    if permission in PLATFORM_PERMISSIONS:
        return Listing(query=explain.operators(), columns=_operator_columns(), **common)
    return Listing(query=explain.grants_giving(permission), columns=_grant_columns(), **common)


def _grant_columns() -> list[ListColumn]:
    return [
        ListColumn(
            "nama", _("Nama"), value=lambda one: one.person.name, sort=(PersonRow.name, PersonRow.email), width=30
        ),
        ListColumn("surel", _("Surel"), value=lambda one: one.person.email, shown=False, width=30),
        ListColumn("keadaan", _("Keadaan"), value=lambda one: state(one.person)),
        ListColumn("tempat", _("Berlaku di"), value=place, width=30),
        ListColumn("peran", _("Lewat peran"), value=lambda one: role_title(one.role).title, sort=Grant.role, width=30),
        ListColumn("oleh", _("Diberikan oleh"), value=lambda one: one.granted_by, width=30),
        ListColumn("sejak", _("Sejak"), kind="date", value=lambda one: one.granted_at, sort=Grant.granted_at),
        ListColumn("sampai", _("Sampai"), kind="date", value=last_day, sort=Grant.expires_at),
    ]


def _operator_columns() -> list[ListColumn]:
    return [
        ListColumn("nama", _("Nama"), value=lambda row: row.name, sort=(PersonRow.name, PersonRow.email), width=30),
        ListColumn("surel", _("Surel"), value=lambda row: row.email, width=30),
        ListColumn("keadaan", _("Keadaan"), value=state),
        ListColumn("peran", _("Lewat peran"), value=lambda _row: _("Operator platform")),
    ]


def state(row: PersonRow) -> str:
    """Return whether the account can be used, and whether it is an operator's."""
    words = [str(_("Aktif") if row.active else _("Nonaktif, tidak dapat masuk"))]
    return ", ".join([*words, str(_("operator platform"))] if row.operator else words)


def _file(row: PersonRow, answers: list[Answer], kind: str) -> Response:
    columns = [
        ListColumn("aplikasi", _("Aplikasi"), value=lambda one: permission_title(one.permission).of, width=30),
        ListColumn("izin", _("Izin"), value=lambda one: permission_title(one.permission).title, width=40),
        ListColumn("bisa", _("Bisa"), value=lambda one: one.can and row.active),
        ListColumn("tempat", _("Berlaku di"), value=where, width=30),
        ListColumn("alasan", _("Alasan"), value=_reasons, width=80),
    ]
    name = f"izin-{current_tenant().slug}-{current_tenant().today():%Y%m%d}"
    if kind == "csv":
        return csv_file(name, columns, answers)
    return xlsx_file(name, str(_("Izin %(name)s", name=row.name)), columns, answers)


def _reasons(answer: Answer) -> str:
    said = [str(_("Operator platform"))] if answer.as_operator else []
    for one in answer.reasons:
        asleep = why_asleep(one.asleep)
        said.append(f"{through(one.grant)} ({asleep})" if asleep else through(one.grant))
    return " | ".join(said)
