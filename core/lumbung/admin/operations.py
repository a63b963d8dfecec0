"""What is done to plugins: the list of it, and one operation while it runs, renewed until it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from lumbung.admin.words import operation_state, operation_title, step_title
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.errors import Sentence
from lumbung.lifecycle.history import concerns
from lumbung.lifecycle.kinds import KINDS
from lumbung.lifecycle.machine import OPEN
from lumbung.lifecycle.operations import ask_again
from lumbung.registry.models import OperationRow
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import ChoiceFilter, DateFilter, ListColumn, Listing
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_operations", __name__, url_prefix="/admin/plugin/operasi")
_ = core_domain.gettext

LATE = timedelta(seconds=20)


@dataclass(frozen=True)
class Step:
    """One step: ``state`` is done, current, failed, undone or waiting. ``done`` of ``total`` says how far it is."""

    title: str
    state: str
    at: datetime | None
    seconds: float | None = None
    note: str = ""
    done: int | None = None
    total: int | None = None


@blueprint.get("/")
@requires("platform.plugins")
def index() -> Response | str:
    """List what was done to plugins, the latest first."""
    listing = _listing()
    return listing.export() or render_template("admin/operations.html", listing=listing, state_of=operation_state)


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


@blueprint.post("/<uuid:operation_id>/lanjutkan")
@requires("platform.plugins")
def go_on(operation_id: UUID) -> Response:
    """Have the job worker go on with an operation that was left behind, or try a way back that failed once more."""
    if not ask_again(operation_id):
        abort(409, _("Pekerjaan ini sudah selesai."))
    return redirect(url_for("admin_operations.show", operation_id=operation_id), 303)


def _listing() -> Listing:
    here = current_tenant().name
    kinds = dict.fromkeys((*KINDS, "enable", "disable"))
    states = ("waiting", "running", "returning", "done", "failed", "stuck")
    return Listing(
        query=select(OperationRow).where(concerns(current_tenant().id)),
        columns=[
            ListColumn(
                "diminta", _("Diminta"), kind="datetime", value=lambda r: r.asked_at, sort=OperationRow.asked_at
            ),
            ListColumn("pekerjaan", _("Pekerjaan"), value=lambda r: operation_title(r.kind)),
            ListColumn("aplikasi", _("Aplikasi"), value=lambda r: r.plugin or "", sort=OperationRow.plugin),
            ListColumn("untuk", _("Untuk"), value=lambda r: here if r.tenant_id else _("Semua daerah")),
            ListColumn("oleh", _("Oleh"), value=lambda r: r.asked_by, sort=OperationRow.asked_by),
            ListColumn("hasil", _("Hasil"), value=lambda r: operation_state(r.state)[0]),
        ],
        name="pekerjaan",
        title=_("Riwayat pekerjaan"),
        noun=_("pekerjaan"),
        default_sort="-diminta",
        search=[OperationRow.plugin, OperationRow.asked_by],
        search_label=_("Cari aplikasi atau orang"),
        filters=[
            ChoiceFilter(
                "jenis",
                _("Pekerjaan"),
                [(one, operation_title(one)) for one in kinds],
                lambda one: OperationRow.kind == one,
            ),
            ChoiceFilter(
                "hasil",
                _("Hasil"),
                [(one, operation_state(one)[0]) for one in states],
                lambda one: OperationRow.state == one,
            ),
            DateFilter.since("dari", _("Dari tanggal"), OperationRow.asked_at),
            DateFilter.until("sampai", _("Sampai tanggal"), OperationRow.asked_at),
        ],
    )


def _render(template: str, operation_id: UUID) -> str:
    scope = current_scope()
    asked = select(OperationRow).where(OperationRow.id == operation_id, concerns(current_tenant().id))
    row = scope.session.scalar(asked) or abort(404)
    scope.kernel.state.forget()
    plugin = scope.kernel.snapshot().plugins.get(row.plugin or "")
    return render_template(
        template,
        operation=row,
        kind=operation_title(row.kind),
        steps=steps_of(row),
        reason=words_of(Sentence.from_json(row.message)) if row.message else "",
        running=row.state in OPEN,
        late=row.state == "waiting" and utc_now() - row.asked_at > LATE,
        plugin_title=plugin.manifest.title(language()) if plugin and plugin.usable else row.plugin,
        installed=plugin is not None,
    )


def steps_of(row: OperationRow) -> list[Step]:
    """Return all steps of an operation, those to come included, each with its state."""
    begun = {step["step"]: step for step in row.steps}
    planned = [step.name for step in KINDS.get(row.kind, ())] if row.state in (*OPEN, "done") else []
    names = [*planned, *(name for name in begun if name not in planned)]
    return [_step(name, begun.get(name), row.state) for name in names]


def _step(name: str, kept: dict[str, Any] | None, operation: str) -> Step:
    if kept is None:
        return Step(step_title(name), "waiting", None)
    at, ended = (datetime.fromisoformat(kept[key]) if kept.get(key) else None for key in ("at", "ended"))
    state = {"begun": "current"}.get(str(kept.get("state", "done")), str(kept.get("state", "done")))
    if operation == "failed" and state == "current":
        state = "failed"
    done, total = kept.get("progress") or (None, None)
    return Step(
        step_title(name),
        state,
        at,
        (ended - at).total_seconds() if at and ended else None,
        words_of(Sentence.from_json(kept["note"])) if kept.get("note") else "",
        done,
        total,
    )
