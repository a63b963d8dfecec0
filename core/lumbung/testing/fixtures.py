"""The pytest fixtures. Registered by the distribution, so that a plugin's tests find them without importing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from lumbung.database.embedded import ServerAddress
    from lumbung.database.roles import DatabaseUrls
    from lumbung.testing.house import TestHouse


@pytest.fixture(scope="session")
def postgres() -> Iterator[ServerAddress]:
    """The test server, one for all test processes."""
    from lumbung.testing.databases import test_server

    with test_server() as server:
        yield server


@pytest.fixture
def house_plugins() -> list[str]:
    """The plugins that `house` installs and enables for sumbawa; a plugin's conftest replaces this."""
    return []


@pytest.fixture
def database_urls(postgres: ServerAddress, house_plugins: list[str]) -> Iterator[DatabaseUrls]:
    """A fresh database with the schema, the sample tenants and the plugins asked for."""
    from lumbung.testing.databases import fresh_database

    with fresh_database(postgres, house_plugins) as urls:
        yield urls


@pytest.fixture
def house(database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[TestHouse]:
    """A whole site on a fresh database."""
    from lumbung.settings import Settings
    from lumbung.testing.house import TestHouse

    house = TestHouse(Settings(home=tmp_path / "home"), database_urls)
    try:
        yield house
    finally:
        house.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium, one per test module: while it runs, its event loop stands in the way of asyncio.run."""
    from playwright.sync_api import sync_playwright

    from lumbung.testing.browser import FLAGS, find_chromium

    executable = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Any]:
    """Return a function that opens a page of its own (own cookies); its console errors fail the test."""
    opened: list[tuple[Any, list[str]]] = []

    def open_page(*, width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale="id-ID",
            timezone_id="Asia/Makassar",
            **options,
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                errors.append(message.text)
                if message.type == "error" and "Content Security Policy" in message.text
                else None
            ),
        )
        opened.append((context, errors))
        return page

    yield open_page
    problems = [error for _, errors in opened for error in errors]
    for context, _ in opened:
        context.close()
    assert not problems, problems
