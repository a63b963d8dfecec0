"""Cold start to the first answer: with 165 and 500 gifts installed and enabled, against none, and against bare Flask.

Each start is a process of its own, which opens the site as a web worker does and answers one page, ours the page of a
stranger's home. CPU is the process's, user and system.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gifts import Site, site_with
from lumbung.testing.databases import test_server
from pairs import Figure, head, show

FIRST_ANSWER = """
from visits import Visit
from lumbung.serving.wsgi import application
Visit(application.wsgi_app, "/", host="sumbawa.localhost").expect(200)
"""
BARE = """
import os
from bare import bare_flask
from visits import Visit
Visit(bare_flask(os.environ["LUMBUNG_DATABASE_APP_URL"], ""), "/masuk").expect(200)
"""
GOALS = {165: 1.10, 500: 1.20}
Start = Callable[[], tuple[float, float]]


def main() -> list[Figure]:
    """Return the figures."""
    figures = []
    with (
        test_server() as server,
        tempfile.TemporaryDirectory() as folder,
        site_with(server, 0, Path(folder)) as none,
    ):
        for count, goal in GOALS.items():
            with site_with(server, count, Path(folder)) as many:
                ratio, detail = _compare(
                    lambda many=many: _start(many, FIRST_ANSWER), lambda: _start(none, FIRST_ANSWER)
                )
            figures.append(Figure(f"cold start with {count} gifts / with none, CPU", goal, ratio, detail))
        ratio, detail = _compare(lambda: _start(none, FIRST_ANSWER), lambda: _start(none, BARE), pairs=6)
        figures.append(Figure("cold start with none / bare Flask, CPU", None, ratio, detail))
    return figures


def _compare(ours: Start, beside: Start, pairs: int = 14) -> tuple[float, str]:
    ours(), beside()
    taken = []
    for turn in range(pairs):
        order = (ours, beside) if turn % 2 else (beside, ours)
        times = {which: which() for which in order}
        taken.append((times[ours], times[beside]))
    middle = statistics.median
    cpu, clock = ([[one[which] for one in pair] for pair in taken] for which in (0, 1))
    detail = "; ".join(
        f"{name} {middle(one[0] for one in pairs_):.2f} s against {middle(one[1] for one in pairs_):.2f} s"
        for name, pairs_ in (("CPU", cpu), ("clock", clock))
    )
    return middle(mine / other for mine, other in cpu), detail


def _start(site: Site, program: str) -> tuple[float, float]:
    environment = {
        **site.environment,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).parent), *_path()])),
    }
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", program], env=environment)
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("A start failed.")
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun


def _path() -> list[str]:
    return os.environ.get("PYTHONPATH", "").split(os.pathsep)


if __name__ == "__main__":
    sys.exit(head() or show(main()))
