"""``lumbung serve``: the database, the web server, the job worker and the keeper, kept alive by one process.

It waits in one place (`Supervisor.run`) for whatever comes first: a signal, the end of a child, the end of
the database, or the time to start something again.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial

from lumbung.database.embedded import EmbeddedPostgres
from lumbung.database.roles import DatabaseUrls, urls_made_by_hand
from lumbung.errors import LumbungError
from lumbung.presence import RENEWED_BY, claim_home
from lumbung.registry.at_work import note_death
from lumbung.serving.children import Child
from lumbung.serving.listening import listen, readiness_probe
from lumbung.serving.logs import configure_logging
from lumbung.settings import Settings
from lumbung.site import open_database

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, *RENEWED_BY.values())
PROBE_EVERY = 0.1  # seconds, until the site answers for the first time
SLOW_START = 60.0
TRY_DATABASE_AGAIN = 5.0
WEB_STOPS = ((signal.SIGTERM, 3.0), (signal.SIGINT, 3.0))  # politely; then without waiting for open requests
CHILDREN_STOP_WITHIN = 8.0  # together; the database needs a moment after them


def serve(
    settings: Settings,
    on_ready: Callable[[], None] = lambda: None,
    prepare: Callable[[DatabaseUrls], None] = lambda urls: None,
) -> None:
    """Serve the site until SIGTERM or Ctrl-C, then stop everything and return.

    ``prepare`` runs once the database is up and before anything else, to migrate for example; ``on_ready``
    once the site answers. SIGHUP renews the web workers one by one and the job worker, SIGUSR1 the
    former only, SIGUSR2 the latter. Raises `LumbungError`
    when the port is taken, the home is served already or the database cannot be reached; nothing is left running then.
    """
    configure_logging(settings)
    with ExitStack() as stack:
        stack.enter_context(_quiet_end())
        stack.enter_context(claim_home(settings.home, settings.bind, settings.port))
        listener = stack.enter_context(closing(listen(settings.bind, settings.port)))
        urls = stack.enter_context(open_database(settings))
        prepare(urls)
        embedded = not settings.database_url and not urls_made_by_hand(settings)
        Supervisor(
            web_server(settings, urls, listener),
            job_worker(settings),
            app_keeper(settings),
            on_ready=on_ready,
            is_ready=readiness_probe(settings.bind, settings.port),
            listener=listener,
            database=EmbeddedPostgres(settings.home) if embedded else None,
        ).run()


def web_server(settings: Settings, urls: DatabaseUrls, listener: socket.socket) -> Child:
    """The web server. It listens on a socket that we keep: while it restarts, citizens wait in the queue."""
    command = [
        *(sys.executable, "-m", "gunicorn", "-c", "python:lumbung.serving.gunicorn_conf"),
        *("--bind", f"fd://{listener.fileno()}", "lumbung.serving.wsgi:application"),
    ]
    environment = settings.web_environment() | _same_site(settings) | {"LUMBUNG_DATABASE_APP_URL": urls.app}
    environment.setdefault("MALLOC_ARENA_MAX", "2")  # each thread reserved 64 MB for itself: no limit would fit all
    return Child("The web server", command, environment, keep_open=[listener.fileno()])


def job_worker(settings: Settings) -> Child:
    """The job worker, which alone may change the schema."""
    command = [sys.executable, "-m", "lumbung.cli", "worker"]
    return Child(
        "The job worker",
        command,
        settings.worker_environment() | _same_site(settings),
        on_death=partial(note_death, settings.home / "run"),
    )


def app_keeper(settings: Settings) -> Child:
    """The keeper of applications, which makes their databases and runs them; what it runs dies with it."""
    command = [sys.executable, "-m", "lumbung.cli", "keeper"]
    return Child("The keeper of applications", command, settings.worker_environment() | _same_site(settings))


def _same_site(settings: Settings) -> dict[str, str]:
    """Name what the command line may have chosen, so that the children serve the same site."""
    return {
        "LUMBUNG_HOME": str(settings.home),
        "LUMBUNG_BIND": settings.bind,
        "LUMBUNG_PORT": str(settings.port),
    }


class Supervisor:
    """Keeps the web server, the job worker, the keeper and an embedded database alive until it is told to stop."""

    def __init__(
        self,
        web: Child,
        worker: Child,
        keeper: Child,
        *,
        on_ready: Callable[[], None],
        is_ready: Callable[[], bool],
        listener: socket.socket | None = None,
        database: EmbeddedPostgres | None = None,
    ) -> None:
        self.web = web
        self.worker = worker
        self.keeper = keeper
        self._on_ready = on_ready
        self._is_ready = is_ready
        self._ready = False
        self._slow_at = time.monotonic() + SLOW_START
        self._listener = listener
        self._database = database
        self._database_due: float | None = 0.0 if database else None
        self._at_terminal = os.isatty(0)
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Look after everything; when SIGTERM or Ctrl-C asks to, stop everything and return."""
        with _signal_bell() as bell:
            self._selector.register(bell, selectors.EVENT_READ, "signal")
            try:
                while not self._wait_and_see(bell):
                    pass
            finally:
                self._stop()

    def _wait_and_see(self, bell: socket.socket) -> bool:
        """Do what is due, wait for the next thing to happen, and tell whether that was a call to stop."""
        self._tend_database()
        self.web.tend()
        self.worker.tend()
        self.keeper.tend()
        stop = False
        for key, _ in self._selector.select(self._time_to_wait()):
            if key.data == "signal":
                stop = self._answer(bell.recv(4096))
            else:
                self._notice_death_of_database(key.fd)
        if not self._ready and not stop:
            self._look_whether_ready()
        return stop

    def _answer(self, signals: bytes) -> bool:
        """Do what the signals ask; tell whether they ask to stop."""
        if signal.SIGHUP in signals and self._at_terminal and not os.isatty(0):
            return True  # the terminal was closed
        if signal.SIGHUP in signals or RENEWED_BY["pages"] in signals:
            logger.info("The web workers take in new code.")
            self.web.send(signal.SIGHUP)
        if signal.SIGHUP in signals or RENEWED_BY["jobs"] in signals:
            logger.info("The job worker takes in new code.")
            self.worker.renew()
        return signal.SIGINT in signals or signal.SIGTERM in signals

    def _time_to_wait(self) -> float | None:
        known = (self.web.due, self.worker.due, self.keeper.due, self._database_due)
        due = [when for when in known if when is not None]
        waits = [max(0.0, when - time.monotonic()) for when in due]
        return min(waits if self._ready else [*waits, PROBE_EVERY], default=None)

    def _look_whether_ready(self) -> None:
        if self._is_ready():
            self._ready = True
            self._on_ready()
        elif time.monotonic() > self._slow_at:
            logger.warning("The site does not answer yet; the lines above say why.")
            self._slow_at = time.monotonic() + SLOW_START

    def _tend_database(self) -> None:
        """Take hold of the embedded server, starting it if it is down, and watch its process."""
        if self._database is None or self._database_due is None or time.monotonic() < self._database_due:
            return
        try:
            self._database.start()
        except LumbungError as error:
            logger.error("%s", error)
            self._database_due = time.monotonic() + TRY_DATABASE_AGAIN
            return
        self._database_due = None
        pid = self._database.cluster.pid()
        if pid and hasattr(os, "pidfd_open"):
            self._selector.register(os.pidfd_open(pid), selectors.EVENT_READ, "database")

    def _notice_death_of_database(self, pidfd: int) -> None:
        self._selector.unregister(pidfd)
        os.close(pidfd)
        logger.error("The embedded database has died; it is started again.")
        if self._database:
            self._database.release()
            self._database_due = 0.0

    def _stop(self) -> None:
        logger.info("Stopping.")
        begun = time.monotonic()
        if self._listener:
            self._listener.close()
        self.web.stop(*WEB_STOPS)
        self.keeper.send(signal.SIGTERM)  # not before the pages: what they are answering comes from applications
        for child in (self.worker, self.keeper):
            child.stop((signal.SIGTERM, max(0.5, begun + CHILDREN_STOP_WITHIN - time.monotonic())))
        self._selector.close()
        if self._database:
            self._database.release()


@contextmanager
def _quiet_end() -> Iterator[None]:
    """While the site starts, let SIGTERM do what Ctrl-C does, and let both end without a traceback."""
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, signal.default_int_handler),
        **{number: signal.signal(number, signal.SIG_IGN) for number in RENEWED_BY.values()},
    }
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _signal_bell() -> Iterator[socket.socket]:
    """Turn signals into bytes on a socket, which a selector can wait for together with other things."""
    bell, clapper = socket.socketpair()
    bell.setblocking(False)
    clapper.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    signal.set_wakeup_fd(clapper.fileno(), warn_on_full_buffer=False)
    try:
        yield bell
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        bell.close()
        clapper.close()
