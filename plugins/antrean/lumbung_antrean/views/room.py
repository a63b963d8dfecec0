"""The blueprint that every page hangs on, and what several pages share."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from lumbung.sdk import DomainError, qr_svg, session

from ..rules import states
from ..rules.lanes import priority_title
from ..rules.visitors import masked_phone, shown_code
from ..services.recap import channel_title

blueprint = Blueprint("antrean", "lumbung_antrean")


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """What templates need to put a ticket into words."""
    return {
        "state_title": states.title,
        "state_tone": states.tone,
        "priority_title": priority_title,
        "channel_title": channel_title,
        "shown_code": shown_code,
        "masked_phone": masked_phone,
        "qr_svg": qr_svg,
    }


def day_of(text: str) -> date:
    """A date in an address; anything else is no page."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)


def say(form: FlaskForm, refusal: DomainError) -> None:
    """Show a rule's refusal on the form, above what was typed."""
    form.form_errors = [*form.form_errors, str(refusal)]


def refused(refusal: DomainError, back: str) -> ResponseReturnValue:
    """Undo what was begun, and say on the next page why."""
    session.rollback()
    flash(str(refusal), "gawat")
    return redirect(back)
