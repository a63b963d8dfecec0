"""Naming browsers."""

from __future__ import annotations

import pytest

from lumbung.portal.browsers import browser_of
from lumbung.testing import TestHouse


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome di Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge di Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari di iPhone"),
        ("curl/8", "Peramban tak dikenal"),
        (None, "Peramban tak dikenal"),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(house: TestHouse, agent: str | None, name: str) -> None:
    with house.app.test_request_context(), house.scope("sumbawa"):
        assert browser_of(agent) == name
