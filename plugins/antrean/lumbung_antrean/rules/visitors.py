"""Who takes a number, with as little kept as the one-ticket rule needs. The NIK itself is not kept at all."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from lokal import normalize_phone, parse_nik

from lumbung.sdk import DomainError, blind_index

from ..words import _

# No vowels and nothing that looks like something else: codes are read aloud and typed by hand.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"


@dataclass(frozen=True)
class Visitor:
    """What somebody typed about themselves, checked. ``person_id`` is set for a signed-in citizen."""

    name: str
    nik: str | None = None
    phone: str | None = None
    priority: str = ""
    person_id: UUID | None = None

    def claims(self, channel: str) -> dict[str, str | None]:
        """Return the keys under which this person can hold one ticket only.

        An officer books for many people, often with the phone of a village office and always from the same
        account, so there only the NIK counts, and the phone when there is no NIK.
        """
        by_officer = channel == "staff"
        phone = self.phone if not (by_officer and self.nik) else None
        account = str(self.person_id) if self.person_id and not by_officer and not self.nik else None
        return {
            "nik_key": key_of("nik", self.nik),
            "phone_key": key_of("phone", phone),
            "account_key": key_of("account", account),
        }


def visitor(name: str, *, nik: str = "", phone: str = "", priority: str = "", person_id: UUID | None = None) -> Visitor:
    """Check what was typed. Raises `DomainError` that says which part is wrong and what is expected."""
    clean_nik, clean_phone = checked_nik(nik), checked_phone(phone)
    if not (clean_nik or clean_phone or person_id):
        raise DomainError(_("Isi NIK atau nomor ponsel, supaya nomor antrean ini milik Anda."))
    return Visitor(" ".join(name.split()), clean_nik, clean_phone, priority, person_id)


def checked_nik(text: str) -> str | None:
    """Return the sixteen digits, None for an empty text; spaces and dots between them are forgiven."""
    digits = re.sub(r"[\s.\-]", "", text or "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) == 16):
        raise DomainError(_("NIK terdiri atas 16 angka, seperti pada KTP atau KK."))
    if not parse_nik(digits).valid:
        raise DomainError(_("NIK ini tidak mungkin benar. Periksa lagi angkanya pada KTP atau KK."))
    return digits


def checked_phone(text: str) -> str | None:
    """Return the number as +62…, None for an empty text."""
    if not (text or "").strip():
        return None
    number = normalize_phone(text)
    if number is None:
        raise DomainError(_("Nomor ponsel ini tidak dikenali. Contoh yang benar: 0812 3456 7890."))
    return number


def new_code() -> str:
    """Return a booking code that cannot be guessed: ten of 27 characters, about 47 bits."""
    return "".join(secrets.choice(ALPHABET) for _position in range(10))


def tidy_code(text: str) -> str:
    """Return the code in what was typed or scanned: a whole address, small letters and spaces are fine."""
    last = (text or "").strip().rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"[^0-9A-Z]", "", last.upper())[:16]


def shown_code(code: str) -> str:
    """The code as people read it: K7MPX-29QRT."""
    return f"{code[:5]}-{code[5:]}"


def masked_phone(phone: str | None) -> str:
    """A phone number of which only the last three digits show."""
    return f"…{phone[-3:]}" if phone else ""


def key_of(kind: str, value: str | None) -> str | None:
    """Return the keyed hash under which a number, a phone or an account is compared, None for none."""
    return blind_index(f"antrean.{kind}:{value}").hex() if value else None
