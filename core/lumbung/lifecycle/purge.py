"""Purging: what an uninstalled plugin left is destroyed, once its archive was kept long enough and two people signed.

Tables, functions, settings, OpenID client, way back and files go; the archive's file stays unless the minutes say so,
the audit trail and the ledger stay in any case. The tables go in one transaction that also writes down how many rows
there were: killed before it nothing is gone, killed after it the next run goes on.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text, update
from sqlalchemy.orm import Session

from lumbung.audit import anchor
from lumbung.clock import utc_now
from lumbung.database.ownership import owned
from lumbung.errors import LumbungError
from lumbung.lifecycle import archives, instance_steps, minutes, tables
from lumbung.lifecycle.archive_file import BadArchive
from lumbung.lifecycle.archive_rows import digest_of, one_moment
from lumbung.lifecycle.archive_schema import archived_tables
from lumbung.lifecycle.machine import Step, Work
from lumbung.lifecycle.minutes_models import Minutes
from lumbung.lifecycle.needs import dependents_of
from lumbung.lifecycle.states import move
from lumbung.registry.models import ArchiveRow, PluginRow

_POINTING = text(
    f"""
    SELECT DISTINCT k.conrelid::regclass::text FROM pg_constraint k
    WHERE k.contype = 'f' AND k.confrelid = ANY (SELECT to_regclass(t) FROM unnest(CAST(:names AS text[])) AS t)
      AND NOT k.conrelid = ANY (SELECT to_regclass(t) FROM unnest(CAST(:names AS text[])) AS t)
      AND k.connamespace = 'public'::regnamespace
    UNION
    SELECT DISTINCT v.oid::regclass::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.refobjid = ANY (SELECT to_regclass(t) FROM unnest(CAST(:names AS text[])) AS t)
      AND v.relnamespace = 'public'::regnamespace AND NOT {owned("v.relname")}
    """  # noqa: S608  (no value in it)
)


def check(work: Work) -> None:
    """Refuse unless minutes are signed, the time has come, the archive is whole, and the tables are what it holds."""
    with work.migrator() as session:
        row = _minutes(work, session)
        if row.seal is not None:
            return  # the tables are gone already: a run was killed
        minutes.lock_open(session, row)
        minutes.refuse_unready(work.kernel, session, row.archive)
        minutes.refuse_unsigned(session, row)
        archive, lost = row.archive, bool(row.contents["archive_lost"])
        _refuse_needed(work, session.connection())
        session.expunge(archive)  # read in whole; the hours of checking need no transaction
    if not lost:
        _refuse_bad_archive(work, archive)
    _refuse_other_rows(work, archive)


def drop(work: Work) -> None:
    """Take the tables away, and all the database holds of the plugin but its history. All or nothing."""
    with work.migrator() as session:
        row = _minutes(work, session)
        if row.seal is not None:
            return
        minutes.lock_open(session, row)
        connection = session.connection()
        counts = _locked_and_counted(work, connection)
        if any(row.archive.contents["tables"].get(name, {}).get("rows") != number for name, number in counts.items()):
            raise _changed(work)
        tables.drop_all(connection, work.name)
        work.keep(way_back_files=_drop_way_back(connection, work.name))
        for table in ("plugin_setting", "tenant_setting", "enabled", "openid_client"):
            statement = f"DELETE FROM lumbung_{table} WHERE plugin = :name"  # noqa: S608
            connection.execute(text(statement), {"name": work.name})
        _note(work, session, row, counts)
    work.kernel.state.forget()


def remove_files(work: Work) -> None:
    """Remove the plugin's files, and the file of its archive where the minutes say so."""
    home = work.kernel.settings.home
    with work.migrator() as session:
        row = _minutes(work, session)
        installed_again = session.get_one(PluginRow, work.name).state != "purged"
        archive = archives.path_of(work.kernel.settings, row.archive) if row.contents["also_archive_file"] else None
    own = home / "files" / work.name
    if "files" not in work.facts:
        work.keep(files=sum(path.is_file() and not path.is_symlink() for path in own.rglob("*")))
    if not installed_again:
        shutil.rmtree(own, ignore_errors=not own.exists())
    kept = work.facts.get("way_back_files")
    if kept and Path(kept).resolve().is_relative_to(home.resolve()) and Path(kept).resolve() != home.resolve():
        shutil.rmtree(kept, ignore_errors=True)
    if archive is not None:
        archive.unlink(missing_ok=True)


def seal(work: Work) -> None:
    """Write down that the minutes were carried out, sealed with the site's key, and tell every tenant's trail."""
    with work.migrator() as session:
        row = _minutes(work, session)
        code, minutes_id = minutes.code_of(row), row.id
        if row.carried_out_at is None:
            now = utc_now()
            found = {**(row.seal or {}), "files": work.facts.get("files", 0), "sealed_at": now.isoformat()}
            statement = minutes.statement_of(row, minutes.signatures_of(session, row), found)
            row.seal = anchor.sealed(work.kernel.settings, statement)
            row.carried_out_at = now
    archives.record_everywhere(work.kernel, "plugin.purge", work.name, about=minutes_id, by=work.by, minutes=code)


PURGE = (
    Step("check", check),
    Step("drop", drop),
    Step("remove_instances", instance_steps.remove),
    Step("files", remove_files),
    Step("seal", seal),
)


def _minutes(work: Work, session: Session) -> Minutes:
    """Return the minutes that are carried out: those named, or the open ones of the plugin."""
    named = work.facts.get("minutes")
    row = minutes.find(session, named) if named else minutes.open_of(session, work.name)
    if row is None or row.plugin != work.name:
        raise LumbungError(
            "There are no open minutes for the destruction of %(plugin)s; prepare them with 'lumbung plugin minutes', "
            "then have two people sign them on their page.",
            plugin=work.name,
        )
    if not named:
        work.keep(minutes=str(row.id))
    return row


def _refuse_needed(work: Work, connection: Connection) -> None:
    work.kernel.state.forget()
    dependents = dependents_of(work.kernel.snapshot(), work.name)
    names = [tables.quoted(connection, name) for name in tables.tables_of(connection, work.name)]
    asked = {"names": names, "prefix": f"{work.name}_"}
    dependents += connection.execute(_POINTING, asked).scalars().all() if names else []
    if dependents:
        raise LumbungError(
            "The data of %(plugin)s is needed by %(dependents)s; nothing was destroyed.",
            plugin=work.name,
            dependents=sorted(dependents),
        )


def _refuse_bad_archive(work: Work, archive: ArchiveRow) -> None:
    try:
        archives.verify(work.kernel.settings, archive)
    except BadArchive as error:
        raise LumbungError(
            "The archive is not whole: %(reason)s Put back a copy, make a new archive, or prepare minutes that state "
            "its loss; nothing was destroyed.",
            reason=error,
        ) from error


def _refuse_other_rows(work: Work, archive: ArchiveRow) -> None:
    """Every row that is about to go has to be in the archive: compare hash by hash."""
    known = archive.contents["tables"]
    with one_moment(work.kernel) as connection:
        found = archived_tables(connection, work.name)
        for number, table in enumerate(found):
            told = known.get(table.name, {})
            if digest_of(connection, table) != (told.get("rows"), told.get("source")):
                raise _changed(work)
            work.progress(number + 1, len(found))


def _changed(work: Work) -> LumbungError:
    return LumbungError(
        "The tables of %(plugin)s no longer hold what its archive holds (a rotation of keys changes them too); make a "
        "new archive and new minutes. Nothing was destroyed.",
        plugin=work.name,
    )


def _locked_and_counted(work: Work, connection: Connection) -> dict[str, int]:
    timeout = str(work.kernel.settings.lock_timeout_ms)
    connection.execute(text("SELECT set_config('lock_timeout', :timeout, true)"), {"timeout": timeout})
    counts = {}
    for table in archived_tables(connection, work.name):
        connection.execute(text(f"LOCK TABLE {tables.quoted(connection, table.name)} IN ACCESS EXCLUSIVE MODE"))
        counts[table.name] = tables.count_rows(connection, table.name)
    return counts


def _drop_way_back(connection: Connection, plugin: str) -> str | None:
    """Drop the copies that an upgrade left, and return the folder of the files among them."""
    asked = text("DELETE FROM lumbung_way_back WHERE plugin = :name RETURNING schema_name, files")
    kept = connection.execute(asked, {"name": plugin}).one_or_none()
    if kept is None:
        return None
    schema = connection.dialect.identifier_preparer.quote(kept.schema_name)
    connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
    return str(kept.files) if kept.files else None


def _note(work: Work, session: Session, row: Minutes, counts: dict[str, int]) -> None:
    plugin = session.get_one(PluginRow, work.name)
    session.execute(
        text(
            "INSERT INTO lumbung_ledger (component, package_version, revision, by) VALUES (:name, :version, NULL, :by)"
        ),
        {"name": work.name, "version": plugin.version, "by": f"{work.by} (purge)"[:160]},
    )
    now = utc_now()
    session.execute(
        update(ArchiveRow).where(ArchiveRow.plugin == work.name, ArchiveRow.purged_at.is_(None)).values(purged_at=now)
    )
    found: dict[str, Any] = {"at": now.isoformat(), "by": work.by, "rows": counts}
    row.seal = found
    move(session, plugin, "purged")
