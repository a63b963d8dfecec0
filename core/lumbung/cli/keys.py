"""``lumbung keys``: the keys of encrypted columns."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Engine

from lumbung.cli import open_kernel
from lumbung.database import rotation
from lumbung.database.keyring import Keyring
from lumbung.database.rotation import Census
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.migrate import as_migrator
from lumbung.site import system_actor


@click.group()
def keys() -> None:
    """Look at, replace and take away the keys of encrypted columns."""


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show each key, how many values of each column stand under it, and whether a rotation runs."""
    with _opened() as (kernel, engine):
        known = _status(kernel.keyring, rotation.count(engine), running=rotation.is_running(engine))
    click.echo(json.dumps(known, indent=2) if as_json else _status_lines(known))


@keys.command()
def rotate() -> None:
    """Make a new key and move every encrypted value to it, while the site serves.

    Repeat it after an interruption: it goes on with the key that was made.
    """
    with _opened() as (kernel, engine), rotation.alone(engine):
        key, made = rotation.begin(engine, kernel.keyring, by=system_actor())
        click.echo(f"Key {key.name} is {'made and in use' if made else 'in use already: going on'}.")
        with _progress(rotation.still_to_move(engine, kernel.keyring)) as tell:
            census = rotation.settle(engine, kernel.database.engine, kernel.keyring, tell=tell)
        still = census.total - census.under(key.id)
        click.echo(f"{census.under(key.id)} of {census.total} values stand under {key.name}.")
        if still:
            raise LumbungError(
                "%(count)s of the values cannot be read with any key of %(path)s, and were left as they are.",
                count=still,
                path=kernel.keyring.path,
            )
        old = [name for name in kernel.keyring.ring().keys if name != key.id]
        if old:
            click.echo(f"0 rows are left under older keys; take one away with 'lumbung keys retire {old[0].hex()}'.")


@keys.command()
@click.argument("key_id", metavar="ID")
def retire(key_id: str) -> None:
    """Take the old key ID out of the key file; refused while any value stands under it."""
    try:
        name = bytes.fromhex(key_id)
    except ValueError:
        raise LumbungError("%(key)r is not a key's name; 'lumbung keys status' shows them.", key=key_id) from None
    with _opened() as (kernel, engine), rotation.alone(engine):
        rotation.wait_for_older_transactions(kernel.database.engine)
        used = rotation.column_with(engine, name)
        if used:
            raise LumbungError(
                "Key %(key)s still opens values in %(column)s; run 'lumbung keys rotate' first. If it has run, the "
                "column lacks the comment lumbung:encrypted.",
                key=name.hex(),
                column=used,
            )
        kernel.keyring.remove(name)
    click.echo(f"Key {name.hex()} is gone. Backups made before the rotation need it: keep the old key file with them.")


@contextmanager
def _opened() -> Iterator[tuple[Kernel, Engine]]:
    with open_kernel() as kernel, as_migrator(kernel.migrator_url or "") as engine:
        yield kernel, engine


@contextmanager
def _progress(total: int) -> Iterator[rotation.Tell]:
    """Show how far it is: a bar on a terminal, else a line for each tenth."""
    if sys.stderr.isatty():
        with click.progressbar(length=total, label="Values moved", show_pos=True, file=sys.stderr) as bar:
            yield bar.update
        return
    done = said = 0

    def tell(moved: int) -> None:
        nonlocal done, said
        done += moved
        if total and done * 10 // total > said:
            said = done * 10 // total
            click.echo(f"{done} of {total} moved", err=True)

    yield tell


def _status(keyring: Keyring, census: Census, *, running: bool) -> dict[str, Any]:
    ring = keyring.ring()
    return {
        "file": str(keyring.path),
        "active": ring.active.name,
        "rotation": "running" if running else ("unfinished" if census.left(keyring) else "none"),
        "values": census.total,
        "under_active": census.under(ring.active.id),
        "under_old": census.left(keyring),
        "without_key": census.without_key(keyring),
        "keys": [
            {
                "id": key.name,
                "active": key == ring.active,
                "created": key.created,
                "by": key.by,
                "rows": {str(column): rows[key.id] for column, rows in census.columns.items() if rows.get(key.id)},
            }
            for key in ring.keys.values()  # the oldest first
        ],
        "columns": [str(column) for column in census.columns],
        "missing": [
            {"id": name.hex() or None, "column": str(column), "rows": number}
            for column, rows in census.columns.items()
            for name, number in rows.items()
            if name not in ring.keys
        ],
    }


def _status_lines(known: dict[str, Any]) -> str:
    lines = [f"Keys in {known['file']}:"]
    for key in known["keys"]:
        rows = ", ".join(f"{number} in {column}" for column, number in key["rows"].items()) or "no values"
        lines.append(f"  {key['id']}  {'in use' if key['active'] else 'old   '}  {key['created'] or '-'}  {rows}")
    lines += [
        f"  {one['id'] or '(none)'}  MISSING  {one['rows']} in {one['column']} cannot be read"
        for one in known["missing"]
    ]
    words = {
        "running": "A rotation is running",
        "unfinished": "A rotation is unfinished, repeat 'lumbung keys rotate'",
        "none": "No rotation is under way",
    }[known["rotation"]]
    lines.append(f"{words}: {known['under_active']} of {known['values']} values stand under {known['active']}.")
    return "\n".join(lines)
