"""Answers to a category's questions: what is kept, and what is refused in which words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lumbung_infrastruktur.models import Report
from lumbung_infrastruktur.rules.answers import AnswersRefused, checked, shown
from lumbung_infrastruktur.rules.contacts import tidy_number
from lumbung_infrastruktur.rules.states import State
from lumbung_infrastruktur.rules.way import way

SIZES = [{"key": "kecil", "name": "Kecil"}, {"key": "besar", "name": "Besar"}]


@dataclass
class Asked:
    """A question without a database."""

    code: str
    datatype: str = "string"
    required: bool = False
    variable: bool = True
    options: list[dict[str, Any]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Its words."""
        return f"Berapa {self.code}?"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Its choices."""
        return [(one["key"], one["name"]) for one in self.options]


@pytest.mark.parametrize(
    ("datatype", "given", "kept"),
    [
        ("string", "  di tikungan ", "di tikungan"),
        ("number", "1,5", 1.5),
        ("number", "2", 2.0),
        ("datetime", "2026-11-24T08:30", "2026-11-24T08:30:00+08:00"),
        ("singlevaluelist", "besar", "besar"),
        ("multivaluelist", ["besar", "kecil", "besar"], ["besar", "kecil"]),
        ("multivaluelist", "kecil", ["kecil"]),
        ("string", ["satu"], "satu"),
    ],
)
def test_answers_are_kept_in_the_shape_of_their_question(datatype: str, given: Any, kept: Any) -> None:
    found = checked([Asked("a", datatype, options=SIZES)], {"a": given}, ZoneInfo("Asia/Makassar"))
    assert found == {"a": kept}


@pytest.mark.parametrize(
    ("datatype", "given"),
    [
        ("string", "x" * 201),
        ("number", "banyak"),
        ("number", "nan"),
        ("datetime", "kemarin"),
        ("singlevaluelist", "raksasa"),
        ("multivaluelist", ["besar", "raksasa"]),
    ],
)
def test_answers_of_the_wrong_kind_are_refused_by_question(datatype: str, given: Any) -> None:
    with pytest.raises(AnswersRefused) as refusal:
        checked([Asked("a", datatype, options=SIZES), Asked("b")], {"a": given, "b": "baik"})
    assert set(refusal.value.errors) == {"a"}


def test_a_question_that_was_not_asked_is_refused_and_one_that_must_be_answered_is_missed() -> None:
    with pytest.raises(AnswersRefused) as refusal:
        checked([Asked("a", required=True)], {"a": " ", "lain": "1"})
    assert set(refusal.value.errors) == {"a", "lain"}
    assert checked([Asked("a"), Asked("b", variable=False, required=True)], {"a": ""}) == {}


def test_answers_are_shown_with_the_names_of_their_choices() -> None:
    asked = [Asked("a", "singlevaluelist", options=SIZES), Asked("b", "number"), Asked("c")]
    assert shown(asked, {"b": 2.5, "a": "besar", "c": ""}) == [("Berapa a?", "Besar"), ("Berapa b?", "2,5")]


@pytest.mark.parametrize(
    ("typed", "number"),
    [("L26-000123", "L26-000123"), (" l26 123", "L26-000123"), ("26-123", "L26-000123"), ("123", ""), ("L26-1x", "")],
)
def test_a_number_may_be_typed_as_it_is_read_out(typed: str, number: str) -> None:
    assert tidy_number(typed) == number


def test_every_state_has_a_way_that_says_where_the_report_stands() -> None:
    for state in State:
        steps = way(Report(state=str(state), state_note="", forwarded_to="", due_on=None, reported_at=None))
        assert steps[0].state == "done", state
        assert sum(step.state == "now" for step in steps) <= 1, state
    titles = [step.title for step in way(Report(state="dikerjakan", state_note="")) if step.state == "now"]
    assert titles == ["Dikerjakan"]
