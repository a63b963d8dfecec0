"""The one way out: asking another server over HTTP, without being led to where nobody outside may look.

An address that somebody typed may point at our own machines (server-side request forgery). So: https only, no
redirect is followed, no proxy or password of the environment is used, and the name is resolved once, every address of
it checked, and one of those connected to, so that a second answer of the name server changes nothing. Hosts that the
setting ``outgoing_private`` lists may be on the intranet, and may speak http. OWASP ASVS 4.0.3, 12.6 and 5.2.6.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from lumbung import __version__
from lumbung.errors import LumbungError
from lumbung.settings import Settings

LARGEST = 1024 * 1024  # bytes of an answer
LONGEST_ADDRESS = 2000
TO_CONNECT = 5.0  # seconds
ALTOGETHER = 8.0

Address = IPv4Address | IPv6Address

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_SHARED = ip_network("100.64.0.0/10")  # of carriers and some private networks
_NAT64 = IPv6Network("64:ff9b::/96")
_OF_CLOUDS = frozenset(map(ip_address, ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")))


class OutgoingRefused(LumbungError):
    """We do not ask this address; nothing was sent."""


class OutgoingFailed(LumbungError):
    """The other server could not be reached, or what it answered cannot be used."""


@dataclass(frozen=True)
class Reply:
    """What the other server answered, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; raises `OutgoingFailed`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise OutgoingFailed("The answer is no JSON.") from None


@dataclass(frozen=True)
class Place:
    """An address taken apart: what is connected to, and what is asked for there."""

    url: str
    scheme: str
    host: str
    port: int
    private: bool


def ask(
    settings: Settings,
    url: str,
    *,
    method: str = "GET",
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    largest: int = LARGEST,
    seconds: float = ALTOGETHER,
) -> Reply:
    """Ask another server and return its answer, of at most ``largest`` bytes and after at most ``seconds``.

    Raises `OutgoingRefused` for an address that is not asked, `OutgoingFailed` for one that does not answer, leads
    elsewhere, or sends too much. No error holds what was sent.
    """
    place = checked(settings, url)
    deadline = _Deadline(seconds)
    body = dict(form) if form is not None else None
    sent = {**(headers or {}), "Host": _authority(place), "User-Agent": f"Lumbung/{__version__}"}
    with deadline:
        addresses = resolve(place)
        for address in addresses:
            try:
                return _asked(place, address, method, body, sent, largest, deadline)
            except requests.exceptions.SSLError:
                raise OutgoingFailed("The certificate of %(host)s is not valid.", host=place.host) from None
            except (requests.RequestException, OSError, ValueError):
                if deadline.connected or deadline.is_over or address == addresses[-1]:
                    raise _failure(place, deadline) from None
    raise OutgoingFailed("%(host)s cannot be reached.", host=place.host)


def checked(settings: Settings, url: str) -> Place:
    """Return an address that may be asked, its name not resolved yet; raises `OutgoingRefused`."""
    if not 1 <= len(url) <= LONGEST_ADDRESS or not url.isascii() or re.search(r"[\s\\\x00-\x20\x7f<>\"^`{|}]", url):
        raise OutgoingRefused("This is not a web address.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise OutgoingRefused("This is not a web address.") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise OutgoingRefused("This is not a web address; it begins with https://")
    if "@" in parts.netloc or "#" in url:
        raise OutgoingRefused("Leave the name before @ and the part from # on out of the address.")
    if not _HOST.fullmatch(host) and _literal(host) is None:
        raise OutgoingRefused("%(host)s is not a host name.", host=host)
    private = host in settings.outgoing_private
    if parts.scheme == "http" and not private:
        raise OutgoingRefused("Only addresses that begin with https:// are asked.")
    return Place(url, parts.scheme, host, port or (443 if parts.scheme == "https" else 80), private)


def resolve(place: Place) -> list[Address]:
    """Return where a host is, the older kind of addresses first.

    Raises `OutgoingFailed` for a name nobody knows, `OutgoingRefused` as soon as one of its addresses is on a network
    that is not asked.
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutgoingFailed("The host name %(host)s is not known.", host=place.host) from None
    addresses = list(dict.fromkeys(ip_address(str(info[4][0]).partition("%")[0]) for info in found))
    if not addresses or not all(_may_ask(one, private=place.private) for one in addresses):
        raise OutgoingRefused(
            "%(host)s is on a private network. The operator of this site may allow that in the setting "
            "outgoing_private.",
            host=place.host,
        )
    return sorted(addresses, key=lambda one: one.version)[:3]


def _may_ask(address: Address, *, private: bool) -> bool:
    """Whether an address is public; with ``private`` also of the intranet or this machine, never a cloud's own."""
    inner = _within(address)
    if inner is not None:
        return _may_ask(inner, private=private) and (private or not address.is_private)
    if address in _OF_CLOUDS or address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if private:
        return address.is_global or address.is_private or address in _SHARED
    return address.is_global and not address.is_reserved


def _within(address: Address) -> IPv4Address | None:
    """Return the older address that a newer one stands for, as tunnels and translators read it."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _authority(place: Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    ordinary = 443 if place.scheme == "https" else 80
    return host if place.port == ordinary else f"{host}:{place.port}"


def _asked(
    place: Place,
    address: Address,
    method: str,
    form: dict[str, str] | None,
    headers: dict[str, str],
    largest: int,
    deadline: _Deadline,
) -> Reply:
    with requests.Session() as session:
        session.trust_env = False
        session.mount(f"{place.scheme}://", _Pinned(place, str(address), deadline))
        answer = session.request(
            method,
            place.url,
            data=form,
            headers={**headers, "Accept-Encoding": "identity"},
            timeout=(min(TO_CONNECT, deadline.left), deadline.left),
            allow_redirects=False,
            stream=True,
        )
        with closing(answer):
            if answer.is_redirect or 300 <= answer.status_code < 400:
                raise OutgoingFailed("%(host)s leads to another address; write that one instead.", host=place.host)
            body = bytearray()
            for piece in answer.iter_content(16 * 1024):
                body += piece
                if len(body) > largest:
                    raise OutgoingFailed("%(host)s answers more than is read.", host=place.host)
                if deadline.is_over:
                    raise _failure(place, deadline)
            if deadline.is_over:  # an answer that was cut off looks like one that ended
                raise _failure(place, deadline)
            return Reply(answer.status_code, dict(answer.headers), bytes(body))


def _failure(place: Place, deadline: _Deadline) -> OutgoingFailed:
    if deadline.is_over:
        return OutgoingFailed("%(host)s did not answer in time.", host=place.host)
    if deadline.connected:
        return OutgoingFailed("%(host)s did not answer as a web server does.", host=place.host)
    return OutgoingFailed("%(host)s cannot be reached.", host=place.host)


class _Deadline:
    """The end of our patience. A server that sends a letter a second is cut off then, wherever it is."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._line: socket.socket | None = None
        self.connected = False

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(0.05, self._end - monotonic())

    @property
    def is_over(self) -> bool:
        """Whether it is past."""
        return monotonic() >= self._end

    def watch(self, line: socket.socket | None) -> None:
        """Cut this line then."""
        self._line, self.connected = line, True
        if self.is_over:
            self._cut()

    def _cut(self) -> None:
        line = self._line
        if line is not None:
            try:
                socket.socket.shutdown(line, socket.SHUT_RDWR)
            except OSError:
                return

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()


class _Pinned(HTTPAdapter):
    """Connects to one address that was checked, whatever the name would lead to by now."""

    def __init__(self, place: Place, address: str, deadline: _Deadline) -> None:
        self._place, self._address, self._deadline = place, address, deadline
        super().__init__(max_retries=0)

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Say where to connect to, and whose certificate is expected there."""
        where, how = super().build_connection_pool_key_attributes(request, verify, cert)
        where = {**where, "scheme": self._place.scheme, "host": self._address, "port": self._place.port}
        if self._place.scheme == "https":
            how = {
                **how,
                "ssl_context": ssl.create_default_context(),  # the machine's own authorities, an intranet's among them
                "server_hostname": self._place.host,
                "assert_hostname": self._place.host,
            }
        return where, how

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        """Return the pool of connections; each tells the deadline that it is open."""
        pool: Any = super().get_connection_with_tls_context(*given, **named)
        deadline = self._deadline
        kind = pool.ConnectionCls

        def connect(connection: Any) -> None:
            kind.connect(connection)
            deadline.watch(connection.sock)

        pool.ConnectionCls = type("Watched", (kind,), {"connect": connect})
        return pool
