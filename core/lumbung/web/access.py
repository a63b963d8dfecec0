"""The access rule of a view, written above it. A view without one does not open: deny by default.

::

    @blueprint.get("/loket")
    @requires("antrean.serve")
    def desk(): ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, abort
from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import InstrumentedAttribute

from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.identity.person import Person

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "__lumbung_access__"


@dataclass(frozen=True)
class Access:
    """Who may call a view: ``public``, ``machine``, ``signed-in``, ``staff``, or the name of a permission."""

    permission: str

    def allows(self, person: Person | None) -> bool:
        """Whether this person (None: a visitor) may pass."""
        if self.permission in ("public", "machine"):
            return True
        if person is None:
            return False
        if self.permission == "signed-in":
            return True
        return person.is_staff if self.permission == "staff" else person.can(self.permission)

    @property
    def is_for_programs(self) -> bool:
        """Whether nobody is ever signed in here: no cookie is read, so no form of another site can act for somebody."""
        return self.permission == "machine"


class AccessUndeclared(LumbungError):
    """A view has no access rule; the app it belongs to refuses to open."""


def public(view: View) -> View:
    """Anybody may call this view, signed in or not."""
    return _mark(view, Access("public"))


def machine(view: View) -> View:
    """Any program may call this view, from anywhere: a web service, whose key is looked at by the view itself.

    No cookie is read: nobody is signed in, whoever asks. That is why a POST needs no CSRF token here, and why pages of
    other sites may read the answer (CORS).
    """
    return _mark(view, Access("machine"))


def signed_in(view: View) -> View:
    """Whoever is signed in may call this view, citizens included."""
    return _mark(view, Access("signed-in"))


def staff(view: View) -> View:
    """Whoever holds any role in this tenant may call this view."""
    return _mark(view, Access("staff"))


def requires(permission: str) -> Callable[[View], View]:
    """Whoever has ``permission``, in some unit at least, may call this view.

    A view about one unit's things also asks ``current_person().can(permission, unit_id)``.
    """
    return lambda view: _mark(view, Access(permission))


def rule_of(app: Flask, endpoint: str) -> Access | None:
    """Return the access rule of an endpoint, None when it declared none. Static files are public inside the gate."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return Access("public")
    return getattr(app.view_functions.get(endpoint), _MARK, None)


def refuse_undeclared(app: Flask, declared: frozenset[str], owner: str) -> None:
    """Refuse an app with a view that has no rule, or asks for a permission nobody declared.

    Raises `AccessUndeclared` naming the first such view.
    """
    for rule in app.url_map.iter_rules():
        access = rule_of(app, rule.endpoint)
        if access is None:
            raise AccessUndeclared(
                "The view %(view)s (%(path)s) of %(owner)s has no access rule: write @public, @signed_in or "
                "@requires(...) above it.",
                view=rule.endpoint,
                path=rule.rule,
                owner=owner,
            )
        if access.permission not in declared | {"public", "machine", "signed-in", "staff"}:
            raise AccessUndeclared(
                "The view %(view)s of %(owner)s asks for %(permission)r, which is not declared.",
                view=rule.endpoint,
                owner=owner,
                permission=access.permission,
            )


def reaches(permission: str, unit_id: UUID | None) -> bool:
    """Whether who asks holds ``permission`` for a thing of this unit; a thing of no unit is for the whole tenant."""
    person = current_scope().person
    if person is None:
        return False
    units = person.units_with(permission)
    return units is None or unit_id in units


def within(permission: str, column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the condition of rows that who asks may see: ``column`` holds a unit in which they have ``permission``."""
    person = current_scope().person
    units = person.units_with(permission) if person else frozenset()
    return true() if units is None else column.in_(units)


def _mark(view: View, access: Access) -> View:
    setattr(view, _MARK, access)
    return view


def me() -> Person:
    """Return who is signed in, in a view whose access rule lets nobody else in."""
    person = current_scope().person
    return person if person is not None else abort(401)
