"""The states of a ticket and the only ways from one to another."""

from __future__ import annotations

from enum import StrEnum

from lumbung.sdk import DomainError

from ..words import _, _l


class State(StrEnum):
    """What a ticket is at. The official word stands beside each."""

    BOOKED = "booked"  # dipesan
    WAITING = "waiting"  # menunggu, after check-in
    CALLED = "called"  # dipanggil
    SERVING = "serving"  # dilayani
    SKIPPED = "skipped"  # dilewati, comes back by the recall rule
    TRANSFERRED = "transferred"  # dialihkan, waits at another counter or service
    DONE = "done"  # selesai
    NO_SHOW = "no_show"  # tidak hadir
    CANCELLED = "cancelled"  # batal
    EXPIRED = "expired"  # kedaluwarsa


S = State

TRANSITIONS: dict[State, frozenset[State]] = {
    S.BOOKED: frozenset({S.WAITING, S.CANCELLED, S.EXPIRED}),
    S.WAITING: frozenset({S.CALLED, S.CANCELLED, S.EXPIRED}),
    S.CALLED: frozenset({S.SERVING, S.SKIPPED, S.NO_SHOW, S.TRANSFERRED, S.CANCELLED}),
    S.SERVING: frozenset({S.DONE, S.TRANSFERRED}),
    S.SKIPPED: frozenset({S.CALLED, S.NO_SHOW, S.CANCELLED}),
    S.TRANSFERRED: frozenset({S.CALLED, S.CANCELLED, S.EXPIRED}),
    S.DONE: frozenset(),
    S.NO_SHOW: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
}

ACTIVE = frozenset(state for state, ways in TRANSITIONS.items() if ways)
QUEUING = frozenset({S.WAITING, S.SKIPPED, S.TRANSFERRED})
AT_COUNTER = frozenset({S.CALLED, S.SERVING})
HOLDS_NO_SEAT = frozenset({S.CANCELLED})

TITLES = {
    S.BOOKED: _l("Dipesan"),
    S.WAITING: _l("Menunggu"),
    S.CALLED: _l("Dipanggil"),
    S.SERVING: _l("Dilayani"),
    S.SKIPPED: _l("Dilewati"),
    S.TRANSFERRED: _l("Dialihkan"),
    S.DONE: _l("Selesai"),
    S.NO_SHOW: _l("Tidak hadir"),
    S.CANCELLED: _l("Batal"),
    S.EXPIRED: _l("Kedaluwarsa"),
}

TONES = {
    S.BOOKED: "laut",
    S.WAITING: "laut",
    S.CALLED: "padi",
    S.SERVING: "padi",
    S.DONE: "baik",
    S.NO_SHOW: "gawat",
    S.CANCELLED: "gawat",
}


def title(state: str) -> str:
    """The state in words, in the reader's language."""
    return str(TITLES[State(state)])


def tone(state: str) -> str:
    """The colour family of a state; the word always stands beside it."""
    return TONES.get(State(state), "muted")


def check(label: str, state: str, new: State) -> None:
    """Refuse a way that the table does not have, in one sentence naming the ticket."""
    if new not in TRANSITIONS[State(state)]:
        raise DomainError(
            _(
                "Nomor %(label)s sedang berstatus %(state)s, jadi tidak dapat diubah menjadi %(new)s.",
                label=label,
                state=title(state).lower(),
                new=title(new).lower(),
            )
        )
