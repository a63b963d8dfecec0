"""Figures for everybody: how many were served and how long they waited, without any person in them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from flask import Response, jsonify
from sqlalchemy import Float, Integer, cast, extract, func, select

from lumbung.sdk import current_tenant, public, session, today

from ..models import Location, Service, Ticket
from ..rules.states import State
from .room import blueprint

DAYS = 31
FEWEST = 3  # a median of one or two people would tell about those people


@blueprint.get("/data/antrean.json")
@public
def data_json() -> Response:
    """The last 31 days, by day and service."""
    return jsonify({"hari": DAYS, "baris": _rows()})


@blueprint.get("/data/antrean.csv")
@public
def data_csv() -> Response:
    """The same as CSV."""
    out, rows = io.StringIO(), _rows()
    names = ["tanggal", "lokasi", "layanan", "nomor_diambil", "dilayani", "median_tunggu_detik"]
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return Response(out.getvalue(), mimetype="text/csv")


def _rows() -> list[dict[str, Any]]:
    hour = func.timezone(current_tenant().time_zone, Ticket.date.op("+")(Ticket.starts))
    waited = extract("epoch", Ticket.first_called_at - func.greatest(Ticket.arrived_at, hour))
    median = func.percentile_cont(0.5).within_group(func.greatest(waited, 0))
    rows = session.execute(
        select(
            Ticket.date,
            Location.name,
            Service.name,
            func.count(),
            cast(func.count().filter(Ticket.state == State.DONE), Integer),
            cast(median.filter(Ticket.first_called_at.is_not(None)), Float),
        )
        .join(Service, Service.id == Ticket.service_id)
        .join(Location, Location.id == Ticket.location_id)
        .where(Ticket.date.between(today() - timedelta(days=DAYS), today()), Location.open)
        .group_by(Ticket.date, Location.name, Service.name)
        .order_by(Ticket.date, Location.name, Service.name)
    )
    return [
        {
            "tanggal": day.isoformat(),
            "lokasi": place,
            "layanan": service,
            "nomor_diambil": taken,
            "dilayani": served,
            "median_tunggu_detik": round(wait) if wait is not None and served >= FEWEST else None,
        }
        for day, place, service, taken, served, wait in rows
    ]


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
