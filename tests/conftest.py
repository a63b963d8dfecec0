"""What tests of the core share: gifts made on the spot, so that a test can say what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from lumbung import context
from lumbung.database.roles import DatabaseUrls
from lumbung.lifecycle import health, probing
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.settings import Settings
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.mail_server import FakeMailServer
from lumbung.testing.wheels import MANIFEST

Gift = Callable[..., Path]
Ask = Callable[..., list[tuple[object, ...]]]


def manifest_text(
    name: str, *, version: str = "1.0.0", hooks: Iterable[str] = ("routes",), plain: str = "", more: str = ""
) -> str:
    """Return a manifest that is in order, with these hooks, plain keys, and whatever tables are added."""
    listed = ", ".join(f'"{hook}"' for hook in hooks)
    text_ = MANIFEST.format(name=name, version=version).replace('hooks = ["routes"]', f"{plain}\nhooks = [{listed}]")
    return text_ + more


@pytest.fixture(autouse=True)
def no_scope_left_open() -> Iterator[None]:
    """End each test outside of any scope: an answer that a test did not read to its end keeps its own open."""
    yield
    context._current.set(None)


@pytest.fixture(autouse=True)
def unprobed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install gifts without the second in a process of their own that each would take, unless marked ``probed``."""
    if request.node.get_closest_marker("probed") is None:
        monkeypatch.setattr(probing, "probe", lambda *_given, **_named: probing.Report())
        monkeypatch.setattr(health, "visit", lambda *_given: 0)


@pytest.fixture
def gift(house: TestHouse, tmp_path: Path) -> Gift:
    """Return a function that makes, installs and enables a plugin; it returns the wheel."""

    def give(
        name: str = "contoh",
        *,
        init: str | None = None,
        files: Mapping[str, str | bytes] | None = None,
        hooks: Iterable[str] = ("routes",),
        plain: str = "",
        more: str = "",
        version: str = "1.0.0",
        tenants: Iterable[str] = ("sumbawa",),
    ) -> Path:
        contents = dict(files or {})
        if init is not None:
            contents[f"lumbung_{name}/__init__.py"] = init
        manifest = manifest_text(name, version=version, hooks=hooks, plain=plain, more=more)
        wheel = make_wheel(tmp_path / "wheels", name, version=version, manifest=manifest, files=contents)
        install_wheel(house.kernel, wheel, by="test")
        for slug in tenants:
            enable(house.kernel, name, house.kernel.tenant(slug), by="test")
        return wheel

    return give


@pytest.fixture
def mail_server() -> Iterator[FakeMailServer]:
    """A mail server that keeps what it is given."""
    with FakeMailServer() as server:
        yield server


@pytest.fixture
def house_with_mail(database_urls: DatabaseUrls, tmp_path: Path, mail_server: FakeMailServer) -> Iterator[TestHouse]:
    """A house that knows a mail server."""
    settings = Settings(
        home=tmp_path / "home",
        smtp_host="127.0.0.1",
        smtp_port=mail_server.port,
        smtp_security="none",
        mail_from="kabar@sumbawa.example",
    )
    house = TestHouse(settings, database_urls)
    yield house
    house.close()


@pytest.fixture
def as_owner(house: TestHouse) -> Ask:
    """Return a function that asks the database as the owner of the tables, who sees every tenant's rows."""

    def ask(statement: str, **values: object) -> list[tuple[object, ...]]:
        engine = create_engine(house.urls.migrator)
        try:
            with engine.begin() as connection:
                answer = connection.execute(text(statement), values)
                return [tuple(row) for row in answer] if answer.returns_rows else []
        finally:
            engine.dispose()

    return ask
