"""How often something may be asked for is counted by the database, for every worker alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lumbung.testing import TestHouse, frozen_clock
from lumbung.web.errors import TooMany
from lumbung.web.limits import rate_limit


def test_uses_are_counted_across_connections_and_none_is_lost(house: TestHouse) -> None:
    def use(_: int) -> bool:
        try:
            with house.kernel.scope(tenant):
                rate_limit("kiosk-1", times=10, seconds=60)
        except TooMany:
            return False
        return True

    with frozen_clock("2026-11-24T08:00:00+08:00"):
        tenant = house.kernel.tenant("sumbawa")
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(use, range(30))) == 10


def test_a_window_ends_and_keys_and_tenants_count_apart(house: TestHouse) -> None:
    with frozen_clock("2026-11-24T08:00:00+08:00"), house.scope("sumbawa"):
        rate_limit("a", times=1, seconds=60)
        rate_limit("b", times=1, seconds=60)
        with pytest.raises(TooMany):
            rate_limit("a", times=1, seconds=60)
    with frozen_clock("2026-11-24T08:00:59+08:00"), house.scope("sumbawa"), pytest.raises(TooMany):
        rate_limit("a", times=1, seconds=60)
    with frozen_clock("2026-11-24T08:01:00+08:00"), house.scope("sumbawa"):
        rate_limit("a", times=1, seconds=60)
    with frozen_clock("2026-11-24T08:00:00+08:00"), house.scope("sumbawabarat"):
        rate_limit("a", times=1, seconds=60)


def test_a_refused_page_counts_all_the_same(house: TestHouse) -> None:
    with frozen_clock("2026-11-24T08:00:00+08:00"):
        for _ in range(2):
            with pytest.raises(ZeroDivisionError), house.scope("sumbawa"):
                rate_limit("a\ud800\x00", times=2, seconds=60)
                raise ZeroDivisionError
        with house.scope("sumbawa"), pytest.raises(TooMany):
            rate_limit("a\ud800\x00", times=2, seconds=60)
