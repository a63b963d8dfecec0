"""Believing what a provider says of a person: only signed by it, for us, for this very way there and back, and now.

OpenID Connect Core 1.0, sections 3.1.3.7 (the ID token), 3.1.3.8 (``at_hash``) and 5.3.2 (userinfo); RFC 8725.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import unicodedata
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeGuard

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.identity import people
from lumbung.openid.upstream import discovery
from lumbung.openid.upstream.discovery import Provider
from lumbung.openid.upstream.refusals import Reason, UpstreamRefused
from lumbung.settings import Settings

LEEWAY = 60  # seconds that clocks may differ
OLDEST = 600  # seconds since an ID token was made
LONGEST_TOKEN = 20_000
RSA_BITS = range(2048, 8192 + 1)

_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


@dataclass(frozen=True)
class Found:
    """Who a provider says somebody is. ``email`` is there only in its normal form."""

    subject: str
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    email_verified: bool
    number: str | None = field(repr=False)
    proven_at: float | None  # when they last showed the provider who they are, in seconds since 1970

    def as_text(self) -> str:
        """Return it as text, to be kept encrypted for a few minutes."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Found:
        """Return what `as_text` wrote."""
        return cls(**json.loads(text))


def believe(
    settings: Settings,
    provider: Provider,
    token: object,
    *,
    client_id: str,
    nonce_hash: bytes,
    access_token: str | None,
) -> dict[str, Any]:
    """Return the claims of an ID token, every one of the standard's checks passed; else raises `UpstreamRefused`."""
    if not isinstance(token, str) or not 1 <= len(token) <= LONGEST_TOKEN:
        raise _untrusted("The provider sent no ID token.")
    algorithm, claims = _signed(settings, provider, token)
    if claims.get("iss") != provider.issuer:
        raise _untrusted("The ID token is of another issuer.")
    _for_us(claims, client_id)
    _now(claims)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(_sha256(nonce), nonce_hash):
        raise _untrusted("The ID token answers another request.")
    if "at_hash" in claims and access_token is not None:
        expected = _left_half(access_token, algorithm)
        if not isinstance(claims["at_hash"], str) or not hmac.compare_digest(
            claims["at_hash"].encode("utf-8", "replace"), expected.encode()
        ):
            raise _untrusted("The access token is not the one of the ID token.")
    return claims


def who(claims: dict[str, Any], number_claim: str | None) -> Found:
    """Return who the claims are about. Raises `UpstreamRefused` without a subject that can be kept."""
    email = _email(claims.get("email"))
    return Found(
        subject=subject_of(claims),
        name=_name(claims),
        email=email,
        email_verified=email is not None and claims.get("email_verified") in (True, "true"),
        number=_number(claims.get(number_claim)) if number_claim else None,
        proven_at=moment if _is_moment(moment := claims.get("auth_time")) else None,
    )


def subject_of(claims: dict[str, Any]) -> str:
    """Return the subject: 1 to 255 ASCII letters, compared as they stand (section 2). Raises `UpstreamRefused`."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not _is_plain(subject):
        raise _untrusted("The provider does not say who it is about.")
    return subject


def _signed(settings: Settings, provider: Provider, token: str) -> tuple[str, dict[str, Any]]:
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, RecursionError):
        raise _untrusted("The ID token cannot be read.") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in provider.algorithms:
        raise _untrusted("The ID token is signed in a way that is not accepted.")
    known = discovery.keys(settings, provider)
    key = known.named(kid)
    if key is None:
        key = discovery.keys(settings, provider, unknown_in=known).named(kid)
    if key is None or key.get("alg", algorithm) != algorithm:
        raise _untrusted("The ID token is signed with a key the provider does not show.")
    try:
        decoded = jwt.decode(token, _imported(key, algorithm), algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise _untrusted("The signature of the ID token is wrong.") from None
    return algorithm, dict(decoded.claims)


def _imported(key: dict[str, Any], algorithm: str) -> RSAKey | ECKey:
    public: dict[str, str | list[str]] = {
        name: str(value) for name, value in key.items() if name in ("kty", "n", "e", "crv", "x", "y")
    }
    if algorithm.startswith("ES"):
        return ECKey.import_key(public)
    modulus = base64.urlsafe_b64decode(str(public.get("n", "")) + "==")
    if int.from_bytes(modulus).bit_length() not in RSA_BITS:
        raise ValueError("an RSA key of another length than is trusted")
    return RSAKey.import_key(public)


def _for_us(claims: dict[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience
    if not isinstance(listed, list) or client_id not in listed:
        raise _untrusted("The ID token is for another application.")
    if claims.get("azp", client_id) != client_id or (len(listed) > 1 and "azp" not in claims):
        raise _untrusted("The ID token was given to another application.")


def _now(claims: dict[str, Any]) -> None:
    moment = utc_now().timestamp()
    ends, made = claims.get("exp"), claims.get("iat")
    if not _is_moment(ends) or not _is_moment(made):
        raise _untrusted("The ID token does not say from when until when it is good.")
    if ends <= moment - LEEWAY:
        raise _untrusted("The ID token has expired.")
    begins = claims.get("nbf", made)
    if not _is_moment(begins) or begins > moment + LEEWAY or made > moment + LEEWAY or made < moment - OLDEST - LEEWAY:
        raise _untrusted("The ID token is not of this moment; perhaps the clocks differ.")


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _is_moment(value: object) -> TypeGuard[float]:
    """Whether a claim is a number of seconds; ``true`` and what is beyond all numbers are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _left_half(access_token: str, algorithm: str) -> str:
    digest = _HASHES[algorithm[-3:]](access_token.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _email(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > 254 or not value.isprintable():
        return None
    try:
        return people.normal_email(value)
    except (LumbungError, ValueError):
        return None


def _name(claims: dict[str, Any]) -> str:
    """Return a name to propose, without anything that is no letter of a name; perhaps an empty text."""
    whole = claims.get("name") or " ".join(
        part for part in (claims.get("given_name"), claims.get("family_name")) if isinstance(part, str)
    )
    if not isinstance(whole, str):
        return ""
    plain = "".join(" " if letter.isspace() else letter for letter in whole[:500])
    return " ".join("".join(one for one in plain if unicodedata.category(one)[0] != "C").split())[:120].strip()


def _number(value: object) -> str | None:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and 1 <= len(text) <= 60 and text.isprintable() else None


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _untrusted(template: str) -> UpstreamRefused:
    return UpstreamRefused(Reason.UNTRUSTED, template)


def moment_of(found: Found) -> datetime | None:
    """Return when they last showed the provider who they are, None when it does not say or says a later moment."""
    now = utc_now()
    if found.proven_at is None or found.proven_at > now.timestamp() + LEEWAY:
        return None
    return datetime.fromtimestamp(min(found.proven_at, now.timestamp()), tz=now.tzinfo)
