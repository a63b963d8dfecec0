"""``lumbung plugin archive ... purge``: archives, and what becomes of data after them. Added to ``lumbung plugin``."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lumbung.audit import anchor
from lumbung.cli import open_kernel
from lumbung.cli._terminal import Terminal
from lumbung.errors import LumbungError
from lumbung.lifecycle import archive_file, archives, minutes
from lumbung.lifecycle.operations import run
from lumbung.registry.models import ArchiveRow
from lumbung.settings import Settings, load_settings
from lumbung.site import system_actor


@click.command("archive")
@click.argument("name")
@click.option("--keep-until", metavar="DATE", help="Keep it until this day (2031-12-31) at least.")
@click.option("--plain", is_flag=True, help="Open encrypted columns: the file then holds NIKs for anybody to read.")
@click.option("--reason", help="Why they are opened; needed with --plain, and kept in the audit trail.")
def archive(name: str, keep_until: str | None, plain: bool, reason: str | None) -> None:
    """Write an archive of the plugin NAME, which stays as it is."""
    if reason and not plain:
        raise click.UsageError("--reason goes with --plain.")
    with open_kernel() as kernel:
        work = run(
            kernel,
            "archive",
            plugin=name,
            by=system_actor(),
            tell=Terminal(),
            keep_until=keep_until,
            plain=plain,
            reason=reason,
        )
        with kernel.database.new_session(None) as session:
            row = session.get_one(ArchiveRow, work.facts["archive"])
        click.echo(f"{archives.path_of(kernel.settings, row)} is written; keep it until {row.keep_until}.")


@click.command("archives")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_archives(as_json: bool) -> None:
    """List the archives of this site, the newest first."""
    with open_kernel() as kernel, kernel.database.new_session(None) as session:
        rows = [_as_json(kernel.settings, row) for row in archives.listed(session)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo("No archive yet; uninstalling a plugin makes one, and so does 'lumbung plugin archive NAME'.")
    for row in rows:
        gone = "" if row["here"] else "\t! the file is gone"
        purged = f"\tpurged {row['purged_at'][:10]}" if row["purged_at"] else ""
        click.echo(f"{row['file']}\t{row['rows']} rows\tkeep until {row['keep_until']}{purged}{gone}")


@click.command("verify-archive")
@click.argument("file", type=click.Path(path_type=Path))
def verify_archive(file: Path) -> None:
    """Read the archive FILE to its end and check every hash and row count. Needs no site."""
    checked = archive_file.check(file)
    about = checked.description
    click.echo(
        f"{file.name} is whole: {about['plugin']} {about['version']}, {checked.rows} rows in {len(about['tables'])} "
        f"tables, {checked.members} files. SHA-256 {checked.sha256}"
    )


@click.command("minutes")
@click.argument("name")
@click.option("--reason", required=True, help="Why the data is destroyed.")
@click.option("--also-archive-file", is_flag=True, help="Destroy the file of the archive too.")
@click.option("--archive-lost", is_flag=True, help="State that the archive is gone or damaged.")
def prepare_minutes(name: str, reason: str, also_archive_file: bool, archive_lost: bool) -> None:
    """Prepare minutes for the destruction of what the uninstalled plugin NAME left.

    Two people sign them on their page: a console cannot prove who types.
    """
    with open_kernel() as kernel, kernel.scope(actor=system_actor()) as scope:
        found = archives.newest(scope.session, name)
        if found is None:
            raise LumbungError("There is no archive of %(plugin)s.", plugin=name)
        row = minutes.prepare(
            kernel,
            scope.session,
            found,
            reason=reason,
            by=system_actor(),
            also_archive=also_archive_file,
            archive_lost=archive_lost,
        )
        code, where = minutes.code_of(row), f"/admin/arsip/berita-acara/{row.id}/"
    click.echo(f"{code} is prepared. Two people, one of them an operator, sign it at {where}.")


@click.command("purge")
@click.argument("name")
def purge(name: str) -> None:
    """Carry out the signed minutes of the plugin NAME: its tables, settings and files are destroyed."""
    with open_kernel() as kernel:
        work = run(kernel, "purge", plugin=name, by=system_actor(), tell=Terminal())
        with kernel.database.new_session(None) as session:
            row = minutes.find(session, work.facts["minutes"])
            code = minutes.code_of(row) if row is not None else "-"
    click.echo(f"The data of {name} is destroyed, as {code} says. Audit trail and ledger stay.")


@click.command("verify-minutes")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", help="The site's public key in base64; that of this site unless given.")
def verify_minutes(file: Path, key: str | None) -> None:
    """Check the sealed minutes in FILE.json: the site's seal, and that what was signed is what they say."""
    try:
        given: Any = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LumbungError("There is no file %(path)s.", path=file) from None
    except ValueError:
        raise LumbungError("%(path)s is not JSON.", path=file) from None
    public = _key(key) if key else anchor.public_key(load_settings())
    statement = minutes.check_sealed(given if isinstance(given, dict) else {}, public)
    signed = " and ".join(one["name"] for one in statement["signatures"])
    click.echo(f"{statement['number']} is as it was sealed: {statement['contents']['plugin']}, signed by {signed}.")


COMMANDS = (archive, list_archives, verify_archive, prepare_minutes, purge, verify_minutes)


def _as_json(settings: Settings, row: ArchiveRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "plugin": row.plugin,
        "version": row.version,
        "file": row.file,
        "here": archives.path_of(settings, row).is_file(),
        "size": row.size,
        "sha256": row.sha256,
        "rows": sum(told["rows"] for told in row.contents["tables"].values()),
        "plain": bool(row.contents.get("plain")),
        "made_at": row.made_at.isoformat(),
        "made_by": row.made_by,
        "keep_until": row.keep_until.isoformat(),
        "purged_at": row.purged_at.isoformat() if row.purged_at else None,
    }


def _key(written: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(written, validate=True))
    except (ValueError, binascii.Error):
        raise LumbungError("%(key)r is no public key in base64.", key=written[:60]) from None
