"""Taking the last import back: what it added goes, what it changed is as before, unless something built on it since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_

from lumbung.sdk import DomainError, audit, format_datetime, now, session

from ..models import Asset, Condition, ImportBatch, Plan, Report, WorkOrder
from ..words import _
from . import conditions
from .asset_import import AT_A_TIME, DONE, UNDONE, change

MOST_NAMED = 5


def may_undo(batch: ImportBatch) -> bool:
    """Whether it is the last import of its kind that stands."""
    return batch.state == DONE and _last(batch.kind) == batch.id


def undo(batch: ImportBatch) -> None:
    """Take an import back, all of it. ``batch`` is locked by the caller.

    Raises `DomainError` unless it is the last one of its kind, and when an asset of it was changed since, or one that
    it added has a report, work, a plan or a newer condition.
    """
    if batch.state != DONE:
        raise DomainError(_("Impor %(name)s tidak berlaku lagi.", name=batch.file_name))
    if not may_undo(batch):
        raise DomainError(_("Hanya impor terakhir dari jenis aset ini yang dapat diurungkan."))
    before = batch.before
    added, changed = [UUID(one) for one in before["added"]], {UUID(key): was for key, was in before["changed"].items()}
    _refuse_used(batch, added, list(changed))
    _put_findings_back(before["findings"], set(added))
    former = {key: {name: _as_column(name, value) for name, value in was.items()} for key, was in changed.items()}
    change([(asset_id, {**was, "changed_at": now()}) for asset_id, was in former.items()])
    for start in range(0, len(added), AT_A_TIME):
        session.execute(delete(Asset).where(Asset.id.in_(added[start : start + AT_A_TIME])))
    conditions.bring_up_to_date(list(changed))
    batch.state, batch.undone_at = UNDONE, now()
    session.flush()
    session.expire_all()
    audit("infrastruktur.import.undo", batch.file_name, about=batch.id, added=batch.added, changed=batch.changed)


def _last(kind: str) -> UUID | None:
    query = select(ImportBatch.id).where(ImportBatch.kind == kind, ImportBatch.state == DONE)
    return session.scalars(query.order_by(ImportBatch.at.desc(), ImportBatch.id).limit(1)).first()


def _refuse_used(batch: ImportBatch, added: Sequence[UUID], changed: Sequence[UUID]) -> None:
    used: list[str] = []
    touched = [*added, *changed]
    for start in range(0, len(touched), AT_A_TIME):
        part = touched[start : start + AT_A_TIME]
        since = select(Asset.code).where(Asset.id.in_(part), Asset.changed_at > batch.at)
        used += session.scalars(since.order_by(Asset.code))
    for model in (Report, WorkOrder, Plan):
        for start in range(0, len(added), AT_A_TIME):
            names = select(model.asset_id).where(model.asset_id.in_(added[start : start + AT_A_TIME]))
            used += session.scalars(select(Asset.code).where(Asset.id.in_(names)).order_by(Asset.code))
    if used:
        codes = list(dict.fromkeys(used))
        raise DomainError(
            _(
                "Impor %(name)s tidak dapat diurungkan: %(count)s asetnya sudah diubah atau dipakai sejak %(since)s "
                "(%(codes)s).",
                name=batch.file_name,
                count=len(codes),
                since=format_datetime(batch.at),
                codes=", ".join(codes[:MOST_NAMED]) + ("…" if len(codes) > MOST_NAMED else ""),
            )
        )


def _put_findings_back(findings: Sequence[dict[str, Any]], added: set[UUID]) -> None:
    """Take the conditions of the import out again; where it wrote over one, that one comes back."""
    keys, rows = [], []
    for one in findings:
        key = (UUID(one["asset_id"]), date.fromisoformat(one["on"]))
        keys.append(key)
        if one["was"] and key[0] not in added:
            value = one["was"]["value"]
            was = {**one["was"], "value": Decimal(value) if value is not None else None}
            rows.append({"asset_id": key[0], "on": key[1], **was})
    for start in range(0, len(keys), AT_A_TIME):
        part = keys[start : start + AT_A_TIME]
        session.execute(delete(Condition).where(tuple_(Condition.asset_id, Condition.on).in_(part)))
    conditions.write(rows)


def _as_column(name: str, value: Any) -> Any:
    if value is None:
        return None
    return {"batch_id": UUID, "length_m": Decimal}.get(name, lambda one: one)(value)
