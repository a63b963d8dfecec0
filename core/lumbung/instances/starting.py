"""What an instance is started by: its command, its folder, and an environment that holds nothing of ours."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lumbung.errors import LumbungError
from lumbung.instances import environments, php_router
from lumbung.instances.instance import Instance
from lumbung.instances.rows import facts_of
from lumbung.instances.tree import is_donated, place_in, write_file
from lumbung.instances.values import HOST, can_fill, fill, values_of
from lumbung.kernel import Kernel
from lumbung.registry.foreign import GeneratedFile, Health, Limits

PHP_WORKERS = 4
LARGEST_UPLOAD = "1024M"


@dataclass(frozen=True)
class Start:
    """How a process is started. ``environment`` is all it gets; it holds passwords and is never shown."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(repr=False)
    limits: Limits
    health: Health


def command_of(kernel: Kernel, instance: Instance, port: int) -> Start:
    """Return how an instance that was made is started on ``port``; its generated files are written anew.

    Raises `LumbungError` in one sentence, for a program that is missing too.
    """
    values = values_of(kernel, instance, port=port)
    write_generated(instance, values)
    environment = environment_of(kernel, instance, values)
    process = instance.process
    if process.command:
        argv = tuple(fill(word, values) for word in process.command)
    else:
        argv = _php_server(kernel, instance, port)
        environment["PHP_CLI_SERVER_WORKERS"] = str(PHP_WORKERS)
    return Start(found(instance, argv, environment), folder_of(instance), environment, process.limits, process.health)


def folder_of(instance: Instance) -> Path:
    """Return the folder a process is started in."""
    folder = instance.source / instance.process.folder if instance.process.folder else instance.source
    if not folder.is_dir():
        raise LumbungError(
            "Plugin %(plugin)s is to be started in %(folder)s, which its donated tree does not have.",
            plugin=instance.name,
            folder=instance.process.folder or instance.process.source,
        )
    return folder


def temporary_of(instance: Instance) -> Path:
    """Return the folder for temporary files, its own: no other application can read what is uploaded to it."""
    return instance.folder / "tmp"


def environment_of(kernel: Kernel, instance: Instance, values: Mapping[str, str]) -> dict[str, str]:
    """Return all that a process of the instance finds in its environment, made from nothing of ours."""
    environment = environments.bare_environment()
    environment["HOME"] = str(instance.data)
    environment["TMPDIR"] = str(temporary_of(instance))
    environment["TZ"] = instance.tenant.time_zone if instance.tenant else "UTC"
    if instance.process.stack == "python":
        python = environments.python_of(kernel.settings, instance)
        environment["PATH"] = f"{python.parent}:{environment['PATH']}"
        environment["VIRTUAL_ENV"] = str(python.parent.parent)
        environment["PYTHONUNBUFFERED"] = "1"
    for name, text in instance.process.environment.items():
        if can_fill(text, values):
            environment[name] = fill(text, values)
    return environment


def found(instance: Instance, argv: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return a command with the whole path of its program; raises `LumbungError` when that is nowhere."""
    program = argv[0]
    if "/" in program:
        place = folder_of(instance) / program
        path = str(place) if place.is_file() else None
    else:
        path = shutil.which(program, path=environment["PATH"])
    if path is None:
        raise LumbungError(
            "Plugin %(plugin)s is started by %(program)s, which is neither on this machine nor in its environment.",
            plugin=instance.name,
            program=program,
        )
    return (path, *argv[1:])


def write_generated(instance: Instance, values: Mapping[str, str]) -> list[str]:
    """Write the files that the manifest describes, and return those beside the donated ones.

    One that asks for what is not known yet (the port) waits for the start. Raises `LumbungError` for one whose name
    is that of a donated file.
    """
    beside = []
    for file in instance.process.files:
        root = instance.source if file.place == "source" else instance.generated
        if file.place == "source":
            beside.append(file.path)
            _refuse_donated(instance, file)
        if not can_fill(file.text, values):
            continue
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = place_in(root, file.path)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_file(place, fill(file.text, values).encode(), 0o600)
    return beside


def _refuse_donated(instance: Instance, file: GeneratedFile) -> None:
    if is_donated(instance, file.path):
        raise LumbungError(
            "Plugin %(plugin)s wants to write %(path)s over the donated file of that name; donated files stay as they "
            "are: have it read another one.",
            plugin=instance.name,
            path=file.path,
        )


def _php_server(kernel: Kernel, instance: Instance, port: int) -> tuple[str, ...]:
    """Return the command of PHP's own server, with the router script, which is written here."""
    php = environments.find_php(instance.name)
    root = php_router.document_root(instance)
    if not root.is_dir():
        raise LumbungError(
            "Plugin %(plugin)s names the document root %(folder)s, which its donated tree does not have.",
            plugin=instance.name,
            folder=instance.process.document_root or "",
        )
    script = instance.generated / php_router.FILE
    instance.generated.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_file(script, php_router.router(instance).encode(), 0o600)
    options = [word for name, value in php_settings(kernel, instance).items() for word in ("-d", f"{name}={value}")]
    return (str(php.path), *options, "-S", f"{HOST}:{port}", "-t", str(root), str(script))


def php_settings(kernel: Kernel, instance: Instance) -> dict[str, str]:
    """Return the settings of PHP for an instance, as ``php.ini`` names them; a pool of php-fpm takes them too."""
    temporary, sessions = temporary_of(instance), instance.data / "sessions"
    sessions.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = {
        "date.timezone": instance.tenant.time_zone if instance.tenant else "UTC",
        "display_errors": "0",
        "display_startup_errors": "0",
        "expose_php": "0",
        "log_errors": "1",
        "error_log": "",  # what the process prints, which is kept
        "html_errors": "0",
        "memory_limit": f"{instance.process.limits.memory_mb}M",
        "upload_max_filesize": LARGEST_UPLOAD,
        "post_max_size": LARGEST_UPLOAD,
        "open_basedir": str(instance.folder),
        "session.save_path": str(sessions),
        "session.cookie_httponly": "1",
        "session.gc_probability": "1",  # Debian has a cron job instead, for its own folder
        "sys_temp_dir": str(temporary),
        "upload_tmp_dir": str(temporary),
        "allow_url_include": "0",
    }
    database = dict(facts_of(kernel, instance).get("database") or {})
    if database.get("engine") == "mysql" and database.get("socket"):
        settings |= {"mysqli.default_socket": database["socket"], "pdo_mysql.default_socket": database["socket"]}
    return settings
