"""A text in both languages at once, for whom the writer does not know the reader: a notification, a message.

A page is shown to one reader and says ``_("...")``. What is kept for somebody else has to wait until they read it.
Works anywhere, in a job or a command too: the catalogues are read without an app.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from babel import dates

LANGUAGES = ("id", "en")


@dataclass(frozen=True)
class Bilingual:
    """A text in Indonesian and in English; called with a language it returns that one, Indonesian for any other."""

    id: str
    en: str

    def __call__(self, language: str) -> str:
        """Return the text in ``language``."""
        return self.en if language == "en" else self.id


class Catalogue:
    """The messages of one package: ids are Indonesian, ``translations/en`` puts them into English.

    They lie in ``folder``, and are called ``domain``: for a plugin's package its name without ``lumbung_``.
    """

    def __init__(self, package: str) -> None:
        top = package.partition(".")[0]
        spec = find_spec(top)
        places = spec.submodule_search_locations if spec else None
        self.folder = (Path(next(iter(places))) if places else Path(top)) / "translations"
        self.domain = top.removeprefix("lumbung_")

    def both(self, text: str, **values: object) -> Bilingual:
        """Return ``text`` in both languages, its ``%(name)s`` filled in.

        A value that is itself `Bilingual`, a date or a time is put into each language too. Without a translation
        the English is the Indonesian.
        """
        return Bilingual(*(self.say(language, text, **values) for language in LANGUAGES))

    def say(self, language: str, text: str, **values: object) -> str:
        """Return ``text`` in one language, its ``%(name)s`` filled in as `both` does."""
        if language == "en":
            text = _english(self.domain, self.folder).gettext(text)
        return text % _in(language, values) if values else text


def clock_pattern(language: str) -> str:
    """Return how a clock time is written: 08:42 in English, 08.42 in Indonesian."""
    return "HH:mm" if language == "en" else "HH.mm"


def _in(language: str, values: Mapping[str, object]) -> dict[str, object]:
    return {name: _written(value, language) for name, value in values.items()}


def _written(value: object, language: str) -> object:
    clock = clock_pattern(language)
    if isinstance(value, Bilingual):
        return value(language)
    if isinstance(value, datetime):
        return dates.format_datetime(value, f"d MMM y {clock}", locale=language)
    if isinstance(value, date):
        return dates.format_date(value, "d MMMM y", locale=language)
    if isinstance(value, time):
        return dates.format_time(value, clock, locale=language)
    return value


@cache
def _english(domain: str, folder: Path) -> gettext.NullTranslations:
    return gettext.translation(domain, folder, languages=["en"], fallback=True)
