"""What stands in the cells of an office's table: numbers, dates, conditions and owners in many spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lumbung.sdk import DomainError

from ..words import _
from .asset_columns import bare
from .kinds import AUTHORITIES, CONDITIONS

_CONDITIONS: dict[str, tuple[str, ...]] = {
    "baik": ("b", "baik", "mantap", "good", "normal", "menyala", "hidup", "1"),
    "sedang": ("s", "sedang", "fair", "cukup", "2"),
    "rusak_ringan": ("rr", "rusakringan", "ringan", "poor", "kurang", "3"),
    "rusak_berat": ("rb", "rusakberat", "berat", "bad", "rusak", "mati", "4"),
}
_OWNERS: dict[str, tuple[str, ...]] = {
    "kabupaten": ("kabupaten", "kab", "k", "kota", "daerah", "jalankabupaten", "jalankota", "pemkab", "pemda"),
    "nasional": ("nasional", "nas", "n", "negara", "jalannasional", "pusat", "bpjn"),
    "provinsi": ("provinsi", "propinsi", "prov", "prop", "p", "jalanprovinsi"),
    "desa": ("desa", "d", "jalandesa", "kelurahan"),
    "lain": ("lain", "lainnya", "swasta", "pihaklain", "khusus", "jalankhusus"),
}
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d")
_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")


def text(value: Any) -> str:
    """Return a cell as text on one line; a number without a fraction has none."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def condition(value: Any) -> str:
    """Return the code of a condition, such as rusak_ringan for RR. Raises `DomainError` for anything else."""
    found = _code(text(value), _CONDITIONS)
    if found is None:
        allowed = ", ".join(str(words) for words in CONDITIONS.values())
        raise DomainError(_("kondisi “%(written)s” tidak dikenal (yang dikenal: %(allowed)s)",
                            written=text(value)[:30], allowed=allowed))  # fmt: skip
    return found


def owner(value: Any) -> str:
    """Return the code of who answers for a thing. Raises `DomainError` for anything else."""
    found = _code(re.sub(r"(?i)^jalan\s+", "", text(value)), _OWNERS)
    if found is None:
        allowed = ", ".join(str(words) for words in AUTHORITIES.values())
        raise DomainError(_("pemilik “%(written)s” tidak dikenal (yang dikenal: %(allowed)s)",
                            written=text(value)[:30], allowed=allowed))  # fmt: skip
    return found


def dots_group(values: Iterable[Any]) -> bool:
    """Whether dots separate thousands in a column: some cell of it has a comma, or dots where only groups have them.

    1.250 alone could be both; then the dot is a decimal point, as programs write it.
    """
    written = [value.strip() for value in values if isinstance(value, str)]
    return any("," in one or (one.count(".") > 1 and _GROUPED.fullmatch(one)) for one in written)


def number(value: Any, *, grouped: bool = False) -> Decimal:
    """Return a number as offices write it: 1.234,5 or 1234.5. ``grouped``: dots separate thousands in this column."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(Decimal(repr(value)), value)
    written = text(value).replace(" ", "")
    if grouped or written.rfind(",") > written.rfind(".") >= 0:
        written = written.replace(".", "").replace(",", ".")
    elif written.count(",") == 1 and "." not in written:
        written = written.replace(",", ".")
    else:
        written = written.replace(",", "")
    try:
        return _finite(Decimal(written), value)
    except InvalidOperation:
        raise DomainError(_("“%(written)s” bukan angka", written=text(value)[:30])) from None


def year(value: Any, latest: int) -> int:
    """Return a year between 1800 and the latest."""
    found = number(value)
    if found != int(found) or not 1800 <= found <= latest:
        raise DomainError(_("tahun “%(written)s” tidak masuk akal", written=text(value)[:30]))
    return int(found)


def day(value: Any) -> date:
    """Return a date as 2026-11-24 or 24/11/2026; the day comes before the month."""
    written = text(value).partition("T")[0]
    for form in _DATES:
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007  (a date has no zone)
        except ValueError:
            continue
    raise DomainError(_("tanggal “%(written)s” tidak terbaca; tulis seperti 2026-11-24 atau 24/11/2026",
                        written=text(value)[:30]))  # fmt: skip


def _code(written: str, spellings: Mapping[str, tuple[str, ...]]) -> str | None:
    wanted = bare(written)
    return next((code for code, names in spellings.items() if wanted == bare(code) or wanted in names), None)


def _finite(found: Decimal, value: Any) -> Decimal:
    if not found.is_finite():
        raise DomainError(_("“%(written)s” bukan angka", written=text(value)[:30]))
    return found
