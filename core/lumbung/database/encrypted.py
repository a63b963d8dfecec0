"""`Encrypted`: a column whose text is closed before it reaches the database, with AES-256-GCM.

A value is one byte of version, four of the key's name, twelve of nonce, then the ciphertext with its tag. The tag
also covers the tenant, the table and the column: what is copied to another of these does not open there. The column
in the database carries the comment `COMMENT`, by which a rotation finds it without importing any plugin. Why so:
`docs/decisions/0016`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Dialect, LargeBinary, Table, event
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from lumbung.database.keyring import KEY_ID, Key, Keyring, KeyringError
from lumbung.errors import LumbungError

COMMENT = "lumbung:encrypted"
PLATFORM = 0  # stands for the tenant where a value is the platform's own; no tenant has this id

VERSION = 1
_NONCE = 12
_TAG = 16
HEAD = 1 + KEY_ID
LEAST = HEAD + _NONCE + _TAG  # bytes of a value that holds an empty text

Where = Callable[[], tuple[Keyring, int]]


class Unreadable(LumbungError):
    """A value of an encrypted column cannot be opened: its key is missing, it is damaged, or it is another row's."""


def seal(text: str, key: Key, *, tenant_id: int, place: str) -> bytes:
    """Return ``text`` closed with ``key``, for this tenant and this column (``table.column``)."""
    head = bytes([VERSION]) + key.id
    nonce = secrets.token_bytes(_NONCE)
    bound = _bound_to(head, tenant_id, place)
    return head + nonce + AESGCM(key.secret).encrypt(nonce, text.encode("utf-8"), bound)


def unseal(value: bytes, keyring: Keyring, *, tenant_id: int, place: str) -> str:
    """Return the text of a value; raises `Unreadable`, which never holds any of it."""
    value = bytes(value)
    if len(value) < LEAST or value[0] != VERSION:
        raise Unreadable("A value in %(place)s is damaged and cannot be read.", place=place)
    try:
        key = keyring.find(key_of(value))
        nonce, closed = value[HEAD : HEAD + _NONCE], value[HEAD + _NONCE :]
        return AESGCM(key.secret).decrypt(nonce, closed, _bound_to(value[:HEAD], tenant_id, place)).decode("utf-8")
    except KeyringError as error:
        raise Unreadable("A value in %(place)s cannot be read: %(reason)s", place=place, reason=error) from None
    except (InvalidTag, UnicodeDecodeError):
        raise Unreadable("A value in %(place)s is damaged and cannot be read.", place=place) from None


def key_of(value: bytes) -> bytes:
    """Return the name of the key that a value was closed with."""
    return bytes(value[1:HEAD])


class Encrypted(TypeDecorator[str]):
    """The type of an encrypted column of a table that belongs to tenants::

        nik: Mapped[str | None] = mapped_column(Encrypted(), deferred=True)

    and in the revision file ``sa.Column("nik", sa.LargeBinary, comment="lumbung:encrypted")``. Make it deferred, so
    that a list does not open what it does not show. Reading raises `Unreadable`. It compares with NULL only: the same
    text is another value each time, so keep a `blind_index` beside it to find it by.

    ``place`` is what the values are bound to, ``table.column`` unless given: name the old one here, and behind a
    space in the comment, after renaming either.
    """

    impl = LargeBinary
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[str]):
        """Refuses all but IS NULL and IS NOT NULL."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            """Compare with NULL, or raise `TypeError`."""
            null = op in (operators.is_, operators.is_not) or (
                op in (operators.eq, operators.ne) and other and other[0] is None
            )
            return super().operate(op, *other, **kwargs) if null else _refuse_comparing()

    comparator_factory = Comparator

    def __init__(self, place: str | None = None) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Close a text for the database."""
        if value is None:
            return None
        keyring, tenant_id = _where()
        return seal(value, keyring.active(), tenant_id=tenant_id, place=self._place())

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Open what the database gave."""
        if value is None:
            return None
        keyring, tenant_id = _where()
        return unseal(value, keyring, tenant_id=tenant_id, place=self._place())

    def process_literal_param(self, value: str | None, dialect: Dialect) -> NoReturn:
        """Refuse to write a value into the text of a statement."""
        raise TypeError("The value of an encrypted column is never written into a statement.")

    def _place(self) -> str:
        if self.place is None:
            raise TypeError("Encrypted() belongs to a column of a table; elsewhere name the place it stands for.")
        return self.place


@event.listens_for(Column, "after_parent_attach")
def _know_the_column(column: Column[Any], parent: Any) -> None:
    """Bind an `Encrypted` to its column, in an object of its own should several columns share one."""
    if isinstance(column.type, Encrypted) and column.type.place is None and isinstance(parent, Table):
        column.type = Encrypted(f"{parent.name}.{column.name}")
        column.comment = column.comment or COMMENT


def asked_of(where: Where) -> None:
    """Say how to learn the keyring and the tenant on whose behalf code runs; `lumbung.context` does, once."""
    global _where
    _where = where


def _nobody() -> tuple[Keyring, int]:
    raise RuntimeError("No scope is open: an encrypted column is read and written on behalf of a tenant.")


_where: Where = _nobody


def _refuse_comparing() -> NoReturn:
    raise TypeError("An encrypted column cannot be compared or sorted: look for a blind_index kept beside it.")


def _bound_to(head: bytes, tenant_id: int, place: str) -> bytes:
    return head + f"{tenant_id}:{place}".encode()
