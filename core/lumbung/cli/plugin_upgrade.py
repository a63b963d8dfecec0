"""``lumbung plugin plan`` and ``lumbung plugin return``: what an upgrade would do, and the way back from one."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lumbung.cli import open_kernel
from lumbung.cli._terminal import Terminal
from lumbung.lifecycle import needs
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.lifecycle.operations import run
from lumbung.lifecycle.upgrade_plan import UpgradePlan, plan_upgrade
from lumbung.site import system_actor

_MB = 2**20


@click.command("plan")
@click.argument("wheel", type=click.Path(path_type=Path), metavar="FILE.whl")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(wheel: Path, as_json: bool) -> None:
    """Show what installing FILE.whl would do here: versions, revisions, tables, disk. Changes nothing."""
    with open_kernel() as kernel:
        inspected = inspect_wheel(wheel)
        needs.refuse_older(kernel, inspected)
        made = plan_upgrade(kernel, inspected)
    click.echo(json.dumps(made.as_json(), indent=2) if as_json else _lines(made))


@click.command("return")
@click.argument("name")
def return_(name: str) -> None:
    """Take the plugin NAME back to the version and the rows before its last upgrade."""
    with open_kernel() as kernel:
        work = run(kernel, "return", plugin=name, by=system_actor(), tell=Terminal())
    click.echo(f"{name} is {work.facts['version']} again.")
    if folder := work.facts.get("returned"):
        click.echo(f"Rows written since the upgrade are saved in {folder}.")


def _lines(made: UpgradePlan) -> str:
    lines = [f"{made.plugin} {made.version_before or '-'} -> {made.version}"]
    lines += [f"  revision {one.id}\t{one.words or one.file}" for one in made.revisions] or ["  no revision to run"]
    lines += [f"  table {one['name']}\t{one['rows']} rows\t{_size(one['size'])}" for one in made.tables]
    lines += [f"  needs {one['plugin']} {one['wanted']}\there: {one['installed'] or '-'}" for one in made.needs]
    where = "" if made.database_here else ", the database's own disk aside"
    lines.append(f"  disk: {_size(made.needed)} needed{where}, {_size(made.free)} free")
    return "\n".join(lines)


def _size(size: int) -> str:
    return f"{size / _MB:.1f} MB"


COMMANDS = (plan, return_)
