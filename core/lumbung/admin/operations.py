"""An install or uninstall while it runs: its steps in plain words, renewed until it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, abort, render_template

from lumbung.admin.words import STEPS, operation_title, step_title
from lumbung.clock import utc_now
from lumbung.context import current_scope
from lumbung.errors import Sentence
from lumbung.registry.models import OperationRow
from lumbung.web.access import requires
from lumbung.web.i18n import language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_operations", __name__, url_prefix="/admin/plugin/operasi")

LATE = timedelta(seconds=20)


@dataclass(frozen=True)
class Step:
    """One step: ``state`` is done, current, failed or waiting."""

    title: str
    state: str
    at: datetime | None


@blueprint.get("/<uuid:operation_id>")
@requires("platform.plugins")
def show(operation_id: UUID) -> str:
    """Show how far an operation is; without scripts the page asks for itself again."""
    return _render("admin/operation.html", operation_id)


@blueprint.get("/<uuid:operation_id>/bagian")
@requires("platform.plugins")
def part(operation_id: UUID) -> str:
    """Return only the part that changes, for the page that is open."""
    return _render("admin/_operation.html", operation_id)


def _render(template: str, operation_id: UUID) -> str:
    scope = current_scope()
    row = scope.session.get(OperationRow, operation_id) or abort(404)
    scope.kernel.state.forget()
    plugin = scope.kernel.snapshot().plugins.get(row.plugin or "")
    return render_template(
        template,
        operation=row,
        kind=operation_title(row.kind),
        steps=steps_of(row),
        reason=words_of(Sentence.from_json(row.message)) if row.message else "",
        running=row.state in ("waiting", "running"),
        late=row.state == "waiting" and utc_now() - row.asked_at > LATE,
        plugin_title=plugin.manifest.title(language()) if plugin else row.plugin,
        installed=plugin is not None,
    )


def steps_of(row: OperationRow) -> list[Step]:
    """Return all steps of an operation, those to come included, each with its state."""
    begun = {step["step"]: datetime.fromisoformat(step["at"]) for step in row.steps}
    last = row.steps[-1]["step"] if row.steps else None
    at_last = {"done": "done", "failed": "failed"}.get(row.state, "current")
    names = [*STEPS.get(row.kind, ()), *(name for name in begun if name not in STEPS.get(row.kind, ()))]
    return [
        Step(
            step_title(name),
            "waiting" if name not in begun else at_last if name == last else "done",
            begun.get(name),
        )
        for name in names
    ]
