"""``lumbung boundary``: the boundaries of a tenant's regions, by which a place is found to be in one."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import click

from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.geography import importing
from lumbung.geography.features import LARGEST_FILE, read_features
from lumbung.site import system_actor


@click.group()
def boundary() -> None:
    """Load, list and remove the boundaries of a tenant's regions."""


@boundary.command("list")
@click.argument("tenant")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def listed(tenant: str, as_json: bool) -> None:
    """List the boundaries that TENANT has loaded."""
    with open_kernel() as kernel, kernel.scope(kernel.tenant(tenant), actor=system_actor()) as scope:
        rows: list[dict[str, Any]] = [
            {
                "region_code": row.region_code,
                "name": row.name,
                "kind": row.kind,
                "derived": row.derived,
                "source": row.source,
                "imported_at": row.imported_at.isoformat(),
                "imported_by": row.imported_by,
                "box": [row.west, row.south, row.east, row.north],
            }
            for row in importing.listed(scope.session)
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not rows:
        click.echo(f"{tenant} has no boundaries yet; load some with 'lumbung boundary import {tenant} FILE'.")
    for row in rows if not as_json else ():
        source = "joined from those below" if row["derived"] else row["source"]
        click.echo(f"{row['region_code']}\t{row['name']}\t{row['kind']}\t{source}")


@boundary.command("import")
@click.argument("tenant")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", default=None, help="Who drew it and when; the name of the file unless given.")
@click.option("--dry-run", is_flag=True, help="Only say what it would bring.")
def import_file(tenant: str, file: Path, source: str | None, dry_run: bool) -> None:
    """Load the boundaries in FILE (.zip with a shapefile, .geojson, .kml, .csv) for TENANT: all of them or none."""
    with open_kernel() as kernel:
        known = kernel.tenant(tenant)
        read = read_features(BytesIO(_content(file)), file.name)
        draft = importing.prepare(read, known.region_code)
        for note in read.notes:
            click.echo(note.en)
        _tell(draft)
        if dry_run:
            return
        with kernel.scope(known, actor=system_actor()) as scope:
            said = importing.take_in(
                scope.session,
                draft,
                known.region_code or "",
                source=source or file.name,
                file_name=file.name,
                by=system_actor(),
            )
    for words in said:
        click.echo(words.en)
    click.echo(f"{tenant} has the boundaries of {len(draft.codes)} regions from {file.name}.")


@boundary.command("remove")
@click.argument("tenant")
@click.argument("codes", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Remove all of them.")
def remove(tenant: str, codes: tuple[str, ...], everything: bool) -> None:
    """Remove the boundaries of the regions with these CODES from TENANT."""
    if bool(codes) == everything:
        raise click.UsageError("Name the codes of regions, or give --all.")
    with open_kernel() as kernel:
        known = kernel.tenant(tenant)
        with kernel.scope(known, actor=system_actor()) as scope:
            loaded = [row.region_code for row in importing.listed(scope.session)]
            strange = [code for code in codes if code not in loaded]
            if strange:
                raise LumbungError(
                    "%(tenant)s has no boundary of %(code)s; 'lumbung boundary list' names those it has.",
                    tenant=tenant,
                    code=strange[0],
                )
            wanted = loaded if everything else codes
            removed = importing.remove(scope.session, wanted, known.region_code or "", by=system_actor())
    click.echo(f"{removed} boundaries of {tenant} are removed.")


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST_FILE + 1)


def _tell(draft: importing.Draft) -> None:
    """Say what was recognised and what was not."""
    for one in draft.found:
        doubt = f" (the file says {one['doubt']!r})" if one["doubt"] else ""
        click.echo(f"{one['code']}\t{one['name']}\tby {one['by']}{doubt}")
    for lost in draft.unmatched:
        click.echo(f"row {lost['row']}\t{lost['name'] or '-'}\tnot recognised: {lost['why']}", err=True)
    if draft.elsewhere:
        click.echo(f"{draft.elsewhere} shapes belong to other regencies.")
    if draft.missing:
        click.echo(f"{len(draft.missing)} regions are not in the file.")
