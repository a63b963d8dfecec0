"""The NIK, a citizen's identity number: read strictly, kept encrypted, found by a keyed hash, shown masked.

Sixteen digits: six of the district where it was issued, the birth date as DDMMYY with 40 added to the day of women,
four of a serial (UU 23/2006 article 13, as read in `domain/09`, section 9.5). UU 27/2022 makes it personal data; every
change goes through `keep` and `remove`, and no message, trail or log holds the number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from lokal import parse_nik
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import local_today, utc_now
from lumbung.database.encrypted import Unreadable
from lumbung.errors import LumbungError
from lumbung.identity.blind_index import blind_index
from lumbung.identity.models import PersonRow

LENGTH = 16
_LONGEST_TYPED = 60
_MASK = "*" * 12
_SEPARATORS = re.compile(r"[\s.\-]")


class NikWrong(LumbungError):
    """What was typed cannot be a NIK. Each of its kinds says which part is wrong."""


class NikTaken(LumbungError):
    """Another account of the tenant holds this NIK; the words do not say whose."""


@dataclass(frozen=True)
class Nik:
    """A number that can be a NIK, and what it says of its owner. Whether it was issued, only Dukcapil knows."""

    number: str = field(repr=False)
    born: date = field(repr=False)
    is_woman: bool = field(repr=False)


@dataclass(frozen=True)
class Shown:
    """A person's NIK as a page may show it. ``masked`` is None when it cannot be opened."""

    masked: str | None
    since: datetime


def read_nik(text: str) -> Nik:
    """Take a NIK apart; spaces, dots and hyphens between its digits are forgiven.

    Raises `NikWrong`, which never repeats the number. A district that is not in today's register is no error: a NIK
    keeps the code it was issued with, also after its district became part of another regency (Sumbawa Barat was).
    """
    digits = _SEPARATORS.sub("", text) if len(text) <= _LONGEST_TYPED else ""
    if not (len(digits) == LENGTH and digits.isascii() and digits.isdigit()):
        raise NikWrong("A NIK has 16 digits, as on the identity card.")
    today = local_today("Asia/Jayapura")  # where a day of Indonesia begins
    found = parse_nik(digits, reference_date=today)
    wrong = {issue.code for issue in found.errors}
    if wrong & {"province", "wilayah"}:
        raise NikWrong("The first six digits of this NIK name no region: compare them with the identity card.")
    if "birth_date" in wrong or found.birth_date is None:
        raise NikWrong("Digits 7 to 12 of this NIK are no birth date: compare them with the identity card.")
    if wrong:
        raise NikWrong("The last four digits of this NIK cannot be 0000.")
    born = date.fromisoformat(found.birth_date)
    if born > today:
        born = _a_century_before(born)
    return Nik(digits, born, found.gender == "P")


def check_nik(text: str) -> str:
    """Return the sixteen digits of a NIK; raises `NikWrong`."""
    return read_nik(text).number


def masked(number: str) -> str:
    """Return a NIK as it is shown: its first four and last two digits, ``5204************01`` (`domain/09`, 9.5)."""
    return f"{number[:4]}{_MASK}{number[-2:]}" if len(number) == LENGTH else _MASK


def keep(session: Session, row: PersonRow, text: str) -> None:
    """Keep a person's NIK. Raises `NikWrong` or `NikTaken`; nothing is written then.

    Of two accounts that claim one number at once, the second is told `NikTaken`.
    """
    number = check_nik(text)
    index = _index(number)
    holder = session.scalar(select(PersonRow.id).where(PersonRow.nik_index == index))
    if holder not in (None, row.id):
        raise _taken()
    try:
        with session.begin_nested():
            row.nik, row.nik_index, row.nik_set_at = number, index, utc_now()
    except IntegrityError:
        raise _taken() from None
    audit.record("person.nik", row.email, about=row.id)


def remove(session: Session, row: PersonRow) -> None:
    """Forget a person's NIK. One who has none stays as they are."""
    if row.nik_set_at is None:
        return
    row.nik = row.nik_index = row.nik_set_at = None
    session.flush()
    audit.record("person.nik_remove", row.email, about=row.id)


def shown(session: Session, row: PersonRow) -> Shown | None:
    """Return a person's NIK masked, None when they gave none. One that cannot be opened raises nothing."""
    if row.nik_set_at is None:
        return None
    try:
        number = session.scalar(select(PersonRow.nik).where(PersonRow.id == row.id))
    except Unreadable:
        number = None
    return Shown(masked(number) if number else None, row.nik_set_at)


def find(session: Session, text: str) -> UUID | None:
    """Return whose NIK this is, None when it is nobody's here; raises `NikWrong`."""
    return session.scalar(select(PersonRow.id).where(PersonRow.nik_index == _index(check_nik(text))))


def _index(number: str) -> bytes:
    return blind_index(f"lumbung_person.nik:{number}")


def _taken() -> NikTaken:
    return NikTaken("This NIK cannot be kept with this account; ask an officer to look at it, with the identity card.")


def _a_century_before(day: date) -> date:
    """A two-digit year that has not come yet was a hundred years ago; 29 February becomes 1 March there."""
    try:
        return day.replace(year=day.year - 100)
    except ValueError:
        return date(day.year - 100, 3, 1)
