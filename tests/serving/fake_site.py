"""A site of a few lines under the real supervisor and the real gunicorn; run by `test_supervisor`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer each path in its own way."""
    head, _, tail = environ["PATH_INFO"].strip("/").partition("/")
    answers: dict[str, Callable[[], object]] = {
        "pid": lambda: os.getpid(),
        "parent": lambda: os.getppid(),
        "exit": lambda: os._exit(int(tail)),
        "slow": lambda: time.sleep(float(tail)),
        "hog": lambda: len(bytearray(4 * 1024**3)),
        "environment": lambda: " ".join(sorted(os.environ)),
        "threads": lambda: threading.active_count(),
    }
    body = str(answers.get(head, lambda: "ready")()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def wait(who: str) -> None:
    """Do the part of the job worker or the keeper: write down who we are, and wait for the end."""
    note = Path(os.environ["LUMBUNG_HOME"]) / f"{who}.pid"
    note.with_suffix(".new").write_text(str(os.getpid()))
    note.with_suffix(".new").rename(note)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.pause()


def main() -> None:
    """Serve, with our application and worker in the place of the real ones."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    import lumbung.serving.supervisor as supervisor
    from lumbung.database.roles import DatabaseUrls
    from lumbung.errors import LumbungError
    from lumbung.serving.children import Child
    from lumbung.settings import Settings, load_settings

    @contextmanager
    def no_database(settings: Settings) -> Iterator[DatabaseUrls]:
        yield DatabaseUrls("postgresql://migrator", "postgresql://app", "postgresql://reader")

    real_web = supervisor.web_server

    def web(*arguments: Any) -> Any:
        child = real_web(*arguments)
        child.command[-1] = "fake_site:application"
        child.environment["PYTHONPATH"] = str(Path(__file__).parent)
        return child

    def jobs(settings: Settings) -> Any:
        command = [sys.executable, __file__, "worker"]
        return Child("The job worker", command, {"LUMBUNG_HOME": str(settings.home)})

    def keeper(settings: Settings) -> Any:
        command = [sys.executable, __file__, "keeper"]
        return Child("The keeper of applications", command, {"LUMBUNG_HOME": str(settings.home)})

    vars(supervisor).update(open_database=no_database, web_server=web, job_worker=jobs, app_keeper=keeper)
    try:
        supervisor.serve(load_settings(), on_ready=lambda: sys.stdout.writelines(["ready\n"]))
    except LumbungError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    wait(sys.argv[1]) if sys.argv[1:] else main()
