"""What a provider can do, and its keys: asked of itself, checked, and kept for an hour.

OpenID Connect Discovery 1.0, sections 3 and 4; RFC 7517 for the keys.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from lumbung import outgoing
from lumbung.clock import utc_now
from lumbung.openid.upstream.refusals import UpstreamUnsound
from lumbung.settings import Settings

DOCUMENT = "/.well-known/openid-configuration"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
METHODS = ("client_secret_basic", "client_secret_post", "none")
KEPT_FOR = timedelta(hours=1)
AGAIN_AFTER = timedelta(minutes=1)  # at the earliest, keys are asked for again when one is unknown
LONGEST_ISSUER = 400

T = TypeVar("T")


@dataclass(frozen=True)
class Provider:
    """What a provider told of itself, as far as we use it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    methods: tuple[str, ...]
    algorithms: tuple[str, ...]
    names_itself: bool  # in its answers (RFC 9207)


@dataclass(frozen=True)
class Keys:
    """The public keys of a provider, and when they were asked for."""

    keys: tuple[dict[str, Any], ...]
    asked_at: datetime

    def named(self, kid: object) -> dict[str, Any] | None:
        """Return the signing key of this name; without a name, the only one there is."""
        fit = [key for key in self.keys if key.get("use", "sig") == "sig" and (kid is None or key.get("kid") == kid)]
        return fit[0] if len(fit) == 1 else None


class _Kept(Generic[T]):
    """The latest of each, for a while; the longest unused goes when there are many."""

    MOST = 200

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[datetime, T]] = OrderedDict()

    def get(self, name: str) -> T | None:
        with self._lock:
            found = self._kept.get(name)
            if found is None or found[0] <= utc_now() - KEPT_FOR:
                return None
            self._kept.move_to_end(name)
            return found[1]

    def put(self, name: str, thing: T) -> T:
        with self._lock:
            self._kept[name] = utc_now(), thing
            self._kept.move_to_end(name)
            while len(self._kept) > self.MOST:
                self._kept.popitem(last=False)
        return thing

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


_providers: _Kept[Provider] = _Kept()
_keys: _Kept[Keys] = _Kept()


def check_issuer(settings: Settings, issuer: str) -> str:
    """Return an issuer's address that can be used; raises `UpstreamUnsound` or `OutgoingRefused`."""
    if len(issuer) > LONGEST_ISSUER:
        raise UpstreamUnsound("The address of a provider has at most %(most)s letters.", most=LONGEST_ISSUER)
    outgoing.checked(settings, issuer)
    if "?" in issuer or issuer.endswith(DOCUMENT):
        raise UpstreamUnsound("Write the issuer's address without ? and without %(document)s.", document=DOCUMENT)
    return issuer


def provider(settings: Settings, issuer: str, *, fresh: bool = False) -> Provider:
    """Return what a provider tells of itself, asking it at most once an hour unless ``fresh``.

    Raises `UpstreamUnsound`, `OutgoingRefused` or `OutgoingFailed`.
    """
    kept = None if fresh else _providers.get(issuer)
    return kept or _providers.put(issuer, _read(settings, issuer, _document(settings, check_issuer(settings, issuer))))


def keys(settings: Settings, known: Provider, *, unknown_in: Keys | None = None, fresh: bool = False) -> Keys:
    """Return the keys of a provider.

    ``unknown_in``: a key was not among these, so they are asked for again, unless that happened a moment ago: whoever
    sends tokens with made-up key names does not make us ask for each. Raises as `provider` does.
    """
    kept = None if fresh else _keys.get(known.jwks_uri)
    if kept is not None and (unknown_in is None or kept.asked_at > utc_now() - AGAIN_AFTER):
        return kept
    told = _json(settings, known.jwks_uri)
    listed = told.get("keys")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UpstreamUnsound("The provider's list of keys cannot be read.")
    public = tuple(one for one in listed if one.get("kty") in ("RSA", "EC"))
    return _keys.put(known.jwks_uri, Keys(public, utc_now()))


def forget_all() -> None:
    """Ask everything anew."""
    _providers.clear()
    _keys.clear()


def _document(settings: Settings, issuer: str) -> dict[str, Any]:
    return _json(settings, issuer.rstrip("/") + DOCUMENT)


def _json(settings: Settings, url: str) -> dict[str, Any]:
    reply = outgoing.ask(settings, url, headers={"Accept": "application/json"})
    if reply.status != 200:
        raise UpstreamUnsound(
            "%(host)s answers with status %(status)s at %(path)s.",
            host=urlsplit(url).hostname,
            status=reply.status,
            path=urlsplit(url).path,
        )
    told = reply.json()
    if not isinstance(told, dict):
        raise UpstreamUnsound("%(host)s does not answer as a provider of identities does.", host=urlsplit(url).hostname)
    return told


def _read(settings: Settings, issuer: str, told: dict[str, Any]) -> Provider:
    if told.get("issuer") != issuer:
        raise UpstreamUnsound(
            "The provider calls itself %(told)s, not %(issuer)s: write it letter by letter as the provider does.",
            told=_short(told.get("issuer")),
            issuer=issuer,
        )
    if "code" not in _texts(told, "response_types_supported", ["code"]):
        raise UpstreamUnsound("This provider does not offer the authorization code flow.")
    algorithms = tuple(one for one in ALGORITHMS if one in _texts(told, "id_token_signing_alg_values_supported", []))
    if not algorithms:
        raise UpstreamUnsound("This provider signs with none of: %(known)s.", known=list(ALGORITHMS))
    methods = tuple(
        one for one in METHODS if one in _texts(told, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
    )
    if not methods:
        raise UpstreamUnsound(
            "This provider takes none of these ways to say who we are: %(known)s.", known=list(METHODS)
        )
    return Provider(
        issuer=issuer,
        authorization_endpoint=_endpoint(settings, told, "authorization_endpoint"),
        token_endpoint=_endpoint(settings, told, "token_endpoint"),
        jwks_uri=_endpoint(settings, told, "jwks_uri"),
        userinfo_endpoint=_endpoint(settings, told, "userinfo_endpoint") if told.get("userinfo_endpoint") else None,
        methods=methods,
        algorithms=algorithms,
        names_itself=told.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(settings: Settings, told: dict[str, Any], name: str) -> str:
    address = told.get(name)
    if not isinstance(address, str):
        raise UpstreamUnsound("The provider does not say its %(name)s.", name=name)
    try:
        return outgoing.checked(settings, address).url
    except outgoing.OutgoingRefused as error:
        raise UpstreamUnsound("The provider's %(name)s cannot be used: %(reason)s", name=name, reason=error) from None


def _texts(told: dict[str, Any], name: str, otherwise: list[str]) -> list[object]:
    listed = told.get(name, otherwise)
    return listed if isinstance(listed, list) else []


def _short(value: object) -> str:
    words = value if isinstance(value, str) else "-"
    return "".join(letter for letter in words[:LONGEST_ISSUER] if letter.isprintable())
