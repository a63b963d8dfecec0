"""The pure rules, with the worked figures of the domain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from lumbung_antrean.rules import states
from lumbung_antrean.rules.estimates import served_from
from lumbung_antrean.rules.labels import label, next_base, room_for
from lumbung_antrean.rules.lanes import priority_turn
from lumbung_antrean.rules.states import State
from lumbung_antrean.rules.visitors import checked_nik, checked_phone, new_code, shown_code, tidy_code

from lumbung.sdk import DomainError


def test_number_40_of_the_eight_o_clock_session_at_five_counters_of_six_minutes_is_served_at_0842() -> None:
    eight = datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert served_from(eight, 40, 5, 6) - eight == timedelta(minutes=42)
    assert served_from(eight, 1, 5, 6) == eight
    assert served_from(eight, 3, 0, 6) - eight == timedelta(minutes=12)  # no counter set up yet: as one


def test_lanes_interleave_one_priority_with_two_ordinary_numbers() -> None:
    called: list[bool] = []
    for _turn in range(9):
        called.insert(0, priority_turn(called, 2))
    assert "".join("P" if was else "R" for was in reversed(called)) == "PRRPRRPRR"


def test_labels_are_unique_all_day_even_when_cancellations_overfill_a_session() -> None:
    slots: list[tuple[int, int]] = []
    for _session in range(5):
        slots.append((next_base(slots), room_for(40)))
    labels = [label("A", base, room, number) for base, room in slots for number in range(1, 251)]
    assert len(set(labels)) == len(labels)
    assert labels[0] == "A001"
    assert [label("A", base, room, 7) for base, room in slots] == ["A007", "A107", "A207", "A307", "A407"]
    assert label("A", 0, 100, 101) == "A0-101"


def test_room_of_a_session_leaves_space_for_numbers_that_are_not_given_out_again() -> None:
    assert [room_for(quota) for quota in (0, 40, 66, 67, 250)] == [100, 100, 100, 200, 400]


@pytest.mark.parametrize(
    ("way", "allowed"),
    [
        ((State.BOOKED, State.WAITING), True),
        ((State.WAITING, State.CALLED), True),
        ((State.CALLED, State.SERVING), True),
        ((State.SERVING, State.DONE), True),
        ((State.SKIPPED, State.CALLED), True),
        ((State.BOOKED, State.CALLED), False),
        ((State.WAITING, State.DONE), False),
        ((State.DONE, State.CALLED), False),
        ((State.CANCELLED, State.WAITING), False),
        ((State.SERVING, State.CANCELLED), False),
    ],
)
def test_only_the_ways_of_the_table_are_open(way: tuple[State, State], allowed: bool) -> None:
    if allowed:
        states.check("A007", *way)
    else:
        with pytest.raises(DomainError, match="Nomor A007 sedang berstatus"):
            states.check("A007", *way)


def test_states_that_end_a_ticket_lead_nowhere() -> None:
    assert {state for state, ways in states.TRANSITIONS.items() if not ways} == {
        State.DONE, State.NO_SHOW, State.CANCELLED, State.EXPIRED,
    }  # fmt: skip
    assert set(states.TITLES) == set(State)


def test_nik_is_checked_and_spaces_are_forgiven() -> None:
    assert checked_nik("52.0408 410190 0001") == "5204084101900001"
    assert checked_nik("") is None
    for wrong in ("520408410190000", "5204089901900001", "abcdefghijklmnop", "٥٢٠٤٠٨٤١٠١٩٠٠٠٠١"):
        with pytest.raises(DomainError, match="NIK"):
            checked_nik(wrong)


def test_phone_is_kept_in_one_form() -> None:
    assert checked_phone("0812-3456-7890") == checked_phone("+62 812 3456 7890") == "+6281234567890"
    assert checked_phone("  ") is None
    with pytest.raises(DomainError, match="0812 3456 7890"):
        checked_phone("12")


def test_codes_are_found_again_however_they_were_typed_or_scanned() -> None:
    code = new_code()
    assert len({new_code() for _time in range(500)}) == 500
    for typed in (shown_code(code), code.lower(), f" {code} ", f"https://sumbawa.localhost/antrean/t/{code}"):
        assert tidy_code(typed) == code


def test_next_base_never_falls_back() -> None:
    taken = [(0, 100), (100, 200)]
    assert next_base(taken) == 300
    assert all(low < high for low, high in pairwise([next_base(taken[:count]) for count in range(3)]))
