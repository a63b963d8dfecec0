"""Answers to the questions of a category: what was typed, checked and put into the shape in which it is kept.

Kept is a text, a number, or for several choices a list of keys, by the code of the question. An empty answer is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Protocol

from lumbung.sdk import DomainError

from ..words import _

LONGEST = {"string": 200, "text": 4000}
Answer = str | float | list[str]


class Asked(Protocol):
    """What is needed of a question; `models.Question` is one."""

    code: str
    datatype: str
    required: bool
    variable: bool
    options: list[dict[str, Any]]

    @property
    def title(self) -> str:
        """The question in the reader's language."""


class AnswersRefused(DomainError):
    """Answers that cannot be kept; ``errors`` says of each question why."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


def checked(questions: Iterable[Asked], given: Mapping[str, Any], zone: tzinfo | None = None) -> dict[str, Answer]:
    """Return the answers as they are kept. ``zone`` is that of moments typed without one.

    Raises `AnswersRefused` for an answer that is missing, of the wrong kind, or to no question of the category.
    """
    asked = {question.code: question for question in questions if question.variable}
    errors = {
        code: _("Kategori ini tidak menanyakan “%(code)s”.", code=str(code)[:40]) for code in given if code not in asked
    }
    found: dict[str, Answer] = {}
    for code, question in asked.items():
        try:
            answer = _checked(question, given.get(code), zone)
        except DomainError as refusal:
            errors[code] = str(refusal)
            continue
        if answer is not None:
            found[code] = answer
        elif question.required:
            errors[code] = _("Jawab dulu: %(question)s", question=question.title)
    if errors:
        raise AnswersRefused(errors)
    return found


def shown(questions: Iterable[Any], answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return question and answer in the reader's language, in the order of the questions."""
    lines = []
    for question in questions:
        answer = answers.get(question.code)
        if answer in (None, "", []):
            continue
        names = dict(question.choices)
        values = answer if isinstance(answer, list) else [answer]
        lines.append((question.title, ", ".join(_in_words(question.datatype, one, names) for one in values)))
    return lines


def _in_words(datatype: str, value: Any, names: Mapping[str, str]) -> str:
    if datatype == "number" and isinstance(value, int | float):
        return f"{value:g}".replace(".", ",")
    if datatype == "datetime":
        return str(value)[:16].replace("T", " ")
    return names.get(str(value), str(value))


def _checked(question: Asked, value: Any, zone: tzinfo | None) -> Answer | None:
    if question.datatype == "multivaluelist":
        return _several(question, value)
    text = _text(value)
    if not text:
        return None
    if question.datatype == "number":
        return _number(question, text)
    if question.datatype == "datetime":
        return _moment(question, text, zone)
    if question.datatype == "singlevaluelist":
        return _one_of(question, text)
    longest = LONGEST.get(question.datatype, LONGEST["string"])
    if len(text) > longest:
        raise DomainError(
            _("%(question)s: paling panjang %(longest)s huruf.", question=question.title, longest=longest)
        )
    return text


def _text(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else ""
    return str(value if value is not None else "").replace("\x00", "").strip()


def _number(question: Asked, text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DomainError(_("%(question)s: tulis angka, misalnya 2 atau 1,5.", question=question.title))
    return number


def _moment(question: Asked, text: str, zone: tzinfo | None) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DomainError(_("%(question)s: pilih tanggal dan jam.", question=question.title)) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _one_of(question: Asked, text: str) -> str:
    if text not in {str(option.get("key")) for option in question.options}:
        raise DomainError(_("%(question)s: pilih salah satu yang tersedia.", question=question.title))
    return text


def _several(question: Asked, value: Any) -> list[str] | None:
    values = [value] if isinstance(value, str) else list(value or ())
    return list(dict.fromkeys(_one_of(question, str(one)) for one in values if str(one).strip())) or None
