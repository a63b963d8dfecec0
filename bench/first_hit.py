"""The first page of a gift in a process, which opens it, against its warm page; all first hits by 8 threads at once.

In a process of its own, set up as a web worker is (`lumbung.serving.gunicorn_conf.post_worker_init`).
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from pairs import Figure, head, show

THREADS = 8
COUNT = int(os.environ.get("PLUGINS", "165"))


def main() -> list[Figure]:
    """Return the figures."""
    from gifts import site_with
    from lumbung.testing.databases import test_server

    with (
        test_server() as server,
        tempfile.TemporaryDirectory() as folder,
        site_with(server, COUNT, Path(folder)) as site,
    ):
        told = [_in_a_process(how, site.environment) for how in ("in-turn", "at-once")]
    (first, warm, worst), (failed, slowest) = told
    of = f"{first:.1f} ms of CPU against {warm:.2f} ms; worst of {COUNT}: {worst:.0f} ms by the clock"
    return [
        Figure("first page of a gift / its warm page, CPU (median)", 20, first / warm, of),
        Figure(f"{THREADS} threads on {COUNT} first hits at once: failed", 0, failed, f"slowest {slowest:.0f} ms"),
    ]


def _in_a_process(how: str, environment: dict[str, str]) -> list[float]:
    done = subprocess.run([sys.executable, __file__, how], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [float(figure) for figure in done.stdout.split()]


def _worker() -> object:
    from lumbung.serving.wsgi import application
    from visits import Visit

    Visit(application.wsgi_app, "/", host="sumbawa.localhost").expect(200)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return application.wsgi_app


def in_turn() -> None:
    """Ask each gift once, then once more; print the medians and the worst first hit."""
    from visits import Visit

    asks = [Visit(_app, f"/gift{n}/", host="sumbawa.localhost") for _app in [_worker()] for n in range(COUNT)]
    first, clock, warm = [], [], []
    for ask in asks:
        cpu, begun = time.thread_time(), time.perf_counter()
        ask.expect(200)
        first.append((time.thread_time() - cpu) * 1000)
        clock.append((time.perf_counter() - begun) * 1000)
    for ask in asks:
        ask.expect(200)
        cpu = time.thread_time()
        ask()
        warm.append((time.thread_time() - cpu) * 1000)
    print(statistics.median(first), statistics.median(warm), max(clock))


def at_once() -> None:
    """Have all threads ask for every gift, each beginning elsewhere; print how many failed and the slowest."""
    from visits import Visit

    app, asked = _worker(), SimpleQueue[int]()
    for number in range(COUNT):
        for _thread in range(THREADS):
            asked.put(number)
    failed: list[str] = []
    taken: list[float] = []

    def ask() -> None:
        while True:
            try:
                number = asked.get_nowait()
            except Empty:
                return
            begun = time.perf_counter()
            visit = Visit(app, f"/gift{number}/", host="sumbawa.localhost")()
            taken.append((time.perf_counter() - begun) * 1000)
            if not visit.status.startswith("200"):
                failed.append(visit.status)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(failed), max(taken))


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit({"in-turn": in_turn, "at-once": at_once}[sys.argv[1]]())
    sys.exit(head() or show(main()))
