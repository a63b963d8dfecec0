"""Values of a plugin's settings, in three forms: typed for the plugin, plain for the database, text for people.

`value_of` makes a typed value of a plain one and refuses what does not fit the manifest; `parse` makes a plain value of
what somebody typed; `written` is the text that `parse` reads back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from lumbung.errors import Sentence
from lumbung.registry.parts import Unfit

if TYPE_CHECKING:
    from lumbung.registry.plugin_setting import PluginSetting

LONGEST = {"text": 500, "long_text": 10_000, "secret": 2_000, "url": 1_000, "email": 254, "phone": 40}
LARGEST = 10**15  # whole numbers that JSON, and every language that reads it, holds exactly

_GROUPED = re.compile(r"-?\d{1,3}(?:\.\d{3})+|-?\d{1,3}(?:,\d{3})+|-?\d+")
_DECIMAL = re.compile(r"-?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")  # 1.234,5
_POINTED = re.compile(r"-?(?:0\.\d+|\d+\.(?:\d{1,2}|\d{4,}))")  # 12.5; 1.250 could be either
ORDERED = ("integer", "decimal", "rupiah", "date", "time")
_YES, _NO = frozenset(("ya", "yes", "true", "on", "1")), frozenset(("tidak", "no", "false", "off", "0"))


class Mismatch(Unfit):
    """A text is not written as ``pattern`` asks; the setting's ``pattern_help`` has the author's words for people."""


def as_plain(value: Any) -> Any:
    """Return a value as JSON holds it: numbers with a fraction, dates, times and ids are texts there."""
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, date):  # a moment too, whose hours are then refused
        return value.isoformat()
    if isinstance(value, float | Decimal | UUID):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def value_of(setting: PluginSetting, plain: Any) -> Any:
    """Return the typed value of a plain one; None, where nothing is set, stays None, or is no choices at all.

    Raises `Unfit` with what is expected when it does not fit the setting.
    """
    if plain is None:
        return () if setting.type == "choices" else None
    value = _TYPED[setting.type](setting, plain)
    if setting.type in ORDERED:
        _refuse_outside(setting, value)
    return value


def bound_of(setting: PluginSetting, plain: Any) -> Any:
    """Return the typed value of a limit; raises `Unfit` when it is not of the setting's type."""
    return None if plain is None else _TYPED[setting.type](setting, plain)


def parse(setting: PluginSetting, text: str) -> Any:
    """Return the plain value that somebody typed; None for an empty text. Raises `Unfit` with what is expected."""
    text = text.replace("\r\n", "\n")
    text = text if setting.type == "secret" else text.strip()
    if not text:
        if setting.required:
            raise Unfit("it must not be empty")
        return None
    plain = _PARSED[setting.type](text) if setting.type in _PARSED else text
    return as_plain(value_of(setting, plain))


def written(setting: PluginSetting, plain: Any) -> str:
    """Return a plain value as people type and read it: 1.250.000, 12,5, ya. An empty text when nothing is set."""
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "ya" if plain else "tidak"
    if setting.type == "rupiah" and isinstance(plain, int):
        return f"{plain:,}".replace(",", ".")
    if setting.type == "decimal":
        return str(plain).replace(".", ",")
    return ", ".join(map(str, plain)) if isinstance(plain, list) else str(plain)


def _text(setting: PluginSetting, plain: Any) -> str:
    if not isinstance(plain, str):
        raise Unfit("it must be a text")
    most, least = setting.max_length or LONGEST[setting.type], setting.min_length or 0
    if len(plain) > most:
        raise Unfit("it must have at most %(most)s characters", most=most)
    if len(plain) < least:
        raise Unfit("it must have at least %(least)s characters", least=least)
    allowed = "\n\t" if setting.type == "long_text" else ""
    if not all(letter.isprintable() or letter in allowed for letter in plain):
        raise Unfit("it holds a character that cannot be shown; type it again instead of pasting")
    if setting.pattern and not re.fullmatch(setting.pattern, plain):
        raise Mismatch("it must be written like %(pattern)s", pattern=setting.pattern)
    return plain


def _integer(_setting: PluginSetting, plain: Any) -> int:
    if not isinstance(plain, int) or isinstance(plain, bool):
        raise Unfit("it must be a whole number such as 1250")
    if abs(plain) > LARGEST:
        raise Unfit("this number is too large")
    return plain


def _decimal(setting: PluginSetting, plain: Any) -> Decimal:
    try:
        number = Decimal(plain) if isinstance(plain, str | int) and not isinstance(plain, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise Unfit("it must be a number such as 12,5")
    if abs(number) > LARGEST:
        raise Unfit("this number is too large")
    if -int(number.as_tuple().exponent) > setting.places:
        raise Unfit("it must have at most %(most)s digits behind the comma", most=setting.places)
    return number


def _boolean(_setting: PluginSetting, plain: Any) -> bool:
    if not isinstance(plain, bool):
        raise Unfit("it must be yes or no")
    return plain


def _choice(setting: PluginSetting, plain: Any) -> str:
    known = [choice.value for choice in setting.choices]
    if plain not in known:
        raise Unfit("it must be one of these: %(known)s", known=known)
    return str(plain)


def _choices(setting: PluginSetting, plain: Any) -> tuple[str, ...]:
    if not isinstance(plain, list):
        raise Unfit("it must be a list of choices")
    chosen = {_choice(setting, one) for one in plain}
    return tuple(choice.value for choice in setting.choices if choice.value in chosen)


def _date(_setting: PluginSetting, plain: Any) -> date:
    day: date = _read(date.fromisoformat, plain, Sentence("it must be a date such as 2026-11-24"))
    return day


def _time(_setting: PluginSetting, plain: Any) -> time:
    clock: time = _read(time.fromisoformat, plain, Sentence("it must be a time such as 08:30"))
    if clock.tzinfo or clock.microsecond:
        raise Unfit("it must be a time such as 08:30")
    return clock


def _url(setting: PluginSetting, plain: Any) -> str:
    address = _text(setting, plain)
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", address)
        _ = parts.port
    except ValueError:
        sound = False
    if not sound:
        raise Unfit("it must be an address such as https://contoh.go.id/halaman")
    return address


def _email(setting: PluginSetting, plain: Any) -> str:
    try:
        found = validate_email(_text(setting, plain), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise Unfit("it must be an e-mail address such as nama@contoh.id") from None
    return found.normalized


def _phone(setting: PluginSetting, plain: Any) -> str:
    from lokal import normalize_phone  # a large table of areas; few settings are numbers to call

    number = normalize_phone(_text(setting, plain))
    if number is None:
        raise Unfit("it must be a telephone number such as 0371 21234 or 0812 3456 7890")
    return str(number)


def _colour(_setting: PluginSetting, plain: Any) -> str:
    if not (isinstance(plain, str) and re.fullmatch(r"#[0-9A-Fa-f]{6}", plain)):
        raise Unfit("it must be a colour such as #1B6E43")
    return plain.upper()


def _unit(_setting: PluginSetting, plain: Any) -> UUID:
    unit: UUID = _read(UUID, plain, Sentence("it must be a unit"))
    return unit


def _read(reader: Callable[[str], Any], plain: Any, error: Sentence) -> Any:
    try:
        return reader(plain)
    except (ValueError, TypeError, AttributeError):
        raise Unfit(error) from None


def _refuse_outside(setting: PluginSetting, value: Any) -> None:
    least, most = bound_of(setting, setting.min), bound_of(setting, setting.max)
    if least is None and setting.type == "rupiah":
        least = 0
    if least is not None and value < least:
        raise Unfit("it must be %(least)s or more", least=written(setting, as_plain(least)))
    if most is not None and value > most:
        raise Unfit("it must be %(most)s or less", most=written(setting, as_plain(most)))


def _whole(text: str) -> int:
    if not (len(text) <= 40 and text.isascii() and _GROUPED.fullmatch(text)):
        raise Unfit("it must be a whole number such as 1250")
    return int(text.replace(".", "").replace(",", ""))


def _rupiah(text: str) -> int:
    """Read Rp 1.250.000, 1250000 and 1.250.000,00; sen are no longer paid, so other ones are refused."""
    bare = re.sub(r"(?:,00|,-)\Z", "", re.sub(r"\s", "", text).removeprefix("Rp").removeprefix("."))
    try:
        return _whole(bare)
    except Unfit:
        raise Unfit("it must be an amount of Rupiah such as 1.250.000") from None


def _fraction(text: str) -> str:
    if len(text) <= 40 and text.isascii():
        if _DECIMAL.fullmatch(text):
            return text.replace(".", "").replace(",", ".")
        if _POINTED.fullmatch(text) or re.fullmatch(r"-?\d+", text):
            return text
    raise Unfit("it must be a number such as 12,5")


def _yes_or_no(text: str) -> bool:
    if text.casefold() in _YES | _NO:
        return text.casefold() in _YES
    raise Unfit("it must be yes or no")


_TYPED: dict[str, Callable[[Any, Any], Any]] = {
    "text": _text,
    "long_text": _text,
    "secret": _text,
    "integer": _integer,
    "rupiah": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "choice": _choice,
    "choices": _choices,
    "date": _date,
    "time": _time,
    "url": _url,
    "email": _email,
    "phone": _phone,
    "colour": _colour,
    "unit": _unit,
}
_PARSED: dict[str, Callable[[str], Any]] = {
    "integer": _whole,
    "rupiah": _rupiah,
    "decimal": _fraction,
    "boolean": _yes_or_no,
    "choices": lambda text: [part.strip() for part in text.split(",") if part.strip()],
}
