"""What every worker knows of tenants and plugins: one immutable snapshot under one generation number.

The number in ``lumbung_generation`` grows with every change. A worker asks for it at most twice a second and
reads the rest again only when it grew: a change is visible everywhere within a second, with no broker.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lumbung.database.engine import Database, first_line
from lumbung.errors import DatabaseUnavailable, Sentence
from lumbung.registry.manifest import Manifest, ManifestError, manifest_of
from lumbung.tenancy.tenant import Tenant

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

LOOK_EVERY = 0.5  # seconds; the promise is one


@dataclass(frozen=True)
class InstalledPlugin:
    """A plugin as it was installed here. Its manifest is parsed at first use.

    ``kept`` is the manifest as the database has it, as text: as objects it would take seven times the memory, in
    every worker, of every plugin that nobody asks for. ``held`` while its tables are being upgraded: it may be read,
    nothing may be written. ``isolated``: an inline plugin that was moved out into a process of its own.
    """

    name: str
    version: str
    kept: str | Mapping[str, Any] = field(repr=False)
    held: bool = False
    isolated: bool = False

    @property
    def raw_manifest(self) -> Mapping[str, Any]:
        """The manifest kept at installation, as plain data: it can be read even where `manifest` cannot."""
        data: Mapping[str, Any] = json.loads(self.kept) if isinstance(self.kept, str) else self.kept
        return data

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest kept at installation; raises `ManifestError` when this core cannot read it any more."""
        return manifest_of(self.kept, Sentence("the manifest kept of %(plugin)s", plugin=f"{self.name} {self.version}"))

    @cached_property
    def usable(self) -> bool:
        """Whether its manifest can be read: one kept by an older core may say what this one refuses."""
        try:
            return bool(self.manifest)
        except ManifestError as error:
            logger.error("plugin %s is left out: %s", self.name, error)
            return False


@dataclass(frozen=True)
class Snapshot:
    """Tenants, installed plugins and enabled sets as of one generation.

    ``run_by`` names, by tenant and plugin, the unit that runs the service there, where one was named. ``suspended``
    holds the plugins that are closed for everyone because they failed too often, each with the moment since when.
    Under ``safe`` mode every plugin is closed.
    """

    generation: int
    tenants: Mapping[str, Tenant]
    plugins: Mapping[str, InstalledPlugin]
    enabled: Mapping[int, frozenset[str]]
    run_by: Mapping[tuple[int, str], UUID] = field(default_factory=dict)
    suspended: Mapping[str, datetime] = field(default_factory=dict)
    safe: bool = False
    _remembered: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def by_host(self) -> Mapping[str, Tenant]:
        """Tenants by each of their host names."""
        return {host: tenant for tenant in self.tenants.values() for host in tenant.hosts}

    @cached_property
    def _enabled_plugins(self) -> Mapping[int, tuple[InstalledPlugin, ...]]:
        return {
            tenant: tuple(
                self.plugins[name] for name in sorted(names) if name in self.plugins and self.plugins[name].usable
            )
            for tenant, names in self.enabled.items()
        }

    def enabled_for(self, tenant_id: int) -> tuple[InstalledPlugin, ...]:
        """Return the plugins that are installed and enabled for a tenant, by name."""
        return self._enabled_plugins.get(tenant_id, ())

    def remember(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return what ``make`` returned for ``key`` under this generation, calling it when nobody did yet.

        It is forgotten with the snapshot, when the generation grows. For what is worked out from the snapshot, or
        from rows whose every change calls `bump`.
        """
        if key not in self._remembered:
            self._remembered[key] = make()
        value: Value = self._remembered[key]
        return value

    def is_enabled(self, plugin: str, tenant_id: int) -> bool:
        """Whether the gate may open ``plugin`` for this tenant."""
        return plugin in self.plugins and plugin in self.enabled.get(tenant_id, ())

    def is_closed(self, plugin: str) -> bool:
        """Whether no code of ``plugin`` may run, on or off: it is suspended, or the site is in safe mode."""
        return self.safe or plugin in self.suspended


class State:
    """Keeps the newest snapshot for one process."""

    def __init__(self, database: Database, *, safe: bool = False) -> None:
        self._database = database
        self._safe = safe
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._looked_at = 0.0
        self._failed_at = 0.0

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot, at most half a second old.

        Raises `DatabaseUnavailable` when the database does not answer.
        """
        known = self._snapshot
        if known is not None and time.monotonic() - self._looked_at < LOOK_EVERY:
            return known
        with self._lock:
            if self._snapshot is None or time.monotonic() - self._looked_at >= LOOK_EVERY:
                self._refresh()
            assert self._snapshot is not None  # noqa: S101  (set by _refresh or it raised)
            return self._snapshot

    def forget(self) -> None:
        """Look again at the next question, whatever the time: after a change made by this very process."""
        self._looked_at = 0.0

    def _refresh(self) -> None:
        if time.monotonic() - self._failed_at < LOOK_EVERY:
            raise DatabaseUnavailable("The database did not answer a moment ago.")  # nobody queues to hear it again
        try:
            with self._database.engine.connect() as connection:
                generation = connection.execute(text("SELECT value FROM lumbung_generation WHERE id = 1")).scalar_one()
                if self._snapshot is None or generation != self._snapshot.generation:
                    known = self._snapshot.plugins if self._snapshot else {}
                    self._snapshot = _read(connection, generation, self._safe, known)
                    changing = any(plugin.held for plugin in self._snapshot.plugins.values())
                    self._database.epoch = None if changing else generation
        except SQLAlchemyError as error:
            self._failed_at = time.monotonic()
            logger.error("tenants and plugins cannot be read: %s", first_line(error))
            raise DatabaseUnavailable("The database does not answer.") from error
        self._looked_at = time.monotonic()


def bump(session: Session) -> None:
    """Make the generation grow in the current transaction: call it with every change the snapshot shows."""
    session.execute(text("UPDATE lumbung_generation SET value = value + 1 WHERE id = 1"))


def _unless_known(plugin: InstalledPlugin, known: Mapping[str, InstalledPlugin]) -> InstalledPlugin:
    """Return the plugin of the snapshot before where it is the same: its manifest may have been parsed already."""
    before = known.get(plugin.name)
    return before if before == plugin else plugin


def _read(connection: Connection, generation: int, safe: bool, known: Mapping[str, InstalledPlugin]) -> Snapshot:
    hosts: dict[int, list[str]] = {}
    for host, tenant_id in connection.execute(
        text("SELECT host, tenant_id FROM lumbung_tenant_host ORDER BY position, host")
    ):
        hosts.setdefault(tenant_id, []).append(host)
    tenants = {
        row.slug: Tenant(
            id=row.id,
            slug=row.slug,
            name=row.name,
            region_code=row.region_code,
            time_zone=row.time_zone,
            languages=tuple(row.languages),
            hosts=tuple(hosts.get(row.id, ())),
            logo_hash=row.logo_hash,
            colour=row.colour,
        )
        for row in connection.execute(
            text(
                "SELECT id, slug, name, region_code, time_zone, languages, logo_hash, colour "
                "FROM lumbung_tenant WHERE active ORDER BY slug"
            )
        )
    }
    plugins = {
        row.name: _unless_known(
            InstalledPlugin(row.name, row.version, row.manifest, row.state == "upgrading", row.isolated), known
        )
        for row in connection.execute(
            text(
                "SELECT name, version, manifest::text AS manifest, state, isolated FROM lumbung_plugin "
                "WHERE state IN ('installed', 'upgrading') ORDER BY name"
            )
        )
    }
    suspended = {
        row.plugin: row.since
        for row in connection.execute(text("SELECT plugin, since FROM lumbung_suspension WHERE lifted_at IS NULL"))
    }
    enabled: dict[int, set[str]] = {}
    run_by: dict[tuple[int, str], UUID] = {}
    for tenant_id, plugin, unit in connection.execute(text("SELECT tenant_id, plugin, unit_id FROM lumbung_enabled")):
        enabled.setdefault(tenant_id, set()).add(plugin)
        if unit is not None:
            run_by[tenant_id, plugin] = unit
    sets = {tenant: frozenset(names) for tenant, names in enabled.items()}
    return Snapshot(generation, tenants, plugins, sets, run_by, suspended, safe)
