"""The beginning of the settings: what there is to set up, and what is still missing."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from lumbung.sdk import requires, session

from ...models import Category, Destination, ReplyTemplate, Route
from . import MANAGE, blueprint


@blueprint.get("")
@requires(MANAGE)
def start() -> ResponseReturnValue:
    """The rooms of the settings."""
    counts = {
        name: session.scalar(select(func.count()).select_from(model)) or 0
        for name, model in (
            ("categories", Category),
            ("routes", Route),
            ("destinations", Destination),
            ("templates", ReplyTemplate),
        )
    }
    orphans = session.scalar(
        select(func.count()).select_from(Category).where(Category.open, Category.unit_id.is_(None))
    )
    return render_template("infrastruktur/setup/start.html", counts=counts, orphans=orphans or 0)
