"""``lumbung privacy``: the retention of personal data and the processing register."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import click

from lumbung import housekeeping
from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.privacy import retention
from lumbung.privacy.register import processors
from lumbung.privacy.retention import Outcome
from lumbung.site import system_actor


@click.group()
def privacy() -> None:
    """Sweep personal data whose time is over; print the processing register."""


@privacy.command("retention")
@click.option("--tenant", "slug", default=None, help="Slug of the tenant; none: all.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sweep(slug: str | None, dry_run: bool, as_json: bool) -> None:
    """Delete or make anonymous what has outlived its retention, as every night."""
    told = []
    with open_kernel() as kernel:
        rules = housekeeping.rules(kernel.settings)
        tenants = [kernel.tenant(slug)] if slug else list(kernel.snapshot().tenants.values())
        for tenant in tenants:
            with kernel.scope(tenant, actor=system_actor()):
                outcome = retention.rehearse(rules) if dry_run else retention.run(rules, by=system_actor())
            told.append({"tenant": tenant.slug, "dry_run": dry_run, **_plain(outcome)})
    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else _in_lines(told))
    if failed := [f"{one['tenant']}: {plugin}" for one in told for plugin in one["failures"]]:
        raise LumbungError("Some applications could not sweep their data: %(failed)s.", failed=failed)


@privacy.command("register")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def register(slug: str, as_json: bool) -> None:
    """Print the processing register of a tenant (UU 27/2022, article 31)."""
    with open_kernel() as kernel, kernel.scope(kernel.tenant(slug), actor=system_actor()) as scope:
        keep = {rule.where: rule.keep for rule in housekeeping.rules(kernel.settings) if rule.where}
        rows: list[dict[str, Any]] = [
            {
                "application": one.name,
                "on": one.on,
                "rows": one.rows,
                "sweeps": one.sweeps,
                "data": [
                    {
                        "name": entry.name.en,
                        "purpose": entry.purpose.en,
                        "basis": entry.basis.en,
                        "where": entry.where,
                        "days": _days(entry.keep),
                    }
                    for entry in one.entries
                ],
            }
            for one in processors(scope, keep)
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        for data in row["data"]:
            kept = f"{data['days']} days" if data["days"] else "while in use"
            click.echo(f"{row['application']}\t{data['name']}\t{data['basis']}\t{kept}\t{data['where']}")


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "swept": [
            {"application": line.plugin or "core", "what": line.done.what.en, "count": line.done.count,
             "how": line.done.how}
            for line in outcome.told
        ],
        "failures": dict(outcome.failures),
    }  # fmt: skip


def _in_lines(told: list[dict[str, Any]]) -> str:
    lines = []
    for one in told:
        lines += [
            f"{one['tenant']}\t{line['application']}\t{line['what']}\t{line['count']}\t{line['how']}"
            for line in one["swept"]
        ]
        if not one["swept"]:
            lines.append(f"{one['tenant']}\tnothing has outlived its time")
    if told and told[0]["dry_run"]:
        lines.append("Nothing was changed: this was a rehearsal.")
    return "\n".join(lines)


def _days(keep: timedelta | None) -> int | None:
    return None if keep is None else max(1, round(keep.total_seconds() / 86_400))
