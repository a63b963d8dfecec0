"""An upgrade under load: no request fails, and none waits longer than the core takes to start.

A real site with two plugins, asked without a pause by clients that keep their connection and by clients that open a
new one each time, GET and POST, while one plugin is upgraded again and again by the command line. A client follows
307, as browsers do, and sends nothing twice by itself: a connection that breaks is a failure.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psutil

from lumbung.testing.running import Visitor, environment, free_port, lumbung, running, wait_until
from lumbung.testing.wheels import INIT, MANIFEST, make_wheel
from pairs import Figure, head, show

HOST = "sumbawa.localhost"
ROUNDS = int(os.environ.get("ROUNDS", "5"))
HELD = "POST /satu/"  # waits while the plugin is upgraded, and may be refused politely
THINK = 0.02  # seconds between an answer and the next request of a client
FIRST_ANSWER = """
from werkzeug.test import Client
from lumbung.serving.wsgi import application
assert Client(application.wsgi_app).get("/", base_url="http://sumbawa.localhost").status_code == 200
"""
FORM = """
from lumbung.sdk import session
from sqlalchemy import text

@blueprint.post("/")
@public
def write():
    session.execute(text("INSERT INTO {name}_note (words) VALUES ('x')"))
    return "ditulis", 201
"""
TABLE = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_tenant_table("{name}_note", sa.Column("words", sa.Text, nullable=False))
"""
NEXT = """
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = "{before}"
def upgrade():
    op.add_column("{name}_note", sa.Column("c{revision}", sa.Text))
"""


@dataclass
class Asked:
    """One request: when it was sent, how long the answer took, what it was, and what went wrong."""

    at: float
    took: float
    what: str
    status: int
    wrong: str = ""
    body: str = ""


@dataclass
class Load:
    """Clients that ask a site without a pause, until `stop`."""

    port: int
    cookie: str
    token: str
    asked: list[Asked] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Let them all begin."""
        form = urlencode({"csrf_token": self.token})
        plan: list[tuple[str, str, str | None, bool]] = [
            ("GET", "/satu/", None, True),
            ("GET", "/satu/", None, False),
            ("GET", "/dua/", None, True),
            ("GET", "/", None, True),
            ("GET", "/", None, False),
            ("POST", "/dua/", form, True),
            ("POST", "/dua/", form, False),
            ("POST", "/satu/", form, True),
        ]
        for method, path, body, keep in plan:
            thread = threading.Thread(target=self._ask_on, args=(method, path, body, keep), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Have every client finish its last request."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask_on(self, method: str, path: str, body: str | None, keep: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stopped.wait(THINK):
            begun = time.monotonic()
            asked = Asked(begun, 0.0, f"{method} {path}{'' if keep else ' (new connection)'}", 0)
            connection = connection or self._connection()
            try:
                for _hop in range(5):
                    closes, target = self._ask_once(connection, method, path, body, asked)
                    if closes or not keep:
                        connection.close()
                        connection = self._connection()
                    if target is None:
                        break
            except (OSError, http.client.HTTPException) as error:
                asked.wrong = f"{type(error).__name__}: {error}"
                with suppress(OSError):
                    connection.close()
                connection = None
            asked.took = time.monotonic() - begun
            if not asked.wrong and asked.status not in (200, 201):
                asked.wrong = f"{asked.status} {asked.body.partition('<title>')[2][:60] or asked.body[:60]!r}"
            self.asked.append(asked)

    def _ask_once(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: str | None, asked: Asked
    ) -> tuple[bool, str | None]:
        headers = {"Host": f"{HOST}:{self.port}", "Cookie": self.cookie}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        asked.body = answer.read().decode("utf-8", "replace")
        asked.status = answer.status
        return answer.will_close, answer.headers["Location"] if answer.status == 307 else None

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as (home, env, port):
        wheels = [wheel(home.parent, "satu", f"1.{number}.0", number) for number in range(1, ROUNDS + 1)]
        before: list[Asked] = []
        during: list[Asked] = []
        starts: list[float] = []
        lengths: list[float] = []
        for number, one in enumerate(wheels, 1):
            starts.append(seconds(lambda: cold_start(env)))
            load = start_load(port)
            time.sleep(2)
            begun = time.monotonic()
            upgraded = lumbung("plugin", "install", str(one), env=env)
            assert upgraded.returncode == 0, upgraded.stderr
            wait_until(lambda version=f"1.{number}.0", load=load: all_say(load, version))
            lengths.append(time.monotonic() - begun)
            time.sleep(0.5)
            load.stop()
            before += [one for one in load.asked if one.at + one.took < begun]
            during += [one for one in load.asked if one.at + one.took >= begun]
            starts.append(seconds(lambda: cold_start(env)))
        report(before, during, starts, lengths)


def report(before: list[Asked], during: list[Asked], starts: list[float], lengths: list[float]) -> None:
    """Print what was asked, what failed, and how long the slowest took."""
    put_off = [one for one in during if one.what.startswith(HELD) and one.status == 503]
    wrong = [one for one in (*before, *during) if one.wrong and one not in put_off]
    slowest = max((one for one in during if not one.what.startswith(HELD)), key=lambda one: one.took)
    start = statistics.median(starts)
    medians = [1000 * statistics.median(one.took for one in some) for some in (before, during)]
    head()
    show(
        [
            Figure(
                "failed requests", 0, len(wrong), f"of {len(before) + len(during)}, {ROUNDS} upgrades of one plugin"
            ),
            Figure(
                "slowest answer during an upgrade / the core's cold start",
                1.5,
                slowest.took / start,
                f"{1000 * slowest.took:.0f} ms ({slowest.what}) and {1000 * start:.0f} ms",
            ),
            Figure(
                "writes to the plugin that is upgraded, asked to come again",
                None,
                len(put_off),
                f"of {sum(one.what.startswith(HELD) for one in during)}; the others waited and were done",
            ),
            Figure(
                "median answer during an upgrade / before",
                None,
                medians[1] / medians[0],
                f"{medians[1]:.1f} and {medians[0]:.1f} ms; an upgrade took {statistics.median(lengths):.1f} s",
            ),
        ]
    )
    for one in wrong[:20]:
        print(f"  {one.what}: {one.wrong}")


@contextmanager
def site(folder: Path) -> Iterator[tuple[Path, dict[str, str], int]]:
    """Serve a site with the plugins ``satu`` and ``dua``; yield its home, its environment and its port."""
    home = folder / "home"
    env, port = environment(home), free_port()
    command("tenant", "add", "sumbawa", "--name", "Kabupaten Sumbawa", "--host", HOST, env=env)
    for name in ("satu", "dua"):
        command("plugin", "install", str(wheel(folder, name, "1.0.0", 0)), env=env)
        command("plugin", "enable", name, "--tenant", "sumbawa", env=env)
    with running("serve", env=env, port=port):
        yield home, env, port


def command(*arguments: str, env: dict[str, str]) -> None:
    """Run a command that must succeed."""
    done = lumbung(*arguments, env=env)
    assert done.returncode == 0, done.stderr


def wheel(folder: Path, name: str, version: str, revisions: int) -> Path:
    """Make a wheel whose page tells its version, with so many revisions after the first."""
    page = INIT.format(name=name).replace(f"halo dari {name}", f"versi {version}") + FORM.format(name=name)
    files = {f"lumbung_{name}/__init__.py": page, f"lumbung_{name}/migrations/0001_x.py": TABLE.format(name=name)}
    for number in range(2, revisions + 2):
        revision, last = f"{number:04}", f"{number - 1:04}"
        text = NEXT.format(name=name, revision=revision, before=last)
        files[f"lumbung_{name}/migrations/{revision}_x.py"] = text
    manifest = MANIFEST.format(name=name, version=version)
    return make_wheel(folder, name, version=version, manifest=manifest, files=files)


def start_load(port: int) -> Load:
    """Begin the load as a visitor who has a form open."""
    visitor = Visitor(HOST, port)
    page = visitor.get("/masuk").body
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    load = Load(port, cookie, token)
    load.start()
    return load


def all_say(load: Load, version: str) -> bool:
    """Whether the last forty answers of the upgraded plugin are those of its new version."""
    last = [one.body for one in load.asked if one.what.startswith("GET /satu/")][-40:]
    return bool(last) and all(body == f"versi {version}" for body in last)


def cold_start(env: dict[str, str]) -> None:
    """Start the core in a process of its own, up to its first answer."""
    subprocess.run(
        [sys.executable, "-c", FIRST_ANSWER], env=env | {"LUMBUNG_DATABASE_APP_URL": app_url(env)}, check=True
    )


def app_url(env: dict[str, str]) -> str:
    """Return how the web processes of the running site connect to its database."""
    for process in psutil.process_iter(["cmdline"]):
        if "lumbung.serving.wsgi:application" in (process.info["cmdline"] or []):
            with suppress(psutil.Error):
                found = process.environ()
                if found.get("LUMBUNG_HOME") == env["LUMBUNG_HOME"]:
                    return found["LUMBUNG_DATABASE_APP_URL"]
    raise RuntimeError("the web server of this site is not running")


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
