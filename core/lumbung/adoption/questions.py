"""Asking a person what could not be worked out, and only that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from lumbung.adoption.plan import Guess, Plan
from lumbung.errors import LumbungError
from lumbung.registry.parts import NAME

Ask = Callable[[Guess], str]
# May be answered by --set though nothing is guessed for them.
ALWAYS = (
    "summary",
    "summary_en",
    "title_en",
    "donor_url",
    "region_code",
    "memory_mb",
    "health_expect",
    "prepare",
    "dump",
)


def settle(guesses: Sequence[Guess], given: Mapping[str, str], ask: Ask | None) -> Plan:
    """Return a plan in which every key has an answer: the one given, else the sure guess, else what ``ask`` says.

    Without ``ask`` the unsure guesses count too. Raises `LumbungError` for a key that nobody knows, an answer that is
    none of the choices, and what is missing when nobody may be asked.
    """
    known = {guess.key for guess in guesses} | set(ALWAYS)
    for key in given:
        if key not in known:
            raise LumbungError(
                "There is nothing called %(key)r to set; there are: %(known)s.", key=key, known=sorted(known)
            )
    answers, missing = dict(given), []
    for guess in guesses:
        if guess.key in answers:
            _refuse_other(guess, answers[guess.key])
        elif guess.value is not None and (guess.sure or ask is None):
            answers[guess.key] = guess.value
        elif ask is not None:
            answers[guess.key] = ask(guess)
            _refuse_other(guess, answers[guess.key])
        else:
            missing.append(guess.key)
    if missing:
        raise LumbungError(
            "What is missing cannot be asked for: say it with %(keys)s.",
            keys=" ".join(f"--set {key}=..." for key in missing),
        )
    if not re.fullmatch(NAME, answers["name"]):
        raise LumbungError("%(name)r is not a name of small letters, digits and low lines.", name=answers["name"])
    return Plan(answers, [guess for guess in guesses if guess.key not in given and answers[guess.key] == guess.value])


def _refuse_other(guess: Guess, answer: str) -> None:
    if guess.choices and answer not in guess.choices:
        raise LumbungError(
            "%(key)s cannot be %(value)r; it is one of: %(choices)s.",
            key=guess.key,
            value=answer,
            choices=list(guess.choices),
        )
