"""What a file of assets would do to the register, row by row: new, changed, unchanged, or bad with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from lumbung.sdk import DomainError, Feature, current_person, current_tenant, districts, session, today, villages

from ..models import Asset
from ..rules import asset_cells, asset_columns, kinds, shapes
from ..words import _
from . import conditions
from .assets import ASSET, placed

AT_A_TIME = 1000
MOST_DETAILS, LONGEST_DETAIL = 40, 300
LONGEST = {"code": 40, "name": 160, "road_class": 40}
MOST_METRES = Decimal(9_999_999)


@dataclass(frozen=True)
class Choices:
    """How a file is read: which column is what, what lengths are in, when it was surveyed, whether the rest is kept."""

    columns: Mapping[str, str]
    length_unit: str = "m"
    survey_on: date | None = None
    keep_rest: bool = True

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Choices:
        """Return what a batch holds as JSON."""
        on = kept.get("survey_on")
        return cls(
            dict(kept.get("columns", {})),
            kept.get("length_unit", "m"),
            date.fromisoformat(on) if on else None,
            bool(kept.get("keep_rest", True)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as a batch keeps it."""
        on = self.survey_on.isoformat() if self.survey_on else None
        return {
            "columns": dict(self.columns),
            "length_unit": self.length_unit,
            "survey_on": on,
            "keep_rest": self.keep_rest,
        }


@dataclass
class Row:
    """A row of the file: ``values`` that it would write into the register, ``finding`` its condition on a day."""

    line: int
    code: str
    state: str  # new, changed, unchanged, bad
    asset: Asset | None = None
    values: dict[str, Any] = field(default_factory=dict)
    finding: dict[str, Any] | None = None
    reason: str = ""


def compare(features: Sequence[Feature], kind: str, unit_id: UUID | None, choices: Choices) -> list[Row]:
    """Return what each feature of a file would do. An empty cell leaves what the register has."""
    if "code" not in choices.columns:
        raise DomainError(_("Pilih kolom yang memuat kode atau nomor aset."))
    reader = _Reader(features, kind, unit_id, choices)
    return [reader.row(feature) for feature in features]


def guess_choices(features: Sequence[Feature], headings: Sequence[str]) -> Choices:
    """Guess how a file is read: columns by their spelling, kilometres by heading or by comparing with the geometry."""
    columns = asset_columns.guess(headings)
    heading = columns.get("length_m")
    in_km = bool(heading) and (asset_columns.says_kilometres(str(heading)) or _looks_like_km(features, str(heading)))
    return Choices(columns, "km" if in_km else "m", today())


def headings_of(features: Sequence[Feature]) -> list[str]:
    """Return the names of all columns, in the order in which they first occur."""
    seen: dict[str, None] = {}
    for feature in features:
        seen.update(dict.fromkeys(feature.properties))
    return [name for name in seen if name]


def _looks_like_km(features: Sequence[Feature], heading: str) -> bool:
    ratios = []
    grouped = asset_cells.dots_group(one.properties.get(heading) for one in features)
    for feature in features[:200]:
        measured = shapes.measured(feature.geometry).length_m if feature.geometry else None
        try:
            given = asset_cells.number(feature.properties.get(heading), grouped=grouped)
        except DomainError:
            continue
        if measured and given:
            ratios.append(given / measured)
    return bool(ratios) and Decimal("0.0003") < median(ratios) < Decimal("0.003")


class _Reader:
    """Reads rows one after the other, knowing the register and the codes that came before."""

    def __init__(self, features: Sequence[Feature], kind: str, unit_id: UUID | None, choices: Choices) -> None:
        self.kind, self.unit_id, self.choices = kind, unit_id, choices
        codes = [asset_cells.text(one.properties.get(choices.columns["code"])) for one in features]
        self.known = _known(kind, [code.casefold() for code in codes if code])
        self.seen: dict[str, int] = {}
        self.grouped = {
            name: asset_cells.dots_group(one.properties.get(choices.columns.get(name, "")) for one in features)
            for name in ("length_m", "value")
        }
        person = current_person()
        self.mine = person.units_with(ASSET) if person else None
        self.regions = _Regions()
        self.findings = self._findings()

    def row(self, feature: Feature) -> Row:
        code = self._cell(feature, "code")
        try:
            asset = self._asset(code, feature.row)
            values, finding = self._values(feature, asset, code)
        except DomainError as refusal:
            return Row(feature.row, code, "bad", reason=str(refusal))
        if asset is None:
            return Row(feature.row, code, "new", None, values, finding)
        changed = {name: value for name, value in values.items() if _differs(getattr(asset, name), value)}
        if finding and not self._is_news(asset, finding):
            finding = None
        state = "changed" if changed or finding else "unchanged"
        return Row(feature.row, code, state, asset, changed, finding)

    def _asset(self, code: str, line: int) -> Asset | None:
        if not code:
            raise DomainError(_("kode kosong"))
        if len(code) > LONGEST["code"]:
            raise DomainError(_("kode lebih panjang dari %(most)s huruf", most=LONGEST["code"]))
        key = code.casefold()
        if key in self.seen:
            raise DomainError(_("kode sama dengan baris %(row)s", row=self.seen[key]))
        self.seen[key] = line
        asset = self.known.get(key)
        if asset is not None and self.mine is not None and asset.unit_id not in self.mine:
            raise DomainError(_("kode itu sudah dipakai aset unit lain"))
        return asset

    def _values(self, feature: Feature, asset: Asset | None, code: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        values: dict[str, Any] = {}
        for name in ("name", "road_class"):
            if cell := self._cell(feature, name):
                if len(cell) > LONGEST[name]:
                    raise DomainError(_("%(field)s lebih panjang dari %(most)s huruf",
                                        field=str(asset_columns.FIELDS[name]).lower(), most=LONGEST[name]))  # fmt: skip
                values[name] = cell
        if cell := self._cell(feature, "owner"):
            values["owner"] = asset_cells.owner(cell)
        if cell := self._cell(feature, "built_year"):
            values["built_year"] = asset_cells.year(cell, today().year + 1)
        values |= self.regions.codes(self._cell(feature, "district"), self._cell(feature, "village"))
        values |= self._place(feature, asset)
        if (length := self._number(feature, "length_m")) is not None:
            values["length_m"] = self._metres(length)
        if self.choices.keep_rest and (rest := self._rest(feature)):
            values["details"] = {**(asset.details if asset else {}), **rest}
        if asset is None:
            values = {"code": code, "name": f"{kinds.ASSET_KINDS[self.kind]} {code}", **values}
        return values, self._finding(feature)

    def _place(self, feature: Feature, asset: Asset | None) -> dict[str, Any]:
        if feature.geometry is None or (asset is not None and asset.geometry == feature.geometry):
            return {}
        found = {**placed(feature.geometry), "geometry": feature.geometry}
        if asset is not None and (found["length_m"] is None or _has_official_length(asset)):
            del found["length_m"]
        return found

    def _finding(self, feature: Feature) -> dict[str, Any] | None:
        cell = self._cell(feature, "condition")
        if not cell:
            return None
        given = self._cell(feature, "on")
        on = asset_cells.day(given) if given else self.choices.survey_on or today()
        found = {"condition": asset_cells.condition(cell), "on": on, "value": self._number(feature, "value")}
        conditions.check(on, found["condition"], found["value"])
        return found

    def _findings(self) -> dict[tuple[UUID, date], Any]:
        """What is known of days: those that the file can name are the choice's and any in its column."""
        query = select(conditions.Condition).where(
            conditions.Condition.asset_id.in_(select(Asset.id).where(Asset.kind == self.kind))
        )
        if "condition" not in self.choices.columns or not self.known:
            return {}
        return {(one.asset_id, one.on): one for one in session.scalars(query)}

    def _is_news(self, asset: Asset, finding: dict[str, Any]) -> bool:
        """A finding that says what is known already is none: of that day, or without a day of its own the latest."""
        known = self.findings.get((asset.id, finding["on"]))
        if known is None and "on" not in self.choices.columns and asset.condition_on is not None:
            known = self.findings.get((asset.id, asset.condition_on))
        same = known is not None and known.condition == finding["condition"]
        return not (same and (finding["value"] is None or known.value == finding["value"]))

    def _cell(self, feature: Feature, name: str) -> str:
        return asset_cells.text(feature.properties.get(self.choices.columns.get(name, "")))

    def _number(self, feature: Feature, name: str) -> Decimal | None:
        value = feature.properties.get(self.choices.columns.get(name, ""))
        return asset_cells.number(value, grouped=self.grouped[name]) if asset_cells.text(value) else None

    def _metres(self, length: Decimal) -> Decimal:
        metres = (length * 1000 if self.choices.length_unit == "km" else length).quantize(shapes.CENTIMETRE)
        if not 0 <= metres <= MOST_METRES:
            raise DomainError(_("panjang %(length)s m tidak masuk akal", length=metres))
        return metres

    def _rest(self, feature: Feature) -> dict[str, Any]:
        taken = set(self.choices.columns.values())
        found = {}
        for heading, value in feature.properties.items():
            if heading in taken or asset_columns.bare(heading) in asset_columns.PLACE or value in (None, ""):
                continue
            plain = value if isinstance(value, bool | int | float) else asset_cells.text(value)[:LONGEST_DETAIL]
            found[heading[:60]] = plain
        return dict(list(found.items())[:MOST_DETAILS])


class _Regions:
    """Districts and villages by name or code, of this regency."""

    def __init__(self) -> None:
        own = current_tenant().region_code
        self.districts = {_plain_name(one.name): one.code for one in districts(own)} if own else {}
        names = Counter(_plain_name(one.name) for one in (villages(own) if own else ()))
        found = villages(own) if own else ()
        self.villages = {(one.code[:8], _plain_name(one.name)): one.code for one in found}
        self.alone = {_plain_name(one.name): one.code for one in found if names[_plain_name(one.name)] == 1}
        self.codes_known = set(self.districts.values()) | {one.code for one in found}

    def codes(self, district: str, village: str) -> dict[str, str]:
        """Return the codes that are known of what a row says; what is not known is left alone."""
        found: dict[str, str] = {}
        code = district if district in self.codes_known else self.districts.get(_plain_name(district), "")
        if code:
            found["district_code"] = code[:8]
        name = _plain_name(village)
        within = village if village in self.codes_known else self.villages.get((code, name)) if code else None
        within = within or (self.alone.get(name) if not code else None)
        if within:
            found |= {"district_code": within[:8], "village_code": within}
        return found


def _plain_name(name: str) -> str:
    words = [
        word
        for word in name.casefold().replace(".", " ").split()
        if word not in ("kec", "kecamatan", "desa", "kel", "kelurahan")
    ]
    return "".join(words)


def _known(kind: str, codes: Sequence[str]) -> dict[str, Asset]:
    """Return the assets of a kind that have these codes, by code without regard to capitals."""
    wanted = set(codes)
    ids = [
        asset_id
        for asset_id, code in session.execute(select(Asset.id, Asset.code).where(Asset.kind == kind))
        if code.casefold() in wanted
    ]
    found: dict[str, Asset] = {}
    for start in range(0, len(ids), AT_A_TIME):
        query = select(Asset).where(Asset.id.in_(ids[start : start + AT_A_TIME])).options(undefer(Asset.geometry))
        found |= {one.code.casefold(): one for one in session.scalars(query)}
    return found


def _has_official_length(asset: Asset) -> bool:
    """Whether its length was given, not measured: a new geometry does not take its place."""
    if asset.length_m is None:
        return False
    return asset.geometry is None or shapes.measured(asset.geometry).length_m != asset.length_m


def _differs(old: Any, new: Any) -> bool:
    if isinstance(new, float) and isinstance(old, float):
        return abs(old - new) > 1e-9
    return bool(old != new)
