"""Hashing passwords: argon2id with 19 MiB, two passes, one lane (OWASP's profile, about 30 ms on our machines)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 256

_hasher = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)

# Compared with when there is no such account, so that the answer takes as long either way.
_NOBODY = _hasher.hash("an account that does not exist")


def hash_password(password: str) -> str:
    """Return the hash to keep for ``password``."""
    return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind the kept hash; None (no such account) takes as long and says no."""
    if len(password) > LONGEST:
        return False
    try:
        return _hasher.verify(kept or _NOBODY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with an older profile and should be made anew at this sign-in."""
    return _hasher.check_needs_rehash(kept)
