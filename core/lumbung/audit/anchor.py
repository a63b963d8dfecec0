"""Anchors: signed statements of where each tenant's trail stood, kept outside the database.

Whoever owns the database could write the whole chain anew, head included; not so the lines of a file that lies on
another disk, or on paper. Each line is JSON, signed with the site's Ed25519 key (RFC 8032), and holds the SHA-256 of
the line before it. docs/decisions/0015-audit-chain.md says how to check one by hand.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Engine

from lumbung.audit.chain import ZEROS, head_of, snapshot
from lumbung.clock import utc_now
from lumbung.errors import ConfigurationError, LumbungError
from lumbung.settings import Settings, keep_secret
from lumbung.tenancy.tenant import Tenant

FORMAT = "lumbung-anchor-1"


class BadAnchor(LumbungError):
    """A line of the file of anchors is not as this site wrote it."""


@dataclass(frozen=True)
class Anchor:
    """What one line says of one tenant."""

    at: datetime
    tenant: str
    seq: int
    hash: bytes


def path_of(settings: Settings) -> Path:
    """Return the file of this site's anchors."""
    return settings.audit_anchor or settings.home / "anchors.jsonl"


def public_key(settings: Settings) -> Ed25519PublicKey:
    """Return the key with which this site's anchors are checked, making the pair at first use."""
    return _private_key(settings).public_key()


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return what a key is called: the SHA-256 of its 32 bytes. To be noted down where the anchors are kept."""
    return hashlib.sha256(_raw(key)).hexdigest()


def sealed(settings: Settings, statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return a statement of this site's (plain JSON data with a ``format`` of its own) with its key and signature."""
    private = _private_key(settings)
    signature = b64encode(private.sign(_signed(dict(statement)))).decode()
    return {"statement": dict(statement), "key": b64encode(_raw(private.public_key())).decode(), "signature": signature}


def unsealed(sealed: Mapping[str, Any], key: Ed25519PublicKey) -> dict[str, Any]:
    """Return the statement that was sealed; raises `BadAnchor` unless this key signed exactly this."""
    try:
        statement = dict(sealed["statement"])
        same_key = b64decode(sealed["key"], validate=True) == _raw(key)
        signature = b64decode(sealed["signature"], validate=True)
    except (ValueError, LookupError, TypeError):
        raise BadAnchor("This is no sealed statement: it was changed or cut.") from None
    if not same_key:
        raise BadAnchor("This was sealed with another key than %(fingerprint)s.", fingerprint=fingerprint(key))
    try:
        key.verify(signature, _signed(statement))
    except InvalidSignature:
        raise BadAnchor("This was changed after it was sealed: its signature is wrong.") from None
    return statement


def write(settings: Settings, engine: Engine, tenants: Iterable[Tenant]) -> str:
    """Add a line that says where the trail of each tenant stands, and return it.

    Raises `OSError` when the file cannot be written; nothing of the line is in it then.
    """
    heads = []
    for tenant in tenants:
        with snapshot(engine, tenant.id) as connection:
            head = head_of(connection, tenant.id)
        if head:
            heads.append({"tenant": tenant.slug, "tenant_id": tenant.id, "seq": head.seq, "hash": head.hash.hex()})
    private = _private_key(settings)
    path = path_of(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        *_, last = (b"", *file)
        statement = {
            "format": FORMAT,
            "at": utc_now().isoformat(),
            "key": b64encode(_raw(private.public_key())).decode(),
            "previous": _hash_of(last),
            "heads": heads,
        }
        signature = b64encode(private.sign(_signed(statement))).decode()
        line = json.dumps({**statement, "signature": signature}, sort_keys=True, separators=(",", ":"))
        _append(file.fileno(), f"{line}\n".encode())
    return line


def read(path: Path, key: Ed25519PublicKey, *, whole: bool = True) -> dict[int, list[Anchor]]:
    """Return the anchors in a file by the id of the tenant, after checking every line.

    ``whole`` is for the site's own file, which begins with its first anchor; a copy may hold any lines that follow
    each other, a single one too.

    Raises `BadAnchor` naming the first line that is not as this site wrote it, `LumbungError` when there is no file.
    """
    anchors: dict[int, list[Anchor]] = {}
    previous = ZEROS.hex() if whole else None
    for number, line in _lines(path):
        statement = _checked(line, number, key, previous)
        previous = _hash_of(line)
        for head in statement["heads"]:
            one = Anchor(
                datetime.fromisoformat(statement["at"]), head["tenant"], head["seq"], bytes.fromhex(head["hash"])
            )
            anchors.setdefault(head["tenant_id"], []).append(one)
    return anchors


def hashes(anchors: Mapping[int, Iterable[Anchor]]) -> dict[int, dict[int, bytes]]:
    """Return what `read` returned as the hash of each number, by tenant; the earliest word on a number counts."""
    return {
        tenant_id: {one.seq: one.hash for one in sorted(said, key=lambda one: one.at, reverse=True)}
        for tenant_id, said in anchors.items()
    }


def newest(path: Path, tenant_id: int) -> Anchor | None:
    """Return what the last line of a file says of a tenant, unchecked: for a page. None when it says nothing."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - (1 << 16)))
            statement = json.loads(file.read().splitlines()[-1])
        at = datetime.fromisoformat(statement["at"])
        found = [head for head in statement["heads"] if head["tenant_id"] == tenant_id]
        return Anchor(at, found[0]["tenant"], found[0]["seq"], bytes.fromhex(found[0]["hash"])) if found else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from enumerate(file, start=1)
    except FileNotFoundError:
        raise LumbungError("There is no file of anchors at %(path)s.", path=path) from None


def _checked(line: bytes, number: int, key: Ed25519PublicKey, previous: str | None) -> dict[str, Any]:
    try:
        statement = json.loads(line)
        signature = b64decode(statement.pop("signature"), validate=True)
        known = statement["format"] == FORMAT
        same_key = b64decode(statement["key"]) == _raw(key)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise BadAnchor("Line %(number)s of the anchors is no anchor: it was changed or cut.", number=number) from None
    if not known or not same_key:
        raise BadAnchor(
            "Line %(number)s of the anchors was signed with another key than this site's (%(fingerprint)s).",
            number=number,
            fingerprint=fingerprint(key),
        )
    try:
        key.verify(signature, _signed(statement))
    except InvalidSignature:
        raise BadAnchor("Line %(number)s of the anchors was changed: its signature is wrong.", number=number) from None
    if previous is not None and statement["previous"] != previous:
        raise BadAnchor("A line of the anchors is missing before line %(number)s.", number=number)
    return dict(statement)


def _append(descriptor: int, line: bytes) -> None:
    """Write a line whole, or leave the file as it was: half a line would spoil it for good."""
    before = os.fstat(descriptor).st_size
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError("only part of an anchor could be written: the disk is full")
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise


def _signed(statement: dict[str, Any]) -> bytes:
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()


def _hash_of(line: bytes) -> str:
    return hashlib.sha256(line.rstrip(b"\r\n")).hexdigest() if line else ZEROS.hex()


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _private_key(settings: Settings) -> Ed25519PrivateKey:
    path = settings.secrets_folder / "anchor-key"
    try:
        key = serialization.load_pem_private_key(keep_secret(path, _new_key).encode(), None)
    except ValueError:
        raise ConfigurationError(f"{path} is damaged; put back a copy.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} holds no Ed25519 key; put back a copy.")
    return key


def _new_key() -> str:
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )
