"""The trail keeps names as the law on accountability asks; of people who were erased, pages show none."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from lumbung.audit import AuditRow
from lumbung.context import current_scope
from lumbung.identity.models import PersonRow
from lumbung.web.i18n import core_domain

_ = core_domain.gettext
_MEMORY = "erased people"


def is_erased(person_id: UUID | None) -> bool:
    """Whether somebody of the tenant was erased; asked of the database once a request."""
    scope = current_scope()
    if _MEMORY not in scope.memory:
        erased = select(PersonRow.id).where(PersonRow.erased_at.is_not(None))
        scope.memory[_MEMORY] = frozenset(scope.session.scalars(erased))
    return person_id in scope.memory[_MEMORY]


def who_did(row: AuditRow) -> str:
    """Return who did what an entry tells of."""
    return str(_("Akun dihapus")) if is_erased(row.person_id) else row.person_name


def thing_of(row: AuditRow) -> str:
    """Return what an entry tells of: of an account its address, unless its person was erased."""
    return str(_("Akun dihapus")) if is_erased(row.about) else row.thing
