"""The supervisor under real signals, with a real gunicorn and a site of a few lines."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lumbung.database.embedded import EmbeddedPostgres
from lumbung.presence import renew_code

FAKE_SITE = Path(__file__).with_name("fake_site.py")
NO_DATABASE = {"LUMBUNG_DATABASE_URL": "postgresql://root:key@nowhere/lumbung"}


class Site:
    """A supervisor in its own process, and the questions tests have for it."""

    def __init__(
        self,
        home: Path,
        environment: dict[str, str],
        *,
        port: int | None = None,
        log: Path | None = None,
        program: tuple[str, ...] = (str(FAKE_SITE),),
    ) -> None:
        self.home = home
        self.port = port or free_port()
        self.log = log or home.with_suffix(".log")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LUMBUNG_")}
        site = {"LUMBUNG_HOME": str(home), "LUMBUNG_PORT": str(self.port), "LUMBUNG_WORKERS": "1"}
        with self.log.open("wb") as lines:
            self.process = subprocess.Popen(
                [sys.executable, *program],
                env=clean | site | environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=lines,
                text=True,
            )

    def is_ready(self) -> Site:
        assert self.process.stdout
        assert self.process.stdout.readline(), self.log.read_text()
        return self

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ask(self, path: str) -> str:
        status, body = self.get(path)
        assert status == 200, body
        return body

    def worker(self) -> int:
        return int((self.home / "worker.pid").read_text())

    def keeper(self) -> int:
        return int((self.home / "keeper.pid").read_text())

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit code; it has ten seconds."""
        self.process.send_signal(number)
        status = self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()
        return status


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def alive(pid: object) -> bool:
    """Tell whether the process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def make_folder() -> Iterator[Path]:
    """A folder that the database's own user can enter, unlike tmp_path of root."""
    path = Path(tempfile.mkdtemp(prefix="lumbung-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


folder = pytest.fixture(make_folder)
shared_folder = pytest.fixture(make_folder, scope="module")


@pytest.fixture(scope="module")
def site(shared_folder: Path) -> Iterator[Site]:
    """A site that all tests share which leave it running."""
    chosen = {"LUMBUNG_LOG_FORMAT": "json", "LUMBUNG_MEMORY_LIMIT_MB": "1500"}
    site = Site(shared_folder / "home", NO_DATABASE | chosen).is_ready()
    yield site
    assert site.end() == 0


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[], Site]]:
    """Starts a site for a test that ends it."""
    sites: list[Site] = []

    def start() -> Site:
        sites.append(Site(folder / "home", NO_DATABASE))
        return sites[-1].is_ready()

    yield start
    for site in sites:
        if site.process.poll() is None:
            site.end()


class TestServing:
    """The site goes on, whatever happens to its parts."""

    def test_home_is_served_by_one_supervisor_only(self, site: Site) -> None:
        second = Site(site.home, NO_DATABASE, log=site.home.with_suffix(".second"))
        second.process.communicate(timeout=20)
        assert second.process.returncode == 1
        assert second.log.read_text().splitlines() == [
            f"{site.home} is served already, by process {site.process.pid}; stop that one first."
        ]
        assert site.ask("/pid")

    def test_web_process_gets_the_key_of_the_app_role_and_no_other(self, site: Site) -> None:
        names = site.ask("/environment").split()
        assert [name for name in names if "DATABASE" in name] == ["LUMBUNG_DATABASE_APP_URL"]

    def test_log_is_json_when_asked_for_and_never_holds_a_query_string(self, site: Site) -> None:
        site.ask("/pid/%0Aforged?nik=5204010101010001")
        expected = f"127.0.0.1:{site.port} GET /pid/%0Aforged 200"
        until(lambda: expected in site.log.read_text())
        lines = [json.loads(line) for line in site.log.read_text().splitlines()]
        assert any(expected in line["event"] for line in lines)
        assert "5204010101010001" not in site.log.read_text()

    def test_greedy_page_fails_alone(self, site: Site) -> None:
        worker = site.ask("/pid")
        assert site.get("/hog")[0] == 500
        assert site.ask("/pid") == worker

    def test_donated_code_that_ends_its_process_does_not_end_the_server(self, site: Site) -> None:
        web = site.ask("/parent")
        for status in (0, 3, 4):
            with pytest.raises((http.client.HTTPException, ConnectionError)):
                site.get(f"/exit/{status}")
        assert site.ask("/parent") == web

    def test_hang_up_replaces_the_web_workers_without_a_lost_request(self, site: Site) -> None:
        web, before = site.ask("/parent"), site.ask("/pid")
        assert renew_code(site.home)
        until(lambda: site.ask("/pid") != before)
        assert site.ask("/parent") == web

    def test_the_web_workers_and_the_job_worker_can_be_renewed_one_without_the_other(self, site: Site) -> None:
        pages, jobs = site.ask("/pid"), site.worker()
        assert renew_code(site.home, "pages")
        until(lambda: site.ask("/pid") != pages)
        assert site.worker() == jobs
        pages = site.ask("/pid")
        assert renew_code(site.home, "jobs")
        until(lambda: site.worker() != jobs)
        assert site.ask("/pid") == pages

    def test_killed_children_come_back_and_citizens_wait_meanwhile(self, site: Site) -> None:
        web, worker, keeper = int(site.ask("/parent")), site.worker(), site.keeper()
        os.kill(worker, signal.SIGKILL)
        os.kill(keeper, signal.SIGKILL)
        os.kill(web, signal.SIGKILL)
        until(lambda: not alive(web))
        assert site.ask("/parent") != str(web)
        until(lambda: site.worker() != worker)
        until(lambda: site.keeper() != keeper)
        assert "The web server was ended by SIGKILL; it is started again in 0.5 s" in site.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_process_and_exits_cleanly(start: Callable[[], Site], number: signal.Signals) -> None:
    site = start()
    children = [site.ask("/pid"), site.ask("/parent"), site.worker(), site.keeper()]
    assert all(map(alive, children))
    assert site.end(number) == 0
    assert not any(map(alive, children))
    assert "Traceback" not in site.log.read_text()
    assert not renew_code(site.home)
    with socket.create_server(("127.0.0.1", site.port)):
        pass


def test_request_under_way_is_answered_before_the_end(start: Callable[[], Site]) -> None:
    site = start()
    with socket.create_connection(("127.0.0.1", site.port)) as citizen:
        citizen.sendall(b"GET /slow/1 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        site.ask("/pid")  # the slow one is being served by now: requests are taken in order
        assert site.end() == 0
        assert citizen.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_request_that_never_ends_does_not_hold_up_the_end(start: Callable[[], Site]) -> None:
    site = start()
    with socket.create_connection(("127.0.0.1", site.port)) as citizen:
        citizen.sendall(b"GET /slow/600 HTTP/1.1\r\nHost: here\r\n\r\n")
        worker = site.ask("/pid")
        assert site.end() == 0
    assert not alive(worker)


def test_port_in_use_is_said_in_one_sentence(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site = Site(folder / "home", NO_DATABASE, port=taken.getsockname()[1])
        _, _ = site.process.communicate(timeout=20)
    assert site.process.returncode == 1
    assert site.log.read_text().splitlines() == [
        f"Port {site.port} on 127.0.0.1 is in use by another program; stop it or set LUMBUNG_PORT."
    ]


def test_children_of_a_killed_supervisor_end_by_themselves_and_the_next_one_serves(
    start: Callable[[], Site],
) -> None:
    site = start()
    children = [site.ask("/pid"), site.ask("/parent"), site.worker(), site.keeper()]
    site.end(signal.SIGKILL)
    until(lambda: not any(map(alive, children)))
    assert start().ask("/pid")


def test_embedded_database_is_revived_and_stopped_at_the_end(folder: Path) -> None:
    site = Site(folder / "home", {}).is_ready()
    try:
        server = EmbeddedPostgres(site.home)
        first = server.cluster.pid()
        assert first
        os.kill(first, signal.SIGKILL)
        until(lambda: server.cluster.state() == "ready" and server.cluster.pid() != first)
    finally:
        assert site.end() == 0
    assert server.cluster.pid() is None


def test_real_site_gets_ready_recycles_and_stops(folder: Path) -> None:
    site = Site(folder / "home", {}, program=("-m", "lumbung.cli", "serve")).is_ready()
    try:
        assert site.get("/_health/live")[0] == 200
        assert renew_code(site.home)
        assert site.get("/_health/ready")[0] == 200
        assert not re.search("The job worker (was ended|ended|does not)", site.log.read_text()), "it died"
    finally:
        assert site.end(signal.SIGINT) == 0
    assert EmbeddedPostgres(site.home).cluster.pid() is None
    assert "Traceback" not in site.log.read_text()
