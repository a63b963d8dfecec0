"""``lumbung holiday``."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from lumbung.sdk import is_working_day
from lumbung.testing import TestHouse


def works(house: TestHouse, day: date) -> bool:
    with house.scope("sumbawa"):
        return is_working_day(day)


def test_days_off_are_added_removed_and_listed(lumbung: Any, house: TestHouse) -> None:
    assert lumbung("holiday", "add", "sumbawa", "2026-01-22", "Hari Jadi").out == (
        "2026-01-22 is a day off of sumbawa: Hari Jadi.\n"
    )
    assert lumbung("holiday", "remove", "sumbawa", "2026-03-18").code == 0
    assert (works(house, date(2026, 1, 22)), works(house, date(2026, 3, 18))) == (False, True)
    rows = {
        row["day"]: row["state"]
        for row in json.loads(lumbung("holiday", "list", "sumbawa", "--year", "2026", "--json").out)
    }
    assert (rows["2026-01-22"], rows["2026-03-18"], rows["2026-03-19"]) == ("own", "worked", "listed")
    assert "2026-01-22  local     own      Hari Jadi" in lumbung("holiday", "list", "sumbawa", "--year", "2026").out


def test_what_makes_no_sense_is_refused(lumbung: Any, house: TestHouse) -> None:
    assert "is off already: Hari Suci Nyepi" in lumbung("holiday", "add", "sumbawa", "2026-03-19", "Apa").refused()
    assert "is not a day off" in lumbung("holiday", "remove", "sumbawa", "2026-03-17").refused()
    assert lumbung("holiday", "add", "sumbawa", "besok", "Apa").code == 2
    assert "nowhere" in lumbung("holiday", "list", "nowhere").refused()
