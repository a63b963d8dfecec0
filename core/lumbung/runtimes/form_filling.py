"""Signing people in to an application by filling in its own login page: for one that cannot be told who they are.

The platform asks for the page as the person's browser would, takes the fields that are there already (tokens against
forged requests), sends it with the account that it keeps for them, and hands the cookies that it got to their browser.
The weakest of the three ways to sign in: whoever reads the application's database, or the platform's keys, can sign in
there as anybody.
"""

from __future__ import annotations

import http.client
import logging
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from lumbung.context import Scope
from lumbung.errors import LumbungError
from lumbung.identity.person import Person
from lumbung.instances import accounts
from lumbung.instances.accounts import Account
from lumbung.instances.instance import Instance
from lumbung.registry.discovery import describe_error
from lumbung.registry.faults import record_fault
from lumbung.registry.foreign import SignInForm
from lumbung.runtimes.login_page import Form, forms_in, page_token
from lumbung.web.limits import rate_limit

logger = logging.getLogger(__name__)

MOST_REDIRECTS = 5
LARGEST_PAGE = 2 * 1024 * 1024
TO_ANSWER = 20.0  # seconds
AT_MOST = 12  # sign-ins of one person in one application within five minutes: it may throw them out each time

Headers = Mapping[str, str]


class SignInRefused(LumbungError):
    """The application did not let somebody in."""


class AppSilent(LumbungError):
    """The application did not answer as it should; nothing is known about the account."""


@dataclass
class Page:
    """What the application answered: where it was found, its status and text."""

    path: str
    status: int
    text: str
    location: str | None = None


@dataclass
class Visit:
    """A browser that somebody else sits at: it asks one application, at ``at``, under its public ``host``.

    ``headers`` are those of the person's own browser that the application may bind a session to.
    """

    at: str
    host: str
    scheme: str = "https"
    headers: Headers = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: dict[str, str] = field(default_factory=dict)  # the newest line of each name

    def ask(self, path: str, form: Mapping[str, str] | None = None, more: Headers | None = None) -> Page:
        """Ask for a path, or send a form to it; raises `AppSilent`. A redirect is not followed."""
        sent = {
            "Host": self.host,
            "X-Forwarded-Host": self.host,
            "X-Forwarded-Proto": self.scheme,
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **self.headers,
            **(more or {}),
        }
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = _connection(self.at)
        try:
            body = None if form is None else urlencode(form).encode()
            connection.request("GET" if form is None else "POST", path, body, sent)
            answer = connection.getresponse()
            text = answer.read(LARGEST_PAGE).decode(_charset(answer), "replace")
        except (OSError, http.client.HTTPException, ValueError):
            raise AppSilent("The application did not answer when its login page was asked for.") from None
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or ():
            self._keep(line)
        return Page(path, answer.status, text, answer.headers.get("Location") if 300 <= answer.status < 400 else None)

    def follow(self, page: Page) -> Page:
        """Follow redirects from a page to the one that is shown; raises `AppSilent` when they do not end."""
        for _turn in range(MOST_REDIRECTS):
            if page.location is None:
                return page
            page = self.ask(_path_of(page.path, page.location))
        if page.location is None:
            return page
        raise AppSilent("The application leads from page to page without an end when somebody signs in.")

    def _keep(self, line: str) -> None:
        name, _, value = line.partition(";")[0].partition("=")
        name = name.strip()
        if not name or re.search(r"[\r\n]", line):
            return
        self.set_cookies[name] = _without_domain(line)
        if re.search(r";\s*max-age\s*=\s*(0|-\d+)\s*(;|$)", line, re.IGNORECASE) or value.strip() in ("", "deleted"):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value.strip()


def enter(scope: Scope, instance: Instance, at: str, environ: Mapping[str, Any]) -> list[str]:
    """Sign in to an application whoever is signed in here; return the Set-Cookie lines for their browser.

    For the gate: after a ticket was used, and when somebody who is signed in is led to the application's login page.
    ``at`` is where the application listens ("127.0.0.1:4711", or the path of a socket). An empty list for an
    application that signs people in another way. Where its password for them no longer fits, it gets another one,
    once. Raises `lumbung.instances.accounts.NoAccount`, `SignInRefused` and `AppSilent`, whose words may be shown, and
    `lumbung.web.errors.TooMany`.
    """
    form, person = instance.plugin.manifest.sign_in.form, scope.person
    if form is None or person is None:
        return []
    rate_limit(f"app sign-in {instance.name} {person.id}", times=AT_MOST, seconds=300)
    host, scheme = environ.get("HTTP_HOST", ""), environ.get("wsgi.url_scheme", "https")
    headers = dict(_of_the_browser(environ))
    account = _account(scope, instance, accounts.account_for)
    try:
        return sign_in(at, host, form, account, scheme=scheme, headers=headers)
    except SignInRefused as refused:
        logger.info("%s did not let somebody in: %s; their password there is renewed", instance.label, refused)
    account = _account(scope, instance, accounts.renew)
    return sign_in(at, host, form, account, scheme=scheme, headers=headers)


def _account(scope: Scope, instance: Instance, make: Callable[[Scope, Instance, Person], Account]) -> Account:
    """Return the account of whoever is there; a database that refuses is a fault of the application's."""
    assert scope.person is not None  # noqa: S101  (`enter` saw to it)
    try:
        return make(scope, instance, scope.person)
    except accounts.NoAccount:
        raise
    except LumbungError as error:
        record_fault(instance.name, "sign-in form", describe_error(error))
        raise AppSilent("The application takes no account for you at the moment.") from error


def sign_in(
    at: str, host: str, form: SignInForm, account: Account, *, scheme: str = "https", headers: Headers | None = None
) -> list[str]:
    """Fill in an application's login page and return the Set-Cookie lines it answered with.

    Raises `SignInRefused` when it does not let the account in, `AppSilent` when it does not answer or shows no such
    page. Neither holds a password.
    """
    visit = Visit(at, host, scheme, headers or {})
    page = visit.follow(visit.ask(form.path))
    if page.status >= 400:
        raise AppSilent("The login page of the application answers with status %(status)s.", status=page.status)
    found = _login_form(page, form)
    target = _path_of(page.path, found.action) if found and found.action else page.path
    sent = {
        **(found.fields if found else {}),
        **form.more_fields,
        form.user_field: account.username,
        form.password_field: account.password,
    }
    address = f"{scheme}://{host}"
    more = {"Origin": address, "Referer": f"{address}{page.path}"}
    if token := page_token(page.text):
        more["X-CSRF-Token"] = token
    answer = visit.ask(target, sent, more)
    _refuse_unless_in(visit, form, answer, login={page.path, target, form.path})
    return list(visit.set_cookies.values())


def sign_out(
    at: str, host: str, form: SignInForm, cookies: str, *, scheme: str = "https", headers: Headers | None = None
) -> list[str]:
    """Sign somebody out of an application; return the Set-Cookie lines it answered with.

    ``cookies`` is the Cookie header of their browser on the application's host. An application that takes only a
    form for it gets the one that its first page shows. Nothing is raised: the session here ends in any case.
    """
    if form.logout_path is None:
        return []
    visit = Visit(at, host, scheme, headers or {}, _read(cookies))
    try:
        answer = visit.ask(form.logout_path)
        if answer.status in (404, 405):
            _send_logout(visit, form.logout_path)
    except AppSilent:
        logger.info("an application did not answer when somebody signed out")
    return list(visit.set_cookies.values())


def _send_logout(visit: Visit, path: str) -> None:
    page = visit.follow(visit.ask("/"))
    for found in forms_in(page.text):
        if found.action is not None and _path_of(page.path, found.action) == path:
            address = f"{visit.scheme}://{visit.host}"
            visit.ask(path, found.fields, {"Origin": address, "Referer": f"{address}{page.path}"})
            return


def _login_form(page: Page, form: SignInForm) -> Form | None:
    """Return the form with the password's field; None on a page that makes its form with a script."""
    found = forms_in(page.text)
    for one in found:
        if form.password_field in one.names:
            return one
    if any(one.has_password for one in found):
        raise AppSilent(
            "The login page of the application has no field %(field)r; its manifest names the wrong one.",
            field=form.password_field,
        )
    return None


def _refuse_unless_in(visit: Visit, form: SignInForm, answer: Page, *, login: set[str]) -> None:
    """Raise `SignInRefused` unless the answer to the form shows that somebody is signed in now."""
    if answer.status in (419, 403):
        raise SignInRefused("The application refused the form of its own login page (status %(n)s).", n=answer.status)
    if answer.status >= 500:
        raise AppSilent("The login page of the application answers with status %(status)s.", status=answer.status)
    led_on = answer.location is not None
    shown = visit.follow(answer)
    if form.success is not None:
        if form.success not in shown.text:
            raise SignInRefused("The page after signing in does not hold the text %(text)r.", text=form.success)
        return
    asked_again = any(form.password_field in one.names for one in forms_in(shown.text))
    away = urlsplit(shown.path).path not in {urlsplit(path).path for path in login}
    if not led_on or not away or asked_again or shown.status >= 400:
        raise SignInRefused("The application shows its login page again after signing in.")
    if not visit.cookies:
        raise SignInRefused("The application gave no cookie when somebody signed in.")


def _connection(at: str) -> http.client.HTTPConnection:
    if at.startswith("/"):
        return _SocketConnection(at)
    host, _, port = at.rpartition(":")
    return http.client.HTTPConnection(host, int(port), timeout=TO_ANSWER)


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TO_ANSWER)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TO_ANSWER)
        self.sock.connect(self._path)


def _path_of(page: str, link: str) -> str:
    """Return the path and query that a link on a page leads to; whatever host it names, the application is asked."""
    parts = urlsplit(urljoin(f"http://app{page}", link.strip()))
    path = re.sub(r"[^\x21-\x7e]", "", parts.path) or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _charset(answer: http.client.HTTPResponse) -> str:
    named = answer.headers.get_content_charset() or "utf-8"
    try:
        "".encode(named)
    except LookupError:
        return "utf-8"
    return named


def _without_domain(line: str) -> str:
    """Return a cookie as one of this host alone, whichever domain the application set it for."""
    return re.sub(r";\s*domain\s*=[^;]*", "", line, flags=re.IGNORECASE)


def _read(cookies: str) -> dict[str, str]:
    try:
        return {name: morsel.coded_value for name, morsel in SimpleCookie(cookies).items()}
    except CookieError:
        return {}


def _of_the_browser(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, key in (("User-Agent", "HTTP_USER_AGENT"), ("Accept-Language", "HTTP_ACCEPT_LANGUAGE")):
        if value := environ.get(key):
            yield name, value
    if address := environ.get("REMOTE_ADDR"):
        yield "X-Forwarded-For", address
