"""Archives: all of a plugin's data in one file that is readable without this platform, and kept until a date.

Uninstalling makes one; ``lumbung plugin archive`` makes another of a plugin that stays. Why it looks as it does, and
why encrypted columns stay closed in it: `docs/decisions/0026-archive-then-purge.md`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.audit import AuditRow
from lumbung.clock import utc_now
from lumbung.errors import LumbungError, Sentence
from lumbung.kernel import Kernel
from lumbung.lifecycle import archive_file, instance_steps
from lumbung.lifecycle.archive_contents import Contents, write
from lumbung.lifecycle.archive_file import BadArchive, Checked
from lumbung.lifecycle.archive_rows import one_moment
from lumbung.lifecycle.machine import Step, Work
from lumbung.lifecycle.tables import quoted
from lumbung.registry.models import ArchiveRow, PluginRow
from lumbung.settings import Settings

DAYS = 365  # an archive is kept so long when the manifest says nothing
SPARE = 16 * 1024 * 1024  # bytes of the disk that stay free
SHORTEST_REASON = 10


def folder(settings: Settings) -> Path:
    """Return where archives are."""
    return settings.home / "archives"


def path_of(settings: Settings, row: ArchiveRow) -> Path:
    """Return the file of an archive; it may be gone."""
    return folder(settings) / row.file


def listed(session: Session, plugin: str | None = None) -> Sequence[ArchiveRow]:
    """Return the archives of a plugin, or all, the newest first."""
    query = select(ArchiveRow).order_by(ArchiveRow.made_at.desc(), ArchiveRow.id)
    return session.scalars(query.where(ArchiveRow.plugin == plugin) if plugin else query).all()


def newest(session: Session, plugin: str) -> ArchiveRow | None:
    """Return the newest archive of a plugin, None when there is none."""
    return next(iter(listed(session, plugin)), None)


def today_of(kernel: Kernel) -> date:
    """Return today's date for the site: that of the tenant it was set up for first."""
    tenants = sorted(kernel.snapshot().tenants.values(), key=lambda tenant: tenant.id)
    return tenants[0].today() if tenants else utc_now().date()


def least_until(manifest: dict[str, Any], today: date) -> date | None:
    """Return until when the manifest obliges to keep: its longest ``retention_days``. None when it states none."""
    days = [one.get("retention_days") or 0 for one in manifest.get("personal_data", ())]
    return today + timedelta(days=max(days)) if any(days) else None


def keep_until(kernel: Kernel, row: PluginRow, previous: ArchiveRow | None, wished: date | None) -> date:
    """Return until when a new archive is kept.

    The archive of a plugin that is uninstalled already takes the place of the one before and is kept as long.
    Raises `LumbungError` when ``wished`` is earlier than it may be.
    """
    today = today_of(kernel)
    if row.state == "uninstalled" and previous is not None:
        least, otherwise = previous.keep_until, previous.keep_until
    else:
        stated = least_until(row.manifest, today)
        least, otherwise = stated or today, stated or today + timedelta(days=DAYS)
    if wished is not None and wished < least:
        raise LumbungError(
            "The archive of %(plugin)s has to be kept until %(least)s at least; %(wished)s is too early.",
            plugin=row.name,
            least=least.isoformat(),
            wished=wished.isoformat(),
        )
    return wished or otherwise


def day_of(written: str | None) -> date | None:
    """Return a day written as 2027-11-24; raises `LumbungError` for anything else."""
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise LumbungError("%(written)r is not a date such as 2027-11-24.", written=written) from None


def check_known(work: Work) -> None:
    """Refuse what cannot be archived, or a wish that cannot be granted, before anything is written."""
    with work.kernel.database.new_session(None) as session:
        row = session.get(PluginRow, work.name)
        if row is None or row.state == "purged":
            raise LumbungError("Plugin %(plugin)s has no data here to archive.", plugin=work.name)
        keep_until(work.kernel, row, newest(session, work.name), day_of(work.facts.get("keep_until")))
    if work.facts.get("plain") and len((work.facts.get("reason") or "").strip()) < SHORTEST_REASON:
        raise LumbungError(
            "Say why encrypted columns are to be opened, in %(least)s letters or more: it is kept in the audit trail.",
            least=SHORTEST_REASON,
        )


def archive(work: Work) -> None:
    """Write the archive, read it back, and only then note it. Killed half-way, it is written anew."""
    settings = work.kernel.settings
    if "archive" not in work.facts:
        work.keep(archive=str(uuid4()), archive_at=utc_now().isoformat())
    folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(settings)
    contents = _contents(work)
    target = folder(settings) / _file_name(contents)
    draft = target.with_name(f".draft-{target.name}")
    try:
        with one_moment(work.kernel) as connection:
            _refuse_full_disk(connection, contents)
            noted = write(draft, connection, contents, work.progress)
        checked = archive_file.check(draft)
        draft.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise LumbungError(
            "The archive cannot be written in %(folder)s: %(reason)s; nothing was changed.",
            folder=folder(settings),
            reason=error.strerror or error,
        ) from error
    _note(work, contents, noted, checked, target.name)
    _record(work, contents)
    work.note(
        Sentence(
            "%(rows)s rows in %(tables)s tables are in %(file)s, read back and found whole.",
            rows=checked.rows,
            tables=len(noted["tables"]),
            file=target.name,
        )
    )


def throw_away(work: Work) -> None:
    """Undo `archive`: the plugin stays as it is, so nobody needs the file."""
    if "archive" not in work.facts:
        return
    _sweep(work.kernel.settings)
    with work.migrator() as session:
        row = session.get(ArchiveRow, UUID(work.facts["archive"]))
        name = row.file if row is not None else None
        if row is not None:
            session.delete(row)
    if name:
        (folder(work.kernel.settings) / name).unlink(missing_ok=True)


def verify(settings: Settings, row: ArchiveRow) -> Checked:
    """Read an archive to its end and return what is in it.

    Raises `BadArchive` when it is gone, damaged, or sound but not the file that was written.
    """
    checked = archive_file.check(path_of(settings, row))
    if checked.sha256 != row.sha256:
        raise BadArchive("%(file)s is not the file that was written on %(day)s.", file=row.file, day=row.made_at.date())
    return checked


def record_everywhere(kernel: Kernel, action: str, thing: str, *, about: UUID, by: str, **detail: Any) -> None:
    """Write an entry into the trail of every tenant, once however often it is called: the data was all of theirs."""
    kernel.state.forget()
    for tenant in kernel.snapshot().tenants.values():
        with kernel.scope(tenant, actor=by) as scope:
            known = select(AuditRow.id).where(AuditRow.action == action, AuditRow.about == about).limit(1)
            if scope.session.scalar(known) is None:
                audit.record(action, thing, about=about, **detail)


ARCHIVE = (
    Step("check", check_known),
    Step("write_out", instance_steps.write_out, undo=instance_steps.forget_written),
    Step("archive", archive, undo=throw_away),
    Step("tidy", instance_steps.forget_written),
)


def _contents(work: Work) -> Contents:
    """Gather what is known of the plugin; where its package is gone, from the registry."""
    kernel = work.kernel
    with kernel.database.new_session(None) as session:
        row = session.get_one(PluginRow, work.name)
        previous = newest(session, work.name)
        until = keep_until(kernel, row, previous, day_of(work.facts.get("keep_until")))
    expected = set(row.manifest.get("shared_tables", ()))
    for one in row.manifest.get("personal_data", ()):
        expected.update(re.findall(rf"\b{re.escape(work.name)}_\w+", one.get("where", "")))
    if previous is not None and previous.version == row.version:
        expected.update(previous.contents.get("tables", {}))
    return Contents(
        kernel=kernel,
        id=UUID(work.facts["archive"]),
        plugin=row,
        made_at=datetime.fromisoformat(work.facts["archive_at"]),
        made_by=work.by,
        until=until,
        expected=frozenset(expected),
        plain=bool(work.facts.get("plain")),
        reason=(work.facts.get("reason") or "").strip(),
    )


def _file_name(contents: Contents) -> str:
    version = re.sub(r"[^0-9A-Za-z.]", "_", contents.plugin.version)
    return f"{contents.plugin.name}-{version}-{contents.made_at:%Y%m%d}-{contents.id.hex[:8]}.zip"


def _note(work: Work, contents: Contents, noted: dict[str, Any], checked: Checked, name: str) -> None:
    with work.migrator() as session:
        if session.get(ArchiveRow, contents.id) is not None:
            session.delete(session.get_one(ArchiveRow, contents.id))
            session.flush()
        title = contents.plugin.manifest.get("title") or {}
        session.add(
            ArchiveRow(
                id=contents.id,
                plugin=contents.plugin.name,
                version=contents.plugin.version,
                title={language: title.get(language, contents.plugin.name) for language in ("id", "en")},
                made_at=contents.made_at,
                made_by=contents.made_by,
                file=name,
                size=checked.size,
                sha256=checked.sha256,
                contents=noted,
                keep_until=contents.until,
            )
        )


def _record(work: Work, contents: Contents) -> None:
    detail: dict[str, Any] = {"plain": True, "reason": contents.reason} if contents.plain else {}
    record_everywhere(
        work.kernel, "plugin.archive", contents.plugin.name, about=contents.id, by=contents.made_by, **detail
    )


def _refuse_full_disk(connection: Connection, contents: Contents) -> None:
    """The file is packed and so smaller than the tables; sorting the largest may need its size once more."""
    sizes = [
        int(size)
        for size in connection.execute(
            text("SELECT pg_table_size(to_regclass(name)) FROM unnest(CAST(:names AS text[])) AS name"),
            {"names": [quoted(connection, table) for table in contents.tables(connection)]},
        ).scalars()
    ]
    needed = sum(sizes) + max(sizes, default=0) + contents.size_of_files() + SPARE
    free = shutil.disk_usage(folder(contents.kernel.settings)).free
    if free < needed:
        raise LumbungError(
            "The disk of %(folder)s has %(free)s MB free; the archive may need %(needed)s MB. Make room, then try "
            "again.",
            folder=folder(contents.kernel.settings),
            free=free // 1_000_000,
            needed=needed // 1_000_000 + 1,
        )


def _sweep(settings: Settings) -> None:
    """Remove what a killed one left behind; operations come one at a time."""
    with suppress(OSError):
        for draft in folder(settings).glob(".draft-*"):
            draft.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
