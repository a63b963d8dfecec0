"""How somebody may be reached: an e-mail address, a mobile number, and the keys to find a report by them."""

from __future__ import annotations

import re

from lokal import normalize_phone

from lumbung.sdk import DomainError, blind_index

from ..words import _

LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
_NUMBER = re.compile(r"L?\s*(\d\d)\s*[-/ ]\s*(\d{1,6})", re.IGNORECASE)


def checked_email(text: str) -> str:
    """Return an address as it is kept, empty for an empty text."""
    address = (text or "").strip()
    if address and (len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address)):
        raise DomainError(_("Alamat surel ini tidak lengkap. Contoh: nama@contoh.id."))
    return address


def checked_phone(text: str) -> str:
    """Return a number as +62…, empty for an empty text."""
    if not (text or "").strip():
        return ""
    number = normalize_phone(text)
    if number is None:
        raise DomainError(_("Nomor ponsel ini tidak dikenali. Contoh yang benar: 0812 3456 7890."))
    return str(number)


def email_key(address: str | None) -> str | None:
    """The keyed hash by which an address is found, None for none; capitals do not matter."""
    return key_of("email", address.strip().casefold()) if address and address.strip() else None


def phone_key(number: str | None) -> str | None:
    """The keyed hash by which a number is found, None for none or for what is no number."""
    normal = normalize_phone(number) if number else None
    return key_of("phone", str(normal)) if normal else None


def key_of(kind: str, value: str) -> str:
    """A keyed hash, another for each kind of thing and each tenant."""
    return blind_index(f"infrastruktur.{kind}:{value}").hex()


def tidy_number(text: str) -> str:
    """Return a report's number as it is written, out of what was typed: ``l26 123`` is L26-000123; empty for none."""
    found = _NUMBER.fullmatch((text or "").strip())
    return f"L{found[1]}-{int(found[2]):06}" if found else ""
