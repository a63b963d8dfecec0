"""What an application is told of a request, and what of its headers reaches the visitor.

Nobody outside may tell it who they are or where they come from, and nothing it says may reach past its own host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Headers = list[tuple[str, str]]

OUR_COOKIES = ("lumbung", "__host-lumbung", "__secure-lumbung")  # how the names of the platform's cookies begin

HOP_BY_HOP = frozenset(
    (
        "connection",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
# What begins so says who a visitor is or where they come from: only the platform may.
IDENTITY = (
    "x-lumbung-",
    "x-remote-",
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    "x-auth-request-",
    "x-authenticated-",
    "x-webauth-",
    "x-forwarded",
    "x-client-cert",
    "x-ssl-client-",
    "ssl-client-",
)
_NEVER_TO_THE_APP = frozenset(
    (
        "cf-connecting-ip",
        "client-ip",
        "content-length",
        "expect",
        "forwarded",
        "host",
        "proxy",  # would be HTTP_PROXY of what the application starts
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-original-host",
        "x-original-uri",
        "x-original-url",  # some frameworks take the path from these: the gate judged another
        "x-rewrite-url",
        "x-originating-ip",
        "x-real-ip",
    )
)
# Its server's own affairs; what another server in front would take as an order; what the gate says by itself.
_NEVER_TO_THE_VISITOR = frozenset(
    (
        "alt-svc",
        "date",
        "host",  # PHP's own server sends one
        "public-key-pins",
        "server",
        "x-aspnet-version",
        "x-powered-by",
        "x-lighttpd-send-file",
        "x-sendfile",
    )
)
_SIGN = re.compile(r"[^a-z0-9]")  # in names: WSGI has low lines where there were hyphens, PHP makes one of a dot
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANK = " \t"  # what strip() takes by itself are, in these texts of bytes, parts of letters too
_UNSAYABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# "cookies" would reach every host below the same registered domain, the portal among them
_CLEARED = '"cache", "storage"'


def public_origin(environ: WSGIEnvironment) -> str:
    """Return scheme, host and port as the visitor used them."""
    return f"{environ['wsgi.url_scheme']}://{_host(environ)}"


def request_headers(
    environ: WSGIEnvironment, *, sign_in_header: str = "", remote: str = "", more: Iterable[tuple[str, str]] = ()
) -> Headers:
    """Return the headers that an application gets for a request, those of ``more`` (its identity) at the end.

    Out of the visitor's own are taken: what concerns one connection only, all that says who or where somebody is
    (also spelled with low lines or dots), ``sign_in_header``, and the platform's cookies.
    ``remote`` is the origin by which an application elsewhere knows itself ("https://app.example.go.id"): it is told
    that as its host, and as where forms come from.
    """
    dropped = HOP_BY_HOP | _NEVER_TO_THE_APP | {_SIGN.sub("-", sign_in_header.lower())}
    dropped |= _named_in(environ.get("HTTP_CONNECTION", ""))
    headers: Headers = [("Host", remote.partition("://")[2] or _host(environ))]
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = _SIGN.sub("-", key[5:].lower())
        elif key == "CONTENT_TYPE" and value:
            name = "content-type"
        else:
            continue
        if name in dropped or name.startswith(IDENTITY) or not _TOKEN.fullmatch(name) or _UNSAYABLE.search(value):
            continue
        if name == "cookie":
            value = without_ours(value)
            if not value:
                continue
        if remote and name in ("origin", "referer"):
            value = _said_there(value, public_origin(environ), remote)
        headers.append((name.title(), value))
    return [*headers, *_forwarded(environ), *more]


_WHERE_FROM = frozenset(
    ("x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto")
)


def own_headers(environ: WSGIEnvironment) -> Headers:
    """Return the headers that a process of the platform gets: all of the visitor's, cookies too, and where they are."""
    dropped = HOP_BY_HOP | _NEVER_TO_THE_APP | _WHERE_FROM | _named_in(environ.get("HTTP_CONNECTION", ""))
    headers: Headers = [("Host", _host(environ))]
    for key, value in environ.items():
        name = key[5:].lower().replace("_", "-") if key.startswith("HTTP_") else ""
        if key == "CONTENT_TYPE" and value:
            name = "content-type"
        if name and name not in dropped and _TOKEN.fullmatch(name) and not _UNSAYABLE.search(value):
            headers.append((name.title(), value))
    return [*headers, *_forwarded(environ)]


def _said_there(value: str, public: str, remote: str) -> str:
    rest = value.removeprefix(public)
    return remote + rest if value.startswith(public) and rest[:1] in ("", "/") else value


def _host(environ: WSGIEnvironment) -> str:
    host = str(environ.get("HTTP_HOST") or "").lower()
    if host and not _UNSAYABLE.search(host):
        return host
    ordinary = {"http": "80", "https": "443"}[environ["wsgi.url_scheme"]]
    name, port = environ["SERVER_NAME"], str(environ["SERVER_PORT"])
    return name if port == ordinary else f"{name}:{port}"


def _forwarded(environ: WSGIEnvironment) -> Headers:
    scheme, host = environ["wsgi.url_scheme"], _host(environ)
    port = host.rpartition(":")[2] if re.search(r":\d+$", host) else {"http": "80", "https": "443"}[scheme]
    headers = [("X-Forwarded-Proto", scheme), ("X-Forwarded-Host", host), ("X-Forwarded-Port", port)]
    address = str(environ.get("REMOTE_ADDR") or "")
    if address:
        headers += [("X-Forwarded-For", address), ("X-Real-IP", address)]
    if environ.get("SCRIPT_NAME"):
        headers.append(("X-Forwarded-Prefix", environ["SCRIPT_NAME"]))
    return headers


def without_ours(cookies: str) -> str:
    """Return a Cookie header without the cookies of the platform; empty when nothing is left."""
    pairs = (pair.strip(_BLANK) for pair in cookies.split(";"))
    return "; ".join(pair for pair in pairs if pair and not is_ours(pair.partition("=")[0]))


def is_ours(name: str) -> bool:
    """Whether a cookie of this name is the platform's."""
    return name.strip().lower().startswith(OUR_COOKIES)


def response_headers(
    headers: Iterable[tuple[str, str]],
    *,
    https: bool,
    rewrite: Callable[[str, str], str] | None = None,
    addresses: frozenset[str] = frozenset(),
) -> Headers:
    """Return what of an application's headers goes to the visitor, in its order.

    Headers named in ``addresses`` are put through ``rewrite(name, value)``.
    """
    given = [(name, value.strip(_BLANK)) for name, value in headers]
    connection = ",".join(value for name, value in given if name.lower() == "connection")
    dropped = HOP_BY_HOP | _NEVER_TO_THE_VISITOR | _named_in(connection)
    kept: Headers = []
    for name, value in given:
        low = name.lower()
        if low in dropped or low.startswith(("x-accel-", "x-lumbung-")):
            continue
        if not _TOKEN.fullmatch(name) or _UNSAYABLE.search(value):
            continue
        said: str | None = value
        if low == "set-cookie":
            said = confined(value, https=https)
        elif low == "strict-transport-security":
            said = _own_host_only(value) if https else None
        elif low == "clear-site-data":
            said = _own_data_only(value)
        elif low in addresses and rewrite:
            said = rewrite(low, value)
        if said is not None:
            kept.append((name, said))
    return kept


def confined(cookie: str, *, https: bool) -> str | None:
    """Return a Set-Cookie that reaches no further than its host, None for one that would pass for the platform's.

    Over http, Secure is taken away: the browser would throw the cookie away, and nobody could sign in.
    """
    pair, *attributes = (part.strip(_BLANK) for part in cookie.split(";"))
    name, equals, _value = pair.partition("=")
    if not equals or not name.strip() or is_ours(name):
        return None  # a cookie without a name comes back as its value alone: that can look like one of ours
    prefixed = name.strip().lower().startswith(("__host-", "__secure-"))
    kept, has = [pair], set()
    for attribute in attributes:
        key = attribute.partition("=")[0].strip().lower()
        if key == "domain" or not key or (key in ("secure", "partitioned") and not (https or prefixed)):
            continue
        if key == "samesite" and not https and attribute.lower().replace(" ", "").endswith("=none"):
            attribute = "SameSite=Lax"
        has.add(key)
        kept.append(attribute)
    if https and "secure" not in has:
        kept.append("Secure")
    if "samesite" not in has:
        kept.append("SameSite=Lax")
    return "; ".join(kept)


def _own_host_only(value: str) -> str | None:
    parts = [part.strip() for part in value.split(";")]
    kept = [part for part in parts if part and part.lower() not in ("includesubdomains", "preload")]
    return "; ".join(kept) or None


def _own_data_only(value: str) -> str | None:
    named = [one.strip() for one in value.split(",")]
    if '"*"' in named:
        return _CLEARED
    return ", ".join(one for one in named if one.lower() != '"cookies"') or None


def _named_in(connection: str) -> set[str]:
    return {name.strip().lower() for name in connection.split(",") if name.strip()}


def status_line(status: int, reason: str) -> str:
    """Return the status as WSGI wants it, with the usual words where the application has none."""
    words = _UNSAYABLE.sub(" ", reason).strip()
    if not words:
        words = HTTPStatus(status).phrase if status in _KNOWN else "Unknown"
    return f"{status} {words}"


_KNOWN = frozenset(HTTPStatus)


def get(headers: Iterable[tuple[str, str]], name: str) -> str:
    """Return the first value of a header, empty when there is none."""
    return next((value for key, value in headers if key.lower() == name), "")


def without(headers: Headers, *names: str) -> Iterator[tuple[str, str]]:
    """Yield the headers but for those named, in lower case."""
    return ((key, value) for key, value in headers if key.lower() not in names)
