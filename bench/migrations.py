"""The look at the schema at every start: one query, whatever is installed, against the query of bare Alembic."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, event

from gifts import site_with
from lumbung.migrate import core_component
from lumbung.registry.discovery import add_plugin_folder, find_plugins
from lumbung.registry.revisions import behind, newest_revision
from lumbung.testing.databases import test_server
from pairs import Figure, compare, head, show


def main() -> list[Figure]:
    """Return the figures."""
    with (
        test_server() as server,
        tempfile.TemporaryDirectory() as folder,
        site_with(server, 165, Path(folder)) as site,
    ):
        engine = create_engine(site.urls.migrator)
        asked: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        add_plugin_folder(site.home / "plugins" / "current")
        packages = {name: found.version for name, found in find_plugins().items()}
        with engine.connect() as connection:
            core = newest_revision(core_component().folder)
            if behind(connection, core, packages) != [] or sum(name.startswith("gift") for name in packages) != 165:
                raise SystemExit("Something is behind.")
            queries = len(asked)
            bare = MigrationContext.configure(connection, opts={"version_table": "lumbung_version_core"})
            found = compare(
                lambda: behind(connection, newest_revision(core_component().folder), packages),
                bare.get_current_revision,
                pairs=60,
            )
        engine.dispose()
    return [
        Figure("queries of the look at the schema at start, 165 gifts", 1, queries, "no revision file is read"),
        Figure("its CPU / Alembic asking for one revision", None, found.cpu, found.detail),
    ]


if __name__ == "__main__":
    sys.exit(head() or show(main()))
