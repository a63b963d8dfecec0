"""Where people are sent back to. Compared letter by letter; the one exception is the port of a loopback address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lumbung.addresses import public_address
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.openid.models import NATIVE

LONGEST = 400
MOST = 20

_ALLOWED = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()+,;=%-]+")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+:/[^/].*|[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+:/")
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(/.*)?")
LOOPBACK_HOSTS = frozenset(("127.0.0.1", "::1", "localhost"))


class AddressRefused(LumbungError):
    """An address to send people back to cannot be registered; the message says why."""


def issuer() -> str | None:
    """Return the ``iss`` of the current tenant: its official host as the settings say visitors come.

    Never what a request calls the host. None when the tenant has no host name, and so no provider.
    """
    return public_address(current_scope().kernel.settings, current_tenant(), "")


def check(address: str, kind: str) -> str:
    """Return an address that a client of this kind may register; raises `AddressRefused`.

    RFC 9700 section 2.1 and RFC 8252 section 7: absolute, no fragment, no wildcard, https; http to the own machine
    only; a scheme of one's own, named after a domain, on people's devices only.
    """
    if not address or len(address) > LONGEST:
        raise AddressRefused("An address has 1 to %(longest)s letters.", longest=LONGEST)
    if "#" in address:
        raise AddressRefused("%(address)s: leave out the part from # on; it never reaches a server.", address=address)
    if "*" in address:
        raise AddressRefused("%(address)s: write out each address; * stands for nothing here.", address=address)
    if not _ALLOWED.fullmatch(address):
        raise AddressRefused("%(address)s: this holds a letter that no address has.", address=address)
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("%(address)s is not a web address.", address=address) from None
    if any(part in (".", "..") for part in parts.path.split("/")):
        raise AddressRefused("%(address)s: write the path without . and ..", address=address)
    if parts.scheme in ("https", "http"):
        _check_web(address, host, parts.netloc, parts.scheme)
    elif kind != NATIVE or not _OWN_SCHEME.fullmatch(address):
        raise AddressRefused(
            "%(address)s: begin with https://. An application on a device may also have a scheme of its own, named "
            "after a domain, such as id.go.sumbawakab.app:/masuk",
            address=address,
        )
    return address


def _check_web(address: str, host: str | None, netloc: str, scheme: str) -> None:
    if "@" in netloc:
        raise AddressRefused("%(address)s: leave out the name before @.", address=address)
    if not address.startswith(f"{scheme}://") or netloc != netloc.lower() or netloc.endswith(":"):
        raise AddressRefused("%(address)s: write scheme and host in small letters.", address=address)
    if host != "::1" and not _HOST.fullmatch(host or ""):
        raise AddressRefused("%(address)s has no host name.", address=address)
    if scheme == "http" and host not in LOOPBACK_HOSTS and not (host or "").endswith(".localhost"):
        raise AddressRefused("%(address)s: use https; http is for the own machine only.", address=address)


def is_among(asked: str, registered: tuple[str, ...], *, native: bool) -> bool:
    """Whether ``asked`` is one of the registered addresses, letter by letter.

    A native client listens on a port that its device chooses (RFC 8252 section 7.3): there, and there alone, the port
    of a loopback address is not compared.
    """
    if asked in registered:
        return True
    if not native:
        return False
    given = _without_port(asked)
    return given is not None and any(given == _without_port(one) for one in registered)


def _without_port(address: str) -> tuple[str, str] | None:
    found = _LOOPBACK.fullmatch(address)
    return (found[1], found[2] or "") if found else None
