"""Putting work into the queue: with the caller's transaction, with its tenant, with nothing that is not plain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lumbung.jobs import defer
from lumbung.testing import TestHouse, frozen_clock


def test_a_job_of_a_transaction_that_was_rolled_back_is_not_in_the_queue(house: TestHouse, as_owner: Any) -> None:
    with pytest.raises(ZeroDivisionError), house.scope("sumbawa", plugin="contoh"):
        defer("sapu")
        raise ZeroDivisionError
    assert as_owner("SELECT count(*) FROM procrastinate_jobs") == [(0,)]


def test_a_job_carries_its_tenant_plugin_and_arguments_and_can_wait(house: TestHouse, as_owner: Any) -> None:
    with frozen_clock("2026-11-24T08:00+08:00"):
        tenant = house.kernel.tenant("sumbawabarat")
        with house.kernel.scope(tenant, plugin="contoh"):
            defer("sapu", {"tanggal": "2026-11-24"}, delay=timedelta(minutes=5))
    [(args, at)] = as_owner("SELECT args, scheduled_at FROM procrastinate_jobs")
    assert args == {
        "tenant": "sumbawabarat",
        "plugin": "contoh",
        "job": "sapu",
        "arguments": {"tanggal": "2026-11-24"},
    }
    assert at.isoformat() == "2026-11-24T00:05:00+00:00"


def test_only_a_plugin_defers_and_only_plain_data(house: TestHouse, as_owner: Any) -> None:
    with house.scope("sumbawa"), pytest.raises(RuntimeError, match="Only a plugin's code"):
        defer("sapu")
    with house.scope("sumbawa", plugin="contoh"), pytest.raises(TypeError, match="not JSON serializable"):
        defer("sapu", {"orang": object()})
    assert as_owner("SELECT count(*) FROM procrastinate_jobs") == [(0,)]
