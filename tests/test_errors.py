"""An error is one English sentence that remembers its values, so that others can say it in their language."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from lumbung.errors import LumbungError, Sentence


def shout(template: str) -> str:
    """Translate all but the placeholders."""
    return re.sub(r"%\(\w+\)s|\w+", lambda found: found[0] if found[0][0] == "%" else found[0].upper(), template)


def test_a_plain_sentence_is_said_as_it_stands_whatever_percent_it_holds() -> None:
    for text in ("Stop.", "100% sure", "%(name)s", "%", ""):
        assert str(LumbungError(text)) == text
        assert LumbungError(text).sentence.values == {}


def test_values_are_filled_in_and_kept_apart() -> None:
    error = LumbungError("%(name)r has %(count)s of %(folder)s.", name="a%s", count=2, folder=Path("/x"))
    assert str(error) == "'a%s' has 2 of /x."
    assert error.sentence.template == "%(name)r has %(count)s of %(folder)s."
    assert error.sentence.values == {"name": "a%s", "count": 2, "folder": "/x"}


def test_a_list_is_joined_and_an_empty_one_is_none() -> None:
    assert str(LumbungError("There are: %(known)s.", known=("a", "b"))) == "There are: a, b."
    assert str(LumbungError("There are: %(known)s.", known=[])) == "There are: none."


def test_a_sentence_is_a_text_for_all_who_do_not_translate() -> None:
    sentence = Sentence("Hello %(name)s", name="Siti")
    assert sentence == "Hello Siti"
    assert sentence.replace("Siti", "Budi") == "Hello Budi"


def test_sentences_inside_are_translated_first() -> None:
    inner = LumbungError("the %(name)s", name="Door")
    assert Sentence("open %(name)s, %(name)s", name=inner).said(shout) == "OPEN THE Door, THE Door"
    assert Sentence("open %(name)s", name=[]).said(shout) == "OPEN NONE"


@pytest.mark.parametrize(
    "sentence",
    [
        Sentence("plain 100%"),
        Sentence("%(a)s and %(b)s", a=1, b=["x", Sentence("%(c)s", c="y")]),
        Sentence("%(reason)s", reason=LumbungError("why %(x)r", x="é")),
    ],
)
def test_a_sentence_kept_as_json_is_the_same_when_read_back(sentence: Sentence) -> None:
    back = Sentence.from_json(sentence.as_json())
    assert (back, back.template, back.values) == (sentence, sentence.template, sentence.values)


@pytest.mark.parametrize("text", ["It failed.", "", "{", "null", "[1]", '{"a": 1}', "50%"])
def test_a_text_that_was_kept_before_there_were_templates_still_reads(text: str) -> None:
    assert Sentence.from_json(text) == text


def test_what_a_library_said_is_recognised_by_its_template() -> None:
    heard = Sentence.heard("Table (a) of b.", ("Row %(name)s", "Table %(name)s of %(whose)s."))
    assert (heard.template, heard.values) == ("Table %(name)s of %(whose)s.", {"name": "(a)", "whose": "b"})
    assert Sentence.heard("Table of", ("Table %(name)s of %(whose)s.",)).values == {}


def test_an_error_can_be_handed_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(LumbungError("no %(name)s", name="door")))  # noqa: S301
    assert (str(error), error.sentence.template) == ("no door", "no %(name)s")
