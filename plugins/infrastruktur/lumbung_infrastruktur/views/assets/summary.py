"""How the network stands: lengths by condition and the share that is steady."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from lumbung.sdk import current_tenant, format_number, language, requires, send_spreadsheet, today

from ...rules import kinds
from ...services import assets
from ...services import condition_summary as summaries
from ...services.assets import ASSET
from . import blueprint


@blueprint.get("/kondisi")
@requires(ASSET)
def summary() -> ResponseReturnValue:
    """The condition of a kind of assets, by owner and district."""
    found = summaries.summary(_kind())
    return render_template(
        "infrastruktur/assets/summary.html",
        found=found,
        kinds=kinds,
        counts=assets.counts(*summaries.mine()),
        columns=summaries.columns(),
        condition_title=summaries.condition_title,
        amount=amount if found.in_metres else format_number,
        percent=percent,
    )


@blueprint.get("/kondisi.xlsx")
@requires(ASSET)
def summary_workbook() -> Response:
    """The same as a workbook."""
    kind = _kind()
    name = f"kondisi-{kind}-{current_tenant().slug}-{today():%Y%m%d}"
    return send_spreadsheet(name, summaries.sheets(summaries.summary(kind)))


def amount(metres: int) -> str:
    """Whole metres as kilometres with three decimals, so that printed figures stand in line and add up."""
    point = "," if language() == "id" else "."
    return f"{format_number(metres // 1000)}{point}{metres % 1000:03}"


def percent(share: float | None) -> str:
    """A share in per cent, a dash for none."""
    return "–" if share is None else f"{format_number(round(share * 100, 2))} %"


def _kind() -> str:
    asked = request.args.get("jenis", "road")
    return asked if asked in kinds.ASSET_KINDS else "road"
