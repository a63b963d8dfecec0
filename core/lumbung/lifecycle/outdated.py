"""Ways back whose time is over: forgotten by night, by an operation like any other."""

from __future__ import annotations

import logging

from sqlalchemy import select

from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle.operations import run
from lumbung.registry.models import WayBackRow

logger = logging.getLogger(__name__)


def forget_outdated(kernel: Kernel) -> int:
    """Forget every way back whose time is over; return how many. Needs a process that may change the schema."""
    with kernel.database.new_session(None) as session:
        over = list(session.scalars(select(WayBackRow.plugin).where(WayBackRow.keep_until <= utc_now())))
    for plugin in over:
        try:
            run(kernel, "forget", plugin=plugin, by="housekeeping")
        except LumbungError as error:
            logger.error("the way back of %s was not forgotten: %s", plugin, error)
    return len(over)
