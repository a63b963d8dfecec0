"""When an application is started again, and when the keeper gives up."""

from __future__ import annotations

import time

import pytest

from lumbung.keeper.pauses import FIRST_RETRY, Pauses


def test_pauses_grow_to_a_minute_and_a_minute_of_life_resets_them() -> None:
    pauses = Pauses()
    found = []
    for _ in range(10):
        pauses.note_health()
        found.append(pauses.after_death(was_healthy=True, lived=1.0))
    assert found == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    pauses.note_health()
    assert pauses.after_death(was_healthy=True, lived=61.0) == 0.5


def test_eight_deaths_in_a_row_without_health_are_enough() -> None:
    pauses = Pauses()
    pauses.note_health()
    tries = [pauses.after_death(was_healthy=False, lived=0.0) for _ in range(8)]
    assert None not in tries[:7]
    assert tries[7] is None


def test_what_never_served_is_told_at_once_and_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pauses = Pauses()
    assert pauses.after_death(was_healthy=False, lived=0.0) is None
    pauses.note_failure()
    assert not pauses.may_try_again()
    now[0] += FIRST_RETRY
    assert pauses.may_try_again()
