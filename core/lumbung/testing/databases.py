"""A fresh database for each test, in a tenth of a second: cloned from a template made once.

One embedded server serves every test process of this machine; the template carries the schema of the core and
of the plugins asked for, and the two sample tenants.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from psycopg import Connection, sql
from sqlalchemy.engine import make_url

from lumbung.database.embedded import ServerAddress, embedded_postgres
from lumbung.database.roles import DatabaseUrls, connect, prepare
from lumbung.kernel import Kernel
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_found
from lumbung.migrate import environment_folder
from lumbung.registry.discovery import find_plugins
from lumbung.settings import Settings
from lumbung.site import bring_up
from lumbung.tenancy.services import add_tenant

SAMPLE_TENANTS = (
    ("sumbawa", "Kabupaten Sumbawa", "52.04"),
    ("sumbawabarat", "Kabupaten Sumbawa Barat", "52.07"),
)
Build = Callable[[Settings, DatabaseUrls], None]

_TEMPLATE_LOCK = 5_204_003
ROOM_NEEDED = 2 * 1024**3  # bytes


@cache
def test_home() -> Path:
    """Return the folder of the test server, shared by all test processes of this user; in memory where it fits."""
    memory = Path("/dev/shm")  # noqa: S108  (a folder of our own in it, mode 0711, no fixed file names)
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_NEEDED
    home = (memory if roomy else Path(tempfile.gettempdir())) / f"lumbung-tests-{os.getuid()}"
    home.mkdir(mode=0o711, exist_ok=True)
    return home


@contextmanager
def test_server() -> Iterator[ServerAddress]:
    """Yield the test server, started when this is the first process to need it."""
    with embedded_postgres(test_home(), durable=False) as server:
        yield server


@contextmanager
def fresh_database(server: ServerAddress, plugins: Sequence[str]) -> Iterator[DatabaseUrls]:
    """Yield how each role connects to a database of its own, dropped afterwards."""
    wanted = tuple(sorted(plugins))
    name = f"lumbung_t_{_fingerprint(wanted)}"
    with _copy_of(server, name, lambda urls: _fill(Settings(home=test_home()), urls, wanted)) as urls:
        yield urls


@contextmanager
def copied_site(
    server: ServerAddress, key: str, home: Path, build: Build, *, on: tuple[str, Build] | None = None
) -> Iterator[DatabaseUrls]:
    """Yield a copy of a site that ``build`` makes once for all test processes: for what takes seconds to load.

    ``home``, which must not exist yet, gets the files that came with it (keys, passwords). ``key`` names what is
    built; a change of any code makes it anew. ``on`` is another site, with its key, that ``build`` begins with.
    """
    if on is not None:
        _template(server, _site(on[0]), lambda urls: _make_site(on[0], on[1], urls))
    name = _site(key)
    with _copy_of(server, name, lambda urls: _make_site(key, build, urls, on), base=on and _site(on[0])) as urls:
        shutil.copytree(test_home() / name, home)
        yield urls


def _site(key: str) -> str:
    return f"lumbung_s_{key}_{_fingerprint_of_all()}"


def _make_site(key: str, build: Build, urls: DatabaseUrls, on: tuple[str, Build] | None = None) -> None:
    kept = test_home() / _site(key)
    shutil.rmtree(kept, ignore_errors=True)
    if on is None:
        _fill(Settings(home=test_home()), urls, ())
    else:
        shutil.copytree(test_home() / _site(on[0]), kept)
    build(Settings(home=kept), urls)


@contextmanager
def _copy_of(
    server: ServerAddress, template: str, make: Callable[[DatabaseUrls], None], *, base: str | None = None
) -> Iterator[DatabaseUrls]:
    urls = _template(server, template, make, base=base)
    name = f"t_{os.getpid()}_{secrets.token_hex(4)}"
    with connect(make_url(server.url())) as admin:
        copy = _copied(admin, urls, template, name)
    try:
        yield copy
    finally:
        with connect(make_url(server.url())) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _copied(admin: Connection[Any], urls: DatabaseUrls, template: str, name: str) -> DatabaseUrls:
    """Copy a database and return how the roles of the original, to whom the copy belongs, connect to it."""
    copy = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
    admin.execute(sql.SQL(copy).format(sql.Identifier(name), sql.Identifier(template)))
    owner = make_url(urls.migrator).username or ""
    grant = "GRANT CREATE ON DATABASE {} TO {}"  # rights on a database do not come along with a copy of it
    admin.execute(sql.SQL(grant).format(sql.Identifier(name), sql.Identifier(owner)))
    return _moved(urls, name)


def _moved(urls: DatabaseUrls, name: str) -> DatabaseUrls:
    return replace(urls, **{role: _in(getattr(urls, role), name) for role in ("migrator", "app", "reader")})


def _in(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


_templates: dict[str, DatabaseUrls] = {}


def _template(
    server: ServerAddress, name: str, make: Callable[[DatabaseUrls], None], *, base: str | None = None
) -> DatabaseUrls:
    """Make the template unless another test process did: its name is a hash of everything that shapes it."""
    if name in _templates:
        return _templates[name]
    settings = Settings(home=test_home())
    with connect(make_url(server.url())) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [_TEMPLATE_LOCK])
        done = admin.execute(
            "SELECT 1 FROM pg_database d JOIN pg_shdescription s ON s.objoid = d.oid "
            "WHERE d.datname = %s AND s.description = 'complete'",
            [name],
        ).fetchone()
        if not done:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        if base is None:
            urls = prepare(server.url(), settings, database=name)
        elif done:
            urls = _moved(_templates[base], name)
        else:
            urls = _copied(admin, _templates[base], base, name)
        if not done:
            make(urls)
            admin.execute(sql.SQL("COMMENT ON DATABASE {} IS 'complete'").format(sql.Identifier(name)))
    return _templates.setdefault(name, urls)


def _fill(settings: Settings, urls: DatabaseUrls, plugins: tuple[str, ...]) -> None:
    bring_up(urls, settings)
    kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
    try:
        with kernel.scope(actor="test") as scope:
            for slug, title, region in SAMPLE_TENANTS:
                add_tenant(scope.session, slug=slug, name=title, hosts=[f"{slug}.localhost"], region_code=region)
        for plugin in plugins:
            install_found(kernel, plugin, by="test")
            enable(kernel, plugin, kernel.tenant("sumbawa"), by="test")
    finally:
        kernel.close()


@cache
def _fingerprint_of_all() -> str:
    """Return a hash of all code and data of the core and of the plugins that came with the environment."""
    core = Path(__file__).resolve().parent.parent
    folders = [core, environment_folder(), *(found.folder for found in find_plugins().values())]
    digest = hashlib.sha256()
    for path in sorted(
        path for folder in folders for kind in ("*.py", "*.toml", "*.json") for path in folder.rglob(kind)
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _fingerprint(plugins: tuple[str, ...]) -> str:
    core = Path(__file__).resolve().parent.parent
    shaping = [*environment_folder().rglob("*.py"), *(core / "database").glob("*.py"), Path(__file__)]
    found = find_plugins()
    for plugin in plugins:
        folder = found[plugin].folder
        shaping += [folder / "plugin.toml", *(folder / "migrations").glob("*.py")]
    digest = hashlib.sha256(repr(plugins).encode())
    for path in sorted(shaping):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
