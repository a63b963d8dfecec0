"""``lumbung routes``: every address of the site and who may call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from flask import Flask

from lumbung.app import create_app
from lumbung.cli import open_kernel
from lumbung.runtimes.inline import InlineRuntime
from lumbung.web.access import rule_of


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: path, methods, plugin, permission.")
def routes(as_json: bool) -> None:
    """List every route of the portal and of each installed plugin, with its access rule."""
    with open_kernel() as kernel:
        runtime = InlineRuntime(kernel)
        rows = list(_routes_of(create_app(kernel.settings, kernel=kernel), None))
        for plugin in kernel.snapshot().plugins.values():
            if plugin.manifest.has_pages:
                rows += _routes_of(runtime.open(plugin), plugin.name)
    rows.sort(key=lambda row: (row["plugin"] or "", row["path"]))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['path']}\t{' '.join(row['methods'])}\t{row['plugin'] or 'core'}\t{row['permission']}")


def _routes_of(app: Flask, plugin: str | None) -> Iterator[dict[str, Any]]:
    prefix = f"/{plugin}" if plugin else ""
    for rule in app.url_map.iter_rules():
        access = rule_of(app, rule.endpoint)
        yield {
            "path": prefix + rule.rule,
            "methods": sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}),
            "plugin": plugin,
            "permission": access.permission if access else None,
        }
