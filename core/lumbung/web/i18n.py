"""Indonesian first, English second; dates, numbers and Rupiah as the tenant writes them.

Message ids are Indonesian, so that a missing translation shows Indonesian; ``en`` catalogues translate them
(`docs/decisions/0006-messages-in-indonesian.md`). Each plugin has a domain of its own.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import flask_babel
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, Domain

from lumbung.context import scope_or_none

SOURCE_LANGUAGE = "id"
COOKIE_FREE_KEY = "language"
CORE_TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"

core_domain = Domain(str(CORE_TRANSLATIONS), domain="lumbung")


def translator(package: str) -> Domain:
    """Return the message domain of a plugin's package: ``_ = translator(__package__).gettext``.

    Its catalogues are ``<package>/translations/<language>/LC_MESSAGES/<plugin>.mo``.
    """
    top = package.partition(".")[0]
    spec = find_spec(top)
    places = spec.submodule_search_locations if spec else None
    folder = Path(next(iter(places))) if places else Path(top)
    return Domain(str(folder / "translations"), domain=top.removeprefix("lumbung_"))


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
    return "" if value is None else flask_babel.format_date(value, form)


def format_time(value: datetime | time | None, form: str = "HH.mm") -> str:
    """Return a clock time as it is written here: 08.42."""
    if isinstance(value, time):
        return value.strftime("%H.%M")
    return "" if value is None else flask_babel.format_time(value, form)


def format_datetime(value: datetime | None, form: str = "d MMM y HH.mm") -> str:
    """Return date and time in the tenant's zone."""
    return "" if value is None else flask_babel.format_datetime(value, form)


def format_number(value: int | float | Decimal | None) -> str:
    """Return a number with the separators of the active language."""
    return "" if value is None else flask_babel.format_decimal(value)


def format_rupiah(value: int | Decimal | None, *, sen: bool = False) -> str:
    """Return an amount such as Rp 1.234.567 (with ``sen``: Rp 1.234.567,89); the space does not break."""
    if value is None:
        return ""
    pattern = "¤\N{NO-BREAK SPACE}#,##0.00" if sen else "¤\N{NO-BREAK SPACE}#,##0"
    return str(flask_babel.format_currency(value, "IDR", pattern, currency_digits=False))


def _time_zone() -> str:
    scope = scope_or_none()
    return scope.tenant.time_zone if scope and scope.tenant else "UTC"
