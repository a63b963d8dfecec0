"""Numbers without gaps, however many people report at once: L26-000123 of a report, K26-000045 of a work order."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from lumbung.sdk import session

from ..models import Series

LETTERS = {"laporan": "L", "kerja": "K"}


def next_number(series: str, year: int) -> str:
    """Take the next number of a series: ``laporan`` or ``kerja``. Each year begins at 1.

    Who takes one holds the series until their transaction ends; one that is not kept was never given out.
    """
    table = Series.__table__
    add = insert(Series).values(name=f"{series}-{year}", last=1)
    last = session.execute(
        add.on_conflict_do_update(index_elements=["tenant_id", "name"], set_={"last": table.c.last + 1}).returning(
            table.c.last
        )
    ).scalar_one()
    return f"{LETTERS[series]}{year % 100:02}-{last:06}"
