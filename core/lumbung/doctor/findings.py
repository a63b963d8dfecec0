"""A finding: how grave it is, what was seen, why it matters, and the command that mends it."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import lumbung
from lumbung.bilingual import Bilingual, Catalogue
from lumbung.database.roles import DatabaseUrls
from lumbung.errors import Sentence
from lumbung.kernel import Kernel
from lumbung.settings import Settings
from lumbung.tenancy.tenant import Tenant

both = Catalogue("lumbung").both
NOTHING = Bilingual("", "")


class Severity(StrEnum):
    """``bad`` needs mending now, ``warning`` soon; ``good`` is said so that one sees what was looked at."""

    BAD = "bad"
    WARNING = "warning"
    GOOD = "good"


@dataclass(frozen=True)
class Finding:
    """What a check saw. ``mend`` is a command, or empty where ``why`` says what to do."""

    severity: Severity
    what: Bilingual
    why: Bilingual = NOTHING
    mend: str = ""
    check: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data, in English."""
        return {
            "check": self.check,
            "severity": self.severity.value,
            "what": self.what.en,
            "why": self.why.en,
            "mend": self.mend,
        }


@dataclass(frozen=True)
class Asked:
    """What a check may look at. ``urls`` are known to a command alone; ``quick`` leaves out what takes seconds.

    With ``tenant``, what concerns other tenants only is left out.
    """

    settings: Settings
    kernel: Kernel
    urls: DatabaseUrls | None = None
    tenant: Tenant | None = None
    quick: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


Check = Callable[[Asked], Iterator[Finding]]


def bad(what: Bilingual, why: Bilingual, mend: str = "") -> Finding:
    """Return a finding that needs mending."""
    return Finding(Severity.BAD, what, why, mend)


def warning(what: Bilingual, why: Bilingual, mend: str = "") -> Finding:
    """Return a finding that will need mending."""
    return Finding(Severity.WARNING, what, why, mend)


def good(what: Bilingual) -> Finding:
    """Return a finding that all is well."""
    return Finding(Severity.GOOD, what)


def in_both(sentence: Sentence) -> Bilingual:
    """Return a sentence of the platform in both languages."""
    return Bilingual(sentence.said(_indonesian().gettext), str(sentence))


@cache
def _indonesian() -> gettext.NullTranslations:
    folder = Path(lumbung.__file__).parent / "translations"
    return gettext.translation("refusals", folder, ["id"], fallback=True)
