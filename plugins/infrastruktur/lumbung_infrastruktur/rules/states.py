"""The states of a report and the only ways from one to another (domain/04, section b)."""

from __future__ import annotations

from enum import StrEnum

from lumbung.sdk import DomainError

from ..words import _, _l


class State(StrEnum):
    """Where a report stands. The official words are the codes."""

    NEW = "baru"
    VERIFIED = "terverifikasi"  # checked: it is real, and is ours
    ROUTED = "didisposisi"  # handed to the unit that answers for it
    WORKING = "dikerjakan"
    DONE = "selesai"  # mended, says the unit; the reporter may say otherwise
    CLOSED = "ditutup"  # rated, or nobody objected
    REFUSED = "ditolak"  # with a reason
    ELSEWHERE = "bukan_kewenangan"  # forwarded to another authority
    DUPLICATE = "duplikat"  # merged into another report
    POSTPONED = "ditunda"  # waits for a budget; planned quarter
    REOPENED = "dibuka_kembali"


S = State

TRANSITIONS: dict[State, frozenset[State]] = {
    S.NEW: frozenset({S.VERIFIED, S.ROUTED, S.REFUSED, S.ELSEWHERE, S.DUPLICATE}),
    S.VERIFIED: frozenset({S.ROUTED, S.REFUSED, S.ELSEWHERE, S.DUPLICATE, S.POSTPONED}),
    S.ROUTED: frozenset({S.ROUTED, S.WORKING, S.DONE, S.POSTPONED, S.REFUSED, S.ELSEWHERE, S.DUPLICATE}),
    S.WORKING: frozenset({S.DONE, S.POSTPONED, S.ROUTED, S.ELSEWHERE, S.DUPLICATE}),
    S.POSTPONED: frozenset({S.ROUTED, S.WORKING, S.DONE, S.REFUSED, S.ELSEWHERE, S.DUPLICATE}),
    S.DONE: frozenset({S.CLOSED, S.REOPENED}),
    S.CLOSED: frozenset({S.REOPENED}),
    S.REFUSED: frozenset({S.REOPENED}),
    S.ELSEWHERE: frozenset({S.REOPENED}),
    S.DUPLICATE: frozenset({S.REOPENED}),
    S.REOPENED: frozenset({S.ROUTED, S.WORKING, S.DONE, S.POSTPONED, S.REFUSED, S.ELSEWHERE, S.DUPLICATE}),
}

OPEN = frozenset({S.NEW, S.VERIFIED, S.ROUTED, S.WORKING, S.POSTPONED, S.REOPENED})  # Open311: open
ENDED = frozenset(State) - OPEN  # Open311: closed
ON_THE_CLOCK = OPEN - {S.POSTPONED}  # a postponed report waits for its quarter, not for its SLA
ORDER = tuple(State)  # as statistics list them; their counts add up to the total

TITLES = {
    S.NEW: _l("Baru"),
    S.VERIFIED: _l("Terverifikasi"),
    S.ROUTED: _l("Didisposisi"),
    S.WORKING: _l("Dikerjakan"),
    S.DONE: _l("Selesai"),
    S.CLOSED: _l("Ditutup"),
    S.REFUSED: _l("Ditolak"),
    S.ELSEWHERE: _l("Bukan kewenangan"),
    S.DUPLICATE: _l("Duplikat"),
    S.POSTPONED: _l("Ditunda"),
    S.REOPENED: _l("Dibuka kembali"),
}

TONES = {
    S.NEW: "laut",
    S.VERIFIED: "laut",
    S.ROUTED: "padi",
    S.WORKING: "padi",
    S.REOPENED: "gawat",
    S.REFUSED: "gawat",
    S.DONE: "baik",
    S.CLOSED: "baik",
}


def title(state: str) -> str:
    """The state in words, in the reader's language."""
    return str(TITLES[State(state)])


def tone(state: str) -> str:
    """The colour family of a state; the word always stands beside it."""
    return TONES.get(State(state), "muted")


def check(number: str, state: str, new: State) -> None:
    """Refuse a way that the table does not have, in one sentence naming the report."""
    if new not in TRANSITIONS[State(state)]:
        raise DomainError(
            _(
                "Laporan %(number)s sedang berstatus %(state)s, jadi tidak dapat diubah menjadi %(new)s.",
                number=number,
                state=title(state).lower(),
                new=title(new).lower(),
            )
        )
