"""Indonesian first, English second; dates, numbers and Rupiah as the tenant writes them.

Message ids are Indonesian, so that a missing translation shows Indonesian; ``en`` catalogues translate them
(`docs/decisions/0006-messages-in-indonesian.md`). Each plugin has a domain of its own.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, Domain

from lumbung.bilingual import Bilingual, Catalogue, clock_pattern
from lumbung.context import scope_or_none

SOURCE_LANGUAGE = "id"
COOKIE_FREE_KEY = "language"
CORE_TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"

core_domain = Domain(str(CORE_TRANSLATIONS), domain="lumbung")


class Messages(Domain):
    """The messages of a plugin: `gettext` and its kin for the reader of this page, `both` for one who reads later."""

    def __init__(self, package: str) -> None:
        self._catalogue = Catalogue(package)
        super().__init__(str(self._catalogue.folder), domain=self._catalogue.domain)

    def both(self, text: str, **values: object) -> Bilingual:
        """Return ``text`` in both languages, its ``%(name)s`` filled in. Works in a job too, where no page is shown.

        A value that is itself `Bilingual`, a date or a time is put into each language.
        """
        return self._catalogue.both(text, **values)


def translator(package: str) -> Messages:
    """Return the message domain of a plugin's package: ``_ = translator(__package__).gettext``.

    Its catalogues are ``<package>/translations/<language>/LC_MESSAGES/<plugin>.mo``.
    """
    return Messages(package)


def set_up(app: Flask, domain: str, translations: Path) -> None:
    """Give an app its domain: ``_()`` in its templates reads it, ``t()`` always reads the core's."""
    Babel(
        app,
        default_locale=SOURCE_LANGUAGE,
        default_domain=domain,
        default_translation_directories=str(translations),
        default_timezone="UTC",
        locale_selector=language,
        timezone_selector=_time_zone,
    )
    app.jinja_env.globals["t"] = core_domain.gettext
    app.jinja_env.globals["nt"] = core_domain.ngettext
    app.jinja_env.filters.update(
        date=format_date,
        time=format_time,
        datetime=format_datetime,
        number=format_number,
        rupiah=format_rupiah,
    )


def form_messages() -> NullTranslations:
    """Return what WTForms itself says about a field ("Not a valid choice."), in the language of this request."""
    return catalogue("wtforms", language())


@cache
def catalogue(domain: str, code: str) -> NullTranslations:
    """Return a catalogue of the core whose message ids are English, in one language; empty where there is none."""
    return Translations.load(str(CORE_TRANSLATIONS), [code], domain=domain)


def language() -> str:
    """Return the language of this request: the one chosen, if the tenant offers it, else the tenant's first."""
    scope = scope_or_none()
    offered = scope.tenant.languages if scope and scope.tenant else (SOURCE_LANGUAGE,)
    if has_request_context():
        chosen = session.get(COOKIE_FREE_KEY) if request.cookies else None
        if chosen in offered:
            return str(chosen)
    return offered[0]


def format_date(value: date | datetime | None, form: str = "d MMMM y") -> str:
    """Return a date in words, such as 24 November 2026; a moment is first turned to the tenant's zone."""
    if value is None:
        return ""
    day = value.astimezone(ZoneInfo(_time_zone())) if isinstance(value, datetime) else value
    return str(dates.format_date(day, form, locale=language()))


def format_time(value: datetime | time | None, form: str | None = None) -> str:
    """Return a clock time as it is written here: 08.42, in English 08:42. A moment is turned to the tenant's zone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(_time_zone())).time()
    return str(dates.format_time(value, form or _clock(), locale=language()))


def format_datetime(value: datetime | None, form: str | None = None) -> str:
    """Return date and time in the tenant's zone."""
    if value is None:
        return ""
    form = form or f"d MMM y {_clock()}"
    return str(dates.format_datetime(value, form, tzinfo=ZoneInfo(_time_zone()), locale=language()))


def format_number(value: int | float | Decimal | None) -> str:
    """Return a number with the separators of the active language."""
    return "" if value is None else str(numbers.format_decimal(value, locale=language()))


def format_rupiah(value: int | Decimal | None, *, sen: bool = False) -> str:
    """Return an amount such as Rp 1.234.567 (with ``sen``: Rp 1.234.567,89); the space does not break."""
    if value is None:
        return ""
    amount = numbers.format_decimal(Decimal(value).copy_abs(), "#,##0.00" if sen else "#,##0", locale=language())
    return f"{'-' if value < 0 else ''}Rp\N{NO-BREAK SPACE}{amount}"


def _clock() -> str:
    return clock_pattern(language())


def _time_zone() -> str:
    scope = scope_or_none()
    return scope.tenant.time_zone if scope and scope.tenant else "UTC"
