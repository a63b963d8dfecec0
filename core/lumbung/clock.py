"""What time it is, asked in one place so that a test can stop the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Return this moment, in UTC. `lumbung.testing.frozen_clock` replaces it in tests."""
    return _source()


def local_now(time_zone: str) -> datetime:
    """Return this moment in ``time_zone`` (an IANA name such as Asia/Makassar, which is WITA)."""
    return utc_now().astimezone(ZoneInfo(time_zone))


def local_today(time_zone: str) -> date:
    """Return today's date in ``time_zone``: at 23:30 UTC it is already tomorrow in Sumbawa."""
    return local_now(time_zone).date()


def _system_clock() -> datetime:
    return datetime.now(UTC)


_source = _system_clock
