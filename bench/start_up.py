"""Cold start to the first answer: with 165 plugins installed and enabled, against none."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text

from lumbung.database.roles import DatabaseUrls
from lumbung.lifecycle import packages
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.registry.state import bump
from lumbung.settings import Settings
from lumbung.testing.databases import fresh_database, test_server
from lumbung.testing.house import TestHouse
from lumbung.testing.wheels import make_wheel
from pairs import compare

FIRST_ANSWER = """
from werkzeug.test import Client
from lumbung.serving.wsgi import application
assert Client(application.wsgi_app).get("/", base_url="http://sumbawa.localhost").status_code == 200
"""
INSERT = text(
    "INSERT INTO lumbung_plugin (name, version, module, state, manifest, installed_by) VALUES "
    "(CAST(:name AS text), '1.0.0', 'lumbung_' || CAST(:name AS text), 'installed', CAST(:manifest AS jsonb), 'bench')"
)
COUNT = int(os.environ.get("PLUGINS", "165"))


def main() -> None:
    """Print the ratio."""
    with (
        test_server() as server,
        fresh_database(server, []) as none,
        fresh_database(server, []) as many,
        tempfile.TemporaryDirectory() as folder,
    ):
        empty, full = Path(folder) / "empty", Path(folder) / "full"
        TestHouse(Settings(home=empty), none).close()
        _install_many(full, many)
        compare(
            f"cold start with {COUNT} plugins / with none",
            lambda: _start(full, many),
            lambda: _start(empty, none),
            pairs=8,
        )


def _install_many(home: Path, urls: DatabaseUrls) -> None:
    house = TestHouse(Settings(home=home), urls)
    engine = create_engine(urls.migrator)
    tenant = house.kernel.tenant("sumbawa")
    wheels = [inspect_wheel(make_wheel(home / "wheels", f"gift{number}")) for number in range(COUNT)]
    packages.put_in(house.settings.plugin_folder, *wheels)
    with engine.begin() as connection:
        for wheel in wheels:
            row = {"name": wheel.manifest.name, "manifest": wheel.manifest.model_dump_json(by_alias=True)}
            connection.execute(
                INSERT,
                row,
            )
            connection.execute(
                text("INSERT INTO lumbung_enabled (tenant_id, plugin, enabled_by) VALUES (:tenant, :name, 'bench')"),
                {"tenant": tenant.id, "name": wheel.manifest.name},
            )
    with house.kernel.database.new_session(None) as session, session.begin():
        bump(session)
    engine.dispose()
    house.close()


def _start(home: Path, urls: DatabaseUrls) -> None:
    environment = {**os.environ, "LUMBUNG_HOME": str(home), "LUMBUNG_DATABASE_APP_URL": urls.app}
    subprocess.run([sys.executable, "-c", FIRST_ANSWER], env=environment, check=True)


if __name__ == "__main__":
    main()
