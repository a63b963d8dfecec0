"""The keys of encrypted columns: a file of this site's own, which every process follows while it serves.

One key is active: it closes what is written. The others open what was written before. `docs/operating/keys.md` says
how to look after the file, `docs/decisions/0016` why it is one.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lumbung.clock import utc_now
from lumbung.errors import LumbungError

KEY_ID = 4  # bytes of a key's name, random; people see it as eight hexadecimal digits
KEY = 32  # bytes: AES-256
LOOK_EVERY = 1.0  # seconds between two looks at the file by those who only read


class KeyringError(LumbungError):
    """The key file cannot be used, or lacks a key that is needed; the message says what to put back."""


@dataclass(frozen=True)
class Key:
    """One key. ``id`` stands in front of everything that was closed with it."""

    id: bytes
    secret: bytes = field(repr=False)
    created: str = ""
    by: str = ""

    @property
    def name(self) -> str:
        """The id as people see it."""
        return self.id.hex()


@dataclass(frozen=True)
class Ring:
    """What stood in the file at one moment."""

    active: Key
    keys: Mapping[bytes, Key]


class Keyring:
    """The key file as one process knows it; made at first use.

    A reader looks at the file again at most once a second, and at once when it meets the name of a key that it does
    not know. A writer looks each time, so that from the moment the file was replaced nothing new is closed with the
    old key. Every `Kernel` has one; it may be used by many threads.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._ring: Ring | None = None
        self._mark: tuple[int, ...] | None = None
        self._looked = float("-inf")

    def active(self) -> Key:
        """Return the key to close with. Raises `KeyringError`, also when the file was taken away since."""
        return self._fresh(must_be_there=True).active

    def find(self, key_id: bytes) -> Key:
        """Return the key of this name to open with; raises `KeyringError` when the file does not hold it."""
        ring = self._ring
        if ring is None or time.monotonic() - self._looked > LOOK_EVERY or key_id not in ring.keys:
            ring = self._fresh(must_be_there=ring is None)
        if key_id not in ring.keys:
            raise KeyringError(
                "Key %(key)s is not in %(path)s; put back the key file that held it.",
                key=key_id.hex(),
                path=self.path,
            )
        return ring.keys[key_id]

    def ring(self) -> Ring:
        """Return all keys as the file has them now."""
        return self._fresh(must_be_there=True)

    def add(self, *, by: str) -> Key:
        """Make a new key, make it the active one, and return it. The others stay, to open with."""
        with self._alone():
            ring = self.ring()
            made = _new_key(by, taken=ring.keys)
            _write(self.path, _as_text(Ring(made, {**ring.keys, made.id: made})))
        return made

    def remove(self, key_id: bytes) -> None:
        """Take an old key out of the file. Raises `KeyringError` for the active one and for one that is not there."""
        with self._alone():
            ring = self.ring()
            if key_id == ring.active.id:
                raise KeyringError("Key %(key)s is in use: run 'lumbung keys rotate' first.", key=key_id.hex())
            if key_id not in ring.keys:
                known = [key.name for key in ring.keys.values()]
                raise KeyringError("There is no key %(key)s; there are: %(known)s.", key=key_id.hex(), known=known)
            _write(
                self.path, _as_text(Ring(ring.active, {name: key for name, key in ring.keys.items() if name != key_id}))
            )

    def _fresh(self, *, must_be_there: bool) -> Ring:
        """Return the file's keys, reading it when it is another than the one read last.

        A process that knows the keys goes on reading with them while the file is away or damaged
        (``must_be_there`` false); nothing is written meanwhile.
        """
        with self._lock:
            if self._ring is None:
                _make(self.path)
            try:
                mark = _mark(self.path)
                if self._ring is None or mark != self._mark:
                    self._ring, self._mark = _read(self.path), mark
            except KeyringError:
                if must_be_there or self._ring is None:
                    raise
            self._looked = time.monotonic()
            return self._ring

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the file meanwhile."""
        self.ring()  # makes the folder too
        guard = os.open(self.path.parent, os.O_RDONLY)  # the folder itself: a lock file would be somebody's
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield
        finally:
            os.close(guard)


def _make(path: Path) -> None:
    """Make the file with a first key, unless it is there. Of two processes that start together, one makes it."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _new_key("", taken={})
        draft = _draft(path, _as_text(Ring(key, {key.id: key})))
        try:
            with suppress(FileExistsError):
                os.link(draft, path)
            _sync_folder(path.parent)
        finally:
            draft.unlink()
    except OSError as error:
        raise KeyringError(
            "The key file %(path)s cannot be made: %(reason)s.", path=path, reason=error.strerror or error
        ) from None


def _write(path: Path, text: str) -> None:
    """Replace the file in one piece, on the disk before anything is closed with what it holds.

    It stays its owner's: a rotation typed by root must not take the keys from the web processes.
    """
    owner = path.stat()
    draft = _draft(path, text)
    try:
        if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
            with suppress(PermissionError):
                os.chown(draft, owner.st_uid, owner.st_gid)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mark(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError as error:
        raise KeyringError(
            "The key file %(path)s cannot be read: %(reason)s; put back a copy.",
            path=path,
            reason=error.strerror or error,
        ) from None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> Ring:
    try:
        kept: Any = json.loads(path.read_text())
        keys = {}
        for name, given in kept["keys"].items():
            key = Key(
                bytes.fromhex(name), base64.b64decode(given["key"]), given.get("created", ""), given.get("by", "")
            )
            if len(key.id) != KEY_ID or len(key.secret) != KEY:
                raise ValueError(name)
            keys[key.id] = key
        return Ring(keys[bytes.fromhex(kept["active"])], keys)
    except OSError as error:
        reason: object = error.strerror or error
    except (ValueError, KeyError, TypeError, AttributeError):
        reason = "it is damaged"
    raise KeyringError("The key file %(path)s cannot be read: %(reason)s; put back a copy.", path=path, reason=reason)


def _as_text(ring: Ring) -> str:
    keys = {
        key.name: {"key": base64.b64encode(key.secret).decode(), "created": key.created, "by": key.by}
        for key in ring.keys.values()
    }
    return json.dumps({"active": ring.active.name, "keys": keys}, indent=2)


def _new_key(by: str, *, taken: Mapping[bytes, Key]) -> Key:
    while (name := secrets.token_bytes(KEY_ID)) in taken:
        pass
    return Key(name, secrets.token_bytes(KEY), utc_now().isoformat(timespec="seconds"), by)
