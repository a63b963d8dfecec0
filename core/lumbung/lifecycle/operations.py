"""Installing and uninstalling from a page: asked for by a web process, done by the job worker, step by step."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from sqlalchemy import select
from werkzeug.utils import secure_filename

from lumbung.clock import utc_now
from lumbung.context import current_scope
from lumbung.errors import LumbungError, Sentence
from lumbung.jobs import defer_operation
from lumbung.kernel import Kernel
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.lifecycle.install import install_found, install_wheel, uninstall
from lumbung.registry.models import OperationRow

logger = logging.getLogger(__name__)


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


def ask(kind: str, *, plugin: str | None = None, argument: str | None = None, by: str) -> UUID:
    """Ask the job worker for an ``install``, ``adopt`` (a package already here) or ``uninstall``.

    Returns the operation's id, to follow it by. It begins when the current transaction is committed.
    """
    scope = current_scope()
    row = OperationRow(kind=kind, plugin=plugin, argument=argument, asked_by=by, state="waiting", steps=[])
    scope.session.add(row)
    scope.session.flush()
    defer_operation(scope, row.id)
    return row.id


def carry_out(kernel: Kernel, operation_id: UUID) -> None:
    """Do an operation that was asked for, writing down each step. One that already ended is left alone."""
    with kernel.database.new_session(None) as session, session.begin():
        row = session.scalar(select(OperationRow).where(OperationRow.id == operation_id).with_for_update())
        if row is None or row.state not in ("waiting", "running"):
            return
        row.state = "running"
        row.steps = []
    try:
        _do(kernel, row)
    except LumbungError as error:
        _end(kernel, operation_id, "failed", error.sentence)
    except Exception:
        logger.exception("operation %s failed", operation_id)
        _end(kernel, operation_id, "failed", Sentence("An unexpected fault; the worker's log has the details."))
        raise
    else:
        _end(kernel, operation_id, "done", None)
    finally:
        _throw_away_upload(kernel, row)


def _do(kernel: Kernel, row: OperationRow) -> None:
    def tell(step: str) -> None:
        _note_step(kernel, row.id, step)

    kernel.state.forget()
    if row.kind == "install":
        path = Path(row.argument or "")
        manifest = install_wheel(kernel, path, by=row.asked_by, tell=tell)
        _name_plugin(kernel, row.id, manifest.name)
    elif row.kind == "adopt":
        install_found(kernel, row.plugin or "", by=row.asked_by, tell=tell)
    elif row.kind == "uninstall":
        uninstall(kernel, row.plugin or "", by=row.asked_by, tell=tell)
    else:
        raise LumbungError("There is no operation %(kind)r.", kind=row.kind)


def _throw_away_upload(kernel: Kernel, row: OperationRow) -> None:
    """Remove what `receive_wheel` kept, once the outcome is written down; nothing outside of its folder."""
    if row.kind == "install" and row.argument:
        folder = Path(row.argument).parent
        if folder.parent == kernel.settings.home / "uploads":
            shutil.rmtree(folder, ignore_errors=True)


def _note_step(kernel: Kernel, operation_id: UUID, step: str) -> None:
    with kernel.database.new_session(None) as session, session.begin():
        row = session.get_one(OperationRow, operation_id)
        row.steps = [*row.steps, {"step": step, "at": utc_now().isoformat()}]


def _name_plugin(kernel: Kernel, operation_id: UUID, name: str) -> None:
    with kernel.database.new_session(None) as session, session.begin():
        session.get_one(OperationRow, operation_id).plugin = name


def _end(kernel: Kernel, operation_id: UUID, state: str, reason: Sentence | None) -> None:
    with kernel.database.new_session(None) as session, session.begin():
        row = session.get_one(OperationRow, operation_id)
        row.state = state
        row.message = reason.as_json() if reason else None
        row.ended_at = utc_now()
