"""Every place a plugin may join in. This file is the manual; `docs/reference/hooks.md` shows each in use.

A plugin lists the hooks it implements in its manifest (``hooks = ["routes", ...]``) and marks the functions in
its package with ``@hookimpl``. The core asks only plugins that are enabled for the tenant at hand. One that
raises is left out of the answers and written down as a fault; the others are asked all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import pluggy

from lumbung.bilingual import Bilingual

if TYPE_CHECKING:
    from flask import Blueprint

    from lumbung.demo import Demo
    from lumbung.identity.cards import PersonCard
    from lumbung.identity.person import Person

NAMESPACE = "lumbung"
hookspec = pluggy.HookspecMarker(NAMESPACE)
hookimpl = pluggy.HookimplMarker(NAMESPACE)


@dataclass(frozen=True)
class Affair:
    """An open matter of a citizen, such as a queue number for tomorrow; shown on their home page.

    ``url`` is a path on this host; ``tone`` is one of baik, gawat, padi, laut, muted.
    """

    title: str
    text: str
    url: str
    status: str = ""
    tone: str = "laut"


@dataclass(frozen=True)
class SearchHit:
    """Something a citizen may be looking for, such as one service of one office.

    ``url`` is a path on this host; ``kind`` says in a word or two what it is ("Layanan antrean").
    """

    title: str
    text: str
    url: str
    kind: str = ""
    icon: str = "arrow-right"


@dataclass(frozen=True)
class DeskTask:
    """Something that waits for an officer today, such as twelve people in the waiting room.

    ``url`` is where it is dealt with; ``count`` how many of it wait; ``tone`` is gawat when it cannot wait, padi
    when it is for now, laut otherwise; ``due`` is the moment by which it must be done, if there is one.
    """

    title: str
    text: str
    url: str
    count: int | None = None
    tone: str = "laut"
    due: datetime | None = None
    icon: str = "checklist"

    def __post_init__(self) -> None:
        if self.due is not None and self.due.tzinfo is None:
            raise ValueError("due has no time zone; work it out from lumbung.sdk.now()")


@dataclass(frozen=True)
class DataSubject:
    """Somebody whose data are asked for (subjek data pribadi, UU 27/2022); ``id`` is that of their account.

    ``phone`` and ``nik`` are there only when it was proven that they are theirs: a number that was confirmed, a
    KTP that an officer saw. So whatever is found by them may be shown and erased. ``id`` is empty for somebody
    without an account, whom an officer serves.
    """

    id: UUID | None
    name: str
    email: str = ""
    phone: str | None = None
    nik: str | None = field(default=None, repr=False)


Plain = str | int | float | bool | date | datetime | time | None


@dataclass(frozen=True)
class DataSection:
    """Personal data of one kind, such as queue numbers: rows with the same columns.

    ``name`` and the keys of ``columns`` are for programs (small letters); ``title`` and the values of ``columns`` for
    people, in the language of the page. A value is a text, a number, a date or moment, True, False or None.
    """

    name: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Plain]]

    def __post_init__(self) -> None:
        for row in self.rows:
            for key, value in row.items():
                if key not in self.columns:
                    raise ValueError(f"section {self.name!r} has no column {key!r}; it has {list(self.columns)}")
                if not isinstance(value, Plain):
                    raise TypeError(f"{self.name}.{key} is {type(value).__name__}; a plain value is expected")


@dataclass(frozen=True)
class Erased:
    """What became of one kind of data when a person was erased: how many rows, and how.

    ``how`` is ``deleted``, ``anonymised`` (the row stays and tells of nobody) or ``kept``; the last two say ``why``,
    with the law that asks for it.
    """

    what: Bilingual
    count: int
    how: Literal["deleted", "anonymised", "kept"] = "deleted"
    why: Bilingual | None = None

    def __post_init__(self) -> None:
        if self.how not in ("deleted", "anonymised", "kept"):
            raise ValueError(f"data are deleted, anonymised or kept, not {self.how!r}")
        if self.how != "deleted" and self.why is None:
            raise ValueError(f"{self.what.id}: say why this was {self.how} and which law asks for it")


@dataclass(frozen=True)
class Moved:
    """What went from somebody to their successor: how many, and of what ("pengaduan")."""

    what: Bilingual
    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("what moved is counted: 0 or more")


@dataclass(frozen=True)
class Event:
    """Something that happened, told with plain JSON data. ``id`` is the same at every delivery of it."""

    id: str
    name: str
    data: Mapping[str, Any]
    at: datetime


@hookspec
def routes() -> Sequence[Blueprint]:
    """Return the plugin's blueprints. Asked once in a worker, at the plugin's first request.

    They are mounted under ``/<plugin>``. Every view needs an access rule (`public`, `signed_in` or `requires`);
    a plugin with one that has none refuses to open, and its address answers 503.
    """
    raise NotImplementedError


@hookspec
def my_affairs(person: Person) -> Sequence[Affair]:
    """Return what this person has open with the plugin. Asked when they look at their home page.

    An empty list shows nothing. Runs inside the tenant's scope; read, do not write.
    """
    raise NotImplementedError


@hookspec
def search(words: Sequence[str]) -> Sequence[SearchHit]:
    """Return what the plugin offers citizens under these words. Asked on the portal's search page.

    ``words`` are one to eight, in small letters; a hit holds all of them. At most ten hits of a plugin are shown,
    in the order returned. Anybody may ask: return only what is public. Runs inside the tenant's scope; read only.
    """
    raise NotImplementedError


@hookspec
def desk_tasks(person: Person) -> Sequence[DeskTask]:
    """Return what waits for this officer now. Asked when they open their desk.

    Answer for what ``person`` may do, and for the unit they work in at the moment (`current_unit`, None for all).
    An empty list shows nothing. Runs inside the tenant's scope; read, do not write.
    """
    raise NotImplementedError


@hookspec
def jobs() -> Mapping[str, Callable[..., None]]:
    """Return the plugin's background jobs by name. Asked in the job worker.

    A job is called with the keywords given to `defer`, inside a scope of the tenant that deferred it, and
    committed when it returns. One that raises is tried again a few times, then kept as failed.
    """
    raise NotImplementedError


@hookspec
def on_event(event: Event) -> None:
    """Hear an event that the manifest names under ``[events] listens``. Called in the job worker.

    Runs inside the tenant's scope; its writes are committed together with the note that it heard the event, so
    each event takes effect once. One that raises is tried again later; other listeners do not notice.
    """
    raise NotImplementedError


@hookspec
def export_person(person: DataSubject) -> Sequence[DataSection]:
    """Return all that the plugin holds of this person, for themselves to see and take away.

    Needed, like `erase_person`, by every plugin that names ``[[personal_data]]``. Asked for their page "my data"
    and for a copy at the desk, also where the plugin is off but still holds rows. Read, do not write.
    """
    raise NotImplementedError


@hookspec
def erase_person(person: DataSubject) -> Sequence[Erased]:
    """Erase what the plugin holds of this person, for good, and tell what was done.

    Runs in one transaction with the core and every other plugin: one that raises leaves all as it was. What the law
    on archives asks to be kept stays without a word that tells of whom; matters still open are closed.
    """
    raise NotImplementedError


@hookspec
def sweep_personal_data(today: date) -> Sequence[Erased]:
    """Delete or make anonymous the personal data whose ``retention_days`` are over, and tell what was done.

    Asked every night for each tenant that the plugin holds rows of, on or off, and for a rehearsal, which is undone:
    so do nothing that a rolled-back transaction would not undo. ``today`` is the date where the tenant is.
    """
    raise NotImplementedError


@hookspec
def hand_over(giver: PersonCard, receiver: PersonCard, unit_ids: frozenset[UUID] | None) -> Sequence[Moved]:
    """Move everything open that ``giver`` is to deal with to ``receiver``, and tell what moved.

    Needed by a plugin that assigns matters to people. Asked when a post is handed over: for matters of ``unit_ids``,
    or (None) for all. What is finished keeps the name of who finished it. Runs in one transaction with the roles, the
    core and every other plugin: one that raises leaves all as it was. Asked for the preview too, which is undone: so
    do nothing that a rolled-back transaction would not undo.
    """
    raise NotImplementedError


@hookspec
def load_demo(demo: Demo) -> None:
    """Fill believable sample data for the current tenant. Called by ``lumbung demo`` at every start, while it is on.

    Must be harmless to repeat: look before adding. ``demo`` finds the sample people and units.
    """
    raise NotImplementedError


def hook_names() -> frozenset[str]:
    """Return the name of every hook there is."""
    return frozenset(name for name, value in globals().items() if getattr(value, f"{NAMESPACE}_spec", None) is not None)
