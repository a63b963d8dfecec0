"""What a work order used and what that costs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete

from lumbung.sdk import audit, session

from ..models import WorkItem, WorkOrder
from ..rules import work
from ..rules.work import Line
from .work_orders import hold, touched


def set_lines(order: WorkOrder, lines: Sequence[Line], *, seen: int | None = None) -> None:
    """Put these lines in the place of those that an order has, and add them up.

    Costs come later than the work: a finished order takes them too. ``seen`` is the version that the writer saw.
    """
    order = hold(order, seen=seen)
    work.check_count(lines)
    good = [work.checked(line) for line in lines]
    before = order.total
    session.execute(delete(WorkItem).where(WorkItem.work_order_id == order.id))
    session.expire(order, ["items"])
    for position, line in enumerate(good):
        session.add(_row(order, line, position))
    session.flush()
    _add_up(order)
    audit("infrastruktur.work.costs", order.number, about=order.id, before=before, total=order.total)


def add_line(order: WorkOrder, line: Line) -> None:
    """Add one line, as the crew writes down what it used."""
    order = hold(order)
    work.check_count([*order.items, line])
    good = work.checked(line)
    session.add(_row(order, good, max((item.position for item in order.items), default=-1) + 1))
    session.flush()
    session.expire(order, ["items"])
    _add_up(order)
    audit("infrastruktur.work.item", order.number, about=order.id, name=good.name, quantity=str(good.quantity))


def lines_of(order: WorkOrder) -> list[Line]:
    """The lines of an order."""
    return [Line(one.name, one.quantity, one.measure, one.price, one.kind) for one in order.items]


def by_kind(order: WorkOrder) -> dict[str, int]:
    """What an order costs, by material, labour and equipment; the parts add up to its total."""
    found = dict.fromkeys(work.ITEM_KINDS, 0)
    for item in order.items:
        found[item.kind] += work.amount(item.quantity, item.price)
    return found


def _row(order: WorkOrder, line: Line, position: int) -> WorkItem:
    return WorkItem(
        work_order_id=order.id,
        kind=line.kind,
        name=line.name,
        quantity=line.quantity,
        measure=line.measure,
        price=line.price,
        position=position,
    )


def _add_up(order: WorkOrder) -> None:
    order.total = work.total((item.quantity, item.price) for item in order.items)
    touched(order)
