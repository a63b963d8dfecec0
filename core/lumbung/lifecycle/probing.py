"""Running a package's code for the first time: in a child process with limits of time and memory.

The child is `lumbung.probe`. It says each check on a pipe before it begins, so that a loop or a crash names the check
it died in. What it cannot promise is in `docs/decisions/0024-probe.md`.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lumbung.errors import LumbungError, Sentence
from lumbung.registry.manifest import Manifest
from lumbung.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a package may use while it is looked at. A sound one needs a tenth of each."""

    seconds: float = 60
    cpu_seconds: int = 30
    memory_mb: int = 1024
    open_files: int = 256
    file_mb: int = 16
    processes: int = 64
    output: int = 1024 * 1024
    start_seconds: float = 60  # for the core to be imported, before the package's own time begins


LIMITS = Limits()
LOOK_EVERY = 0.1  # seconds between two counts of its processes
KEPT_OUTPUT = 2_000  # characters of what it printed, for the log
_LONGEST_LINE = 64 * 1024
_PREFIX = "lumbung-probe-"
_FORGOTTEN = 24 * 3600  # seconds after which a folder is nobody's: no probe takes as long

NAMES: Mapping[str, Sentence] = {
    "manifest": Sentence("reading its manifest"),
    "import": Sentence("importing its modules"),
    "hooks": Sentence("looking for its hooks"),
    "routes": Sentence("opening its pages"),
    "models": Sentence("configuring its models"),
    "templates": Sentence("compiling its templates"),
    "jobs": Sentence("looking for its jobs"),
    "changes": Sentence("comparing what all applications share"),
    "leftovers": Sentence("looking for what it leaves running"),
}
Heard = Callable[[str, int, int], None]


class ProbeRefused(LumbungError):
    """The package was run and is not fit to be installed; the message says which check it failed and why."""


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it went well, what was found when it did not, and how long it took."""

    name: str
    ok: bool
    words: Sentence | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """What a probe found. ``memory`` is the most the process had at a time, in bytes.

    ``apart`` is False where the kernel did not let it have a space without network and other processes. ``output`` is
    the end of what the package printed.
    """

    plugin: str = ""
    checks: tuple[Check, ...] = ()
    seconds: float = 0.0
    memory: int = 0
    apart: bool = True
    output: str = field(default="", repr=False)

    @property
    def problems(self) -> tuple[Check, ...]:
        """The checks that did not go well, in their order."""
        return tuple(check for check in self.checks if not check.ok)

    def refuse_if_bad(self) -> None:
        """Raise `ProbeRefused` naming the first thing that is wrong."""
        for check in self.problems:
            raise ProbeRefused(
                "%(plugin)s was tried in a process of its own and cannot be installed: %(reason)s",
                plugin=self.plugin,
                reason=check.words or Sentence("An unexpected fault; the log has the details."),
            )

    def words(self) -> Sentence:
        """Return what the report says of itself in one line, for the note under its step."""
        if self.problems:
            failed = [NAMES.get(check.name, Sentence("trying it")) for check in self.problems]
            return Sentence("Not in order: %(failed)s.", failed=failed)
        values = {
            "checks": len(self.checks),
            "milliseconds": round(self.seconds * 1000),
            "memory": self.memory // 2**20,
        }
        if self.apart:
            return Sentence("%(checks)s checks in %(milliseconds)s ms, %(memory)s MB of memory.", **values)
        return Sentence(
            "%(checks)s checks in %(milliseconds)s ms, %(memory)s MB of memory. This server did not allow to cut the "
            "process off from the network.",
            **values,
        )


def quietly(_check: str, _done: int, _total: int) -> None:
    """Tell nobody about a check."""


def probe(settings: Settings, folder: Path, manifest: Manifest, *, heard: Heard = quietly) -> Report:
    """Probe the package of ``manifest`` that lies in ``folder``; ``heard`` is told of each check as it begins.

    Whatever the package does is in the report. Raises `LumbungError` when no process can be made to look at it.
    """
    with Prober(settings) as prober:
        return prober.probe(folder, manifest, heard=heard)


class Prober:
    """A process that has the core imported and makes another for each package to look at."""

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        limits = limits or LIMITS
        of_a_worker = settings.memory_limit_mb or limits.memory_mb
        self._limits = replace(limits, memory_mb=min(limits.memory_mb, of_a_worker))
        self._checks: list[str] = []

    def __enter__(self) -> Self:
        _sweep()
        self._home = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        reader, writer = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", "lumbung.probe", str(writer), json.dumps(asdict(self._limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(writer,),
            cwd=self._home.name,
            env=_environment(self._home.name),
            start_new_session=True,
        )
        os.close(writer)
        self._reader = reader
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        os.close(self._reader)
        self._home.cleanup()

    def probe(self, folder: Path, manifest: Manifest, *, heard: Heard = quietly) -> Report:
        """As the function `probe`."""
        watch = _Watch(self._process, self._reader, self._limits, manifest.name, heard)
        if not self._checks:
            self._checks = watch.wait_until_ready()
        watch.total = len(self._checks)
        task = {
            "folder": str(folder),
            "path": [*filter(None, map(str, sys.path))],
            "name": manifest.name,
            "version": manifest.version,
        }
        assert self._process.stdin is not None  # noqa: S101  (a pipe was asked for)
        self._process.stdin.write(json.dumps(task).encode() + b"\n")
        self._process.stdin.flush()
        report = watch.see_through()
        if report.problems:
            found = "; ".join(f"{check.name}: {check.words}" for check in report.problems)
            logger.warning("the probe of %s found: %s; it printed: %s", manifest.name, found, report.output)
        return report


class _Watch:
    """Listens to a probe until it is over, and ends it where it goes too far."""

    def __init__(
        self, process: subprocess.Popen[bytes], reader: int, limits: Limits, plugin: str, heard: Heard
    ) -> None:
        self._process, self._reader, self._limits, self._plugin, self._heard = process, reader, limits, plugin, heard
        self._lines, self._output, self._printed = b"", b"", 0
        self._group = 0
        self._apart = True
        self._checks: list[Check] = []
        self._under_way: str | None = None
        self._ended: Mapping[str, Any] | None = None
        self._finished = False
        self._stopped: Sentence | None = None
        self.total = 0

    def wait_until_ready(self) -> list[str]:
        """Return the names of the checks; raises `LumbungError` when the core cannot even be imported there."""
        deadline = time.monotonic() + self._limits.start_seconds
        with self._listening() as hear:
            while time.monotonic() < deadline:
                for said in hear(LOOK_EVERY):
                    if said["say"] == "ready":
                        return [str(name) for name in said["checks"]]
                if self._process.poll() is not None:
                    break
        logger.error("the probe did not start: %s", self._tail())
        raise LumbungError("No process could be made to try the package in; the log has the details.")

    def see_through(self) -> Report:
        """Listen until the process is over and nothing of it runs any more."""
        begun = time.monotonic()
        deadline, over = begun + self._limits.seconds, False
        with self._listening() as hear:
            while not over:
                for said in hear(LOOK_EVERY):
                    over = self._take(said)
                if self._stopped is None and (stop := self._reason_to_stop(deadline)):
                    self._stopped, deadline = stop, time.monotonic() + 10
                    self._end_group()
                elif self._process.poll() is not None or (self._stopped and time.monotonic() > deadline):
                    break
        if not over:
            self._process.kill()
        self._conclude()
        used = int((self._ended or {}).get("memory", 0))
        seconds = time.monotonic() - begun
        return Report(self._plugin, tuple(self._checks), seconds, used, self._apart, self._tail())

    def _take(self, said: Mapping[str, Any]) -> bool:
        """Take in one line; return whether it was the last."""
        what = said["say"]
        if what == "started":
            self._group, self._apart = int(said["group"]), bool(said["apart"])
        elif what == "check":
            self._under_way = str(said["name"])
            self._heard(self._under_way, len(self._checks), self.total)
        elif what == "checked":
            problem = Sentence.from_json(said["problem"]) if said["problem"] else None
            self._checks.append(Check(str(said["name"]), problem is None, problem, float(said["seconds"])))
            self._under_way = None
        elif what == "finished":
            self._finished = True
        elif what == "ended":
            self._ended = said
        return bool(what == "over")

    def _reason_to_stop(self, deadline: float) -> Sentence | None:
        during = NAMES.get(self._under_way or "", Sentence("trying it"))
        if time.monotonic() > deadline:
            return Sentence(
                "It came to no end within %(seconds)s seconds while %(during)s: it waits for something or runs in a "
                "loop there.",
                seconds=f"{self._limits.seconds:g}",
                during=during,
            )
        if self._printed > self._limits.output:
            return Sentence("It prints without end while %(during)s.", during=during)
        if self._group and _count_of(self._group) > self._limits.processes:
            return Sentence(
                "It started more than %(most)s processes while %(during)s.",
                most=self._limits.processes,
                during=during,
            )
        return None

    def _conclude(self) -> None:
        """Put into a last check how it ended, unless it ended well."""
        if self._finished and self._stopped is None:
            return
        during = NAMES.get(self._under_way or "", Sentence("trying it"))
        self._checks.append(Check(self._under_way or "end", False, self._stopped or self._how_it_ended(during)))

    def _how_it_ended(self, during: Sentence) -> Sentence:
        number = int((self._ended or {}).get("signal", 0))
        if number == signal.SIGXCPU:
            return Sentence(
                "It used more than %(seconds)s seconds of the processor while %(during)s.",
                seconds=self._limits.cpu_seconds,
                during=during,
            )
        if number:
            return Sentence(
                "Its process crashed (%(signal)s) while %(during)s. In the portal that would take other applications "
                "along.",
                signal=signal.Signals(number).name if number in signal.valid_signals() else number,
                during=during,
            )
        return Sentence(
            "It ended its process (exit code %(code)s) while %(during)s. An application never ends the process that it "
            "runs in.",
            code=int((self._ended or {}).get("exit", 0)),
            during=during,
        )

    def _end_group(self) -> None:
        if self._group:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)

    def _tail(self) -> str:
        return self._output[-KEPT_OUTPUT:].decode("utf-8", "replace")

    @contextmanager
    def _listening(self) -> Iterator[Callable[[float], list[Mapping[str, Any]]]]:
        assert self._process.stdout is not None  # noqa: S101  (a pipe was asked for)
        with selectors.DefaultSelector() as ears:
            ears.register(self._reader, selectors.EVENT_READ)
            ears.register(self._process.stdout, selectors.EVENT_READ)

            def hear(seconds: float) -> list[Mapping[str, Any]]:
                said: list[Mapping[str, Any]] = []
                for key, _ in ears.select(seconds):
                    piece = os.read(key.fd, _LONGEST_LINE)
                    if not piece:
                        ears.unregister(key.fileobj)
                    elif key.fd == self._reader:
                        said += self._lines_in(piece)
                    else:
                        self._printed += len(piece)
                        self._output = (self._output + piece)[-4 * KEPT_OUTPUT :]
                return said

            yield hear

    def _lines_in(self, piece: bytes) -> list[Mapping[str, Any]]:
        """Return the whole lines that are here now. The package could write to this pipe too: nonsense is left out."""
        *lines, self._lines = (self._lines + piece).split(b"\n")
        self._lines = self._lines[-_LONGEST_LINE:]
        said: list[Mapping[str, Any]] = []
        for line in lines:
            with suppress(ValueError, UnicodeDecodeError):
                one = json.loads(line)
                if isinstance(one, dict) and "say" in one:
                    said.append(one)
        return said


def _environment(home: str) -> dict[str, str]:
    """Return the environment of the child: nothing of ours but where programs and libraries are."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return {
        **kept,
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _count_of(group: int) -> int:
    """Return how many processes are in a group."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            count += int(path.read_text().rpartition(")")[2].split()[2]) == group
    return count


def _sweep() -> None:
    """Remove the folders of probes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _FORGOTTEN:
                shutil.rmtree(folder)
