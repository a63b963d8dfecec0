"""How applications keep passwords: the hashes that their own code checks.

Two of them are broken by today's measure. They are made all the same, for an application that knows nothing better;
the passwords behind them are random and as long as the hash.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import bcrypt
from argon2 import PasswordHasher

Way = Literal["bcrypt", "argon2", "md5", "sha1", "plain"]

_argon2 = PasswordHasher(memory_cost=65_536, time_cost=4, parallelism=1)  # what PHP makes, unless told otherwise


def hash_for(way: Way, password: str) -> str:
    """Return what an application that hashes in this way keeps of a password."""
    if way == "bcrypt":  # $2y$ is PHP's name of it, which all others read too
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=10)).decode().replace("$2b$", "$2y$", 1)
    if way == "argon2":
        return _argon2.hash(password)
    if way == "plain":
        return password
    return hashlib.new(way, password.encode(), usedforsecurity=False).hexdigest()
