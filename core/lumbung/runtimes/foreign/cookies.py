"""Cookies on an application's host: the platform's two, and the application's own, which end with a person's visit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkzeug.http import dump_cookie, parse_cookie

from lumbung.identity.sessions import KEEP_ENDED
from lumbung.kernel import Kernel
from lumbung.runtimes.proxy_headers import Headers, is_ours

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Longer than any session: so that the end of one is seen even by a browser that was closed meanwhile.
VISIT_KEPT = int(KEEP_ENDED.total_seconds())
STATE_KEPT = 30 * 60  # seconds that a sign-in may take, letters and second factors included
MOST = 60  # cookies that are expired in one answer

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(r";\s*path\s*=[^;]*", re.IGNORECASE)


def visit_cookie(kernel: Kernel) -> str:
    """Return the name of the cookie that holds a visit's token."""
    return "__Host-lumbung-app" if kernel.settings.secure_cookies else "lumbung_app"


def state_cookie(kernel: Kernel) -> str:
    """Return the name of the cookie by which a ticket knows the browser that asked for it."""
    return "__Host-lumbung-app-state" if kernel.settings.secure_cookies else "lumbung_app_state"


def read(environ: WSGIEnvironment, name: str) -> str | None:
    """Return the value of a cookie, None when it was not sent."""
    return parse_cookie(environ.get("HTTP_COOKIE", "")).get(name)


def set_ours(kernel: Kernel, name: str, value: str, seconds: int) -> tuple[str, str]:
    """Return the header that gives the browser one of our cookies, or (with no seconds) takes it back."""
    secure = kernel.settings.secure_cookies
    said = dump_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=secure)
    return "Set-Cookie", said


def expired(environ: WSGIEnvironment) -> Headers:
    """Return headers that take back every cookie of the application that came with a request."""
    secure = "; Secure" if environ["wsgi.url_scheme"] == "https" else ""
    names = {pair.partition("=")[0].strip() for pair in environ.get("HTTP_COOKIE", "").split(";")}
    theirs = sorted(name for name in names if _NAME.fullmatch(name) and not is_ours(name))
    ends = f"=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/{secure}"
    return [("Set-Cookie", name + ends) for name in theirs[:MOST]]


def at_the_root(headers: Headers) -> None:
    """Have every cookie of an application sent with each request to its host, so that each can be taken back."""
    headers[:] = [
        (name, f"{_PATH.sub('', value)}; Path=/" if name.lower() == "set-cookie" else value) for name, value in headers
    ]
