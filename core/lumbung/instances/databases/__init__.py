"""The database that an instance has to itself: one module for each engine, all with the functions of `Engine`.

What `Engine.create` returns is kept in ``InstanceRow.facts["database"]`` and is where the placeholders
``{{ database.* }}`` come from, all but the password: that one is ``secret["database_password"]``, the adapter's is
``secret["adapter_password"]``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy.engine import make_url

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.instance import Instance
from lumbung.kernel import Kernel
from lumbung.registry.foreign import OwnDatabase, Process

Tell = Callable[[Sentence], None]
Facts = dict[str, str]  # engine, name, user, host, port, socket, file (only those that are), version of the server


ENGINES = frozenset(("postgresql", "mysql", "sqlite"))


class DumpRefused(LumbungError):
    """A dump could not be loaded: the message names file, line and what the server said."""


class Engine(Protocol):
    """What the module of a database engine can do. Each raises `LumbungError` in one sentence.

    ``secret`` is what `lumbung.instances.rows.secrets_of` returns. None of the functions writes to `InstanceRow`.
    """

    def create(self, kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Facts:
        """Make database and user unless they are there, set the user's password, and return what is to be known."""

    def load(self, kernel: Kernel, instance: Instance, secret: Mapping[str, str], dump: Path, tell: Tell) -> None:
        """Load a dump into the database, which is empty; on failure leave it empty and raise `DumpRefused`."""

    def drop(self, kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> None:
        """Remove database, user and the adapter's user; what is not there is not missed."""

    def dump(self, kernel: Kernel, instance: Instance, secret: Mapping[str, str], to: Path) -> Path:
        """Write the whole database into the folder ``to`` and return the file."""

    def tables(self, kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> int:
        """Return how many tables there are; 0 too where there is no database."""

    def allow_adapter(
        self, kernel: Kernel, instance: Instance, secret: Mapping[str, str], tables: Sequence[str]
    ) -> None:
        """Make the adapter's user, who may SELECT, UPDATE and DELETE in these tables and nothing else."""

    def connect_as_app(
        self, kernel: Kernel, instance: Instance, secret: Mapping[str, str]
    ) -> AbstractContextManager[Any]:
        """Yield a DB-API connection of the application's own user; committed when the block ends well."""

    def connect_as_adapter(
        self, kernel: Kernel, instance: Instance, secret: Mapping[str, str]
    ) -> AbstractContextManager[Any]:
        """Yield a DB-API connection of the adapter's user; committed when the block ends well."""


def engine_of(process: Process) -> Engine:
    """Return the module of a process's database engine; raises `LumbungError` when it has no database."""
    if process.database is None:
        raise LumbungError("The application has no database of its own.")
    return engine_named(process.database.engine)


def engine_named(name: str) -> Engine:
    """Return the module of an engine by its name, which facts keep; raises `LumbungError` for another name."""
    if name not in ENGINES:
        raise LumbungError("There is no database engine %(name)r.", name=name)
    return cast(Engine, import_module(f"{__name__}.{name}"))


def own_database(instance: Instance) -> OwnDatabase:
    """Return what the manifest says of an instance's database; raises `LumbungError` when it has none."""
    if instance.process.database is None:
        raise LumbungError("Plugin %(plugin)s has no database of its own.", plugin=instance.name)
    return instance.process.database


def name_of(kernel: Kernel, instance: Instance, *, longest: int) -> str:
    """Return what database and user of an instance are called: ``lumbung_antrian_sumbawa``, at most so long.

    It begins with the name of the platform's own database, for two sites may share a server. A name that was cut, or
    could be read in two ways (``a_b`` for ``c``, ``a`` for ``b_c``), ends in eight digits of a hash.
    """
    parts = (make_url(kernel.database.url).database or "lumbung", *instance.label.split("/"))
    whole = "_".join(parts).replace("-", "_")
    if len(whole) <= longest and "_" not in parts[1] + parts[2].replace("-", "_"):
        return whole
    return f"{whole[: longest - 9]}_{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:8]}"


def adapter_of(name: str) -> str:
    """Return what the adapter's user is called, beside the database's own user ``name``."""
    return f"{name}_adapter"
