"""Doing something to a plugin: a page asks the job worker for it, a command does it itself, by the same steps."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid4

from sqlalchemy import select
from werkzeug.utils import secure_filename

from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.jobs import defer_operation
from lumbung.kernel import Kernel
from lumbung.lifecycle import machine
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.lifecycle.kinds import steps_of
from lumbung.lifecycle.machine import Listener, Tell, Work, alone, quietly
from lumbung.lifecycle.tables import tables_of
from lumbung.registry.discovery import find_plugin
from lumbung.registry.manifest import Manifest
from lumbung.registry.models import OperationRow, PluginRow

logger = logging.getLogger(__name__)


def install_wheel(kernel: Kernel, path: Path, *, by: str, tell: Tell | Listener = quietly) -> Manifest:
    """Install the plugin in a wheel, or upgrade to it, and return its manifest.

    ``tell`` hears each step (a `Listener` hears all there is to hear). Raises `LumbungError` in one sentence; whatever
    fails leaves everything as it was.
    """
    wheel = inspect_wheel(path)
    run(kernel, kind_for(kernel, wheel.manifest.name), plugin=wheel.manifest.name, argument=str(path), by=by, tell=tell)
    return wheel.manifest


def install_found(kernel: Kernel, name: str, *, by: str, tell: Tell | Listener = quietly) -> Manifest:
    """Install a plugin whose package is already in the environment (a bundled one), and return its manifest."""
    run(kernel, "adopt", plugin=name, by=by, tell=tell)
    found = find_plugin(name)
    assert found is not None  # noqa: S101  (a step refused it otherwise)
    return found.manifest


def uninstall(
    kernel: Kernel, name: str, *, by: str, keep_until: str | None = None, tell: Tell | Listener = quietly
) -> None:
    """Archive a plugin and take it off this site. Its tables, files and ledger stay; installing it again finds them.

    ``keep_until`` (2027-11-24) is the day until which the archive is kept; what its manifest asks for unless given.
    Works when its package is already gone. Raises `LumbungError` when it is not installed, other plugins that are
    installed need it, the day is too early, or the archive cannot be written.
    """
    run(kernel, "uninstall", plugin=name, by=by, tell=tell, keep_until=keep_until)


def kind_for(kernel: Kernel, plugin: str) -> str:
    """Return whether a wheel of a plugin is an ``install`` or an ``upgrade`` here.

    One that was uninstalled and whose tables are still here is an upgrade too: there are rows to lose.
    """
    kernel.state.forget()
    if plugin in kernel.snapshot().plugins:
        return "upgrade"
    with kernel.database.new_session(None) as session:
        row = session.get(PluginRow, plugin)
        left = row is not None and row.state == "uninstalled" and tables_of(session.connection(), plugin)
    return "upgrade" if left else "install"


def run(
    kernel: Kernel,
    kind: str,
    *,
    plugin: str | None = None,
    argument: str | None = None,
    by: str,
    tell: Tell | Listener = quietly,
    **facts: Any,
) -> Work:
    """Do an operation here and now, after whatever was left behind; raises `LumbungError` when it fails."""
    with alone(kernel):
        finish_left_behind(kernel)
        operation = machine.begin(kernel, kind, plugin=plugin, argument=argument, by=by, **facts)
        work = machine.carry_out(kernel, operation, steps_of, tell=tell)
    assert work is not None  # noqa: S101  (nobody else knows of it)
    return work


def carry_out(kernel: Kernel, operation: UUID) -> None:
    """Do an operation that a page asked for. One that already ended is left alone; a refusal is kept in its row."""
    with alone(kernel):
        finish_left_behind(kernel, but=operation)
        try:
            machine.carry_out(kernel, operation, steps_of)
        except machine.Unexpected:
            raise
        except LumbungError as error:
            logger.warning("operation %s was refused: %s", operation, error)
        finally:
            _throw_away_upload(kernel, operation)


def resume(kernel: Kernel) -> int:
    """Go on with every operation whose process died, unless one is under way; return how many there were."""
    try:
        with alone(kernel, wait=False):
            return finish_left_behind(kernel)
    except machine.Busy:
        return 0


def finish_left_behind(kernel: Kernel, *, but: UUID | None = None) -> int:
    """Go on with operations that were left behind, except ``but``; a failure of one is kept in its row."""
    left = [operation for operation in machine.left_behind(kernel) if operation != but]
    for operation in left:
        logger.warning("operation %s was left behind; it is taken up again", operation)
        try:
            machine.carry_out(kernel, operation, steps_of)
        except LumbungError as error:
            logger.error("operation %s failed: %s", operation, error)
        _throw_away_upload(kernel, operation)
    return len(left)


def receive_wheel(kernel: Kernel, stream: IO[bytes], filename: str) -> Path:
    """Keep an uploaded wheel in the data folder and return where; raises `WheelRefused` when it is none.

    The file keeps its own name, since a wheel's name says what it is, in a folder of its own.
    """
    folder = kernel.settings.home / "uploads" / uuid4().hex
    folder.mkdir(parents=True, mode=0o700)
    path = folder / (secure_filename(filename)[-200:] or "upload")
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(stream, file)
        inspect_wheel(path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return path


def ask(kind: str, *, plugin: str | None = None, argument: str | None = None, by: str, **facts: Any) -> UUID:
    """Ask the job worker for an operation of one of `lumbung.lifecycle.kinds.KINDS`.

    Returns the operation's id, to follow it by. It begins when the current transaction is committed.
    """
    scope = current_scope()
    row = OperationRow(kind=kind, plugin=plugin, argument=argument, asked_by=by, state="waiting", steps=[], facts=facts)
    scope.session.add(row)
    scope.session.flush()
    defer_operation(scope, row.id)
    return row.id


def ask_again(operation: UUID) -> bool:
    """Ask the job worker to go on with an operation that was left behind or is stuck; False when it has ended."""
    scope = current_scope()
    row = scope.session.scalar(select(OperationRow).where(OperationRow.id == operation).with_for_update())
    if row is None or row.state not in (*machine.OPEN, "stuck"):
        return False
    if row.state == "stuck":
        row.state, row.ended_at = "returning", None
    defer_operation(scope, row.id)
    return True


def _throw_away_upload(kernel: Kernel, operation: UUID) -> None:
    """Remove what `receive_wheel` kept, once the outcome is written down; nothing outside of its folder."""
    with kernel.database.new_session(None) as session:
        row = session.get(OperationRow, operation)
    if row is None or row.state in machine.OPEN or not row.argument:
        return
    folder = Path(row.argument).parent
    if folder.parent == kernel.settings.home / "uploads":
        shutil.rmtree(folder, ignore_errors=True)
