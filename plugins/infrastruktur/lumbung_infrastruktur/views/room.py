"""What every room of pages shares."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from lumbung.sdk import DomainError, find_region, local_path, qr_svg, session, units

from ..rules import kinds, states


def room(name: str, prefix: str = "") -> Blueprint:
    """Return the blueprint of a room; its pages stand under ``/infrastruktur<prefix>``."""
    return Blueprint(name, "lumbung_infrastruktur", url_prefix=prefix or None)


def words() -> dict[str, Any]:
    """What templates need to put a report into words."""
    return {
        "state_title": states.title,
        "state_tone": states.tone,
        "kinds": kinds,
        "region_name": region_name,
        "unit_name": unit_name,
        "qr_svg": qr_svg,
    }


def region_name(code: str | None) -> str:
    """The name of a district or village, empty for none."""
    found = find_region(code) if code else None
    return found.name if found else ""


def unit_name(unit_id: Any) -> str:
    """The name of a unit, empty for none."""
    found = units.get(unit_id) if unit_id else None
    return found.name if found else ""


def say(form: FlaskForm, refusal: DomainError) -> None:
    """Show a rule's refusal on the form, above what was typed."""
    form.form_errors = [*form.form_errors, str(refusal)]


def refused(refusal: DomainError, back: str) -> ResponseReturnValue:
    """Undo what was begun, and say on the next page why."""
    session.rollback()
    flash(str(refusal), "gawat")
    return redirect(local_path(back), 303)
