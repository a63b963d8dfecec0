"""Moving encrypted columns to a new key while the site serves: `begin`, `sweep`, `settle`; and `count` to look.

Columns are found by their comment in the database (`lumbung.database.encrypted.COMMENT`), so those of a plugin that is
no longer here move too. Rows are taken in short transactions as the migrator, who sees every tenant. Each is locked
while it moves, and one that somebody else holds is left for the next pass, so that nothing written meanwhile is lost.
A rotation that was killed leaves rows under two keys that both open; the next one goes on from there.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from lumbung.database.encrypted import COMMENT, HEAD, LEAST, PLATFORM, VERSION, Unreadable, seal, unseal
from lumbung.database.keyring import Key, Keyring
from lumbung.errors import LumbungError

BATCH = 500
PATIENCE = 120.0  # seconds; longer than the 60 after which the server ends a transaction that does nothing
_ROTATION_LOCK = 5_204_004  # pg_advisory_lock key: one rotation at a time on a database
_UNKNOWN = b""  # what stands for the key of a value that has none, being too short or of another version

_COLUMNS = text(
    """
    SELECT c.relname, a.attname, col_description(c.oid, a.attnum) AS comment, EXISTS (
               SELECT 1 FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped
           ) AS of_tenants, ARRAY(
               SELECT k.attname::text FROM pg_index i JOIN pg_attribute k ON k.attrelid = c.oid
                 AND k.attnum = ANY (i.indkey)
               WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY array_position(i.indkey::int2[], k.attnum)
           ) AS keys
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
      AND NOT a.attisdropped AND a.atttypid = 'bytea'::regtype
      AND split_part(col_description(c.oid, a.attnum), ' ', 1) = :comment
    ORDER BY c.relname, a.attname
    """
)
_BYTES = text(
    """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
      AND NOT a.attisdropped AND a.atttypid = 'bytea'::regtype
    ORDER BY c.relname, a.attname
    """
)


class RotationRunning(LumbungError):
    """Another process moves the rows right now."""


@dataclass(frozen=True)
class EncryptedColumn:
    """A column that the database says is encrypted. ``place`` is what its values are bound to.

    ``keys`` is the primary key of its table. Values of a table of the platform itself are bound to no tenant.
    """

    table: str
    name: str
    place: str
    keys: tuple[str, ...] = ("tenant_id", "id")
    of_tenants: bool = True

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class Census:
    """How many rows of each column stand under each key, by the key's name; `_UNKNOWN` for what has none."""

    columns: Mapping[EncryptedColumn, Mapping[bytes, int]]

    @property
    def total(self) -> int:
        """How many encrypted values there are."""
        return sum(sum(rows.values()) for rows in self.columns.values())

    def under(self, *keys: bytes) -> int:
        """Return how many values stand under one of these keys."""
        return sum(rows.get(key, 0) for rows in self.columns.values() for key in set(keys))

    def left(self, keyring: Keyring) -> int:
        """Return how many values stand under a key of the file that is no longer the active one."""
        ring = keyring.ring()
        return self.under(*(key for key in ring.keys if key != ring.active.id))

    def without_key(self, keyring: Keyring) -> int:
        """Return how many values stand under a key that the file does not hold, or under none."""
        return self.total - self.under(*keyring.ring().keys)


Tell = Callable[[int], None]


def encrypted_columns(connection: Connection) -> list[EncryptedColumn]:
    """Return every encrypted column of the database, a plugin's too, installed or not."""
    found = []
    for table, name, comment, of_tenants, keys in connection.execute(_COLUMNS, {"comment": COMMENT}):
        if not keys or not (of_tenants or table.startswith("lumbung_")):
            raise LumbungError(
                "Column %(column)s is encrypted, and its table belongs to no tenant.", column=f"{table}.{name}"
            )
        place = comment.partition(" ")[2].strip() or f"{table}.{name}"
        found.append(EncryptedColumn(table, name, place, tuple(keys), of_tenants))
    return found


def count(engine: Engine) -> Census:
    """Count the values of each column by their key. ``engine`` is the migrator's, who sees every tenant's rows."""
    with engine.begin() as connection:
        return Census({column: _count(connection, column) for column in encrypted_columns(connection)})


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Be the only rotation on this database for the length of a block; raises `RotationRunning`."""
    with engine.connect() as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ROTATION_LOCK}).scalar():
            raise RotationRunning("Another rotation is running; 'lumbung keys status' shows how far it is.")
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ROTATION_LOCK})
            connection.commit()


def is_running(engine: Engine) -> bool:
    """Tell whether somebody rotates right now."""
    try:
        with alone(engine):
            return False
    except RotationRunning:
        return True


def begin(engine: Engine, keyring: Keyring, *, by: str) -> tuple[Key, bool]:
    """Return the key that rows move to, and whether it was made now.

    While rows of an older key are left, that is the active one: a rotation which was interrupted goes on.
    """
    if still_to_move(engine, keyring):
        return keyring.active(), False
    return keyring.add(by=by), True


def still_to_move(engine: Engine, keyring: Keyring) -> int:
    """Return how many values stand under an older key of the file, without those that are damaged."""
    left = count(engine).left(keyring)
    return left - _damaged(engine, keyring) if left else 0


def sweep(engine: Engine, keyring: Keyring, *, tell: Tell, batch: int = BATCH) -> int:
    """Move what stands under another key to the active one, once through every column; return how many moved.

    ``tell`` hears the size of each batch. What cannot be opened, or is held by somebody else, stays as it is.
    """
    moved = 0
    with engine.connect() as connection:
        columns = encrypted_columns(connection)
        connection.commit()
        for column in columns:
            after: tuple[Any, ...] | None = None
            while True:
                with connection.begin():
                    rows = _take(connection, column, keyring.active(), after, batch)
                    done = _move(connection, column, rows, keyring)
                if not rows:
                    break
                after = _key_of(rows[-1], column)
                moved += done
                tell(done)
    return moved


def settle(engine: Engine, writers: Engine, keyring: Keyring, *, tell: Tell, patience: float = PATIENCE) -> Census:
    """Sweep until nothing is left under an old key and nothing more can come; return what there is then.

    A page that closed a value with the old key just before the new one was there may commit a little later. It began
    its transaction before it closed the value; so once every transaction older than this call has ended, another
    look finds all. ``writers`` is the engine of the role whose transactions these are. What is damaged, or stands
    under a key that the file lacks, stays as it is. Raises `LumbungError` after ``patience`` seconds of waiting.
    """
    deadline = time.monotonic() + patience
    began = _now(writers)
    sweep(engine, keyring, tell=tell)
    wait_for_older_transactions(writers, began, patience=patience)
    while True:
        sweep(engine, keyring, tell=tell)
        left = still_to_move(engine, keyring)
        if not left:
            return count(engine)
        if time.monotonic() > deadline:
            raise LumbungError(
                "%(count)s values are in use by transactions that do not end; run 'lumbung keys rotate' again.",
                count=left,
            )
        time.sleep(0.2)


def wait_for_older_transactions(writers: Engine, than: datetime | None = None, *, patience: float = PATIENCE) -> None:
    """Return when every transaction of the pages' role that began before ``than`` (now) has ended.

    Raises `LumbungError` after ``patience`` seconds.
    """
    than, deadline = than or _now(writers), time.monotonic() + patience
    while _has_older(writers, than):
        if time.monotonic() > deadline:
            raise LumbungError("A transaction has been open since before the new key; try again when it has ended.")
        time.sleep(0.05)


def column_with(engine: Engine, key_id: bytes) -> str | None:
    """Return a column in which a value stands under this key, None when there is none.

    Looks into every column of bytes, since a revision file may have forgotten the comment.
    """
    with engine.begin() as connection:
        for table, name in connection.execute(_BYTES).all():
            quoted = _quoted(connection, EncryptedColumn(table, name, ""))
            found = connection.execute(
                text(
                    f"SELECT EXISTS (SELECT 1 FROM {quoted[0]} "  # noqa: S608
                    f"WHERE substring({quoted[1]} FROM 1 FOR {HEAD}) = :head AND length({quoted[1]}) >= {LEAST})"
                ),
                {"head": bytes([VERSION]) + key_id},
            )
            if found.scalar():
                return f"{table}.{name}"
    return None


def _count(connection: Connection, column: EncryptedColumn) -> Mapping[bytes, int]:
    table, name = _quoted(connection, column)
    rows = connection.execute(
        text(
            f"SELECT CASE WHEN length({name}) >= {HEAD} AND get_byte({name}, 0) = {VERSION} "  # noqa: S608
            f"THEN substring({name} FROM 2 FOR {HEAD - 1}) ELSE ''::bytea END, count(*) "
            f"FROM {table} WHERE {name} IS NOT NULL GROUP BY 1"
        )
    )
    return Counter({bytes(key): number for key, number in rows})


def _take(
    connection: Connection, column: EncryptedColumn, active: Key, after: tuple[Any, ...] | None, batch: int
) -> Sequence[Any]:
    """Lock the next rows whose value stands under another key. What points at them may still be written."""
    table, name = _quoted(connection, column)
    keys = ", ".join(_quote(connection, key) for key in column.keys)
    given = {f"key_{place}": value for place, value in enumerate(after or ())}
    begins = f"AND ({keys}) > ({', '.join(f':{one}' for one in given)})" if given else ""
    return connection.execute(
        text(
            f"SELECT {keys}, {_tenant_of(column)} AS sealed_for, {name} AS value FROM {table} "  # noqa: S608
            f"WHERE {name} IS NOT NULL AND substring({name} FROM 1 FOR {HEAD}) <> :head {begins} "
            f"ORDER BY {keys} LIMIT :batch FOR NO KEY UPDATE SKIP LOCKED"
        ),
        {"head": bytes([VERSION]) + active.id, "batch": batch, **given},
    ).all()


def _move(connection: Connection, column: EncryptedColumn, rows: Sequence[Any], keyring: Keyring) -> int:
    table, name = _quoted(connection, column)
    same = " AND ".join(f"{_quote(connection, key)} = :key_{place}" for place, key in enumerate(column.keys))
    moved = []
    for row in rows:
        try:
            opened = unseal(row.value, keyring, tenant_id=row.sealed_for, place=column.place)
        except Unreadable:
            continue
        closed = seal(opened, keyring.active(), tenant_id=row.sealed_for, place=column.place)
        found = {f"key_{place}": value for place, value in enumerate(_key_of(row, column))}
        moved.append({"old": row.value, "new": closed, **found})
    if moved:
        connection.execute(
            text(f"UPDATE {table} SET {name} = :new WHERE {same} AND {name} = :old"),  # noqa: S608
            moved,
        )
    return len(moved)


def _damaged(engine: Engine, keyring: Keyring) -> int:
    """Return how many values under an old key of ours do not open all the same: those are damaged."""
    damaged = 0
    old = [key for key in keyring.ring().keys if key != keyring.active().id]
    with engine.begin() as connection:
        for column in encrypted_columns(connection):
            table, name = _quoted(connection, column)
            rows = connection.execute(
                text(
                    f"SELECT {_tenant_of(column)} AS sealed_for, {name} AS value FROM {table} "  # noqa: S608
                    f"WHERE substring({name} FROM 1 FOR {HEAD}) = ANY(:heads)"
                ),
                {"heads": [bytes([VERSION]) + key for key in old]},
            )
            damaged += sum(not _opens(row, column, keyring) for row in rows)
    return damaged


def _opens(row: Any, column: EncryptedColumn, keyring: Keyring) -> bool:
    try:
        unseal(row.value, keyring, tenant_id=row.sealed_for, place=column.place)
    except Unreadable:
        return False
    return True


def _quoted(connection: Connection, column: EncryptedColumn) -> tuple[str, str]:
    return _quote(connection, column.table), _quote(connection, column.name)


def _quote(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _tenant_of(column: EncryptedColumn) -> str:
    """Return what stands for a row's tenant in SQL."""
    return "tenant_id" if column.of_tenants else str(PLATFORM)


def _key_of(row: Any, column: EncryptedColumn) -> tuple[Any, ...]:
    return tuple(row)[: len(column.keys)]


def _now(engine: Engine) -> datetime:
    with engine.connect() as connection:
        moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment


def _has_older(engine: Engine, moment: datetime) -> bool:
    """Tell whether another transaction of this role is older than ``moment``."""
    with engine.connect() as connection:
        older: int = connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
                "AND pid <> pg_backend_pid() AND xact_start < :moment"
            ),
            {"moment": moment},
        ).scalar_one()
        return older > 0
