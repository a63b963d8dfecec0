"""Checking the chain of a tenant's trail: the first entry that is not as it was written, and what is wrong with it.

The database seals (migrations 0010), Python checks, from the same description of what is hashed:
docs/decisions/0015-audit-chain.md. So neither has to be believed on its own word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

FORMAT = "lumbung-audit-1"
ZEROS = bytes(32)  # stands where the first entry has no other before it
AT_A_TIME = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Wrong = Literal["edited", "missing", "moved", "inserted", "replaced", "cut", "beyond", "headless", "unsealed", "anchor"]
Tell = Callable[[int], object]


@dataclass(frozen=True)
class Entry:
    """One entry as it is hashed; ``detail`` is the text that PostgreSQL writes for it."""

    tenant_id: int
    seq: int | None
    prev_hash: bytes
    hash: bytes
    id: UUID
    at: datetime
    plugin: str | None
    person_id: UUID | None
    person_name: str
    action: str
    thing: str
    detail: str
    address: str | None
    about: UUID | None


@dataclass(frozen=True)
class BadEntry:
    """The first entry that is not as it was written. What is gone has a number only; ``other`` is a second number.

    ``wrong`` is: ``edited`` (its words differ from its hash), ``missing`` (numbers up to ``other`` are gone),
    ``moved`` (it was written as number ``other``), ``inserted`` (put in afterwards), ``replaced`` (another entry stood
    here when the next one was written), ``cut`` (numbers up to ``other`` are gone from the end), ``beyond`` (comes
    after what the database sealed), ``headless`` (the record of the newest entry is gone), ``unsealed`` (has no
    number), ``anchor`` (an anchor holds another hash; the anchor before it, number ``other``, still holds).
    """

    seq: int | None
    wrong: Wrong
    id: UUID | None = None
    at: datetime | None = None
    action: str | None = None
    other: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What a check found: how many entries were looked at, the newest number, and the first bad entry if any."""

    checked: int
    newest: int
    hash: str
    bad: BadEntry | None


@dataclass(frozen=True)
class Head:
    """The newest entry of a tenant's trail, as the database keeps it."""

    seq: int
    hash: bytes
    at: datetime | None


def canonical(entry: Entry, seq: int, previous: bytes) -> bytes:
    """Return the bytes of an entry that are hashed, as number ``seq`` after an entry with the hash ``previous``.

    The name of the format, then each field as its length in bytes, a colon and the text; a minus for none.
    """
    fields = (
        entry.tenant_id, seq, previous.hex(), entry.id, (entry.at - _EPOCH) // _MICROSECOND, entry.plugin,
        entry.person_id, entry.person_name, entry.action, entry.thing, entry.detail, entry.address, entry.about,
    )  # fmt: skip
    parts = [FORMAT.encode()]
    for field in fields:
        if field is None:
            parts.append(b"-")
        else:
            value = str(field).encode()
            parts.append(b"%d:%s" % (len(value), value))
    return b"".join(parts)


def digest(entry: Entry, seq: int, previous: bytes) -> bytes:
    """Return the hash of an entry as number ``seq`` after an entry with the hash ``previous``."""
    return hashlib.sha256(canonical(entry, seq, previous)).digest()


@contextmanager
def snapshot(engine: Engine, tenant_id: int) -> Iterator[Connection]:
    """Yield a connection that sees the tenant's rows as they stand at one moment, however much is written meanwhile."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        connection.execute(text("SELECT set_config('lumbung.tenant', :tenant, true)"), {"tenant": str(tenant_id)})
        yield connection


def head_of(connection: Connection, tenant_id: int) -> Head | None:
    """Return the newest entry of a tenant as the database keeps it, None when it keeps none."""
    query = text("SELECT seq, hash, at FROM lumbung_audit_head WHERE tenant_id = :tenant")
    row = connection.execute(query, {"tenant": tenant_id}).one_or_none()
    return Head(row.seq, bytes(row.hash), row.at) if row else None


def verify(
    connection: Connection,
    tenant_id: int,
    anchors: Mapping[int, bytes] | None = None,
    *,
    after: int = 0,
    tell: Tell = lambda _count: None,
) -> Verdict:
    """Walk a tenant's chain on a `snapshot` and say what is the first bad entry.

    ``anchors`` are hashes by number that were kept elsewhere. Entries up to number ``after`` are taken on trust: the
    check begins with the hash that number ``after`` holds. ``tell`` hears how many entries were looked at since the
    last time. Rows are read in small parts, so that millions fit.
    """
    walk = _Walk(connection, tenant_id, dict(anchors or {}), after)
    for count, entry in enumerate(entries(connection, tenant_id, after), start=1):
        if bad := walk.step(entry):
            return walk.verdict(bad)
        if count % AT_A_TIME == 0:
            tell(AT_A_TIME)
    tell(walk.checked % AT_A_TIME)
    return walk.verdict(walk.end())


def entries(connection: Connection, tenant_id: int, after: int = 0) -> Iterator[Entry]:
    """Yield a tenant's entries in the order of their numbers, those without one at the end."""
    rows = connection.execution_options(yield_per=AT_A_TIME).execute(
        text(f"{_SELECT} AND (seq > :after OR seq IS NULL) ORDER BY seq, at, id"),
        {"tenant": tenant_id, "after": after},
    )
    try:
        for row in rows:
            yield _entry(row)
    finally:
        rows.close()


_SELECT = (
    "SELECT tenant_id, seq, prev_hash, hash, id, at, plugin, person_id, person_name, action, thing, "
    "detail::text AS detail, address, about FROM lumbung_audit WHERE tenant_id = :tenant"
)


def _entry(row: Row[Any]) -> Entry:
    return Entry(**{**row._mapping, "prev_hash": bytes(row.prev_hash or b""), "hash": bytes(row.hash or b"")})


class _Walk:
    """One pass along a chain: what was seen last, and what is expected next."""

    def __init__(self, connection: Connection, tenant_id: int, anchors: dict[int, bytes], after: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._anchors = anchors
        self._after = after
        self._head = head_of(connection, tenant_id)
        self._last: Entry | None = None
        self._seq, self._hash = after, ZEROS
        self._anchored = 0
        self.checked = 0
        if after:
            one = connection.execute(text(f"{_SELECT} AND seq = :seq"), {"tenant": tenant_id, "seq": after}).first()
            self._last = _entry(one) if one else None
            self._hash = self._last.hash if self._last else ZEROS

    def step(self, entry: Entry) -> BadEntry | None:
        """Look at the next entry; return what is bad, this entry or one before it."""
        if entry.seq is None:
            return self.end() or _bad(entry, "unsealed")
        expected = self._seq + 1
        if entry.seq > expected:
            return BadEntry(expected, "missing", other=entry.seq - 1)
        if entry.seq < expected or entry.prev_hash != self._hash or digest(entry, expected, self._hash) != entry.hash:
            return self._explain(entry, expected)
        if self._head and entry.seq > self._head.seq:
            return _bad(entry, "beyond")
        self._last, self._seq, self._hash = entry, entry.seq, entry.hash
        self.checked += 1
        if expected in self._anchors:
            if self._anchors[expected] != entry.hash:
                return _bad(entry, "anchor", other=self._anchored)
            self._anchored = expected
        return None

    def end(self) -> BadEntry | None:
        """After the last numbered entry: compare with the head and with the newest anchor."""
        newest = max([self._head.seq if self._head else 0, *self._anchors])
        if self._seq < newest:
            return BadEntry(self._seq + 1, "cut", other=newest)
        if self._head is None:
            return _bad(self._last, "headless") if self._last else None
        if self._last and self._head.seq == self._seq and self._head.hash != self._hash:
            return _bad(self._last, "replaced")
        return None

    def verdict(self, bad: BadEntry | None) -> Verdict:
        """Sum up."""
        return Verdict(self.checked, self._seq, self._hash.hex(), bad)

    def _explain(self, entry: Entry, expected: int) -> BadEntry:
        """Tell what happened where the chain breaks. Only here does it cost a second walk."""
        if entry.seq is not None and digest(entry, entry.seq, entry.prev_hash) == entry.hash:
            # In order by itself, but written after another entry than the one that stands before it now.
            return _bad(self._last or entry, "replaced") if entry.seq == expected else _bad(entry, "inserted")
        number = self._written_as(entry)
        if self._last and number == self._seq and entry.prev_hash == self._last.prev_hash:
            return _bad(self._last, "inserted")
        if number is not None and number != expected:
            return _bad(entry, "moved", other=number)
        return _bad(entry, "edited")

    def _written_as(self, entry: Entry) -> int | None:
        """Return the number under which an entry was sealed with these very words, None when it never was."""
        links = self._connection.execution_options(yield_per=AT_A_TIME).execute(
            text("SELECT seq, prev_hash, hash FROM lumbung_audit WHERE tenant_id = :tenant AND seq > :after"),
            {"tenant": self._tenant_id, "after": self._after},
        )
        newest = self._seq
        for seq, previous, sealed in links:
            newest = max(newest, seq)
            if digest(entry, seq, bytes(previous or b"")) == bytes(sealed or b""):
                links.close()
                return int(seq)
        newest = max([newest, self._head.seq if self._head else 0, *self._anchors])
        own = (
            number
            for number in range(self._after + 1, newest + 2)
            if digest(entry, number, entry.prev_hash) == entry.hash
        )
        return next(own, None)


def _bad(entry: Entry, wrong: Wrong, other: int | None = None) -> BadEntry:
    return BadEntry(entry.seq, wrong, entry.id, entry.at, entry.action, other)
