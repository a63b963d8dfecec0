"""A site whose issuer is where it is served, an application that is registered there, and somebody who signs in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from lumbung.database.roles import DatabaseUrls
from lumbung.identity.person import Person
from lumbung.settings import Settings
from lumbung.testing import HouseClient, TestHouse
from lumbung.testing.openid import App, register
from lumbung.testing.running import free_port


@pytest.fixture
def house(database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[TestHouse]:
    """A site that says where it is served: the issuer stands in every ID token."""
    house = TestHouse(Settings(home=tmp_path / "home", public_port=free_port()), database_urls)
    try:
        yield house
    finally:
        house.close()


@pytest.fixture
def issuer(house: TestHouse) -> Iterator[str]:
    """The provider of sumbawa, served where it says it is, for clients that we did not write."""
    port = house.settings.public_port
    assert port
    server = make_server("127.0.0.1", port, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://sumbawa.localhost:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def app(house: TestHouse) -> App:
    """A confidential client of sumbawa."""
    return register(house)


@pytest.fixture
def siti(house: TestHouse) -> Person:
    """A citizen of sumbawa."""
    return house.person("sumbawa", "siti@contoh.id", name="Siti Aminah", password="kuda laut biru")


@pytest.fixture
def browser(house: TestHouse, siti: Person) -> HouseClient:
    """Her browser, signed in."""
    return house.client("sumbawa", siti)
