"""Composing roles: what administrators of a tenant put together out of permissions, change and remove again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from lumbung import audit
from lumbung.audit import AuditRow
from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.identity import people, roles
from lumbung.identity.models import ComposedRole, Grant, PersonRow
from lumbung.identity.person import OF_NO_UNIT, Person
from lumbung.registry.state import bump

TITLE, DESCRIPTION = 80, 400  # longest
_CODE = 40


class RoleRefused(LumbungError):
    """A role cannot be composed, changed or removed like this; nothing was written."""


class TitleTaken(RoleRefused):
    """Another role of the tenant is called the same."""


class BeyondOwn(RoleRefused):
    """The role holds a permission that the actor may not hand on."""


class HeldInUnits(RoleRefused):
    """A permission that knows no units was added to a role that people hold for single units."""


class StillHeld(RoleRefused):
    """The role is granted; ``grants`` says to whom."""

    def __init__(self, grants: Sequence[Grant]) -> None:
        self.grants = grants
        super().__init__("The role is held by %(count)s; take it back first.", count=len(grants))


def every(session: Session) -> Sequence[ComposedRole]:
    """Return the composed roles of the tenant by their Indonesian title."""
    rows = session.scalars(select(ComposedRole)).all()
    return sorted(rows, key=lambda row: row.title["id"].casefold())


def holders(session: Session, row: ComposedRole) -> Sequence[Grant]:
    """Return the grants of a composed role, those that ended included, with their people and units."""
    query = select(Grant).where(Grant.role == roles.COMPOSED + row.code).join(Grant.person)
    loaded = query.options(selectinload(Grant.person), selectinload(Grant.unit))
    return session.scalars(loaded.order_by(PersonRow.name, Grant.id)).all()


def compose(
    session: Session,
    actor: Person | None,
    *,
    title: str,
    english: str = "",
    description: str = "",
    permissions: Iterable[str],
    based_on: str | None = None,
) -> ComposedRole:
    """Compose a role and return it. ``actor`` is None for the command line, which may compose what exists.

    Its code is made of its title and never changes. Raises `TitleTaken`, `BeyondOwn` or `RoleRefused`.
    """
    words, chosen = _title(title, english), _chosen(permissions, actor, before=())
    _refuse_taken(session, words)
    row = ComposedRole(
        code=_free_code(session, words["id"]),
        title=words,
        description=_description(description),
        permissions=chosen,
        based_on=based_on,
        changed_by=people.giver(),
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # two at once: the second is told
        raise TitleTaken("There is a role called %(title)r already.", title=words["id"]) from None
    bump(session)
    audit.record("role.compose", words["id"], about=row.id, permissions=chosen)
    return row


def change(
    session: Session,
    row: ComposedRole,
    actor: Person | None,
    *,
    title: str,
    english: str = "",
    description: str = "",
    permissions: Iterable[str],
) -> None:
    """Change a role for all who hold it, at once and in every worker.

    Raises `TitleTaken`, `BeyondOwn`, `HeldInUnits` or `RoleRefused`, and changes nothing then.
    """
    session.refresh(row, with_for_update=True)
    _refuse_above(actor, row.permissions)
    words, chosen = _title(title, english), _chosen(permissions, actor, before=row.permissions)
    _refuse_taken(session, words, besides=row.id)
    held = holders(session, row)
    if OF_NO_UNIT & set(chosen) and any(one.unit_id is not None for one in held):
        raise HeldInUnits("Some hold this role for one unit only; what knows no units cannot be part of it.")
    added, removed = sorted(set(chosen) - set(row.permissions)), sorted(set(row.permissions) - set(chosen))
    row.title, row.description, row.permissions = words, _description(description), chosen
    row.changed_at, row.changed_by = utc_now(), people.giver()
    session.flush()
    bump(session)
    audit.record("role.change", words["id"], about=row.id, added=added, removed=removed)
    if added or removed:
        people.privileges_changed(session, {one.person_id for one in held})


def remove(session: Session, row: ComposedRole, actor: Person | None, *, take_back: bool = False) -> int:
    """Remove a role; return from how many people it was taken back.

    Raises `StillHeld` while somebody holds it, unless ``take_back`` says to take it from them, and `BeyondOwn`.
    """
    session.refresh(row, with_for_update=True)
    _refuse_above(actor, row.permissions)
    held = holders(session, row)
    if any(one.is_live for one in held) and not take_back:
        raise StillHeld([one for one in held if one.is_live])
    count = len({one.person_id for one in held if one.is_live})
    for one in held:
        person, name = one.person, one.role
        people.end_grant(session, person, one, "role removed")
        audit.record("person.withdraw", person.email, about=person.id, role=name)
    audit.record("role.remove", row.title["id"], about=row.id, code=row.code)
    session.delete(row)
    session.flush()
    bump(session)
    return count


def _title(title: str, english: str) -> dict[str, str]:
    indonesian, english = " ".join(title.split()), " ".join(english.split())
    if not 2 <= len(indonesian) <= TITLE or len(english) > TITLE:
        raise RoleRefused("The title of a role has 2 to %(most)s letters.", most=TITLE)
    return {"id": indonesian, "en": english or indonesian}


def _description(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION:
        raise RoleRefused("The description of a role has at most %(most)s letters.", most=DESCRIPTION)
    return text


def _chosen(permissions: Iterable[str], actor: Person | None, *, before: Collection[str]) -> list[str]:
    """Return the permissions in order; one that the role has already may stay though its plugin is off."""
    wanted = set(permissions)
    if not wanted:
        raise RoleRefused("A role allows something: choose one permission at least.")
    unknown = wanted - roles.composable_here() - set(before)
    if unknown:
        raise RoleRefused("There is no permission %(name)r that a role could hold.", name=min(unknown))
    if actor is not None and not roles.may_compose(actor, wanted):
        raise BeyondOwn("The role would allow what you may not do yourself.")
    return sorted(wanted)


def _refuse_above(actor: Person | None, permissions: Iterable[str]) -> None:
    if actor is not None and not roles.may_compose(actor, permissions):
        raise BeyondOwn("The role allows what you may not do yourself.")


def _refuse_taken(session: Session, words: dict[str, str], besides: UUID | None = None) -> None:
    title = words["id"].casefold()
    if any(row.id != besides and row.title["id"].casefold() == title for row in every(session)):
        raise TitleTaken("There is a role called %(title)r already.", title=words["id"])


def _free_code(session: Session, title: str) -> str:
    """Return a code that no role has or had: an invitation, say, may still name one that was removed."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: _CODE - 4].strip("_")
    stem = stem if stem[:1].isalpha() else f"peran_{stem}".strip("_")[: _CODE - 4]
    used = set(session.scalars(select(ComposedRole.code)))
    removed = select(AuditRow.detail["code"].astext).where(AuditRow.action == "role.remove")
    used |= {code for code in session.scalars(removed) if code}
    used |= {role.removeprefix(roles.COMPOSED) for role in session.scalars(select(Grant.role).distinct())}
    return next(code for code in (stem, *(f"{stem}_{n}" for n in range(2, 1000))) if code not in used)
