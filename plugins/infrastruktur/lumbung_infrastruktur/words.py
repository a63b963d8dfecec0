"""The plugin's translator: msgids are Indonesian, `translations/en` puts them into English."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from lumbung.sdk import Bilingual, format_date, format_time, translator

_words = translator("lumbung_infrastruktur")


def _(text: str, **values: object) -> str:
    """Return the text in the reader's language."""
    return str(_words.gettext(text, **values))


def _l(text: str, **values: object) -> Any:
    """Return a text that is put into the reader's language when it is shown."""
    return _words.lazy_gettext(text, **values)


def both(text: str, **values: object) -> Bilingual:
    """Return a text in both languages, for somebody who reads it later."""
    return _words.both(text, **values)


def on(day: date) -> str:
    """A date in words."""
    return str(format_date(day))


def at(moment: datetime) -> str:
    """A date and an hour in words."""
    return f"{on(moment.date())} {format_time(moment.time())}"
