"""The SLA board."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from lumbung.sdk import requires

from ...services import sla_board
from ...services.recap import RECAP
from . import blueprint


@blueprint.get("/sla")
@requires(RECAP)
def sla() -> ResponseReturnValue:
    """Which unit is late with what; renews itself."""
    return render_template("infrastruktur/figures/sla.html", **_board())


@blueprint.get("/sla/papan")
@requires(RECAP)
def sla_part() -> ResponseReturnValue:
    """The part of the board that renews itself."""
    return render_template("infrastruktur/figures/_board.html", **_board())


def _board() -> dict[str, object]:
    return {"units": sla_board.board(), "worst": sla_board.worst()}
