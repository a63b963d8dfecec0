"""Work orders of the sample: a crew, what it used, what it cost."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from sqlalchemy import select

from lumbung.sdk import session

from ..models import Crew, Report, WorkItem, WorkOrder
from ..services.numbering import next_number

# What a repair takes: kind, name, quantity from .. to, measure, Rupiah for one.
USED: dict[str, tuple[tuple[str, str, float, float, str, int], ...]] = {
    "pju": (("material", "Lampu LED 60 W", 1, 3, "buah", 485_000), ("labour", "Teknisi", 1, 2, "hari", 165_000)),
    "": (
        ("material", "Aspal dingin", 2, 14, "sak", 92_500),
        ("material", "Batu pecah 1/2", 0.25, 1.5, "m3", 310_000),
        ("labour", "Pekerja", 2, 8, "hari", 125_000),
        ("equipment", "Pemadat tangan", 1, 2, "hari", 350_000),
    ),
}


def order_work(report: Report, at: datetime, chance: Random) -> None:
    """Order the work on a report, and begin it."""
    group = report.category.group
    crew = session.scalar(select(Crew).where(Crew.name == ("Regu PJU" if group == "pju" else "Regu Jalan 1")))
    order = WorkOrder(
        number=next_number("kerja", at.year),
        report_id=report.id,
        unit_id=report.unit_id,
        crew_id=crew.id if crew else None,
        title=report.category.name,
        instructions="Pasang rambu kerja. Foto sebelum dan sesudah.",
        state="working",
        planned_on=at.date(),
        made_at=at,
        made_by="Ir. Sahabuddin Makkasau",
        issued_at=at,
        started_at=at,
    )
    session.add(order)
    session.flush()
    for place, (kind, name, least, most, measure, price) in enumerate(USED.get(group, USED[""])):
        quantity = Decimal(str(round(chance.uniform(least, most), 2 if measure == "m3" else 0)))
        session.add(
            WorkItem(
                work_order_id=order.id,
                kind=kind,
                name=name,
                quantity=quantity,
                measure=measure,
                price=price,
                position=place,
            )
        )
        order.total = (order.total or 0) + int((quantity * price).quantize(Decimal(1), ROUND_HALF_UP))


def finish_work(report: Report, at: datetime) -> None:
    """End what was ordered."""
    for order in session.scalars(select(WorkOrder).where(WorkOrder.report_id == report.id)):
        order.state, order.finished_at, order.result = "done", at, "Selesai sesuai petunjuk."
