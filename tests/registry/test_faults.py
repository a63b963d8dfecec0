"""A fault is a line for the operator: kept apart from the request's own transaction, cut to size."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.registry.faults import record_fault
from lumbung.testing import TestHouse


def test_a_fault_is_kept_though_the_request_is_undone(house: TestHouse, as_owner: Any) -> None:
    with pytest.raises(ZeroDivisionError), house.scope("sumbawa"):
        record_fault("contoh", "x" * 500, "y" * 5000)
        raise ZeroDivisionError
    [(plugin, place, message, tenant)] = as_owner("SELECT plugin, place, message, tenant_id FROM lumbung_fault")
    assert (plugin, len(str(place)), len(str(message))) == ("contoh", 80, 2000)
    assert tenant == house.kernel.tenant("sumbawa").id


def test_a_fault_that_holds_what_cannot_be_stored_never_fails_itself(house: TestHouse, as_owner: Any) -> None:
    with house.scope("sumbawa"):
        record_fault("contoh", "open", "nol\x00 dan \ud800")
    [(message,)] = as_owner("SELECT message FROM lumbung_fault")
    assert str(message).startswith("nol")


def test_outside_of_any_scope_nothing_is_kept_and_nothing_fails(house: TestHouse, as_owner: Any) -> None:
    record_fault("contoh", "open", "x")
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]
