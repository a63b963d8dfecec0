"""What data subjects ask for: copy, correction, erasure, withdrawal, restriction, objection (UU 27/2022, 5 to 13).

A request is received, the officer makes sure who asks, works on it, and answers or refuses with the reason and the
law; each step is told to the person. Its clock is in `lumbung.privacy.clocks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.bilingual import Bilingual, Catalogue
from lumbung.clock import utc_now
from lumbung.context import current_tenant
from lumbung.errors import LumbungError
from lumbung.notifications.services import notify
from lumbung.privacy import consents
from lumbung.privacy.clocks import OPEN, code_of, due_from, tell_officers
from lumbung.privacy.models import DataRequest

COPY, CORRECTION, ERASURE, WITHDRAWAL = "copy", "correction", "erasure", "withdrawal"
RESTRICTION, OBJECTION = "restriction", "objection"
KINDS = (COPY, CORRECTION, ERASURE, WITHDRAWAL, RESTRICTION, OBJECTION)

RECEIVED, VERIFIED, WORKING, DONE, REFUSED, CANCELLED = (
    "received", "verified", "working", "done", "refused", "cancelled",
)  # fmt: skip
STATES = (RECEIVED, VERIFIED, WORKING, DONE, REFUSED, CANCELLED)
WAYS: Mapping[str, frozenset[str]] = {
    RECEIVED: frozenset({VERIFIED, REFUSED, CANCELLED}),
    VERIFIED: frozenset({WORKING, DONE, REFUSED, CANCELLED}),
    WORKING: frozenset({DONE, REFUSED, CANCELLED}),
}
LONGEST_TEXT = 4000

both = Catalogue("lumbung").both


class AlreadyOpen(LumbungError):
    """The person has a request of this kind that is not answered yet."""


class WrongState(LumbungError):
    """The request is at another state by now: somebody else was quicker, or a step was left out."""


def kind_title(kind: str) -> Bilingual:
    """Return what a kind of request is called, with the article that gives the right."""
    return {
        COPY: both("Melihat dan mendapat salinan data (pasal 7)"),
        CORRECTION: both("Memperbaiki atau melengkapi data (pasal 6)"),
        ERASURE: both("Menghapus data (pasal 8)"),
        WITHDRAWAL: both("Menarik persetujuan (pasal 9)"),
        OBJECTION: both("Menolak keputusan otomatis (pasal 10)"),
        RESTRICTION: both("Menunda atau membatasi pemrosesan (pasal 11)"),
    }[kind]


def state_title(state: str) -> Bilingual:
    """Return what a state is called."""
    return {
        RECEIVED: both("Diterima"),
        VERIFIED: both("Diverifikasi"),
        WORKING: both("Dikerjakan"),
        DONE: both("Selesai"),
        REFUSED: both("Ditolak"),
        CANCELLED: both("Dibatalkan"),
    }[state]


def make(
    session: Session,
    kind: str,
    *,
    person_id: UUID | None,
    text: str = "",
    applicant: str = "",
    contact: str = "",
    consent_code: str | None = None,
    received_by: str = "",
) -> DataRequest:
    """Take a request in and start its clock.

    ``received_by`` is the officer who wrote it down for somebody at the counter; ``applicant`` and ``contact`` tell who
    that is when they have no account. Raises `AlreadyOpen`.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"data request {current_tenant().id}"))))
    if person_id is not None:
        same = select(DataRequest).where(DataRequest.person_id == person_id, DataRequest.kind == kind)
        held = session.scalar(same.where(DataRequest.state.in_(OPEN)).limit(1))
        if held is not None:
            raise AlreadyOpen("Request %(code)s of the same kind is not answered yet.", code=code_of(held))
    now = utc_now()
    row = DataRequest(
        number=(session.scalar(select(func.max(DataRequest.number))) or 0) + 1,
        kind=kind,
        state=RECEIVED,
        person_id=person_id,
        applicant="" if person_id else " ".join(applicant.split())[:120],
        contact="" if person_id else contact.strip()[:120],
        text=text.strip()[:LONGEST_TEXT],
        consent_code=consent_code,
        received_at=now,
        received_by=received_by[:160],
        due_at=due_from(now),
        outcome=[],
    )
    session.add(row)
    session.flush()
    audit.record("data.request", code_of(row), about=row.id)
    _tell(row, both("Permintaan %(code)s kami terima", code=code_of(row)), both(
        "Kami menjawabnya paling lambat %(due)s (3x24 jam).", due=row.due_at.astimezone(current_tenant().now().tzinfo)
    ))  # fmt: skip
    tell_officers(
        both("Permintaan data baru: %(code)s", code=code_of(row)),
        both("%(kind)s. Batasnya %(due)s.", kind=kind_title(kind), due=_local_due(row)),
        row,
    )
    return row


def verify(session: Session, row: DataRequest, *, how: str, by: str) -> None:
    """Note how the officer made sure who asks; raises `WrongState`."""
    _go(session, row, VERIFIED, by)
    audit.record("data.verified", code_of(row), about=row.id)
    row.verified_at, row.verified_how = utc_now(), how[:200]
    _step(row, both("Identitas Anda sudah kami periksa; permintaan %(code)s akan dikerjakan.", code=code_of(row)))


def start(session: Session, row: DataRequest, *, by: str) -> None:
    """Note that it is being worked on; raises `WrongState`."""
    _go(session, row, WORKING, by)
    audit.record("data.working", code_of(row), about=row.id)
    row.started_at = utc_now()
    _step(row, both("Permintaan %(code)s sedang kami kerjakan.", code=code_of(row)))


def finish(session: Session, row: DataRequest, *, answer: str, by: str) -> None:
    """Answer it; a withdrawal ends the consent that it names. Raises `WrongState`."""
    _go(session, row, DONE, by)
    audit.record("data.done", code_of(row), about=row.id)
    row.ended_at, row.answer = utc_now(), answer.strip()[:LONGEST_TEXT]
    if row.kind == WITHDRAWAL and row.person_id and row.consent_code:
        consents.withdraw(session, row.person_id, row.consent_code, by=None)
    _step(row, both("Permintaan %(code)s selesai. Jawabannya dapat Anda baca dan unduh.", code=code_of(row)))


def refuse(session: Session, row: DataRequest, *, reason: str, legal_basis: str, by: str) -> None:
    """Refuse it, with the reason and the law; raises `WrongState`."""
    _go(session, row, REFUSED, by)
    audit.record("data.refused", code_of(row), about=row.id)
    row.ended_at, row.answer, row.legal_basis = utc_now(), reason.strip()[:LONGEST_TEXT], legal_basis.strip()[:300]
    _step(row, both("Permintaan %(code)s tidak dapat dipenuhi. Alasannya dapat Anda baca.", code=code_of(row)))


def cancel(session: Session, row: DataRequest) -> None:
    """Take one's own request back; raises `WrongState` once it is answered."""
    _go(session, row, CANCELLED, row.handled_by)
    audit.record("data.cancelled", code_of(row), about=row.id)
    row.ended_at = utc_now()


def of_person(person_id: UUID) -> Select[DataRequest]:
    """Return the query for a person's own requests, the newest first."""
    return select(DataRequest).where(DataRequest.person_id == person_id).order_by(DataRequest.number.desc())


def states(state: str) -> ColumnElement[bool]:
    """Return the condition of a tab of the desk: everything open, or one state."""
    return DataRequest.state.in_(OPEN) if state == "open" else DataRequest.state == state


def open_requests(session: Session) -> Sequence[DataRequest]:
    """Return what is not answered yet, what is due first in front."""
    return session.scalars(select(DataRequest).where(DataRequest.state.in_(OPEN)).order_by(DataRequest.due_at)).all()


def _go(session: Session, row: DataRequest, state: str, by: str) -> None:
    session.refresh(row, with_for_update=True)
    if state not in WAYS.get(row.state, frozenset()):
        raise WrongState(
            "Request %(code)s is %(state)s and cannot become %(new)s.",
            code=code_of(row),
            state=row.state,
            new=state,
        )
    row.state, row.handled_by = state, by[:160]


def _step(row: DataRequest, text: Bilingual) -> None:
    _tell(row, both("Permintaan %(code)s: %(state)s", code=code_of(row), state=state_title(row.state)), text)


def _tell(row: DataRequest, title: Bilingual, text: Bilingual) -> None:
    if row.person_id is not None:
        notify(row.person_id, title, text, f"/akun/data/permintaan/{row.id}/")


def _local_due(row: DataRequest) -> object:
    return row.due_at.astimezone(current_tenant().now().tzinfo)
