"""What the house is told: plain data, nothing about who reported."""

from __future__ import annotations

from typing import Any

from lumbung.sdk import emit, units

from ..models import Report
from ..rules.states import OPEN


def tell(name: str, report: Report, **more: Any) -> None:
    """Emit ``infrastruktur.<name>`` about a report; ``more`` is added to what every event carries."""
    unit = units.get(report.unit_id) if report.unit_id else None
    emit(
        f"infrastruktur.{name}",
        {
            "report": str(report.id),
            "number": report.number,
            "category": report.category.code,
            "group": report.category.group,
            "unit": unit.code if unit else "",
            "unit_id": str(unit.id) if unit else "",
            "authority": report.authority,
            "state": report.state,
            "open": report.state in OPEN,
            "severity": report.severity,
            "public": report.visibility == "public",
            "district": report.district_code,
            "village": report.village_code,
            "lat": report.lat,
            "lon": report.lon,
            "due_on": report.due_on.isoformat() if report.due_on else None,
            "url": f"/infrastruktur/laporan/{report.number}",
            **more,
        },
    )
