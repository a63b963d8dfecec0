"""A house whose server may make databases, and foreign applications made on the spot."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from lumbung.database.embedded import ServerAddress
from lumbung.database.roles import DatabaseUrls, connect
from lumbung.instances.instance import Instance, instance_of
from lumbung.instances.making import remove
from lumbung.registry.discovery import forget
from lumbung.settings import Settings
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

Foreign = Callable[..., Instance]

ACCESS = """
[[access]]
path = "/"
rule = "public"
"""


@pytest.fixture
def house(postgres: ServerAddress, database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[TestHouse]:
    """A site that was told of a user who may make roles and databases."""
    path = list(sys.path)
    house = TestHouse(Settings(home=tmp_path / "home", database_url=postgres.url()), database_urls)
    try:
        yield house
    finally:
        house.close()
        sys.path[:] = path
        forget()


@pytest.fixture
def foreign(house: TestHouse, tmp_path: Path) -> Iterator[Foreign]:
    """Return a function that installs a version of an application and returns sumbawa's instance of it."""
    made: dict[tuple[str, int], Instance] = {}

    def install(
        process: str,
        files: Mapping[str, str | bytes],
        *,
        name: str = "hadiah",
        version: str = "1.0.0",
        more: str = "",
        tenant: str = "sumbawa",
    ) -> Instance:
        head = MANIFEST.format(name=name, version=version).replace('hooks = ["routes"]', 'runtime = "process"')
        manifest = f"{head}[process]\n{process}\n{ACCESS}{more}"
        inside = {f"lumbung_{name}/source/{path}": text for path, text in files.items()}
        wheel = make_wheel(tmp_path / "wheels", name, version=version, manifest=manifest, files=inside)
        place = tmp_path / "packages" / version
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place)
        sys.path.insert(0, str(place))
        forget()
        _register(house, name, version)
        one = instance_of(house.settings, house.kernel.snapshot().plugins[name], house.kernel.tenant(tenant))
        made[one.key] = one
        return one

    yield install
    for one in made.values():
        remove(house.kernel, one)


def _register(house: TestHouse, name: str, version: str) -> None:
    from lumbung.registry.discovery import find_plugin

    found = find_plugin(name)
    assert found is not None
    with connect(make_url(house.urls.migrator)) as connection:
        connection.execute(
            "INSERT INTO lumbung_plugin (name, version, module, state, manifest, installed_by) "
            "VALUES (%s, %s, %s, 'installed', %s, 'test') ON CONFLICT (name) "
            "DO UPDATE SET version = excluded.version, manifest = excluded.manifest",
            [name, version, f"lumbung_{name}", json.dumps(found.manifest.as_json())],
        )
        connection.execute(
            "INSERT INTO lumbung_enabled (tenant_id, plugin, enabled_by) SELECT id, %s, 'test' FROM lumbung_tenant "
            "WHERE slug = 'sumbawa' ON CONFLICT DO NOTHING",
            [name],
        )
        connection.execute("UPDATE lumbung_generation SET value = value + 1")
    house.kernel.state.forget()
