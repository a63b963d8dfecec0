"""Work orders: made from a report, an asset or a plan; issued, begun, finished, cancelled.

Each function holds its order, refuses with `DomainError` what the order's state does not allow, and writes the trail.
Work that begins on a report begins the report too; with the last of its orders the report is finished.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Select, func, select

from lumbung.sdk import Bilingual, DomainError, audit, current_person, find, notify, now, session, today

from ..models import Asset, Crew, Photo, Plan, Report, WorkOrder
from ..rules import states, work
from ..rules.states import State
from ..rules.work import OrderState
from ..words import _, both
from . import history, plans, workflow
from .moving import typed
from .numbering import next_number

WORK, FIELD = "infrastruktur.work", "infrastruktur.field"
SERIES = "kerja"
MAY_HAVE_ORDERS = frozenset({State.ROUTED, State.WORKING, State.POSTPONED, State.REOPENED})
LONGEST_TITLE, LONGEST_REASON = 160, 300
LONGEST_TEXT = 4000
FIELD_PAGE = "/infrastruktur/lapangan"


# Making


def draft_for_report(
    report: Report,
    *,
    title: str = "",
    instructions: str = "",
    crew: Crew | None = None,
    planned_on: date | None = None,
) -> WorkOrder:
    """Draft an order to mend what was reported, for the unit that answers for it."""
    if report.unit_id is None or report.state not in MAY_HAVE_ORDERS:
        raise DomainError(
            _(
                "Laporan %(number)s berstatus %(state)s. Perintah kerja dibuat setelah laporan didisposisi, dan selama "
                "belum berakhir.",
                number=report.number,
                state=states.title(report.state).lower(),
            )
        )
    made = _draft(
        WorkOrder(report_id=report.id, asset_id=report.asset_id, unit_id=report.unit_id),
        title or f"{report.category.name}, {report.address or report.number}",
        instructions,
        crew,
        planned_on,
    )
    _note(report, both("Perintah kerja %(number)s dirancang.", number=made.number))
    return made


def draft_for_asset(
    asset: Asset,
    *,
    title: str = "",
    instructions: str = "",
    unit_id: UUID | None = None,
    crew: Crew | None = None,
    planned_on: date | None = None,
) -> WorkOrder:
    """Draft an order for work on an asset that nobody reported."""
    if asset.retired:
        raise DomainError(_("Aset %(code)s sudah tidak dipakai.", code=asset.code))
    order = WorkOrder(asset_id=asset.id, unit_id=asset.unit_id or unit_id)
    return _draft(order, title or f"{asset.code} {asset.name}", instructions, crew, planned_on)


def draft_for_plan(
    plan: Plan,
    *,
    title: str = "",
    instructions: str = "",
    unit_id: UUID | None = None,
    crew: Crew | None = None,
    planned_on: date | None = None,
) -> WorkOrder:
    """Draft an order for maintenance that was planned. What becomes of the plan, `services.plans` decides."""
    report = plan.report if plan.report is not None and plan.report.state in MAY_HAVE_ORDERS else None
    unit = plan.unit_id or (plan.asset.unit_id if plan.asset else None) or unit_id
    order = WorkOrder(plan_id=plan.id, asset_id=plan.asset_id, report_id=report.id if report else None, unit_id=unit)
    return _draft(order, title or plan.title, instructions or plan.note, crew, planned_on or plan.next_on)


def _draft(order: WorkOrder, title: str, instructions: str, crew: Crew | None, planned_on: date | None) -> WorkOrder:
    person = current_person()
    order.number = next_number(SERIES, today().year)
    order.title = " ".join(title.split())[:LONGEST_TITLE]
    order.instructions = typed(instructions, longest=LONGEST_TEXT)
    order.crew_id = _taken(crew)
    order.planned_on = planned_on
    order.made_at, order.made_by = now(), person.name if person else ""
    order.state, order.version, order.total = OrderState.DRAFT, 1, 0
    session.add(order)
    session.flush()
    audit("infrastruktur.work.make", order.number, about=order.id)
    return order


# Changing


def hold(order: WorkOrder, new: OrderState | None = None, *, seen: int | None = None) -> WorkOrder:
    """Keep others from changing an order until the end, read it as it is now, and refuse a way it does not have.

    ``seen`` is the version from which somebody wrote: when it has changed since, they are told. Raises `DomainError`.
    """
    session.flush()
    query = select(WorkOrder).where(WorkOrder.id == order.id).with_for_update()
    held = session.scalars(query.execution_options(populate_existing=True)).one()
    if seen is not None and seen != held.version:
        raise DomainError(
            _(
                "Perintah kerja %(number)s berubah sejak halaman ini dibuka, mungkin dari lapangan. Isian Anda masih "
                "ada; periksa keadaannya sekarang, lalu simpan lagi.",
                number=held.number,
            )
        )
    if new is not None:
        work.check(held.number, held.state, new)
    return held


def touched(order: WorkOrder) -> None:
    """Count a change: whoever wrote from an older version is told."""
    order.version += 1
    session.flush()


def change(
    order: WorkOrder,
    *,
    title: str,
    instructions: str,
    crew: Crew | None,
    planned_on: date | None,
    seen: int | None = None,
) -> None:
    """Change what is to be done, by whom and when; those who go out with it are told."""
    order = hold(order, seen=seen)
    if OrderState(order.state) not in work.OPEN:
        raise DomainError(
            _("Perintah kerja %(number)s sudah %(state)s, jadi tidak diubah lagi.",
              number=order.number, state=work.title(order.state).lower())
        )  # fmt: skip
    before = (order.title, order.instructions, order.crew_id, order.planned_on)
    old_crew = order.crew
    title = " ".join(title.split())
    if not title:
        raise DomainError(_("Isi judul pekerjaan."))
    order.title, order.instructions = title[:LONGEST_TITLE], typed(instructions, longest=LONGEST_TEXT)
    order.crew_id, order.planned_on = _taken(crew, keeps=order.crew_id), planned_on
    if before == (order.title, order.instructions, order.crew_id, order.planned_on):
        return
    touched(order)
    session.refresh(order, ["crew"])
    audit("infrastruktur.work.change", order.number, about=order.id)
    if order.state in work.IN_THE_FIELD:
        number = order.number
        if old_crew is not None and old_crew.id != order.crew_id:
            _tell(old_crew, both("Perintah kerja %(number)s diberikan kepada regu lain", number=number), order)
        _tell(order.crew, both("Perintah kerja %(number)s diubah", number=number), order)


def issue(order: WorkOrder) -> None:
    """Give a draft to its crew, or to whoever of the unit works in the field."""
    order = hold(order, OrderState.ISSUED)
    order.state, order.issued_at = OrderState.ISSUED, now()
    touched(order)
    audit("infrastruktur.work.issue", order.number, about=order.id, crew=order.crew.name if order.crew else "")
    if (report := report_of(order)) is not None:
        _note(report, both("Perintah kerja %(number)s diterbitkan.", number=order.number))
    _tell(order.crew, both("Perintah kerja baru %(number)s", number=order.number), order)


def start(order: WorkOrder) -> None:
    """Work begins, and with it the report, when that is not under way already."""
    order = hold(order, OrderState.WORKING)
    _begin_report(order)
    order.state, order.started_at = OrderState.WORKING, now()
    touched(order)
    audit("infrastruktur.work.start", order.number, about=order.id)


def finish(order: WorkOrder, result: str, *, end_report: bool = True) -> bool:
    """The work is done. Returns whether the report is finished with it: when this was the last of its open orders.

    What was never begun begins now. Photos of before and after are shown beside the report from here on.
    """
    order = hold(order, OrderState.DONE)
    result = typed(result, needed=_("Tulis apa yang dikerjakan dan hasilnya."), longest=LONGEST_TEXT)
    if order.state == OrderState.ISSUED:
        start(order)
    order.state, order.finished_at, order.result = OrderState.DONE, now(), result
    touched(order)
    audit("infrastruktur.work.finish", order.number, about=order.id)
    plans.order_ended(order)
    report = report_of(order)
    return report is not None and _finish_report(order, report, end_report)


def cancel(order: WorkOrder, reason: str) -> None:
    """Nothing is done after all; the report stays as it is."""
    order = hold(order, OrderState.CANCELLED)
    reason = typed(reason, needed=_("Tulis mengapa perintah kerja dibatalkan."), longest=LONGEST_REASON)
    was_out = order.state in work.IN_THE_FIELD
    order.state, order.reason = OrderState.CANCELLED, reason
    touched(order)
    audit("infrastruktur.work.cancel", order.number, about=order.id, reason=reason)
    plans.order_ended(order)
    if (report := report_of(order)) is not None:
        sentence = both("Perintah kerja %(number)s dibatalkan:", number=order.number)
        _note(report, Bilingual(f"{sentence.id} {reason}", f"{sentence.en} {reason}"))
    if was_out:
        _tell(order.crew, both("Perintah kerja %(number)s dibatalkan", number=order.number), order, reason)


def add_remark(order: WorkOrder, text: str) -> None:
    """Keep what a crew wrote about an order that had ended meanwhile: beside what stands there, in no one's place."""
    order = hold(order)
    text = typed(text, needed=_("Tulis keterangannya."), longest=LONGEST_TEXT)
    said = both("Keterangan dari lapangan:").id
    order.result = f"{order.result}\n\n{said} {text}".strip()
    touched(order)
    audit("infrastruktur.work.remark", order.number, about=order.id)


# Looking


def open_orders(report: Report) -> Sequence[WorkOrder]:
    """The orders of a report that are not over, drafts among them."""
    return session.scalars(_open_orders(report).order_by(WorkOrder.number)).all()


def is_last(order: WorkOrder) -> bool:
    """Whether the report of an order has no other open one, so that it is finished with this."""
    report = report_of(order)
    if report is None:
        return False
    others = _open_orders(report).where(WorkOrder.id != order.id).with_only_columns(func.count())
    return session.scalar(others) == 0


def report_of(order: WorkOrder) -> Report | None:
    """The report that an order moves: of a duplicate its main one; None when another unit has taken it over."""
    if order.report_id is None:
        return None
    report = find(Report, order.report_id)
    main = workflow.main_of(report) if report else None
    return main if main is not None and main.unit_id == order.unit_id else None


def is_late(order: WorkOrder) -> bool:
    """Whether its day has passed and it is not over."""
    return order.state in work.OPEN and order.planned_on is not None and order.planned_on < today()


# What comes along


def _open_orders(report: Report) -> Select[tuple[WorkOrder]]:
    merged = select(Report.id).where(Report.duplicate_of_id == report.id, Report.state == State.DUPLICATE)
    ours = (WorkOrder.report_id == report.id) | WorkOrder.report_id.in_(merged)
    return select(WorkOrder).where(ours, WorkOrder.state.in_(sorted(work.OPEN)))


def _begin_report(order: WorkOrder) -> None:
    report = report_of(order)
    if report is None or report.state == State.WORKING:
        return
    if report.state not in MAY_HAVE_ORDERS:
        raise DomainError(
            _(
                "Laporan %(number)s berstatus %(state)s. Buka kembali laporannya, atau batalkan perintah kerja ini.",
                number=report.number,
                state=states.title(report.state).lower(),
            )
        )
    workflow.start(report)


def _finish_report(order: WorkOrder, report: Report, end_report: bool) -> bool:
    for photo in order.photos:
        if photo.checked_at is None and photo.kind in ("before", "after"):
            photo.report_id, photo.shown = report.id, True
    ends = end_report and is_last(order) and State.DONE in states.TRANSITIONS[State(report.state)]
    if not ends:
        _note(report, both("Perintah kerja %(number)s selesai.", number=order.number))
        return False
    proofs = [photo.id for photo in order.photos if photo.kind == "after" and photo.shown]
    workflow.finish(report, order.result[:2000], photo_ids=_of_report(report, proofs))
    return True


def _of_report(report: Report, photo_ids: Sequence[UUID]) -> list[UUID]:
    session.flush()
    return list(session.scalars(select(Photo.id).where(Photo.id.in_(photo_ids), Photo.report_id == report.id)))


def _taken(crew: Crew | None, keeps: UUID | None = None) -> UUID | None:
    if crew is not None and not crew.open and crew.id != keeps:
        raise DomainError(_("Regu %(name)s sudah ditutup; pilih regu lain.", name=crew.name))
    return crew.id if crew else None


def _note(report: Report, words: Bilingual) -> None:
    history.note(report, "work", words, internal=True)


def _tell(crew: Crew | None, title: Bilingual, order: WorkOrder, note: str = "") -> None:
    """Tell who leads a crew, unless it is they who did it."""
    me = current_person()
    if crew is None or crew.leader_id is None or (me is not None and me.id == crew.leader_id):
        return
    text = note or order.title
    notify(crew.leader_id, title, Bilingual(text, text), FIELD_PAGE)
