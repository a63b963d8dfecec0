"""A visitor in a process of its own: opens a plugin as a new web worker would and looks at its public pages.

Started by `lumbung.lifecycle.health`, by its name; it knows the pages' role alone. The last thing it does is to write
one line of JSON to the pipe it was given.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client

from lumbung.database.roles import running_app_url
from lumbung.gateway import Gateway, plain
from lumbung.kernel import Kernel
from lumbung.registry.discovery import describe_error
from lumbung.registry.models import PluginRow
from lumbung.registry.state import InstalledPlugin, Snapshot
from lumbung.runtimes.inline import build_app
from lumbung.settings import load_settings
from lumbung.web.access import rule_of

if TYPE_CHECKING:
    from lumbung.portal.app import Portal

MOST_PAGES = 20  # of each tenant


class _Visited(Kernel):
    """A kernel that opens what is closed to others: an upgrade may be what mends a plugin that was suspended."""

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot with every plugin open."""
        snapshot = super().snapshot()
        plugins = {name: replace(plugin, held=False, isolated=False) for name, plugin in snapshot.plugins.items()}
        return replace(snapshot, plugins=plugins, suspended={}, safe=False)


class _NoPortal(Flask):
    """Stands where the portal stands in a web worker, which takes longer to make; no page of it is asked for here."""

    def unavailable(self, _plugin: InstalledPlugin, _environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer for a plugin that cannot be opened."""
        return plain(start_response, "503 Service Unavailable", "")

    renewing = unavailable


def visit(kernel: Kernel, name: str) -> dict[str, Any]:
    """Open the plugin and visit its pages; return what `lumbung.lifecycle.health` reads."""
    plugin = _installed(kernel, name)
    pages: list[str] = []
    if plugin.manifest.has_pages and not plugin.manifest.is_foreign:
        with kernel.scope(actor="health"):
            pages = public_pages(kernel, plugin)
    jobs = kernel.caller.ask("jobs", name) or {} if "jobs" in plugin.manifest.hooks else {}
    for job in plugin.manifest.jobs:
        if job.name not in jobs:
            return {"reason": f"it has no job {job.name!r}"}
    snapshot, visited = kernel.snapshot(), 0
    gateway = Gateway(kernel, cast("Portal", _NoPortal(__name__)), _nothing)
    for tenant in snapshot.tenants.values():
        if tenant.hosts and snapshot.is_enabled(name, tenant.id):
            for page in pages[:MOST_PAGES]:
                answer = Client(gateway).get(f"/{name}{page}", base_url=f"http://{tenant.hosts[0]}")
                answer.close()
                if answer.status_code >= 500:
                    return {"page": f"/{name}{page}", "tenant": tenant.slug, "status": answer.status_code}
                visited += 1
    return {"visited": visited}


def public_pages(kernel: Kernel, plugin: InstalledPlugin) -> list[str]:
    """Return the addresses that anybody may ask for without a value in them, the root first."""
    app = build_app(kernel, plugin)
    found = {"/"}
    for rule in app.url_map.iter_rules():
        access = rule_of(app, rule.endpoint)
        if "GET" in (rule.methods or ()) and not rule.arguments and access is not None and access.allows(None):
            found.add(rule.rule)
    return sorted(found)


def _installed(kernel: Kernel, name: str) -> InstalledPlugin:
    known = kernel.snapshot().plugins.get(name)
    if known is not None:
        return known
    with kernel.database.new_session(None) as session:  # one that was uninstalled is not in the snapshot yet
        row = session.scalars(select(PluginRow).where(PluginRow.name == name)).one()
        return InstalledPlugin(row.name, row.version, row.manifest)


def _nothing(_environ: Any, start_response: Any) -> Iterable[bytes]:
    return plain(start_response, "404 Not Found", "")


def main(name: str, pipe: int) -> None:
    """Visit and say what was found."""
    try:
        settings = load_settings()
        answer = visit(_Visited(settings, running_app_url(settings)), name)
    except BaseException as error:  # donated code may raise anything, SystemExit too
        answer = {"reason": describe_error(error)}
    os.write(pipe, json.dumps(answer).encode() + b"\n")
    os._exit(0)  # threads and hooks that it left behind have no say any more


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
