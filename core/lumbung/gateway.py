"""The gate: host to tenant, first path segment to plugin, not enabled to 404. Written once, in front of all.

A WSGI application around the portal. Nothing behind it runs before the tenant is known and fixed.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.wsgi import ClosingIterator

from lumbung.context import Scope, enter, leave
from lumbung.errors import DatabaseUnavailable, LumbungError
from lumbung.kernel import Kernel
from lumbung.registry.at_work import PORTAL, board
from lumbung.registry.discovery import PluginUnusable, describe_error
from lumbung.registry.faults import record_fault
from lumbung.registry.state import InstalledPlugin, Snapshot
from lumbung.renewal import Renewals, Verdict
from lumbung.runtimes.foreign import ForeignRuntime
from lumbung.runtimes.inline import InlineRuntime
from lumbung.runtimes.isolated import IsolatedRuntime
from lumbung.runtimes.watched import answered, await_upload
from lumbung.tenancy.tenant import Tenant
from lumbung.web import alone
from lumbung.web.not_found import NotFoundPages
from lumbung.web.security import HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from lumbung.portal.app import Portal

logger = logging.getLogger(__name__)

HEALTH = ("/_health/live", "/_health/ready")  # answered here: no tenant, no person
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class Gateway:
    """Opens the tenant's scope for each request and hands it to the portal or to a plugin's app."""

    def __init__(
        self, kernel: Kernel, portal: Portal, portal_wsgi: WSGIApplication, *, isolated: str | None = None
    ) -> None:
        self._kernel = kernel
        self._portal = portal
        self._portal_wsgi = portal_wsgi
        self._not_found = NotFoundPages(portal, portal_wsgi)
        self.inline = InlineRuntime(kernel)
        self.foreign = ForeignRuntime(kernel, portal, portal_wsgi)
        self._isolated = IsolatedRuntime(kernel, self.foreign.places, isolated)
        self._renewals = Renewals(kernel)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("/_health/"):
            return self._health(path, start_response)
        try:
            snapshot = self._kernel.snapshot()
        except DatabaseUnavailable:
            if path.startswith("/_static/"):
                return self._static(environ, start_response)  # the page that says so needs them
            return _away(environ, start_response)
        host = host_of(environ)
        tenant = snapshot.by_host.get(host or "")
        if tenant is None:
            return self._other_host(host, snapshot, environ, start_response)
        return self._serve(tenant, snapshot, environ, start_response)

    def _other_host(
        self, host: str | None, snapshot: Snapshot, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer at a host that is no tenant's: an application's, anybody's on a site with one tenant, or nobody's."""
        found = self.foreign.find(host, snapshot) if host is not None else None
        if found is not None:
            tenant, plugin = found
            return self._serve(tenant, snapshot, environ, start_response, plugin)
        only = self._kernel.settings.single_tenant
        if only and host is not None and only in snapshot.tenants:
            return self._serve(snapshot.tenants[only], snapshot, environ, start_response)
        if environ.get("PATH_INFO", "").startswith("/_static/"):
            return self._static(environ, start_response)
        return self._unknown_host(environ, start_response)

    def _serve(
        self,
        tenant: Tenant,
        snapshot: Snapshot,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        application: InstalledPlugin | None = None,
    ) -> Iterable[bytes]:
        """Run the room's app inside a scope that ends when the last byte of the answer is gone.

        ``application`` is the foreign one whose host was asked, None at a tenant's own host.
        """
        scope = Scope(self._kernel, tenant, address=str(environ.get("REMOTE_ADDR") or "")[:45] or None)
        token = enter(scope)
        slot = board.begin(PORTAL, scope)

        def done() -> None:
            board.end(slot)
            leave(scope, token)

        try:
            if application is None:
                answer = self._room(scope, tenant, snapshot, environ, start_response)
            else:
                answer = self._application(scope, tenant, application, snapshot, environ, start_response)
        except BaseException:
            done()
            raise
        return ClosingIterator(answer, [done])

    def _room(
        self,
        scope: Scope,
        tenant: Tenant,
        snapshot: Snapshot,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        name, rest = split_path(environ.get("PATH_INFO", ""))
        if not snapshot.is_enabled(name, tenant.id):
            if self._not_found.is_for(name, environ):
                return self._not_found.answer(snapshot, tenant, environ, start_response)
            return self._portal_wsgi(environ, start_response)
        plugin = snapshot.plugins[name]
        if plugin.usable and not plugin.manifest.has_pages:
            return self._portal_wsgi(environ, start_response)
        if snapshot.is_closed(name):
            return self._portal.closed(plugin, environ, start_response, safe=snapshot.safe)
        if plugin.usable and plugin.manifest.is_foreign:
            return self._lead(tenant, plugin, rest, environ, start_response)
        if self._isolated.concerns(plugin) and not plugin.held:
            return self._moved_out(scope, tenant, plugin, environ, start_response)
        if not rest:
            return _add_slash(environ, start_response)
        if self._renewals.concerns(plugin):
            verdict = self._renewals.judge(plugin, environ["REQUEST_METHOD"])
            if verdict.way != "in":
                return self._turned_away(verdict, environ, start_response)
            plugin = verdict.plugin
        scope.plugin = plugin.name
        board.turn_to(board.slot(), plugin.name)
        try:
            app = self.inline.open(plugin)
        except PluginUnusable as error:
            if self._kernel.is_renewing(plugin.name):
                logger.info("plugin %s cannot be opened during its upgrade: %s", plugin.name, error)
                scope.plugin = None
                return self._portal.renewing(plugin, environ, start_response)
            logger.error("plugin %s cannot be opened: %s", plugin.name, error)
            scope.plugin = None
            return self._portal.unavailable(plugin, environ, start_response)
        environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/{name}"
        environ["PATH_INFO"] = rest
        return _contained(app, scope, plugin, environ, start_response)

    def _moved_out(
        self,
        scope: Scope,
        tenant: Tenant,
        plugin: InstalledPlugin,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Hand a request on to the process of an isolated plugin."""
        scope.plugin = plugin.name
        board.turn_to(board.slot(), plugin.name)
        try:
            return self._isolated.answer(tenant, plugin, environ, start_response)
        except PluginUnusable as error:
            logger.error("plugin %s does not answer: %s", plugin.name, error)
            scope.plugin = None
            page = self._portal.renewing if self._kernel.is_renewing(plugin.name) else self._portal.unavailable
            return page(plugin, environ, start_response)

    def _turned_away(
        self, verdict: Verdict, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Send a visitor on to the process that takes this one's place, or ask them to come again."""
        if verdict.way == "elsewhere" and not alone.wants_json(str(environ.get("HTTP_ACCEPT", ""))):
            return _once_more(environ, start_response)
        return self._portal.renewing(verdict.plugin, environ, start_response)

    def _lead(
        self,
        tenant: Tenant,
        plugin: InstalledPlugin,
        rest: str,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Lead to the host of a foreign application; what is sent to its name on the tenant's host reaches nobody."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._portal_wsgi(environ, start_response)
        try:
            return self.foreign.lead(tenant, plugin, rest, environ, start_response)
        except PluginUnusable as error:
            logger.error("plugin %s has no address: %s", plugin.name, error)
            return self._portal.unavailable(plugin, environ, start_response)

    def _application(
        self,
        scope: Scope,
        tenant: Tenant,
        plugin: InstalledPlugin,
        snapshot: Snapshot,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Answer at the host of a foreign application."""

        def polite(page: Callable[..., Iterable[bytes]], **given: Any) -> Iterable[bytes]:
            scope.plugin = None
            return self.foreign.instead(partial(page, plugin, **given), environ, start_response)

        if self.foreign.is_furniture(environ):
            return self.foreign.furniture(environ, start_response)
        if snapshot.is_closed(plugin.name):
            return polite(self._portal.closed, safe=snapshot.safe)
        if self._renewals.concerns(plugin):
            verdict = self._renewals.judge(plugin, self.foreign.method_of(environ))
            if verdict.way != "in":
                return polite(self._portal.renewing)
            plugin = verdict.plugin
        scope.plugin = plugin.name
        board.turn_to(board.slot(), plugin.name)
        try:
            return self.foreign.answer(tenant, plugin, snapshot, scope, environ, start_response)
        except PluginUnusable as error:
            if self._kernel.is_renewing(plugin.name):
                return polite(self._portal.renewing)
            logger.error("plugin %s does not answer: %s", plugin.name, error)
            return polite(self._portal.unavailable)
        except (DatabaseUnavailable, OperationalError, PoolTimeout) as error:
            logger.error("plugin %s: who asks cannot be looked up: %s", plugin.name, describe_error(error))
            return _away(environ, start_response)

    def _health(self, path: str, start_response: StartResponse) -> Iterable[bytes]:
        if path not in HEALTH:
            return plain(start_response, "404 Not Found", "{}", kind="application/json")
        if path == HEALTH[0]:
            return plain(start_response, "200 OK", json.dumps({"status": "alive"}), kind="application/json")
        try:
            self._kernel.database.check()
            generation = self._kernel.snapshot().generation
        except LumbungError as error:
            logger.warning("not ready: %s", error)
            body = json.dumps({"status": "database unavailable"})
            return plain(start_response, "503 Service Unavailable", body, [("Retry-After", "5")], "application/json")
        return plain(
            start_response,
            "200 OK",
            json.dumps({"status": "ready", "generation": generation}),
            kind="application/json",
        )

    def _static(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        scope = Scope(self._kernel)
        token = enter(scope)
        return ClosingIterator(self._portal_wsgi(environ, start_response), [lambda: leave(scope, token)])

    def _unknown_host(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """A plain page that names no tenant: whose data would a stranger's host name be owed?"""
        body = alone.unknown_host(host_of(environ) or "")
        return plain(start_response, "404 Not Found", body, kind=_HTML)


def host_of(environ: WSGIEnvironment) -> str | None:
    """Return the host name asked for, in lower case and without port; None when it is not a host name."""
    host = str(environ.get("HTTP_HOST") or environ.get("SERVER_NAME") or "").lower()
    name = host.rsplit(":", 1)[0] if re.search(r":\d+$", host) else host
    name = name.removesuffix(".")
    return name if _HOST.fullmatch(name) else None


def split_path(path: str) -> tuple[str, str]:
    """Split ``/antrean/ambil`` into ``antrean`` and ``/ambil``; the rest is empty for ``/antrean``.

    ``//antrean`` names no plugin: a redirect to it would lead to a host of that name.
    """
    name, slash, rest = path.removeprefix("/").partition("/")
    return name, slash + rest


def plain(
    start_response: StartResponse,
    status: str,
    body: str,
    headers: list[tuple[str, str]] | None = None,
    kind: str = "text/plain; charset=utf-8",
) -> Iterable[bytes]:
    """Answer without Flask."""
    data = body.encode()
    start_response(
        status,
        [
            ("Content-Type", kind),
            ("Content-Length", str(len(data))),
            ("Cache-Control", "no-store"),
            *HEADERS.items(),
            *(headers or []),
        ],
    )
    return [data]


def _contained(
    app: Flask,
    scope: Scope,
    plugin: InstalledPlugin,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Flask lets `SystemExit` and its kin pass; here they end the request, not the worker."""
    slot = board.slot()
    await_upload(environ, slot)
    try:
        answer = app(environ, start_response)
        answered(slot, scope, plugin.name, app, environ)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        reference = _note_fault(plugin, error)
        if alone.wants_json(str(environ.get("HTTP_ACCEPT", ""))):
            body, kind = alone.as_json(500, reference=reference), "application/json"
        else:
            body, kind = alone.broken(reference), _HTML
        return plain(start_response, "500 Internal Server Error", body, kind=kind)
    return ClosingIterator(_streamed(answer, plugin), [getattr(answer, "close", lambda: None)])


def _streamed(answer: Iterable[bytes], plugin: InstalledPlugin) -> Iterator[bytes]:
    """Hand on an answer's pieces. One that breaks off is cut short: its headers are gone already."""
    try:
        yield from answer
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        _note_fault(plugin, error)
        raise PluginUnusable(f"Plugin {plugin.name} broke off its answer: {describe_error(error)}") from error


def _note_fault(plugin: InstalledPlugin, error: BaseException) -> str:
    reference = secrets.token_hex(4).upper()
    logger.exception("plugin %s left a request unanswered (%s)", plugin.name, reference)
    kind = "memory" if isinstance(error, MemoryError) else "request"
    record_fault(plugin.name, "request", f"{describe_error(error)} ({reference})", kind=kind)
    return reference


def _add_slash(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    query = environ.get("QUERY_STRING", "")
    target = quote(environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"]) + "/" + (f"?{query}" if query else "")
    return plain(start_response, "308 Permanent Redirect", "", [("Location", target)])


def _once_more(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Have the browser send the same again, form and all, on a connection of its own: this process is leaving."""
    query = environ.get("QUERY_STRING", "")
    path = str(environ.get("SCRIPT_NAME", "")) + str(environ["PATH_INFO"])
    target = quote(path.encode("latin-1")) + (f"?{query}" if query else "")
    return plain(start_response, "307 Temporary Redirect", "", [("Location", target)])


def _away(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Say that the database cannot be reached: nobody knows any more whose page was asked for."""
    if alone.wants_json(str(environ.get("HTTP_ACCEPT", ""))):
        body, kind = alone.as_json(503, "database unavailable"), "application/json"
    else:
        body, kind = alone.away(retry=environ.get("REQUEST_METHOD") == "GET"), _HTML
    return plain(start_response, "503 Service Unavailable", body, [("Retry-After", "5")], kind)


_HTML = "text/html; charset=utf-8"
