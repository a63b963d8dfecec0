"""Moving an inline plugin out into a process of its own: one mark, which every process sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lumbung.errors import LumbungError
from lumbung.instances.instance import instances_wanted
from lumbung.lifecycle.operations import run
from lumbung.testing import TestHouse


def test_an_isolated_plugin_is_kept_like_a_foreign_one_until_it_joins_again(
    house: TestHouse, gift: Callable[..., Any]
) -> None:
    gift("contoh", tenants=("sumbawa", "sumbawabarat"))
    run(house.kernel, "isolate", plugin="contoh", by="test")
    snapshot = house.kernel.snapshot()
    assert snapshot.plugins["contoh"].isolated
    [(key, one)] = instances_wanted(house.settings, snapshot).items()
    assert key == ("contoh", 0), "one process for all tenants, as within"
    assert one.process.tenancy == "shared"
    answer = house.client("sumbawa").get("/contoh/")
    assert answer.status_code == 503, "no keeper runs here, and nothing falls back to this very process"
    run(house.kernel, "join", plugin="contoh", by="test")
    assert instances_wanted(house.settings, house.kernel.snapshot()) == {}
    assert house.client("sumbawa").get("/contoh/").status_code == 200


def test_what_is_not_here_cannot_be_moved(house: TestHouse) -> None:
    with pytest.raises(LumbungError, match="is not installed"):
        run(house.kernel, "isolate", plugin="contoh", by="test")
