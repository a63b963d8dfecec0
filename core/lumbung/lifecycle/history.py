"""What was done to plugins here, as a page and a command list it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from lumbung.errors import Sentence
from lumbung.kernel import Kernel
from lumbung.registry.models import OperationRow


@dataclass(frozen=True)
class PastOperation:
    """One operation. ``reason`` says why it failed; ``tenant_id`` is empty where it concerned all."""

    id: UUID
    kind: str
    plugin: str | None
    tenant_id: int | None
    state: str
    by: str
    asked_at: datetime
    ended_at: datetime | None
    steps: list[dict[str, Any]]
    reason: Sentence | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data, as ``lumbung plugin operations --json`` prints it."""
        return {
            "id": str(self.id),
            "kind": self.kind,
            "plugin": self.plugin,
            "tenant": self.tenant_id,
            "state": self.state,
            "by": self.by,
            "asked_at": self.asked_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "steps": self.steps,
            "reason": self.reason,
        }


def concerns(tenant_id: int) -> ColumnElement[bool]:
    """Return the condition of an operation that concerns everybody or this tenant: what another switched is theirs."""
    return or_(OperationRow.tenant_id.is_(None), OperationRow.tenant_id == tenant_id)


def history(
    kernel: Kernel, last: int, plugin: str | None = None, *, tenant_id: int | None = None
) -> list[PastOperation]:
    """Return the latest operations, of one plugin or of all; with a tenant, those that concern it."""
    query = select(OperationRow).order_by(OperationRow.asked_at.desc()).limit(last)
    if plugin is not None:
        query = query.where(OperationRow.plugin == plugin)
    if tenant_id is not None:
        query = query.where(concerns(tenant_id))
    with kernel.database.new_session(None) as session:
        return [past(row) for row in session.scalars(query)]


def past(row: OperationRow) -> PastOperation:
    """Return an operation as it is listed."""
    return PastOperation(
        row.id,
        row.kind,
        row.plugin,
        row.tenant_id,
        row.state,
        row.asked_by,
        row.asked_at,
        row.ended_at,
        list(row.steps),
        Sentence.from_json(row.message) if row.message else None,
    )
