"""Synthetic gifts of the size that real ones have, as real wheels, installed for real.

Each has 3 tables, 8 routes, 5 templates, 2 forms, messages in two languages and 5 revisions. What is left out in bulk,
and only here, is the probe (`lumbung.lifecycle.probing`): it runs each package once in a child process, takes seconds,
and leaves nothing behind that could be measured.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from lumbung.database.embedded import ServerAddress
from lumbung.database.roles import DatabaseUrls
from lumbung.lifecycle import packages
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.lifecycle.install import component_of
from lumbung.migrate import upgrade
from lumbung.registry.discovery import find_plugins
from lumbung.registry.models import EnabledRow, PluginRow
from lumbung.registry.state import bump
from lumbung.settings import Settings
from lumbung.testing.databases import copied_site
from lumbung.testing.house import TestHouse
from lumbung.testing.wheels import make_wheel

PARTS = Path(__file__).resolve().parent / "gift"
MESSAGES = 60  # in each catalogue
ROWS = 40  # items of the first gift in the tenant that is asked
_PLACE = text("INSERT INTO gift0_place (tenant_id, id, name) VALUES (:tenant, :place, 'Kantor')")
_ITEM = text(
    "INSERT INTO gift0_item (tenant_id, id, place_id, name, note) VALUES (:tenant, :id, :place, :name, 'Lengkap')"
)


@dataclass(frozen=True)
class Site:
    """A site to measure: its data folder and how each role connects to its database."""

    home: Path
    urls: DatabaseUrls

    def house(self) -> TestHouse:
        """Open the site in this process."""
        return TestHouse(Settings(home=self.home), self.urls)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to open the site."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LUMBUNG_")}
        return kept | {"LUMBUNG_HOME": str(self.home), "LUMBUNG_DATABASE_APP_URL": self.urls.app}


@contextmanager
def site_with(server: ServerAddress, count: int, folder: Path) -> Iterator[Site]:
    """Yield a site with ``count`` gifts, all enabled for sumbawa; it is made once and copied from then on."""
    home = folder / f"with-{count}"
    path = list(sys.path)
    key = f"gifts{count}_{_fingerprint()}"
    with copied_site(server, key, home, lambda settings, urls: install(settings, urls, count)) as urls:
        _compile(home)
        yield Site(home, urls)
    sys.path[:] = path


def install(settings: Settings, urls: DatabaseUrls, count: int) -> None:
    """Inspect, unpack, migrate, write down and enable ``count`` gifts, the packages in one generation."""
    house = TestHouse(settings, urls)
    try:
        found = [inspect_wheel(gift_wheel(settings.home / "wheels", number)) for number in range(count)]
        packages.put_in(settings.plugin_folder, *found)
        shutil.rmtree(settings.home / "wheels", ignore_errors=True)
        here = find_plugins()
        for wheel in found:
            upgrade(urls.migrator, component_of(here[wheel.manifest.name]), by="bench")
        with _as_migrator(urls) as session:
            for wheel in found:
                row = PluginRow(name=wheel.manifest.name, version=wheel.version, module=wheel.module)
                row.state, row.installed_by, row.manifest = "installed", "bench", wheel.manifest.as_json()
                session.add(row)
            session.flush()
            tenant = house.kernel.tenant("sumbawa").id
            session.add_all(EnabledRow(tenant_id=tenant, plugin=w.manifest.name, enabled_by="bench") for w in found)
            bump(session)
        house.kernel.state.forget()
        if count:
            _fill(house)
    finally:
        house.close()


def gift_wheel(folder: Path, number: int) -> Path:
    """Write the wheel of one gift and return where."""
    name = f"gift{number}"
    package = f"lumbung_{name}"
    files: dict[str, str | bytes] = {
        f"{package}/{path.relative_to(PARTS).as_posix().removesuffix('.in').replace('NAME', name)}": path.read_text(
            encoding="utf-8"
        ).replace("NAME", name)
        for path in sorted(PARTS.rglob("*.in"))
    }
    manifest = str(files.pop(f"{package}/plugin.toml"))
    for language in ("id", "en"):
        files[f"{package}/translations/{language}/LC_MESSAGES/{name}.mo"] = _catalogue(language)
    return make_wheel(folder, name, manifest=manifest, files=files)


def _catalogue(language: str) -> bytes:
    catalogue = Catalog(locale=language)
    for number in range(MESSAGES):
        catalogue.add(f"Kalimat nomor {number} dari aplikasi ini", f"Sentence number {number} of this application")
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def _fill(house: TestHouse) -> None:
    """Give the first gift the rows that its pages show; in SQL, so that this process imports nothing of it."""
    with house.scope("sumbawa", plugin="gift0") as scope:
        values = {"tenant": house.kernel.tenant("sumbawa").id, "place": uuid4()}
        scope.session.execute(_PLACE, values)
        scope.session.execute(_ITEM, [values | {"id": uuid4(), "name": f"Berkas {n:03}"} for n in range(ROWS)])


@contextmanager
def _as_migrator(urls: DatabaseUrls) -> Iterator[Session]:
    engine = create_engine(urls.migrator)
    with Session(engine) as session, session.begin():
        yield session
    engine.dispose()


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in (Path(__file__), *sorted(PARTS.rglob("*.in"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def _compile(home: Path) -> None:
    """Byte-compile the copy: an installed package is compiled, and a copy is newer than what it was compiled from."""
    import compileall

    compileall.compile_dir(str(home / "plugins"), quiet=2)
