"""The NIP, a civil servant's number: 18 digits, read strictly (Peraturan Kepala BKN 22/2007).

Eight of the birth date, six of year and month of the appointment as candidate, one of the sex, three of a serial. For
government employees under contract (PPPK) 21 stands where the month would.
"""

from __future__ import annotations

import re
from datetime import date

from lumbung.clock import utc_now
from lumbung.errors import LumbungError

LENGTH = 18
_LONGEST_TYPED = 60
_UNDER_CONTRACT = 21
_YOUNGEST = 15  # years between birth and appointment; nobody was ever appointed younger


class NipWrong(LumbungError):
    """What was typed cannot be a NIP; the message says which part is wrong."""


def check_nip(text: str) -> str:
    """Return the eighteen digits of a NIP; spaces, dots and hyphens are forgiven. Raises `NipWrong`."""
    digits = re.sub(r"[\s.\-]", "", text) if len(text) <= _LONGEST_TYPED else ""
    if not (len(digits) == LENGTH and digits.isascii() and digits.isdigit()):
        raise NipWrong("A NIP has 18 digits.")
    today = utc_now().date()
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        born = None
    if born is None or born.year < 1900 or born >= today:
        raise NipWrong("The first eight digits of this NIP are no birth date (year, month, day).")
    year, month = int(digits[8:12]), int(digits[12:14])
    if not (born.year + _YOUNGEST <= year <= today.year + 1 and (1 <= month <= 12 or month == _UNDER_CONTRACT)):
        raise NipWrong("Digits 9 to 14 of this NIP are no year and month of an appointment.")
    if digits[14] not in "12":
        raise NipWrong("Digit 15 of this NIP is 1 for a man and 2 for a woman.")
    if digits[15:] == "000":
        raise NipWrong("The last three digits of this NIP cannot be 000.")
    return digits


def formatted(nip: str | None) -> str:
    """Return a NIP as it is written in letters: ``19790101 200501 1 001``; nothing for none."""
    return f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}" if nip and len(nip) == LENGTH else nip or ""
