"""The condition of assets through the years (kondisi): one finding a day, the latest is how it stands now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from lumbung.sdk import DomainError, audit, current_person, current_tenant, now, session, today, within

from ..models import Asset, Condition
from ..rules import asset_cells, kinds
from ..words import _
from . import tables
from .assets import ASSET, title_of

WORST_FIRST = ("rusak_berat", "rusak_ringan", "sedang", "baik")
STEADY = ("baik", "sedang")  # "mantap"
EARLIEST = date(1900, 1, 1)
MOST_VALUE = Decimal(99_999_999)
MOST_ROWS = 20_000
AT_A_TIME = 1000

SURVEY_COLUMNS = {
    "code": ("kode", "noruas", "nomorruas", "koderuas", "idlampu", "linkno", "kodeaset", "code", "nomor", "id"),
    "on": ("tanggal", "tgl", "tanggalsurvei", "tglsurvei", "tanggalsurvey", "date", "surveydate"),
    "condition": ("kondisi", "condition", "keadaan"),
    "value": ("nilai", "iri", "nilaiiri", "sdi", "value"),
    "note": ("catatan", "keterangan", "note"),
}


def record(
    asset: Asset,
    on: date,
    condition: str,
    *,
    value: Decimal | None = None,
    note: str = "",
    source: str = "",
) -> Condition:
    """Write down how an asset was found on a day, in the place of what was written for that day before."""
    check(on, condition, value)
    found = session.scalar(select(Condition).where(Condition.asset_id == asset.id, Condition.on == on))
    before = found.condition if found else ""
    made = found or Condition(asset_id=asset.id, on=on)
    made.condition, made.value, made.note, made.source = condition, value, note.strip(), source.strip()
    made.by_name = _by()
    session.add(made)
    session.flush()
    bring_up_to_date([asset.id])
    session.refresh(asset)
    audit("infrastruktur.condition.record", title_of(asset), about=asset.id, date=on.isoformat(),
          condition=condition, before=before)  # fmt: skip
    return made


def remove(condition: Condition) -> None:
    """Take a finding out of the history; the asset stands as the latest that is left says."""
    asset = session.scalars(select(Asset).where(Asset.id == condition.asset_id)).one()
    audit("infrastruktur.condition.remove", title_of(asset), about=asset.id, date=condition.on.isoformat(),
          condition=condition.condition)  # fmt: skip
    session.delete(condition)
    session.flush()
    bring_up_to_date([asset.id])
    session.refresh(asset)


def check(on: date, condition: str, value: Decimal | None) -> None:
    """Refuse a finding of tomorrow, an unknown condition, a measured value below zero."""
    if on > today():
        raise DomainError(_("tanggal survei %(date)s belum tiba", date=on.isoformat()))
    if on < EARLIEST:
        raise DomainError(_("tanggal survei %(date)s terlalu lama", date=on.isoformat()))
    if condition not in kinds.CONDITIONS:
        raise DomainError(_("Pilih kondisi aset."))
    if value is not None and not 0 <= value <= MOST_VALUE:
        raise DomainError(_("Nilai ukur tidak boleh di bawah nol atau sebesar itu."))


def history(asset: Asset) -> list[Condition]:
    """Return every finding, the latest first."""
    return list(session.scalars(select(Condition).where(Condition.asset_id == asset.id).order_by(Condition.on.desc())))


def trend(found: Sequence[Condition]) -> str:
    """Say how the latest finding compares with the one before: better, worse, same; empty without a comparison.

    The measured value decides where the condition is the same; the lower the better, as with IRI.
    """
    if len(found) < 2:
        return ""
    new, old = (WORST_FIRST.index(one.condition) for one in found[:2])
    if new == old:
        left, right = found[0].value, found[1].value
        if left is None or right is None or left == right:
            return "same"
        return "better" if left < right else "worse"
    return "better" if new > old else "worse"


def bring_up_to_date(asset_ids: Sequence[UUID], at: datetime | None = None) -> None:
    """Have assets stand as their latest findings say, changed at this moment."""
    statement = text(
        """
        UPDATE infrastruktur_asset AS asset
        SET condition = coalesce(latest.condition, ''), condition_on = latest."on", changed_at = :at
        FROM infrastruktur_asset AS same
        LEFT JOIN LATERAL (
            SELECT found.condition, found."on" FROM infrastruktur_condition AS found
            WHERE found.tenant_id = same.tenant_id AND found.asset_id = same.id ORDER BY found."on" DESC LIMIT 1
        ) AS latest ON true
        WHERE same.tenant_id = asset.tenant_id AND same.id = asset.id AND asset.tenant_id = :tenant
          AND asset.id = ANY(CAST(:ids AS uuid[]))
        """
    )
    for start in range(0, len(asset_ids), AT_A_TIME):
        ids = [str(one) for one in asset_ids[start : start + AT_A_TIME]]
        session.execute(statement, {"ids": ids, "at": at or now(), "tenant": current_tenant().id})


@dataclass(frozen=True)
class Survey:
    """What a table of findings holds: rows to write, and what is wrong with the others as (row, reason)."""

    rows: list[dict[str, Any]]
    bad: list[tuple[int, str]]


def read_survey(content: bytes, kind: str, source: str) -> Survey:
    """Read a table of code, date, condition, value (and note), about assets of a kind within one's units."""
    table = tables.read(content, most=MOST_ROWS)
    columns = tables.named(table, SURVEY_COLUMNS)
    for field, words in (("code", _("kode")), ("on", _("tanggal")), ("condition", _("kondisi"))):
        if field not in columns:
            raise DomainError(_("Kolom %(column)s tidak ditemukan. Kolom yang ada: %(given)s.",
                                column=words, given=", ".join(table.headings[:12])))  # fmt: skip
    query = select(Asset.code, Asset.id).where(
        Asset.kind == kind, Asset.retired.is_(False), within(ASSET, Asset.unit_id)
    )
    known = {code.casefold(): asset_id for code, asset_id in session.execute(query)}
    grouped = asset_cells.dots_group(row.get(columns.get("value", "")) for _line, row in table.rows)
    rows, bad, seen = [], [], {}
    for line, row in table.rows:
        cells = {field: row.get(heading, "") for field, heading in columns.items()}
        try:
            made = _finding(cells, known, grouped=grouped)
        except DomainError as refusal:
            bad.append((line, str(refusal)))
            continue
        key = (made["asset_id"], made["on"])
        if key in seen:
            bad.append((line, _("kode dan tanggal sama dengan baris %(row)s", row=seen[key])))
            continue
        seen[key] = line
        rows.append({**made, "source": source.strip(), "by_name": _by()})
    return Survey(rows, bad)


def take_in(survey: Survey, file_name: str) -> tuple[int, int]:
    """Write the findings of a survey; returns how many are new, and how many replaced one of the same day."""
    if not survey.rows:
        raise DomainError(_("Tidak ada baris yang dapat dicatat."))
    before = set(existing([(row["asset_id"], row["on"]) for row in survey.rows]))
    write(survey.rows)
    bring_up_to_date(sorted({row["asset_id"] for row in survey.rows}))
    session.expire_all()
    audit("infrastruktur.condition.survey", file_name, count=len(survey.rows))
    return len(survey.rows) - len(before), len(before)


def existing(keys: Sequence[tuple[UUID, date]]) -> dict[tuple[UUID, date], Condition]:
    """Return the findings that stand already, by asset and day."""
    found: dict[tuple[UUID, date], Condition] = {}
    for start in range(0, len(keys), AT_A_TIME):
        part = keys[start : start + AT_A_TIME]
        query = select(Condition).where(tuple_(Condition.asset_id, Condition.on).in_(part))
        found |= {(one.asset_id, one.on): one for one in session.scalars(query)}
    return found


def write(rows: Sequence[dict[str, Any]]) -> None:
    """Write findings in bulk, each in the place of one of the same day."""
    statement = insert(Condition.__table__)
    new = {name: statement.excluded[name] for name in ("condition", "value", "note", "source", "by_name")}
    statement = statement.on_conflict_do_update(index_elements=["tenant_id", "asset_id", "on"], set_=new)
    empty = {"tenant_id": current_tenant().id, "note": "", "value": None}
    for start in range(0, len(rows), AT_A_TIME):
        session.execute(statement, [{**empty, **row} for row in rows[start : start + AT_A_TIME]])


def _finding(cells: dict[str, Any], known: dict[str, UUID], *, grouped: bool) -> dict[str, Any]:
    code = asset_cells.text(cells["code"])
    if not code:
        raise DomainError(_("kode kosong"))
    if code.casefold() not in known:
        raise DomainError(_("kode %(code)s tidak ada di daftar aset Anda", code=code[:40]))
    on, condition = asset_cells.day(cells["on"]), asset_cells.condition(cells["condition"])
    value = asset_cells.number(cells["value"], grouped=grouped) if asset_cells.text(cells.get("value")) else None
    check(on, condition, value)
    note = asset_cells.text(cells.get("note"))[:300]
    return {"asset_id": known[code.casefold()], "on": on, "condition": condition, "value": value, "note": note}


def _by() -> str:
    person = current_person()
    return person.name[:160] if person else ""
