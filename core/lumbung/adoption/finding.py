"""A finding: how grave it is, of which kind, where, what was seen and what to do about it, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lumbung.adoption.sentences import WORDS
from lumbung.bilingual import Bilingual


class Severity(StrEnum):
    """``bad`` has to be settled before the application is opened, ``warning`` soon after, ``note`` is good to know."""

    BAD = "bad"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """What was found. ``where`` is a file and line of the donated tree, or empty; ``more`` counts other such places."""

    severity: Severity
    kind: str
    where: str
    what: Bilingual
    do: Bilingual
    more: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data, in English."""
        return {
            "severity": self.severity.value,
            "kind": self.kind,
            "where": self.where,
            "more": self.more,
            "what": self.what.en,
            "do": self.do.en,
        }


def finding(severity: Severity, kind: str, where: str = "", **values: object) -> Finding:
    """Return a finding of a kind that `sentences` has words for."""
    what, do = WORDS[kind](**values)
    return Finding(severity, kind, where, what, do)
