"""Who asks an application for something: looked up at each request, with what their browser has to forget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lumbung.context import Scope
from lumbung.identity.person import Person
from lumbung.identity.sessions import find_person_of_visit
from lumbung.instances.instance import Instance, instance_of
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin, Snapshot
from lumbung.runtimes.foreign import cookies
from lumbung.runtimes.proxy_headers import Headers
from lumbung.tenancy.tenant import Tenant
from lumbung.web import alone
from lumbung.web.house import lifetime

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# All that the browser keeps for this host. Not "cookies": that would reach every host below the registered domain,
# the portal's session and the other applications' among them.
CLEARED = ("Clear-Site-Data", '"cache", "storage"')


@dataclass(frozen=True)
class Asked:
    """A request to an application's host, once it is known whose that is."""

    tenant: Tenant
    plugin: InstalledPlugin
    snapshot: Snapshot
    scope: Scope
    environ: WSGIEnvironment

    @property
    def manifest(self) -> Manifest:
        """What the application's manifest says."""
        return self.plugin.manifest

    @cached_property
    def instance(self) -> Instance:
        """The instance that serves this tenant."""
        return instance_of(self.scope.kernel.settings, self.plugin, self.tenant)

    @property
    def is_document(self) -> bool:
        """Whether a whole page of a window is asked for, which can be led elsewhere."""
        given = self.environ
        if given["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return False
        if destination := given.get("HTTP_SEC_FETCH_DEST"):
            return bool(destination == "document")
        if "HTTP_X_REQUESTED_WITH" in given or "HTTP_HX_REQUEST" in given:
            return False
        accept = str(given.get("HTTP_ACCEPT", "*/*"))
        return not alone.wants_json(accept) and ("text/html" in accept or accept == "*/*")


@dataclass(frozen=True)
class Visitor:
    """Who asks. ``owes``: a second factor that they did not show yet; until then ``person`` is nobody.

    ``known`` is who it is in any case, for the way out.
    ``forgets`` are the headers that make a browser forget what the application gave to somebody who is signed out.
    ``cookies`` is what it sent of the application's cookies then, which the application does not see any more.
    """

    person: Person | None = None
    known: Person | None = None
    forgets: tuple[tuple[str, str], ...] = ()
    cookies: str = ""

    @property
    def owes(self) -> bool:
        """Whether somebody is there who has to show a second factor first."""
        return self.known is not None and self.person is None

    def answering(self, start_response: StartResponse) -> StartResponse:
        """Return what begins the answer to them."""
        return with_headers(start_response, self.forgets) if self.forgets else start_response


def visitor_of(asked: Asked) -> Visitor:
    """Find out who asks. Of somebody whose session ended the application's cookies are taken out of the request."""
    scope, environ = asked.scope, asked.environ
    name = cookies.visit_cookie(scope.kernel)
    token = cookies.read(environ, name)
    if not token:
        return Visitor()
    person = find_person_of_visit(scope.session, token, asked.plugin.name, asked.snapshot, lifetime(scope.kernel))
    scope.end_reading()  # the connection is free while the application works
    if person is None:
        forgets, sent = forgetting(asked), environ.pop("HTTP_COOKIE", "")
        return Visitor(forgets=tuple(forgets), cookies=sent)
    return Visitor(None if person.owes_factor else person, person)


def forgetting(asked: Asked) -> Headers:
    """Return the headers that take back the visit, the application's cookies and what else the browser keeps."""
    kernel = asked.scope.kernel
    ended = cookies.set_ours(kernel, cookies.visit_cookie(kernel), "", 0)
    return [*cookies.expired(asked.environ), ended, CLEARED]


def with_headers(start_response: StartResponse, more: Iterable[tuple[str, str]]) -> StartResponse:
    """Return what begins an answer with these headers added to it."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(status, [*headers, *more], *rest)

    return start
