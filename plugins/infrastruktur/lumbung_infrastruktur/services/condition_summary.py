"""How the network stands (ringkasan kondisi): lengths by condition, and the share that is steady ("mantap").

Every length counts in whole metres, so that parts, lines and totals add up exactly. Steady is good or fair, of all
there is: what nobody surveyed is not steady.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import BigInteger, ColumnElement, cast, func, select

from lumbung.sdk import Column, Sheet, current_tenant, current_units, find_region, session, today, within

from ..models import Asset
from ..rules import kinds
from ..rules.shares import shares
from ..words import _, on
from .assets import ASSET
from .conditions import STEADY

LINES = ("road", "drain", "irrigation")  # counted by length; all others by number
UNKNOWN = ""


@dataclass
class Line:
    """A line of the summary. ``amounts`` are metres, or numbers of things, by condition; ``count`` is how many."""

    title: str
    amounts: dict[str, int] = field(default_factory=dict)
    count: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.amounts.values())

    @property
    def steady(self) -> int:
        """What is good or fair."""
        return sum(self.amounts.get(one, 0) for one in STEADY)

    @property
    def steady_share(self) -> float | None:
        """The part of all that is good or fair; None of nothing."""
        return self.steady / self.total if self.total else None

    def percent(self) -> dict[str, Decimal]:
        """Per cent of each condition; together exactly 100."""
        return shares({one: self.amounts.get(one, 0) for one in columns()})


@dataclass
class Summary:
    """One kind of assets by condition: all, by owner, by district. ``unmeasured`` have no length and count nothing."""

    kind: str
    total: Line
    owners: list[Line]
    districts: list[Line]
    unmeasured: int = 0

    @property
    def in_metres(self) -> bool:
        """Whether amounts are metres."""
        return self.kind in LINES


def columns() -> list[str]:
    """The conditions in order, and at the end what nobody surveyed."""
    return [*kinds.CONDITIONS, UNKNOWN]


def condition_title(condition: str) -> str:
    """A condition in words."""
    return str(kinds.CONDITIONS.get(condition, "")) or _("Belum disurvei")


def mine() -> list[ColumnElement[bool]]:
    """The condition of assets of one's units, in the unit one works in now."""
    found = [within(ASSET, Asset.unit_id)]
    if (chosen := current_units()) is not None:
        found.append(Asset.unit_id.in_(chosen))
    return found


def summary(kind: str, *, narrow: Iterable[ColumnElement[bool]] | None = None) -> Summary:
    """Return how the assets of a kind stand that are in use; those of the person's units unless told otherwise."""
    conditions = mine() if narrow is None else list(narrow)
    amount = cast(func.round(func.coalesce(Asset.length_m, 0)), BigInteger) if kind in LINES else 1
    query = (
        select(Asset.owner, Asset.district_code, Asset.condition, func.sum(amount), func.count())
        .where(Asset.kind == kind, Asset.retired.is_(False), *conditions)
        .group_by(Asset.owner, Asset.district_code, Asset.condition)
    )
    found = Summary(kind, Line(_("Jumlah")), [], [])
    owners: dict[str, Line] = {}
    districts: dict[str, Line] = {}
    for owner, district, condition, metres, count in session.execute(query):
        for line in (
            found.total,
            owners.setdefault(owner, Line(str(kinds.AUTHORITIES.get(owner, owner)))),
            districts.setdefault(district, Line(_district(district))),
        ):
            line.amounts[condition] = line.amounts.get(condition, 0) + int(metres)
            line.count += count
    found.owners = [owners[one] for one in kinds.AUTHORITIES if one in owners]
    found.districts = sorted(districts.values(), key=lambda line: line.title)
    if kind in LINES:
        nothing = select(func.count()).where(
            Asset.kind == kind, Asset.retired.is_(False), func.coalesce(Asset.length_m, 0) < 0.5, *conditions
        )
        found.unmeasured = session.scalar(nothing) or 0
    return found


def sheets(found: Summary) -> list[Sheet]:
    """Return the summary as worksheets: by owner, by district."""
    kind = str(kinds.ASSET_KINDS[found.kind])
    measure = _("m") if found.in_metres else _("buah")
    heads = [Column(f"{condition_title(one)} ({measure})", "number", 18) for one in columns()]
    notes = [
        f"{kind}, {current_tenant().name}, {on(today())}",
        _("Mantap = (baik + sedang) / jumlah."),
    ]

    def sheet(title: str, first: str, lines: list[Line]) -> Sheet:
        rows = [_sheet_row(line) for line in [*lines, found.total]]
        named = [Column(first, "text", 28), Column(_("Banyaknya"), "number"), *heads]
        sums = [Column(f"{_('Jumlah')} ({measure})", "number", 16), Column(_("Mantap"), "percent")]
        return Sheet(title, [*named, *sums], rows, notes)

    return [
        sheet(_("Per pemilik"), _("Pemilik"), found.owners),
        sheet(_("Per kecamatan"), _("Kecamatan"), found.districts),
    ]


def _sheet_row(line: Line) -> list[object]:
    amounts: Mapping[str, int] = line.amounts
    return [line.title, line.count, *(amounts.get(one, 0) for one in columns()), line.total, line.steady_share]


def _district(code: str) -> str:
    found = find_region(code) if code else None
    return found.name if found else _("Kecamatan tidak diketahui")
