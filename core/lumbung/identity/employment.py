"""What kind of person an account is of, and of a civil servant: NIP, position and home unit."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.errors import LumbungError
from lumbung.identity.models import CITIZEN, CONTRIBUTOR, SERVANT, PersonRow
from lumbung.identity.nip import check_nip
from lumbung.tenancy.models import Unit

KINDS = (SERVANT, CITIZEN, CONTRIBUTOR)
LONGEST_POSITION = 160


class NipTaken(LumbungError):
    """Another account of the tenant has this NIP."""


class KindFixed(LumbungError):
    """Somebody who holds a role in the government is no citizen by kind."""


def describe(
    session: Session,
    row: PersonRow,
    *,
    kind: str,
    nip: str | None = None,
    position: str | None = None,
    unit: Unit | None = None,
) -> None:
    """Say what kind of person this is. NIP, position and unit are a civil servant's; of others they are taken away.

    Raises `NipWrong`, `NipTaken`, `KindFixed` or, for an unknown kind or an endless position, `LumbungError`; nothing
    is written then.
    """
    if kind not in KINDS:
        raise LumbungError("There is no kind of person %(kind)r; there are: %(known)s.", kind=kind, known=list(KINDS))
    if kind == CITIZEN and (row.grants or row.operator):
        raise KindFixed("Whoever holds a role here is not kept as a citizen; take the roles back first.")
    serves = kind == SERVANT
    number = check_nip(nip) if serves and nip and nip.strip() else None
    title = " ".join((position or "").split()) or None if serves else None
    if title and len(title) > LONGEST_POSITION:
        raise LumbungError("A position has 1 to %(most)s letters.", most=LONGEST_POSITION)
    home = unit.id if serves and unit else None
    if (row.kind, row.nip, row.position, row.unit_id) == (kind, number, title, home):
        return
    taken = NipTaken("This NIP belongs to another account here.")
    if number and session.scalar(select(PersonRow.id).where(PersonRow.nip == number, PersonRow.id != row.id)):
        raise taken
    try:
        with session.begin_nested():
            row.kind, row.nip, row.position, row.unit_id = kind, number, title, home
    except IntegrityError:
        raise taken from None
    audit.record("person.post", row.email, about=row.id, unit=unit.code if serves and unit else None)
