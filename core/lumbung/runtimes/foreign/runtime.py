"""A request to an application that nobody here wrote: judged, told who asks, handed on, written down."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from lumbung.context import Scope
from lumbung.instances import logs
from lumbung.instances.instance import Instance
from lumbung.kernel import Kernel
from lumbung.registry.at_work import board
from lumbung.registry.discovery import PluginUnusable
from lumbung.registry.faults import record_fault
from lumbung.registry.foreign import OWN_PATHS
from lumbung.registry.state import InstalledPlugin, Snapshot
from lumbung.runtimes import bar
from lumbung.runtimes.foreign import access, cookies, hosts
from lumbung.runtimes.foreign.gate import GATE, Gate, say
from lumbung.runtimes.foreign.identity import Signer, take_out_forged
from lumbung.runtimes.foreign.noting import note
from lumbung.runtimes.foreign.own_pages import FURNITURE, Answering, OwnPages, redirect
from lumbung.runtimes.foreign.own_paths import OwnPaths
from lumbung.runtimes.foreign.own_words import SIGN_IN
from lumbung.runtimes.foreign.places import Places
from lumbung.runtimes.foreign.visitors import Asked, Visitor, visitor_of
from lumbung.runtimes.proxy import NoAnswer, Unreachable, forward
from lumbung.runtimes.proxy_headers import Headers, request_headers
from lumbung.runtimes.rewriting import Report, Rewriter
from lumbung.runtimes.watched import await_upload, stop_clock
from lumbung.tenancy.tenant import Tenant
from lumbung.web.house import HouseApp

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

LOOK_AGAIN_AFTER = 3  # seconds, for a page that waits for an application to start
MOST_REWRITERS = 500


class ForeignRuntime:
    """Answers for every foreign application. One per process."""

    def __init__(self, kernel: Kernel, portal: HouseApp, portal_wsgi: WSGIApplication) -> None:
        self._kernel = kernel
        self.pages = OwnPages(portal, portal_wsgi)
        self.places = Places(kernel)
        self._signer = Signer()
        self._own = OwnPaths(self.pages, self.places)
        self._gate = Gate(self.places, self._signer)
        self._rewriters: dict[tuple[str, ...], Rewriter] = {}

    def find(self, host: str, snapshot: Snapshot) -> tuple[Tenant, InstalledPlugin] | None:
        """Return whose application answers at a host that is no tenant's own, None for nobody's."""
        return hosts.find(host, snapshot)

    def is_furniture(self, environ: WSGIEnvironment) -> bool:
        """Whether a file is asked for that the platform's own pages here need, whatever becomes of the application."""
        return environ.get("PATH_INFO", "").startswith(FURNITURE) and environ["REQUEST_METHOD"] in ("GET", "HEAD")

    def furniture(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer for such a file."""
        return self.pages.furniture(environ, start_response)

    def method_of(self, environ: WSGIEnvironment) -> str:
        """Return the method of a request, or of the one that another server asks about."""
        asked_about = environ.get("PATH_INFO") == GATE
        return str(environ.get("HTTP_X_ORIGINAL_METHOD", "GET") if asked_about else environ["REQUEST_METHOD"])

    def instead(self, answering: Answering, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with a page of the portal's in the application's place."""
        if environ.get("PATH_INFO") == GATE:
            return say(start_response, 403, status=503)
        return self.pages.borrowed(answering, environ, start_response)

    def lead(
        self, tenant: Tenant, plugin: InstalledPlugin, rest: str, environ: WSGIEnvironment, start: StartResponse
    ) -> Iterable[bytes]:
        """Lead from the tenant's host to where the application is; ``rest`` is the path there.

        Raises `PluginUnusable` for a tenant without a host name, below which nothing can be.
        """
        scheme, host = environ["wsgi.url_scheme"], str(environ.get("HTTP_HOST") or "")
        origin = hosts.app_origin(self._kernel.settings, tenant, plugin.name, scheme=scheme, host=host)
        if origin is None and plugin.manifest.remote is None:
            raise PluginUnusable(f"Tenant {tenant.slug} has no host name, so plugin {plugin.name} has none.")
        target = hosts.target_at(plugin, origin or "", rest or "/", environ.get("QUERY_STRING", ""))
        return redirect(start, target)

    def answer(
        self,
        tenant: Tenant,
        plugin: InstalledPlugin,
        snapshot: Snapshot,
        scope: Scope,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Answer a request to an application's host; the tenant's scope is open.

        Raises `PluginUnusable`, before anything was answered, for one that does not run.
        """
        asked = Asked(tenant, plugin, snapshot, scope, environ)
        path = str(environ.get("PATH_INFO") or "/")
        if path == GATE:
            return self._gate.answer(asked, start_response)
        take_out_forged(environ, plugin.manifest.sign_in.header)
        if path.startswith(OWN_PATHS):
            return self._own.answer(asked, start_response)
        if plugin.manifest.remote is not None:
            if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
                return self.pages.say("absent", 404, plugin, environ, start_response)
            return redirect(start_response, hosts.target_at(plugin, "", path, environ.get("QUERY_STRING", "")))
        try:
            path = access.path_of(environ)
        except access.BadAddress:
            return self.pages.say("bad", 400, plugin, environ, start_response)
        visitor = visitor_of(asked)
        if visitor.cookies:
            self._own.sign_out_there(asked, visitor.cookies)
        verdict = access.table_of(plugin, snapshot).judge(path, visitor.person, environ.get("QUERY_STRING", ""))
        start_response = visitor.answering(start_response)
        if verdict.way != "in":
            return self._turn_away(asked, visitor, verdict, start_response)
        scope.person = visitor.person
        return self._let_in(asked, path, verdict, start_response)

    def _turn_away(
        self, asked: Asked, visitor: Visitor, verdict: access.Verdict, start_response: StartResponse
    ) -> Iterable[bytes]:
        here = _here(asked.environ)
        if verdict.way == "sign_in" and asked.is_document:
            return redirect(start_response, f"{SIGN_IN}?{urlencode({'kembali': here})}")
        kind, code = {
            "sign_in": ("factor", 403) if visitor.owes else ("sign_in", 401),
            "refused": ("refused", 403),
            "absent": ("absent", 404),
        }[verdict.way]
        return self.pages.say(kind, code, asked.plugin, asked.environ, start_response, back=here)

    def _let_in(
        self, asked: Asked, path: str, verdict: access.Verdict, start_response: StartResponse
    ) -> Iterable[bytes]:
        place = self.places.of(asked.instance)
        if place.comes:
            return self._starting(asked, start_response)
        if place.at is None:
            raise PluginUnusable(f"{asked.instance.label} does not run: {place.state}.")
        person, form = asked.scope.person, asked.manifest.sign_in.form
        if form is not None and person is not None and path == form.path and asked.is_document:
            return self._own.fill_in(asked, person, start_response, "/", [])
        slot = board.slot()
        await_upload(asked.environ, slot)
        page = f"{asked.environ['REQUEST_METHOD']} {verdict.rule}"
        try:
            answer = self._hand_on(asked, place.at, page, start_response)
        except NoAnswer as error:
            return self._silent(asked, page, error, start_response)
        stop_clock(slot, asked.scope, asked.plugin.name, lambda: page)
        return answer

    def _hand_on(self, asked: Asked, at: str, page: str, start_response: StartResponse) -> Iterable[bytes]:
        """Hand a request on; where nobody listens any more, the keeper is asked once more where the application is."""
        try:
            return self._forward(asked, at, page, start_response)
        except Unreachable as error:
            logger.warning("%s: %s", asked.instance.label, error)
        self.places.forget(asked.instance)
        place = self.places.of(asked.instance)
        if place.comes:
            return self._starting(asked, start_response)
        if place.at is None:
            raise PluginUnusable(f"{asked.instance.label} does not run: {place.state}.")
        try:
            return self._forward(asked, place.at, page, start_response)
        except Unreachable as error:
            self.places.forget(asked.instance)
            record_fault(asked.plugin.name, page, str(error), kind="request")
            raise PluginUnusable(f"{asked.instance.label}: {error}") from error

    def _forward(self, asked: Asked, at: str, page: str, start_response: StartResponse) -> Iterable[bytes]:
        environ, manifest, person = asked.environ, asked.manifest, asked.scope.person
        more: Headers = []
        if manifest.sign_in.way == "header" and person is not None:
            token = self._signer.token(asked.scope, asked.plugin, person)
            more = [(manifest.sign_in.header, token)] if token else []
            if asked.scope.has_session:
                asked.scope.end_reading()

        def on_answer(status: int, headers: Headers) -> None:
            cookies.at_the_root(headers)
            note(asked, status)

        def on_fault(reason: str) -> None:
            record_fault(asked.plugin.name, page, reason, kind="request")

        return forward(
            environ,
            start_response,
            at=at,
            headers=request_headers(environ, sign_in_header=manifest.sign_in.header, more=more),
            rewrite=self._rewriter(asked, at),
            bar=self._bar(asked) if manifest.bar.show == "inject" and bar.is_wanted(environ) else None,
            on_answer=on_answer,
            on_fault=on_fault,
        )

    def _bar(self, asked: Asked) -> bar.Strip:
        manifest, reads, person = asked.manifest, asked.tenant.languages[0], asked.scope.person
        knows_people = manifest.sign_in.way != "none" or any(
            rule.rule not in ("public", "closed") for rule in manifest.access
        )
        return bar.strip_for(
            asked.tenant,
            title=manifest.title(reads),
            donor=manifest.donor.name,
            portal=hosts.portal_origin(asked.environ),
            person=person.name if person is not None else None,
            signs_in=knows_people,
            language=reads,
        )

    def _rewriter(self, asked: Asked, at: str) -> Rewriter:
        public = hosts.own_origin(asked.environ)
        key = (*map(str, asked.instance.key), asked.plugin.version, public, at)
        known = self._rewriters.get(key)
        if known is None:
            old = asked.instance.process.old_hosts
            inner = () if at.startswith("/") else (at,)
            known = Rewriter(public, inner=inner, old_hosts=old, on_rewrite=_reporter(asked.instance))
            if len(self._rewriters) >= MOST_REWRITERS:
                self._rewriters.clear()
            self._rewriters[key] = known
        return known

    def _starting(self, asked: Asked, start_response: StartResponse) -> Iterable[bytes]:
        headers = [("Retry-After", str(LOOK_AGAIN_AFTER))]
        if asked.is_document:
            headers.append(("Refresh", str(LOOK_AGAIN_AFTER)))
        return self.pages.say("starting", 503, asked.plugin, asked.environ, start_response, headers=headers)

    def _silent(self, asked: Asked, page: str, error: NoAnswer, start_response: StartResponse) -> Iterable[bytes]:
        """Say that an application took a request and did not answer: it may have been carried out."""
        record_fault(asked.plugin.name, page, str(error), kind="slow" if error.silent else "request")
        code = 504 if error.silent else 502
        note(asked, code)
        return self.pages.say("silent", code, asked.plugin, asked.environ, start_response)


def _reporter(instance: Instance) -> Report:
    def report(kind: str, old: str, new: str) -> None:
        logger.warning("%s wrote the address %s (%s); visitors get %s", instance.label, old, kind, new)
        logs.add(instance, f"It wrote the address {old} ({kind}); visitors get {new}.")

    return report


def _here(environ: WSGIEnvironment) -> str:
    """Return the path of a page with its query, to come back to; of a request that sends something only the root."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return "/"
    return hosts.target_path(environ)
