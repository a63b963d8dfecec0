"""The plugin's translator: msgids are Indonesian, `translations/en` puts them into English."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import has_app_context

from lumbung.sdk import format_date, translator

_words = translator("lumbung_antrean")


def _(text: str, **values: object) -> str:
    """Return the text in the reader's language."""
    return str(_words.gettext(text, **values))


def _l(text: str, **values: object) -> Any:
    """Return a text that is put into the reader's language when it is shown."""
    return _words.lazy_gettext(text, **values)


def on(day: date) -> str:
    """A date in words; plain Indonesian where no page is being shown (a job, a test)."""
    return str(format_date(day)) if has_app_context() else f"{day.day}-{day.month}-{day.year}"


def at(moment: datetime) -> str:
    """A date and an hour in words."""
    return f"{on(moment.date())} {moment:%H.%M}"
