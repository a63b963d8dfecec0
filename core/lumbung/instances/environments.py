"""What a stack needs on this machine: an environment of its own for Python, the ``php`` of the machine for PHP.

An environment of Python is made once for a plugin's requirements and shared by the tenants. It is built where it is
going to be used, since its scripts name their interpreter by its whole path; the file `DONE` in it says that it is
complete, and one without is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.instance import Instance
from lumbung.instances.tree import donated_folder
from lumbung.settings import Settings

DONE = "lumbung-complete"
LAST_LINES = 12
_TOLD = re.compile(r"^(Collecting|Downloading|Building wheel|Installing collected|Successfully installed)\b")
_INCLUDED = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)")


@dataclass(frozen=True)
class Program:
    """A program of this machine and its version."""

    path: Path
    version: str


def ensure_python(settings: Settings, instance: Instance, tell: Callable[[Sentence], None]) -> Path:
    """Return the interpreter of an instance's environment, making that first when it is missing.

    Raises `LumbungError` when the Python that the manifest names is not on this machine, or pip says no; its last
    lines are in the message.
    """
    folder = environment_of(settings, instance)
    with alone(folder.parent):
        if not (folder / DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _build(folder, instance, tell)
            (folder / DONE).touch()
    return folder / "bin" / "python"


def python_of(settings: Settings, instance: Instance) -> Path:
    """Return the interpreter of an instance's environment as it is; raises `LumbungError` when there is none."""
    if instance.process.stack != "python":
        raise LumbungError(
            "Plugin %(plugin)s asks for python, which only the stack python has an environment of.",
            plugin=instance.name,
        )
    folder = environment_of(settings, instance)
    if not (folder / DONE).exists():
        raise LumbungError("Plugin %(plugin)s has no environment yet: it is made first.", plugin=instance.name)
    return folder / "bin" / "python"


def environment_of(settings: Settings, instance: Instance) -> Path:
    """Return the folder of an instance's environment; it need not be there."""
    whole = hashlib.sha256(find_python(instance.name, instance.process.python).version.encode())
    for text in _requirements(instance):
        whole.update(b"\0" + text)
    return settings.home / "environments" / instance.name / whole.hexdigest()[:16]


def forget_unused(settings: Settings, plugin: str, used: Iterable[Path]) -> None:
    """Remove the environments of a plugin that no instance uses any more."""
    folder = settings.home / "environments" / plugin
    if not folder.is_dir():
        return
    wanted = set(used)
    with alone(folder):
        for one in folder.iterdir():
            if one.is_dir() and one not in wanted:
                (one / DONE).unlink(missing_ok=True)
                shutil.rmtree(one, ignore_errors=True)


def find_python(plugin: str, minor: str | None) -> Program:
    """Return the interpreter that a manifest names, the platform's own where it names none or the same."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if minor is None or minor == own:
        return Program(Path(sys.executable), own)
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which(f"python{minor}", path=folder) if folder else None
        # a version manager has one of each name, which runs or does not
        if found and _asked(found, "-c", "import sys; print('%d.%d' % sys.version_info[:2])") == minor:
            return Program(Path(found), minor)
    raise LumbungError(
        "Plugin %(plugin)s needs Python %(minor)s, and there is no python%(minor)s on this machine; install it, or "
        "name another under python in plugin.toml.",
        plugin=plugin,
        minor=minor,
    )


def find_php(plugin: str) -> Program:
    """Return the ``php`` of this machine; raises `LumbungError` when there is none."""
    found = shutil.which("php")
    version = _asked(found, "-n", "-r", "echo PHP_VERSION;") if found else ""
    if not found or not version:
        raise LumbungError(
            "Plugin %(plugin)s needs PHP, and there is no php on this machine; install it (Debian: php-cli).",
            plugin=plugin,
        )
    return Program(Path(found), version)


def bare_environment() -> dict[str, str]:
    """Return what every program here is given, whatever ours holds: where programs are, and the language."""
    own = {str(Path(sys.prefix) / "bin"), str(Path(sys.executable).parent)}
    path = [one for one in os.environ.get("PATH", os.defpath).split(os.pathsep) if one and one not in own]
    return {"PATH": os.pathsep.join(path), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


@lru_cache(maxsize=32)
def _asked(program: str, *arguments: str) -> str:
    """Return the first line that a program prints; empty when it does not run."""
    try:
        answer = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=20, env=_of_installer(), check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip().partition("\n")[0]


def _requirements(instance: Instance) -> Iterator[bytes]:
    """Yield the texts of a requirements file and of those that it includes."""
    if instance.process.requirements is None:
        return
    root = donated_folder(instance)
    waiting, seen = [root / instance.process.requirements], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            text = path.read_bytes()
        except OSError:
            raise LumbungError(
                "Plugin %(plugin)s names the requirements %(path)s, which are not in the donated tree.",
                plugin=instance.name,
                path=os.path.relpath(path, root),
            ) from None
        yield text
        for line in text.decode("utf-8", "replace").splitlines():
            if (found := _INCLUDED.match(line)) and "://" not in found[1]:
                waiting.append(path.parent / found[1])


def _build(folder: Path, instance: Instance, tell: Callable[[Sentence], None]) -> None:
    python = find_python(instance.name, instance.process.python)
    tell(Sentence("An environment of Python %(version)s is made.", version=python.version))
    _run(instance, [str(python.path), "-m", "venv", str(folder)], tell)
    if instance.process.requirements is None:
        return
    requirements = donated_folder(instance) / instance.process.requirements
    options = ["--no-input", "--disable-pip-version-check", "--no-color", "--progress-bar=off"]
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", *options, "-r", str(requirements)]
    _run(instance, command, tell, cwd=instance.source)


def _run(instance: Instance, command: list[str], tell: Callable[[Sentence], None], *, cwd: Path | None = None) -> None:
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=_of_installer(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            if line.strip():
                last.append(line.rstrip())
            if _TOLD.match(line):
                tell(Sentence("pip: %(line)s", line=line.strip()))
    if process.returncode != 0:
        raise LumbungError(
            "The environment of %(plugin)s cannot be made: %(lines)s", plugin=instance.name, lines="\n".join(last)
        )


def _of_installer() -> Mapping[str, str]:
    """Return the environment of pip: ours, for proxies and package indexes, without our own settings and packages."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LUMBUNG_", "PYTHON", "PG")) and name not in ("VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    } | {"PIP_REQUIRE_VIRTUALENV": "0"}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes that ask for the same folder waiting meanwhile; it is made when it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    guard = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield
    finally:
        os.close(guard)
