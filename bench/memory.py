"""The memory of a worker that is its own (USS): with 165 gifts untouched against none, and for each gift in use.

Each is a process that opens the site as a web worker does and answers the home page, then, for what a gift in use
costs, the first page and a form of gifts, one after the other.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pairs import Figure, head, show

IN_USE = 60
COUNT = int(os.environ.get("PLUGINS", "165"))


def main() -> list[Figure]:
    """Return the figures."""
    from gifts import site_with
    from lumbung.testing.databases import test_server

    with (
        test_server() as server,
        tempfile.TemporaryDirectory() as folder,
        site_with(server, 0, Path(folder)) as none,
        site_with(server, COUNT, Path(folder)) as many,
    ):
        bare = min(_weigh(none.environment, "bare")[0] for _ in range(2))
        without = sorted(_weigh(none.environment, "home")[0] for _ in range(5))[2]
        untouched = sorted(_weigh(many.environment, "home")[0] for _ in range(5))[2]
        before, after = _weigh(many.environment, "use")
    beside = f"{untouched:.1f} MB against {without:.1f} MB; bare Flask {bare:.1f} MB"
    used = f"{before:.1f} MB with 5 in use, {after:.1f} MB with {IN_USE}"
    return [
        Figure(f"memory of a worker for {COUNT} untouched gifts, MB", 2, untouched - without, beside),
        Figure("memory of a gift in use, KB", 500, (after - before) * 1024 / (IN_USE - 5), used),
    ]


def _weigh(environment: dict[str, str], what: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, __file__, what], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return [float(figure) for figure in done.stdout.split()]


def _own() -> float:
    import psutil

    gc.collect()
    return float(psutil.Process().memory_full_info().uss) / 2**20


def inside(what: str) -> None:
    """Print the megabytes of this process, before and after."""
    from visits import Visit

    if what == "bare":
        from bare import bare_flask

        Visit(bare_flask(os.environ["LUMBUNG_DATABASE_APP_URL"], ""), "/masuk").expect(200)
        return print(_own())
    from lumbung.serving.wsgi import application

    host = "sumbawa.localhost"
    for _ in range(3):
        Visit(application.wsgi_app, "/", host=host).expect(200)
    if what == "home":
        return print(_own())
    before = 0.0
    for number in range(IN_USE):
        Visit(application.wsgi_app, f"/gift{number}/", host=host).expect(200)
        Visit(application.wsgi_app, f"/gift{number}/baru", host=host).expect(302)
        if number == 4:
            before = _own()
    return print(before, _own())


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(inside(sys.argv[1]))
    sys.exit(head() or show(main()))
