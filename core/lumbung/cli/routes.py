"""``lumbung routes``: every address of the site and who may call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from flask import Flask

from lumbung.addresses import label_of
from lumbung.app import create_app
from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.gateway import HEALTH
from lumbung.kernel import Kernel
from lumbung.registry.manifest import Manifest
from lumbung.runtimes.inline import InlineRuntime
from lumbung.web.access import rule_of

CLOSED = "closed"  # the rule of all that lies below a plugin that refuses to open


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: path, methods, plugin, permission.")
def routes(as_json: bool) -> None:
    """List every route of the gate, the portal and each installed plugin, with its access rule."""
    with open_kernel() as kernel:
        rows = list(_routes_of_the_gate())
        rows += _routes_of(create_app(kernel.settings, kernel=kernel), None)
        rows += _routes_of_plugins(kernel)
    rows.sort(key=lambda row: (row["plugin"] or "", row["path"]))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        why = f"\t{row['refusal']}" if "refusal" in row else ""
        click.echo(f"{row['path']}\t{' '.join(row['methods'])}\t{row['plugin'] or 'core'}\t{row['permission']}{why}")


def _routes_of_the_gate() -> Iterator[dict[str, Any]]:
    """What the gate answers by itself, whoever asks: no tenant, no person."""
    for path in HEALTH:
        yield {"path": path, "methods": ["GET"], "plugin": None, "permission": "public"}


def _routes_of_plugins(kernel: Kernel) -> Iterator[dict[str, Any]]:
    """The routes of each plugin; one that refuses to open has a single line that says why."""
    runtime = InlineRuntime(kernel)
    for plugin in kernel.snapshot().plugins.values():
        try:
            if plugin.manifest.is_foreign:
                yield from _rules_of(plugin.manifest)
            elif plugin.manifest.has_pages:
                yield from list(_routes_of(runtime.open(plugin), plugin.name))
        except LumbungError as error:
            yield {
                "path": f"/{plugin.name}/",
                "methods": [],
                "plugin": plugin.name,
                "permission": CLOSED,
                "refusal": " ".join(str(error).split()),
            }


def _rules_of(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """The access rules of a foreign application: each is for all that lies below its path, on a host of its own."""
    for rule in manifest.access:
        permission = "signed-in" if rule.rule == "signed_in" else rule.rule
        address = f"{label_of(manifest.name)}.*{rule.path.rstrip('/')}/..."
        yield {"path": address, "methods": ["*"], "plugin": manifest.name, "permission": permission}


def _routes_of(app: Flask, plugin: str | None) -> Iterator[dict[str, Any]]:
    prefix = f"/{plugin}" if plugin else ""
    for rule in app.url_map.iter_rules():
        access = rule_of(app, rule.endpoint)
        yield {
            "path": prefix + rule.rule,
            "methods": sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}),
            "plugin": plugin,
            "permission": access.permission if access else CLOSED,
        }
