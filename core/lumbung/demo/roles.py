"""The demo's own role: composed by the regency, held by one officer for a while."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung.context import current_tenant
from lumbung.identity import composing, people, role_ends, roles
from lumbung.identity.models import PersonRow

HOLDER = "informasi@sumbawa.example"
DAYS = 60


def load_roles(session: Session) -> None:
    """Compose the role where the tenant has none yet, and give it to `HOLDER` for two months."""
    if composing.every(session):
        return
    row = composing.compose(
        session,
        None,
        title="Pengelola konten",
        english="Content manager",
        description="Menulis dan menerbitkan pengumuman, tanpa wewenang lain. Diberikan untuk masa tugas tertentu.",
        permissions=["core.announce"],
    )
    holder = session.scalar(select(PersonRow).where(PersonRow.email == HOLDER))
    if holder is not None:
        tenant = current_tenant()
        ends = role_ends.end_of_day(tenant.today() + timedelta(days=DAYS), tenant.time_zone)
        people.grant(session, holder, roles.COMPOSED + row.code, until=ends)
