"""Import of assets: the file is looked at first, taken in whole, and can be taken back while nothing built on it.

Between the two steps the file lies in the database with its batch, so that no process and no reload loses it.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, delete, insert, update

from lumbung.sdk import (
    Bilingual,
    DomainError,
    Feature,
    audit,
    current_person,
    current_tenant,
    now,
    read_features,
    session,
)

from ..models import Asset, ImportBatch
from ..rules import asset_cells, asset_columns
from ..words import _, both
from . import conditions, tables
from .import_rows import Choices, Row, compare, guess_choices, headings_of

DRAFT, DONE, UNDONE = "draft", "done", "undone"
MOST_FEATURES = 50_000
DRAFTS_LAST = timedelta(days=2)
AT_A_TIME = 500
FINDING = ("condition", "value", "note", "source", "by_name")


@dataclass(frozen=True)
class Preview:
    """What a file would do, before it does it."""

    batch: ImportBatch
    choices: Choices
    headings: list[str]
    samples: dict[str, str]
    notes: list[Bilingual]
    rows: list[Row]
    refusal: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are new, changed, unchanged, bad."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in ("new", "changed", "unchanged", "bad")}

    @property
    def does_anything(self) -> bool:
        """Whether importing it would change the register."""
        return any(row.state in ("new", "changed") for row in self.rows)


def upload(content: bytes, name: str, kind: str, unit_id: UUID | None) -> ImportBatch:
    """Keep a file that was sent and guess its columns. Raises `DomainError` for one that cannot be read."""
    features, _notes = read(content, name)
    if not features:
        raise DomainError(_("Berkas itu tidak memuat satu aset pun."))
    session.execute(delete(ImportBatch).where(ImportBatch.state == DRAFT, ImportBatch.at < now() - DRAFTS_LAST))
    batch = ImportBatch(
        unit_id=unit_id,
        file_name=name[-200:],
        kind=kind,
        at=now(),
        by_name=_by(),
        content=content,
        choices=guess_choices(features, headings_of(features)).as_json(),
        before={},
    )
    session.add(batch)
    session.flush()
    return batch


def preview(batch: ImportBatch) -> Preview:
    """Return what the file of a batch would do with the choices of now. Writes nothing."""
    features, notes = read(_content(batch), batch.file_name)
    choices, headings = Choices.of(batch.choices), headings_of(features)
    samples = {name: _sample(features, name) for name in headings}
    try:
        rows, refusal = compare(features, batch.kind, batch.unit_id, choices), ""
    except DomainError as error:
        rows, refusal = [], str(error)
    return Preview(batch, choices, headings, samples, notes, rows, refusal)


def choose(batch: ImportBatch, choices: Choices) -> None:
    """Read the file in another way. Refuses a column that is meant to be two things."""
    _content(batch)
    twice = [heading for heading, count in Counter(choices.columns.values()).items() if count > 1]
    if twice:
        raise DomainError(_("Kolom %(column)s dipilih lebih dari sekali.", column=twice[0]))
    if "code" not in choices.columns:
        raise DomainError(_("Pilih kolom yang memuat kode atau nomor aset."))
    batch.choices = choices.as_json()


def take_in(batch: ImportBatch, *, leave_out_bad: bool = False) -> None:
    """Write what the file says into the register: all of it or nothing. The file itself is let go.

    ``batch`` is locked by the caller. Raises `DomainError` while a row is bad, unless those are to be left out.
    """
    found = preview(batch)
    if found.refusal:
        raise DomainError(found.refusal)
    bad = found.counts["bad"]
    if bad and not leave_out_bad:
        raise DomainError(_("%(count)s baris bermasalah. Perbaiki berkasnya, atau pilih untuk melewatinya.", count=bad))
    if not found.does_anything:
        raise DomainError(_("Tidak ada yang berubah, jadi tidak ada yang diimpor."))
    batch.at, batch.by_name = now(), _by()
    before = _write(batch, found.rows)
    batch.before = before
    batch.added, batch.changed = found.counts["new"], found.counts["changed"]
    batch.state, batch.content = DONE, None
    session.flush()
    session.expire_all()
    audit("infrastruktur.import.take_in", batch.file_name, about=batch.id, added=batch.added,
          changed=batch.changed, count=bad)  # fmt: skip


def drop(batch: ImportBatch) -> None:
    """Throw an uploaded file away that was not taken in."""
    _content(batch)
    session.delete(batch)
    session.flush()


def read(content: bytes, name: str) -> tuple[list[Feature], list[Bilingual]]:
    """Return the features of a file. A table without columns for a place is read too: its rows have no geometry."""
    try:
        found = read_features(io.BytesIO(content), name)
        features, notes = found.features, list(found.notes)
    except DomainError:
        table = _plain_table(content, name)
        if table is None:
            raise
        features = [Feature(None, dict(row), line) for line, row in table.rows]
        notes = [both("Berkas ini tidak memuat letak. Aset baru masuk tanpa titik di peta.")]
    if len(features) > MOST_FEATURES:
        raise DomainError(_("Paling banyak %(most)s aset sekaligus.", most=MOST_FEATURES))
    return features, notes


def _plain_table(content: bytes, name: str) -> tables.Table | None:
    if not name.casefold().endswith((".csv", ".txt", ".tsv")):
        return None
    table = tables.read(content, most=MOST_FEATURES)
    return None if any(asset_columns.bare(one) in asset_columns.PLACE for one in table.headings) else table


def _write(batch: ImportBatch, rows: Sequence[Row]) -> dict[str, Any]:
    """Write new and changed rows in bulk; returns what was there before, as JSON."""
    new, changed, findings = [], [], []
    before: dict[str, Any] = {"added": [], "changed": {}, "findings": []}
    for row in rows:
        if row.state == "new":
            new.append(_new(batch, row))
            before["added"].append(str(new[-1]["id"]))
            asset_id = new[-1]["id"]
        elif row.state == "changed" and row.asset is not None:
            asset_id = row.asset.id
            before["changed"][str(asset_id)] = {
                "batch_id": _plain(row.asset.batch_id),
                **{name: _plain(getattr(row.asset, name)) for name in row.values},
            }
            changed.append((asset_id, row.values))
        else:
            continue
        if row.finding:
            findings.append({**row.finding, "asset_id": asset_id, "source": batch.file_name[-80:], "by_name": _by()})
    for start in range(0, len(new), AT_A_TIME):
        session.execute(insert(Asset.__table__), new[start : start + AT_A_TIME])
    change([(asset_id, {**values, "batch_id": batch.id, "changed_at": batch.at}) for asset_id, values in changed])
    before["findings"] = _write_findings(findings, batch.at)
    return before


def _write_findings(findings: Sequence[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """Write conditions; returns each key, with what stood there before."""
    stood = conditions.existing([(one["asset_id"], one["on"]) for one in findings])
    told = []
    for one in findings:
        old = stood.get((one["asset_id"], one["on"]))
        was = {name: _plain(getattr(old, name)) for name in FINDING} if old else None
        told.append({"asset_id": str(one["asset_id"]), "on": one["on"].isoformat(), "was": was})
    conditions.write(findings)
    conditions.bring_up_to_date([one["asset_id"] for one in findings], at)
    return told


def _new(batch: ImportBatch, row: Row) -> dict[str, Any]:
    empty: dict[str, Any] = {column.key: None for column in Asset.__mapper__.column_attrs}
    texts = dict.fromkeys(("road_class", "district_code", "village_code", "condition"), "")
    made = {**empty, **texts, "owner": "kabupaten", "details": {}, "retired": False, **row.values}
    made |= {
        "tenant_id": current_tenant().id,
        "id": uuid4(),
        "kind": batch.kind,
        "unit_id": batch.unit_id,
        "batch_id": batch.id,
        "added_at": batch.at,
        "changed_at": batch.at,
    }
    return made


def change(rows: Sequence[tuple[UUID, dict[str, Any]]]) -> None:
    """Put values on assets in bulk, those with the same columns together. What is loaded does not hear of it."""
    table = Asset.__table__
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for asset_id, values in rows:
        columns = tuple(sorted(values))
        alike.setdefault(columns, []).append({"this": asset_id, **values})
    for columns, given in alike.items():
        statement = (
            update(table)
            .where(table.c.tenant_id == current_tenant().id, table.c.id == bindparam("this"))
            .values({name: bindparam(name) for name in columns})
        )
        for start in range(0, len(given), AT_A_TIME):
            session.execute(statement, given[start : start + AT_A_TIME])


def _content(batch: ImportBatch) -> bytes:
    if batch.state != DRAFT or batch.content is None:
        raise DomainError(_("Berkas %(name)s sudah diimpor.", name=batch.file_name))
    return batch.content


def _sample(features: Sequence[Feature], heading: str) -> str:
    values = (asset_cells.text(one.properties.get(heading)) for one in features[:50])
    return next((value for value in values if value), "")[:40]


def _plain(value: Any) -> Any:
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _by() -> str:
    person = current_person()
    return person.name[:160] if person else ""
