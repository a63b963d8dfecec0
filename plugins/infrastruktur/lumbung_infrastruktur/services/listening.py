"""What others tell: damage that they saw becomes a report, a budget proposal answers one of ours.

Whoever sends these events is not known here. Their data are looked at like a form: what cannot be used is written into
the audit trail and dropped, never tried again.

``*.damage_seen``: ``category`` (code or group of ours; any other is the fallback of the settings), ``lat`` and ``lon``
or ``village`` (code), ``description``, ``key`` (the sender's own, taken up once), ``severity``, ``address``.
``*.budget_proposed``: ``answers_to`` (number of a report, or id of a maintenance plan), ``reference``, ``url``,
``state``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lumbung.sdk import DomainError, Event, audit, find, session, setting

from ..models import LONGEST_TEXT, Category, Plan, Report
from ..rules.contacts import key_of
from ..rules.kinds import SEVERITIES
from ..words import _, both
from . import history
from .moving import hold

LONGEST_KEY = 200
WELL_FORMED = ("https://", "http://", "/")


def hear(event: Event) -> None:
    """Do what an event asks for, or write down why not. Raises nothing that another try would not mend."""
    act = {"damage_seen": _damage, "budget_proposed": _budget}.get(event.name.rpartition(".")[2])
    if act is None:
        return
    if not isinstance(event.data, Mapping):
        _drop(event, _("Datanya bukan pasangan nama dan nilai."))
        return
    try:
        with session.begin_nested():
            act(event)
            session.flush()
    except DomainError as refusal:
        _drop(event, str(refusal))
    except IntegrityError:
        if not _is_known(_source_key(event)):
            _drop(event, _("Datanya bertentangan dengan yang sudah ada."))


def _damage(event: Event) -> None:
    from .reporting import NewReport, make_report

    key = _source_key(event)
    if _is_known(key):
        return
    data = event.data
    lat, lon = _degrees(data.get("lat"), 90), _degrees(data.get("lon"), 180)
    placed = lat is not None and lon is not None
    severity = _text(data, "severity", 8)
    make_report(
        NewReport(
            category=_category(_text(data, "category", 40)),
            description=_text(data, "description", LONGEST_TEXT),
            lat=lat if placed else None,
            lon=lon if placed else None,
            place_from="map" if placed else "village",
            village_code=_text(data, "village", 13),
            address=_text(data, "address", 300),
            severity=severity if severity in SEVERITIES else "sedang",
            channel="event",
            source_key=key,
        )
    )


def _budget(event: Event) -> None:
    """Note a proposal on the report or plan that it answers. Told twice, it stands there once."""
    data = event.data
    answers_to = _text(data, "answers_to", 40)
    reference, url = _text(data, "reference", 80), _text(data, "url", 300)
    if not reference:
        raise DomainError(_("Usulan itu tanpa nomor."))
    if not url.startswith(WELL_FORMED) or url.startswith("//"):
        url = ""
    state = _text(data, "state", 80)
    plan = find(Plan, found, lock=True) if (found := _uuid(answers_to)) else None
    if plan is not None:
        plan.budget_reference, plan.budget_url, plan.budget_state = reference, url, state[:12]
        audit("infrastruktur.plan.budget", plan.title, about=plan.id, reference=reference, state=state)
        return
    report = session.scalar(select(Report).where(Report.number == answers_to[:16]))
    if report is None:
        raise DomainError(_("Laporan atau rencana %(name)s tidak ada.", name=answers_to or "?"))
    _note_budget(hold(report), reference, url, state)


def _note_budget(report: Report, reference: str, url: str, state: str) -> None:
    report.budget_reference, report.budget_url = reference, url
    words = both("Usulan anggaran %(reference)s", reference=reference)
    words = both("%(words)s: %(state)s.", words=words, state=state) if state else both("%(words)s.", words=words)
    if history.said(report, words):
        return
    history.note(report, "note", words)
    audit("infrastruktur.report.budget", report.number, about=report.id, reference=reference, state=state)


def _category(asked: str) -> Category:
    """The category of a code, else the first of a group, else that of the settings, else the first of ``lain``."""
    usable = select(Category).where(Category.open.is_(True)).order_by(Category.position, Category.code).limit(1)
    fallback = str(setting("fallback_category") or "")
    for condition in (
        Category.code == asked,
        Category.group == asked,
        Category.code == fallback,
        Category.group == "lain",
    ):
        found = session.scalar(usable.where(condition))
        if found is not None:
            return found
    raise DomainError(_("Tidak ada kategori untuk %(name)s.", name=asked or "?"))


def _source_key(event: Event) -> str:
    key = f"{event.name}:{_text(event.data, 'key', 2000) or event.id}"
    return key if len(key) <= LONGEST_KEY else f"{event.name}:{key_of('event', key)}"


def _is_known(source_key: str) -> bool:
    return session.scalar(select(Report.id).where(Report.source_key == source_key)) is not None


def _text(data: Mapping[str, Any], name: str, longest: int) -> str:
    value = data.get(name)
    return str(value).replace("\x00", "").strip()[:longest] if isinstance(value, str | int | float) else ""


def _degrees(value: Any, most: int) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) <= most else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _drop(event: Event, reason: str) -> None:
    audit("infrastruktur.event.drop", event.name, reason=reason[:300], event=event.id)
