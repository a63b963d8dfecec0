"""Gifts that kill, starve or hang the process they run in, on a real server: the others answer all the while."""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lumbung.testing import TestHouse
from lumbung.testing.running import environment, free_port, running, wait_until

logger = logging.getLogger(__name__)
HOST = "sumbawa.localhost"

VIEWS = """
import ctypes, os, signal, threading, time
from flask import Blueprint
from lumbung.sdk import hookimpl, public
blueprint = Blueprint("{name}", __name__)
kept = []
@blueprint.get("/")
@public
def index():
    return "hidup"
@blueprint.get("/keluar/<int:status>")
@public
def leave(status):
    os._exit(status)
@blueprint.get("/segfault")
@public
def crash():
    ctypes.string_at(0)
@blueprint.get("/putar")
@public
def spin():
    while True:
        pass
@blueprint.get("/rakus")
@public
def hog():
    while True:
        kept.append(bytearray(64 * 1024 * 1024))
@blueprint.get("/utas")
@public
def leak():
    def sleeper():
        time.sleep(600)
    for _ in range(60):
        threading.Thread(target=sleeper, daemon=True).start()
    return "bocor"
@hookimpl
def routes():
    return [blueprint]
"""
AT_IMPORT = {
    "sinyal": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n",
    "gantung": "while True: pass\n",
}
DEADLY = ("maut", "putar", "rakus")


@dataclass
class Tally:
    """What visitors of the other services met."""

    answered: int = 0
    slowest: float = 0.0
    cut_off: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def visitors(port: int, *paths: str) -> Iterator[Tally]:
    """Keep asking for pages that must answer, each by a visitor of its own."""
    tally, stop = Tally(), threading.Event()

    def visit(path: str) -> None:
        while not stop.wait(0.02):
            begun = time.monotonic()
            status = ask(port, path)
            tally.slowest = max(tally.slowest, time.monotonic() - begun)
            if status == 0:
                tally.cut_off.append(path)
            elif status != 200:
                tally.wrong.append(f"{path}: {status}")
            else:
                tally.answered += 1

    threads = [threading.Thread(target=visit, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    try:
        yield tally
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def fetch(port: int, path: str) -> tuple[int, str]:
    """Ask for a page; status 0 when no answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": HOST})
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def ask(port: int, path: str) -> int:
    return fetch(port, path)[0]


def ask_without_waiting(port: int, path: str) -> threading.Thread:
    thread = threading.Thread(target=ask, args=(port, path), daemon=True)
    thread.start()
    return thread


def is_suspended(port: int, name: str) -> bool:
    status, body = fetch(port, f"/{name}/")
    return status == 503 and "dihentikan sementara" in body


def test_deadly_gifts_cost_nobody_else_more_than_the_moment_they_kill(
    house: TestHouse, gift: Any, as_owner: Any
) -> None:
    gift("contoh")
    for name in DEADLY:
        gift(name, init=VIEWS.format(name=name))
    for name, first in AT_IMPORT.items():
        gift(name, init=first + VIEWS.format(name=name))
    env = environment(
        house.settings.home,
        LUMBUNG_DATABASE_MIGRATOR_URL=house.urls.migrator,
        LUMBUNG_DATABASE_APP_URL=house.urls.app,
        LUMBUNG_DATABASE_READER_URL=house.urls.reader,
        LUMBUNG_WORKERS="2",
        LUMBUNG_THREADS="4",
        LUMBUNG_MEMORY_LIMIT_MB="1200",
        LUMBUNG_SLOW_REQUEST_SECONDS="1",
        LUMBUNG_REQUEST_LIMIT_SECONDS="1.5",
    )
    port = free_port()

    def faults(name: str) -> set[str]:
        return {str(kind) for (kind,) in as_owner("SELECT kind FROM lumbung_fault WHERE plugin = :p", p=name)}

    with running("serve", env=env, port=port):
        with visitors(port, "/contoh/", "/", "/contoh/") as tally:
            phases = []

            def phase(name: str, act: Callable[[], object], until: Callable[[], object]) -> None:
                begun, cut = time.monotonic(), len(tally.cut_off)
                act()
                wait_until(until, 30)
                phases.append((name, time.monotonic() - begun, len(tally.cut_off) - cut))

            phase("signal.signal", lambda: ask(port, "/sinyal/"), lambda: "open" in faults("sinyal"))
            phase(
                "os._exit and a segmentation fault",
                lambda: [
                    ask(port, f"/maut/{path}") for path in ("keluar/3", "keluar/4", "segfault", "keluar/0", "keluar/7")
                ],
                lambda: is_suspended(port, "maut"),
            )
            phase(
                "loop",
                lambda: [ask_without_waiting(port, "/putar/putar") for _ in range(4)],
                lambda: is_suspended(port, "putar"),
            )
            phase(
                "hang at import", lambda: ask_without_waiting(port, "/gantung/"), lambda: "stuck" in faults("gantung")
            )
            phase("threads", lambda: ask(port, "/rakus/utas"), lambda: "leak" in faults("rakus"))
            phase("hog", lambda: ask(port, "/rakus/rakus"), lambda: faults("rakus") & {"memory", "killed"})
        # nothing is left of it: a fresh look at everything
        wait_until(lambda: all(ask(port, path) == 200 for path in ("/contoh/", "/") for _ in range(8)))
    report = [f"the others: {tally.answered} answered, {len(tally.cut_off)} cut off, slowest {tally.slowest:.1f} s"]
    report += [f"{name}: {took:.1f} s, {cut} of the others cut off" for name, took, cut in phases]
    logger.info("\n".join(report))  # pytest -o log_cli=true -o log_cli_level=INFO
    assert not tally.wrong
    assert tally.answered > 100
    suspended = {str(name) for (name,) in as_owner("SELECT plugin FROM lumbung_suspension WHERE lifted_at IS NULL")}
    assert suspended == {"maut", "putar"}
    assert not as_owner("SELECT 1 FROM lumbung_fault WHERE plugin = 'contoh'")
