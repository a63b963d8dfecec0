"""``lumbung plugin instances``, ``log``, ``start``, ``stop`` and ``restart``: the processes of foreign applications."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from lumbung.cli import open_kernel
from lumbung.errors import LumbungError, Sentence
from lumbung.instances import logs, orders
from lumbung.instances.asking import KeeperAway, ask
from lumbung.instances.instance import Instance, app_address, instances_wanted
from lumbung.instances.models import InstanceRow
from lumbung.instances.rows import instances_of, reason_of, row_of
from lumbung.kernel import Kernel
from lumbung.site import system_actor

MAKING = 300.0  # seconds, beyond those of its health check: copying, an environment, a dump
LONGEST = 900.0
LAST_LINES = 12
_TENANT = click.option("--tenant", "slug", help="Slug of the tenant; none for an instance that all tenants share.")


@click.command("instances")
@click.argument("name", required=False)
@click.option("--tenant", "slug", help="Slug of a tenant: its instances only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def instances(name: str | None, slug: str | None, as_json: bool) -> None:
    """List the instances of foreign applications, or those of the plugin NAME: state, since, where."""
    with open_kernel() as kernel:
        if name is not None and name not in kernel.snapshot().plugins:
            raise LumbungError("Plugin %(plugin)s is not installed.", plugin=name)
        tenant = kernel.tenant(slug) if slug else None
        rows = [
            _row(kernel, one)
            for one in _all(kernel, name)
            if tenant is None or one.tenant is None or one.tenant.id == tenant.id
        ]
        live = _live(kernel)
    for row in rows:
        row |= (live or {}).get((row["plugin"], row["tenant"] or ""), {})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if live is None and rows:
        click.echo("The keeper of applications does not answer: these are the states that were last known.", err=True)
    if not rows:
        click.echo("No instance yet: switch a foreign application on for a tenant.")
    for row in rows:
        reason = f"\t! {' '.join(row['reason'].split())}" if row["reason"] else ""
        click.echo(f"{_label(row)}\t{row['state']}\t{row['since'] or '-'}\t{row['address'] or '-'}{reason}")


@click.command("log")
@click.argument("name")
@_TENANT
@click.option("--find", "words", help="Only lines that hold these words, whatever their capitals; older files too.")
@click.option("--lines", default=200, show_default=True, type=click.IntRange(1, 100_000), help="How many at most.")
@click.option("--follow", is_flag=True, help="Go on with each new line until Ctrl-C.")
def log(name: str, slug: str | None, words: str | None, lines: int, follow: bool) -> None:
    """Print what an instance of the plugin NAME printed, the newest line last; passwords are masked."""
    with _one(name, slug) as (kernel, one):
        hide = logs.passwords_of(kernel, one)
    found = logs.search(one, words, lines, hide=hide) if words else logs.tail(one, lines, hide=hide)
    for line in found:
        click.echo(line)
    if not found and not follow:
        click.echo(f"{one.label} has printed nothing{' like that' if words else ''}.", err=True)
    if follow:
        for line in _wanted(logs.follow(one, hide=hide), words):
            click.echo(line)


@click.command("start")
@click.argument("name")
@_TENANT
def start(name: str, slug: str | None) -> None:
    """Start an instance of the plugin NAME, also one that was stopped by hand; wait until it serves."""
    _run(name, slug, "start")


@click.command("stop")
@click.argument("name")
@_TENANT
def stop(name: str, slug: str | None) -> None:
    """Stop an instance of the plugin NAME until somebody starts it again; its data stays."""
    with _one(name, slug) as (kernel, one):
        orders.give(kernel, one, "halt", by=system_actor(), wait=30.0)
    click.echo(f"{one.label} is stopped; start it again with 'lumbung plugin start {name}{_option(one)}'.")


@click.command("restart")
@click.argument("name")
@_TENANT
def restart(name: str, slug: str | None) -> None:
    """Stop an instance of the plugin NAME and start it anew; wait until it serves."""
    _run(name, slug, "restart")


COMMANDS = (instances, log, start, stop, restart)


def _run(name: str, slug: str | None, order: orders.Order) -> None:
    """Have it started and say how that ended; refuses in one sentence, with its last lines before."""
    with _one(name, slug) as (kernel, one):
        wait = min(LONGEST, one.process.health.within_seconds + MAKING)
        answer = orders.give(kernel, one, order, by=system_actor(), wait=wait)
    if answer.get("state") == "running":
        click.echo(f"{one.label} is running at {answer.get('at')}.")
        return
    for line in (answer.get("log") or ())[-LAST_LINES:]:
        click.echo(f"  | {line}", err=True)
    raise LumbungError(
        "%(instance)s is %(state)s. %(reason)s",
        instance=one.label,
        state=str(answer.get("state")),
        reason=Sentence.from_json(str(answer.get("reason") or "")),
    )


@contextmanager
def _one(name: str, slug: str | None) -> Iterator[tuple[Kernel, Instance]]:
    with open_kernel() as kernel:
        yield kernel, orders.one_named(kernel, name, kernel.tenant(slug) if slug else None)


def _all(kernel: Kernel, name: str | None) -> list[Instance]:
    """Return the instances that are switched on or were made, by name and tenant."""
    snapshot = kernel.snapshot()
    found = {one.key: one for one in instances_wanted(kernel.settings, snapshot).values()}
    for plugin in snapshot.plugins.values():
        if plugin.usable and plugin.manifest.is_foreign:
            found |= {one.key: one for one in instances_of(kernel, plugin.name)}
    return sorted((one for one in found.values() if name in (None, one.name)), key=lambda one: one.label)


def _row(kernel: Kernel, one: Instance) -> dict[str, Any]:
    with kernel.database.new_session(None) as session:
        row = row_of(session, one) or InstanceRow(state="new", restarts=0)
        return {
            "plugin": one.name,
            "tenant": one.tenant.slug if one.tenant else None,
            "state": row.state,
            "since": row.since.isoformat(timespec="seconds") if row.since else None,
            "address": (app_address(kernel.settings, one.tenant, one.name) if one.tenant else None),
            "at": row.address,
            "version": row.version,
            "restarts": row.restarts,
            "halted_by": row.halted_by,
            "reason": str(reason_of(row) or ""),
        }


def _live(kernel: Kernel) -> dict[tuple[str, str], dict[str, Any]] | None:
    """Return what the keeper knows better than the rows; None when it is away."""
    try:
        told = ask(kernel.settings, timeout=3.0, do="status").get("instances") or ()
    except KeeperAway:
        return None
    return {(one["plugin"], one["tenant"]): {"state": one["state"], "at": one.get("at")} for one in told}


def _wanted(lines: Iterable[str], words: str | None) -> Iterator[str]:
    for line in lines:
        if not words or words.casefold() in line.casefold():
            yield line


def _label(row: dict[str, Any]) -> str:
    return f"{row['plugin']}/{row['tenant'] or 'shared'}"


def _option(one: Instance) -> str:
    return f" --tenant {one.tenant.slug}" if one.tenant else ""
