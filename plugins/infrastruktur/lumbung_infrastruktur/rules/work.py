"""The states of a work order, and what it costs. Asks neither database nor request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from lumbung.sdk import DomainError, format_number

from ..words import _, _l


class OrderState(StrEnum):
    """Where a work order stands."""

    DRAFT = "draft"
    ISSUED = "issued"  # the crew sees it
    WORKING = "working"
    DONE = "done"
    CANCELLED = "cancelled"


O = OrderState  # noqa: E741

TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    O.DRAFT: frozenset({O.ISSUED, O.CANCELLED}),
    O.ISSUED: frozenset({O.WORKING, O.DONE, O.CANCELLED}),
    O.WORKING: frozenset({O.DONE, O.CANCELLED}),
    O.DONE: frozenset(),
    O.CANCELLED: frozenset(),
}
OPEN = frozenset({O.DRAFT, O.ISSUED, O.WORKING})
IN_THE_FIELD = frozenset({O.ISSUED, O.WORKING})

TITLES: dict[OrderState, Any] = {
    O.DRAFT: _l("Rancangan"),
    O.ISSUED: _l("Diterbitkan"),
    O.WORKING: _l("Sedang dikerjakan"),
    O.DONE: _l("Selesai"),
    O.CANCELLED: _l("Dibatalkan"),
}
TONES = {O.DRAFT: "muted", O.ISSUED: "laut", O.WORKING: "padi", O.DONE: "baik", O.CANCELLED: "gawat"}

ITEM_KINDS: dict[str, Any] = {
    "material": _l("Bahan"),
    "labour": _l("Tenaga kerja"),
    "equipment": _l("Alat"),
}

MOST_LINES = 60
MOST_QUANTITY = Decimal("999999.99")
MOST_PRICE = 100_000_000_000  # Rupiah
_HUNDREDTH = Decimal("0.01")
_THOUSANDS = re.compile(r"\d{1,3}([.,]\d{3})+")


def title(state: str) -> str:
    """The state in words, in the reader's language."""
    return str(TITLES[OrderState(state)])


def tone(state: str) -> str:
    """The colour family of a state; the word always stands beside it."""
    return TONES[OrderState(state)]


def kind_title(kind: str) -> str:
    """What a line is, in words."""
    return str(ITEM_KINDS.get(kind, kind))


def check(number: str, state: str, new: OrderState) -> None:
    """Refuse a way that the table does not have, in one sentence naming the order."""
    if new not in TRANSITIONS[OrderState(state)]:
        raise DomainError(
            _(
                "Perintah kerja %(number)s sudah berstatus %(state)s, jadi tidak dapat diubah menjadi %(new)s.",
                number=number,
                state=title(state).lower(),
                new=title(new).lower(),
            )
        )


@dataclass(frozen=True)
class Line:
    """What was used, as it is typed: so much of it, at a price in Rupiah for one measure."""

    name: str
    quantity: Decimal
    measure: str = ""
    price: int = 0
    kind: str = "material"

    @property
    def amount(self) -> int:
        """What it costs, in whole Rupiah."""
        return amount(self.quantity, self.price)


def amount(quantity: Decimal, price: int) -> int:
    """Return quantity times price in whole Rupiah, half up: 0.33 at Rp 1,250 is 412.50, so Rp 413."""
    return int((quantity * price).quantize(Decimal(1), ROUND_HALF_UP))


def total(lines: Iterable[tuple[Decimal, int]]) -> int:
    """Add lines of (quantity, price) up, each rounded by itself: the sum is that of the figures on paper."""
    return sum(amount(quantity, price) for quantity, price in lines)


def checked(line: Line) -> Line:
    """Return a line with tidy texts. Raises `DomainError` naming what cannot be."""
    name = " ".join(line.name.replace("\x00", "").split())
    if not name:
        raise DomainError(_("Isi nama bahan, tenaga, atau alat."))
    if len(name) > 120:
        raise DomainError(_("Nama “%(name)s…” paling banyak 120 huruf.", name=name[:30]))
    if line.kind not in ITEM_KINDS:
        raise DomainError(_("Jenis untuk %(name)s tidak dikenal.", name=name))
    if not line.quantity.is_finite() or not Decimal(0) < line.quantity <= MOST_QUANTITY:
        most = format_number(MOST_QUANTITY)
        raise DomainError(_("Jumlah %(name)s harus di atas 0 dan paling banyak %(most)s.", name=name, most=most))
    if line.quantity != line.quantity.quantize(_HUNDREDTH):
        raise DomainError(_("Jumlah %(name)s paling banyak dua angka di belakang koma.", name=name))
    if not 0 <= line.price <= MOST_PRICE:
        raise DomainError(_("Harga %(name)s tidak masuk akal.", name=name))
    return Line(name, line.quantity, " ".join(line.measure.split())[:20], line.price, line.kind)


def check_count(lines: Sequence[object]) -> None:
    """Refuse more lines than a sheet of paper holds."""
    if len(lines) > MOST_LINES:
        raise DomainError(_("Paling banyak %(most)s baris bahan, tenaga, dan alat.", most=MOST_LINES))


def quantity(text: str) -> Decimal:
    """Read a quantity as people write it: 2,5 and 2.5 are two and a half, 1.250 and 1.250,5 have thousands."""
    written = text.replace(" ", "")
    if "," in written and written.rfind(",") > written.rfind("."):
        written = written.replace(".", "").replace(",", ".")
    elif written.count(".") > 1 or (_THOUSANDS.fullmatch(written) and "." in written):
        written = written.replace(".", "")
    else:
        written = written.replace(",", "")
    try:
        return Decimal(written)
    except InvalidOperation:
        raise DomainError(_("“%(typed)s” bukan angka; tulis seperti 2,5.", typed=text[:30])) from None


def rupiah(text: str) -> int:
    """Read an amount of Rupiah: 185000, 185.000, Rp 185.000 and Rp 185.000,00 are the same; nothing is 0."""
    written = re.sub(r"(?i)^rp\.?|\s", "", text.strip())
    written = re.sub(r"[.,]0{1,2}$|[.,]-+$", "", written)
    if not written:
        return 0
    if written.isdecimal() and written.isascii():
        return int(written)
    if _THOUSANDS.fullmatch(written) and len(set(written) & {".", ","}) == 1:
        return int(re.sub(r"[.,]", "", written))
    raise DomainError(_("“%(typed)s” bukan harga; tulis dalam rupiah penuh, seperti 185.000.", typed=text[:30]))
