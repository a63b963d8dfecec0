"""Making an instance, writing it out, and removing it. Each step may be done twice, and be killed half-way.

`make` notes in ``InstanceRow.facts`` how far it came: a database whose dump was not loaded to its end is made anew the
next time, one that was is never touched again, whatever version follows.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from lumbung.clock import utc_now
from lumbung.errors import LumbungError, Sentence
from lumbung.instances import environments
from lumbung.instances.databases import Engine, engine_named, engine_of, own_database
from lumbung.instances.instance import Instance
from lumbung.instances.rows import change_facts, facts_of, note, row_of, rows_of, secrets_of
from lumbung.instances.starting import environment_of, folder_of, found, temporary_of, write_generated
from lumbung.instances.tree import (
    Copied,
    changed_files,
    copy_tree,
    digests_of,
    donated_folder,
    forget_drafts,
    is_copied,
    place_in,
    tree_hash,
)
from lumbung.instances.values import fill, values_of
from lumbung.kernel import Kernel

Tell = Callable[[Sentence], None]

PREPARE_SECONDS = 1800  # 484 migrations of a real application take 40 s; somebody's machine is slower
LAST_LINES = 12
LOADING, LOADED = "loading", "loaded"


def quietly(_sentence: Sentence) -> None:
    """Tell nobody."""


def make(kernel: Kernel, instance: Instance, *, tell: Tell = quietly) -> None:
    """Make all that an instance needs to be started, or what is missing of it; `tell` hears each step.

    Raises `LumbungError` in one sentence; what was there before (files, database, the row's version) stays.
    """
    with environments.alone(instance.folder):
        _make(kernel, instance, tell)
    tell(Sentence("%(instance)s is made.", instance=instance.label))


def _make(kernel: Kernel, instance: Instance, tell: Tell) -> None:
    for folder in (instance.folder, instance.data, instance.generated, instance.log.parent, temporary_of(instance)):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    for folder in (instance.data, instance.generated):
        forget_drafts(folder)
    secret = secrets_of(kernel, instance)
    copied = _copy(kernel, instance, tell)
    python = _environment(kernel, instance, tell)
    _database(kernel, instance, secret, tell)
    beside = _generate(kernel, instance)
    _prepare(kernel, instance, copied, tell)
    _settle_database(kernel, instance, secret)
    told = {"beside": beside, "environment": str(python.parent.parent) if python else None}
    change_facts(kernel, instance, lambda facts: {**facts, **told})
    note(kernel, instance, version=instance.plugin.version, made_at=utc_now())
    _forget_environments(kernel, instance)


def is_made(kernel: Kernel, instance: Instance) -> bool:
    """Whether the instance was made completely, of the version that is installed."""
    with kernel.database.new_session(None) as session:
        row = row_of(session, instance)
        known = row is not None and row.made_at is not None and row.version == instance.plugin.version
    return known and is_copied(instance)


def remove(kernel: Kernel, instance: Instance) -> None:
    """Remove database, files and passwords of an instance for good; it may be half removed, or not there at all."""
    with kernel.database.new_session(None) as session:
        known = row_of(session, instance) is not None
    database = facts_of(kernel, instance).get("database") or {}
    if database:
        secret = secrets_of(kernel, instance)
        engine_named(str(database["engine"])).drop(kernel, instance, secret)
    if instance.folder.exists():
        with environments.alone(instance.folder):
            _remove_folder(instance.folder)
    with suppress(OSError):
        instance.folder.parent.rmdir()
    if known:
        gone: dict[str, Any] = {"state": "removed", "since": utc_now(), "facts": {}, "secret": None, "version": None}
        note(kernel, instance, **gone, made_at=None, address=None, reason=None, halted_by=None)
        _forget_environments(kernel, instance)


def _remove_folder(folder: Path) -> None:
    for where, names, _files in os.walk(folder):
        for name in names:  # an application may have taken from us the right to remove
            if not Path(where, name).is_symlink():
                with suppress(OSError):
                    Path(where, name).chmod(0o700)
    shutil.rmtree(folder)


def dump(kernel: Kernel, instance: Instance, folder: Path) -> list[Path]:
    """Write an instance into ``folder``: its database as a dump, and the files that it does not have from its package.

    Returns the files made; none for an instance that was never made. Raises `LumbungError`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    database = facts_of(kernel, instance).get("database") or {}
    if database.get("state") == LOADED:
        engine = engine_named(str(database["engine"]))
        made.append(engine.dump(kernel, instance, secrets_of(kernel, instance), folder))
    if instance.folder.is_dir():
        made.append(_pack(instance, folder / f"{instance.name}-files.tar.gz", str(database.get("file") or "")))
    return made


def _copy(kernel: Kernel, instance: Instance, tell: Tell) -> str:
    """Bring the copy of the donated tree up to date, and return that tree's hash."""
    facts = facts_of(kernel, instance)
    if is_copied(instance) and facts.get("tree"):
        return str(facts["tree"])
    tell(Sentence("The donated files are copied."))
    for path in facts.get("beside") or ():  # files of an earlier manifest; those of today are written anew
        place_in(instance.source, path).unlink(missing_ok=True)
    copied: Copied = copy_tree(instance)
    if copied.kept:
        tell(
            Sentence(
                "%(count)s files stay as the application changed them: %(paths)s",
                count=len(copied.kept),
                paths=list(copied.kept[:20]),
            )
        )
    told = {"tree": copied.hash, "files": copied.files, "kept": list(copied.kept[:200])}
    change_facts(kernel, instance, lambda known: {**known, **told})
    return copied.hash


def _environment(kernel: Kernel, instance: Instance, tell: Tell) -> Path | None:
    process = instance.process
    if process.stack == "python":
        return environments.ensure_python(kernel.settings, instance, tell)
    if process.stack == "php":
        php = environments.find_php(instance.name)
        change_facts(kernel, instance, lambda facts: {**facts, "php": php.version})
    return None


def _database(kernel: Kernel, instance: Instance, secret: dict[str, str], tell: Tell) -> None:
    """Make the database with its dump, unless that was done. One whose loading was cut off is dropped first."""
    if instance.process.database is None:
        return
    own, engine = own_database(instance), engine_of(instance.process)
    before = dict(facts_of(kernel, instance).get("database") or {})
    if before and before["engine"] != own.engine:
        raise LumbungError(
            "Plugin %(plugin)s had its data in %(before)s and now wants %(engine)s: archive and purge it first.",
            plugin=instance.name,
            before=before["engine"],
            engine=own.engine,
        )
    if before.get("state") == LOADING:
        engine.drop(kernel, instance, secret)
    state = before.get("state")
    facts = engine.create(kernel, instance, secret)
    if state == LOADED or (state is None and own.engine != "sqlite" and engine.tables(kernel, instance, secret)):
        _note_database(kernel, instance, facts, LOADED)
        return
    _note_database(kernel, instance, facts, LOADING)
    try:
        if own.dump is not None:
            _load(kernel, instance, engine, secret, tell)
    except BaseException:
        engine.drop(kernel, instance, secret)
        change_facts(kernel, instance, lambda known: {name: known[name] for name in known if name != "database"})
        raise
    _note_database(kernel, instance, facts, LOADED)


def _load(kernel: Kernel, instance: Instance, engine: Engine, secret: dict[str, str], tell: Tell) -> None:
    path = donated_folder(instance) / (own_database(instance).dump or "")
    if not path.is_file():
        raise LumbungError(
            "Plugin %(plugin)s names the dump %(path)s, which is not in its donated tree.",
            plugin=instance.name,
            path=own_database(instance).dump or "",
        )
    tell(Sentence("The dump %(file)s is loaded (%(size)s MB).", file=path.name, size=path.stat().st_size // 1024**2))
    engine.load(kernel, instance, secret, path, tell)


def _note_database(kernel: Kernel, instance: Instance, facts: dict[str, str], state: str) -> None:
    change_facts(kernel, instance, lambda known: {**known, "database": {**facts, "state": state}})


def _settle_database(kernel: Kernel, instance: Instance, secret: dict[str, str]) -> None:
    """Count the tables, which may have come with a dump or with the commands before the first start."""
    if instance.process.database is None:
        return
    engine, least = engine_of(instance.process), instance.process.database.least_tables
    count = engine.tables(kernel, instance, secret)
    if count < least:
        raise LumbungError(
            "The database of %(instance)s holds %(count)s tables, and %(least)s are the least: is the dump whole?",
            instance=instance.label,
            count=count,
            least=least,
        )
    adapter = instance.plugin.manifest.data_adapter
    if adapter is not None:
        engine.allow_adapter(kernel, instance, secret, adapter.tables)
    change_facts(kernel, instance, lambda facts: {**facts, "tables": count})


def _generate(kernel: Kernel, instance: Instance) -> list[str]:
    return write_generated(instance, values_of(kernel, instance))


def _prepare(kernel: Kernel, instance: Instance, tree: str, tell: Tell) -> None:
    """Run the commands before the first start of a version, unless this very tree had them already."""
    done = f"{instance.plugin.version} {tree}"
    if not instance.process.prepare or facts_of(kernel, instance).get("prepared") == done:
        return
    values = values_of(kernel, instance)
    environment = environment_of(kernel, instance, values)
    for words in instance.process.prepare:
        argv = found(instance, tuple(fill(word, values) for word in words), environment)
        tell(Sentence("%(command)s runs.", command=Path(argv[0]).name))
        _run(instance, argv, environment)
    change_facts(kernel, instance, lambda facts: {**facts, "prepared": done})


def _run(instance: Instance, argv: tuple[str, ...], environment: dict[str, str]) -> None:
    """Run one command to its end, what it prints kept in the log; its whole group ends with it."""
    with instance.log.open("ab") as log:
        begin = log.tell()
        process = subprocess.Popen(
            argv,
            cwd=folder_of(instance),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status: int | None = process.wait(PREPARE_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if status == 0:
        return
    with instance.log.open("rb") as printed:
        printed.seek(max(begin, printed.seek(0, os.SEEK_END) - 8192))
        last = printed.read().decode("utf-8", "replace").strip().splitlines()[-LAST_LINES:]
    program = Path(argv[0]).name
    if status is None:
        raise LumbungError(
            "%(program)s of %(plugin)s did not end within %(seconds)s seconds: %(lines)s",
            program=program,
            plugin=instance.name,
            seconds=PREPARE_SECONDS,
            lines="\n".join(last),
        )
    raise LumbungError(
        "%(program)s of %(plugin)s failed with status %(status)s: %(lines)s",
        program=program,
        plugin=instance.name,
        status=status,
        lines="\n".join(last),
    )


def _pack(instance: Instance, made: Path, database: str) -> Path:
    """Pack what the application wrote; its SQLite file is left out, which has a dump, and sessions are."""
    with (
        os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        tarfile.open(fileobj=file, mode="w:gz") as archive,
    ):
        for path in sorted(instance.data.rglob("*")):
            own = path.relative_to(instance.data)
            taken = path.is_file() and not path.is_symlink() and own.parts[0] != "sessions"
            if taken and not str(path).startswith(database or "\0"):
                archive.add(path, f"data/{own}", recursive=False)
        if instance.source.is_dir():
            for name in changed_files(instance):
                archive.add(instance.source / name, f"source/{name}", recursive=False)
    return made


def _forget_environments(kernel: Kernel, instance: Instance) -> None:
    with kernel.database.new_session(None) as session:
        used = [row.facts.get("environment") for row in rows_of(session, instance.name)]
    environments.forget_unused(kernel.settings, instance.name, [Path(one) for one in used if one])


def donated_hash(instance: Instance) -> str:
    """Return the hash of the donated tree as it is in the installed package now."""
    return tree_hash(digests_of(donated_folder(instance)))
