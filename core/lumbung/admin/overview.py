"""The desk's first page: how things stand, what needs somebody, the first steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, render_template, url_for
from sqlalchemy import func, or_, select

from lumbung.admin.rights import DESK, need_one_of
from lumbung.audit import AuditRow
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.identity.models import Grant, PersonRow
from lumbung.registry.models import FaultRow
from lumbung.tenancy.models import Unit
from lumbung.web.access import me, staff
from lumbung.web.action_titles import action_title
from lumbung.web.i18n import core_domain

blueprint = Blueprint("admin", __name__)
_ = core_domain.gettext

RECENT = timedelta(days=7)


@dataclass(frozen=True)
class FirstStep:
    """Something a new site needs."""

    title: str
    text: str
    done: bool
    url: str


@blueprint.get("/admin/")
@staff
def home() -> str:
    """Show how things stand to whoever administers something."""
    need_one_of(*DESK)
    current_scope().kernel.state.forget()
    counts = _counts()
    steps = first_steps(counts)
    return render_template(
        "admin/overview.html",
        counts=counts,
        faults=recent_faults(),
        steps=[] if all(step.done for step in steps) else steps,
        trail=_latest_entries() if me().can("core.audit") else [],
        action_title=action_title,
    )


def recent_faults(plugin: str | None = None, limit: int = 5) -> list[FaultRow]:
    """Return the latest faults of seven days: an operator sees all, an administrator the tenant's own."""
    query = select(FaultRow).where(FaultRow.at > utc_now() - RECENT).order_by(FaultRow.at.desc()).limit(limit)
    if plugin is not None:
        query = query.where(FaultRow.plugin == plugin)
    if not me().can("platform.plugins"):
        query = query.where(FaultRow.tenant_id == current_tenant().id)
    return list(current_scope().session.scalars(query))


def first_steps(counts: dict[str, int] | None = None) -> list[FirstStep]:
    """Return what a new site needs of this person, done or not."""
    return _first_steps(_counts() if counts is None else counts)


def _counts() -> dict[str, int]:
    scope = current_scope()
    snapshot = scope.kernel.snapshot()
    return {
        "installed": len(snapshot.plugins),
        "enabled": len(snapshot.enabled_for(current_tenant().id)),
        "tenants": len(snapshot.tenants),
        "people": _count(PersonRow),
        "staff": scope.session.scalar(
            select(func.count())
            .select_from(PersonRow)
            .where(PersonRow.active, or_(PersonRow.operator, PersonRow.grants.any(Grant.live())))
        )
        or 0,
        "units": _count(Unit),
    }


def _count(model: type[PersonRow] | type[Unit]) -> int:
    return current_scope().session.scalar(select(func.count()).select_from(model)) or 0


def _first_steps(counts: dict[str, int]) -> list[FirstStep]:
    person, steps = me(), []
    if person.can("platform.plugins"):
        steps.append(
            FirstStep(
                _("Pasang aplikasi hibah"),
                _("Unggah berkas .whl dari daerah pemberi, atau pasang paket bawaan."),
                counts["installed"] > 0,
                url_for("admin_plugins.index"),
            )
        )
    if person.can("core.plugins"):
        steps.append(
            FirstStep(
                _("Nyalakan aplikasi"),
                _("Aplikasi yang terpasang baru terlihat warga setelah dinyalakan untuk daerah ini."),
                counts["enabled"] > 0,
                url_for("admin_plugins.index"),
            )
        )
    if person.can("core.units"):
        steps.append(
            FirstStep(
                _("Susun perangkat daerah"),
                _("Dinas, badan, kecamatan, puskesmas: layanan dan peran menempel pada unit."),
                counts["units"] > 0,
                url_for("admin_units.index"),
            )
        )
    if person.can("core.people"):
        steps.append(
            FirstStep(
                _("Tambah petugas"),
                _("Buat akun petugas dan beri peran sesuai tugasnya."),
                counts["staff"] > 1,
                url_for("admin_people.index"),
            )
        )
    return steps


def _latest_entries() -> list[AuditRow]:
    query = select(AuditRow).order_by(AuditRow.at.desc()).limit(6)
    return list(current_scope().session.scalars(query))
