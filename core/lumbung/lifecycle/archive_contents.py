"""What goes into an archive, member by member."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import sql
from sqlalchemy import Connection

import lumbung
from lumbung.database.rotation import EncryptedColumn, encrypted_columns
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle import wheels
from lumbung.lifecycle.archive_file import DESCRIPTION, FORMAT, ArchiveWriter, member_name, table_member, writing
from lumbung.lifecycle.archive_readme import readme
from lumbung.lifecycle.archive_rows import digest_of, keys_in, opened_csv, query_csv, table_csv
from lumbung.lifecycle.archive_schema import ArchivedTable, archived_tables, load_sql, rules_sql, schema_sql
from lumbung.lifecycle.tables import count_rows, tables_of
from lumbung.registry.discovery import find_plugin
from lumbung.registry.manifest import MANIFEST
from lumbung.registry.models import PluginRow

Progress = Callable[[int, int], None]

SAY_EVERY = 0.5  # seconds between two notes of how far it is
_SETTINGS = {
    "settings/platform.csv": "SELECT name, value, secret IS NOT NULL AS secret_left_out, changed_at, changed_by "
    "FROM public.lumbung_plugin_setting WHERE plugin = {plugin} ORDER BY name",
    "settings/tenants.csv": "SELECT tenant_id, unit_id, name, value, secret IS NOT NULL AS secret_left_out, "
    "changed_at, changed_by FROM public.lumbung_tenant_setting WHERE plugin = {plugin} ORDER BY tenant_id, name, id",
    "audit.csv": "SELECT tenant_id, seq, at, person_id, person_name, action, thing, detail, address, about, prev_hash, "
    "hash FROM public.lumbung_audit WHERE plugin = {plugin} OR (plugin IS NULL AND starts_with(action, 'plugin.') "
    "AND thing = {plugin}) ORDER BY tenant_id, seq, at, id",
    "ledger.csv": "SELECT id, component, package_version, revision, at, by FROM public.lumbung_ledger "
    "WHERE component = {plugin} ORDER BY id",
}


@dataclass(frozen=True)
class Contents:
    """An archive to be made. ``expected`` are tables that should be there; ``plain`` opens encrypted columns."""

    kernel: Kernel
    id: UUID
    plugin: PluginRow
    made_at: datetime
    made_by: str
    until: date
    expected: frozenset[str]
    plain: bool
    reason: str

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.plugin.name

    @cached_property
    def wheel(self) -> Path | None:
        """The wheel it came in, None when that is not here any more."""
        return wheels.find(self.kernel.settings, self.plugin.wheel_hash)

    @cached_property
    def files(self) -> Path:
        """The folder of its files; there need not be one."""
        return self.kernel.settings.home / "files" / self.name

    def tables(self, connection: Connection) -> list[str]:
        """Return the names of its tables."""
        return tables_of(connection, self.name)

    def size_of_files(self) -> int:
        """Return how many bytes come along that are not in tables."""
        paths = [*self.own_files(), *([self.wheel] if self.wheel else [])]
        return sum(path.stat().st_size for path in paths)

    def own_files(self) -> Iterator[Path]:
        """Yield its files in order; links and other oddities are not followed."""
        for path in sorted(self.files.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path


def write(draft: Path, connection: Connection, contents: Contents, progress: Progress) -> dict[str, Any]:
    """Write an archive into ``draft`` and return what the registry keeps of it.

    ``connection`` sees the tables as of one moment; ``progress`` hears how many rows of all are written.
    """
    tables = archived_tables(connection, contents.name)
    encrypted = [one for one in encrypted_columns(connection) if one.table in {table.name for table in tables}]
    with writing(draft, contents.made_at) as writer:
        noted, sources = _write_tables(writer, connection, contents, tables, encrypted, progress)
        about = _description(connection, contents, tables, encrypted, noted)
        opened = [(one.table, one.name) for one in encrypted] if contents.plain else []
        writer.add("schema.sql", schema_sql(connection, contents.name, tables, opened))
        writer.add("load.sql", load_sql(connection, tables))
        writer.add("rules.sql", rules_sql(connection, contents.name, tables))
        for name, query in _SETTINGS.items():
            asked = sql.SQL(query).format(plugin=sql.Literal(contents.name))
            writer.add(name, query_csv(connection, asked))
        about["files"] = _write_files(writer, contents)
        writer.add("manifest.json", _json(contents.plugin.manifest))
        writer.add(DESCRIPTION, _json(about))
        writer.add("README.txt", readme(about))
    kept = ("plain", "encrypted", "missing", "files", "wheel", "revision")
    tables_kept = {name: {**told, "source": sources[name]} for name, told in noted.items()}
    return {"tables": tables_kept, **{name: about[name] for name in kept}}


def _write_tables(
    writer: ArchiveWriter,
    connection: Connection,
    contents: Contents,
    tables: list[ArchivedTable],
    encrypted: list[EncryptedColumn],
    progress: Progress,
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return rows and hash of each table, and the hash it has in the database where that is another."""
    expected = {table.name: count_rows(connection, table.name) for table in tables}
    meter = _Meter(sum(expected.values()), progress)
    noted: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    for table in tables:
        closed = [one for one in encrypted if one.table == table.name]
        opened = contents.plain and closed
        rows = (
            opened_csv(connection, table, closed, contents.kernel.keyring) if opened else table_csv(connection, table)
        )
        before = meter.rows
        digest = writer.add(table_member(table.name), meter.counted(rows))
        sources[table.name] = digest_of(connection, table)[1] if opened else digest
        if meter.rows - before != expected[table.name]:
            raise LumbungError("Table %(table)s changed while it was archived; try again.", table=table.name)
        noted[table.name] = {"rows": expected[table.name], "sha256": digest}
    meter.say()
    return noted, sources


def _description(
    connection: Connection,
    contents: Contents,
    tables: list[ArchivedTable],
    encrypted: list[EncryptedColumn],
    noted: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    manifest = contents.plugin.manifest
    title = manifest.get("title") or {}
    columns = {table.name: {one.name: one.type for one in table.columns if one.written} for table in tables}
    return {
        "format": FORMAT,
        "id": str(contents.id),
        "plugin": contents.name,
        "version": contents.plugin.version,
        "title": {language: title.get(language, contents.name) for language in ("id", "en")},
        "donor": (manifest.get("donor") or {}).get("name", "-"),
        "licence": manifest.get("licence", "-"),
        "revision": _revision(connection, contents.name),
        "tenants": [
            {"id": one.id, "slug": one.slug, "name": one.name}
            for one in sorted(contents.kernel.snapshot().tenants.values(), key=lambda one: one.id)
        ],
        "made_at": contents.made_at.isoformat(timespec="seconds"),
        "made_by": contents.made_by,
        "made_with": f"Lumbung {lumbung.__version__}",
        "keep_until": contents.until.isoformat(),
        "plain": contents.plain,
        "reason": contents.reason if contents.plain else "",
        "encrypted": keys_in(connection, encrypted),
        "missing": sorted(contents.expected - {*contents.tables(connection)}),
        "tables": {name: {**told, "columns": columns[name]} for name, told in noted.items()},
        "wheel": contents.wheel.name if contents.wheel else None,
    }


def _write_files(writer: ArchiveWriter, contents: Contents) -> int:
    """Write its own files, its wheel and its plugin.toml; return how many files of its own there were."""
    count = 0
    for path in contents.own_files():
        with suppress(FileNotFoundError):  # taken away since the list was made
            writer.add_file(member_name("files", *path.relative_to(contents.files).parts), path)
            count += 1
    if contents.wheel:
        writer.add_file(member_name("wheel", contents.wheel.name), contents.wheel)
    if (manifest := _plugin_toml(contents)) is not None:
        writer.add(MANIFEST, manifest)
    return count


def _plugin_toml(contents: Contents) -> bytes | None:
    """Return the manifest as its author wrote it: from the package, or from the wheel when that is gone."""
    with suppress(LumbungError, OSError):
        found = find_plugin(contents.name)
        if found is not None and found.version == contents.plugin.version:
            return (found.folder / MANIFEST).read_bytes()
    if contents.wheel:
        with suppress(KeyError, zipfile.BadZipFile, OSError), zipfile.ZipFile(contents.wheel) as wheel:
            return wheel.read(f"{contents.plugin.module}/{MANIFEST}")
    return None


def _revision(connection: Connection, plugin: str) -> str | None:
    driver: Any = connection.connection.driver_connection
    table = f"lumbung_version_{plugin}"
    if driver.execute("SELECT to_regclass(%s)", [f'public."{table}"']).fetchone()[0] is None:
        return None
    row = driver.execute(sql.SQL("SELECT version_num FROM public.{}").format(sql.Identifier(table))).fetchone()
    return str(row[0]) if row else None


class _Meter:
    """Counts rows as they go by, headings aside, and says how far it is now and then."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.rows = 0
        self._total = total
        self._progress = progress
        self._said = time.monotonic()

    def counted(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for number, line in enumerate(lines):
            if number:
                self.rows += 1
                if self.rows % 1000 == 0 and time.monotonic() - self._said > SAY_EVERY:
                    self.say()
            yield line

    def say(self) -> None:
        self._said = time.monotonic()
        self._progress(self.rows, self._total)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
