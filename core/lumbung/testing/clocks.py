"""Stopping the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from lumbung import clock


@contextmanager
def frozen_clock(moment: str | datetime) -> Iterator[None]:
    """Stop the clock at ``moment`` (ISO 8601 with an offset) for the length of a block, in every thread."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if at.tzinfo is None:
        raise ValueError("a frozen moment needs an offset, such as 2026-11-24T08:00+08:00")
    before, clock._source = clock._source, lambda: at.astimezone(UTC)
    try:
        yield
    finally:
        clock._source = before
