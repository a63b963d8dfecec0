"""What one process shares: settings, the database, the newest snapshot, the loaded plugins. Made once at start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lumbung.context import Scope, opened
from lumbung.database.engine import Database
from lumbung.database.keyring import Keyring
from lumbung.errors import DatabaseUnavailable, LumbungError, Sentence
from lumbung.registry.caller import Caller
from lumbung.registry.code import Code
from lumbung.registry.discovery import add_plugin_folder
from lumbung.registry.faults import Brake
from lumbung.registry.state import Snapshot, State
from lumbung.settings import Settings
from lumbung.tenancy.tenant import Tenant


class Kernel:
    """The shared parts of a web process, the job worker or a command.

    ``database_url`` is the app role's: nothing that goes through here can change the schema. ``migrator_url``
    is known only where packages may be installed (the job worker and the command line).
    """

    def __init__(self, settings: Settings, database_url: str, *, migrator_url: str | None = None) -> None:
        self.settings = settings
        self.migrator_url = migrator_url
        self.database = Database(
            database_url,
            # a thread may hold one connection and want another for a moment (limits, faults, sign-in attempts)
            pool_size=max(settings.database_pool, settings.threads + 2),
            statement_timeout_ms=settings.statement_timeout_ms,
            pgbouncer=settings.pgbouncer,
        )
        self.keyring = Keyring(settings.keyring_path)
        self.state = State(self.database, safe=settings.safe_mode)
        self.fault_brake = Brake()
        self.code = Code()
        self.caller = Caller(self.code)
        add_plugin_folder(settings.plugin_folder / "current")

    def snapshot(self) -> Snapshot:
        """Return tenants, plugins and enabled sets, at most half a second old."""
        return self.state.snapshot()

    def tenant(self, slug: str) -> Tenant:
        """Return a tenant by its slug; raises `LumbungError` naming those that exist."""
        self.state.forget()
        tenants = self.snapshot().tenants
        if slug not in tenants:
            known = list(tenants) or Sentence("none yet; add one with 'lumbung tenant add'")
            raise LumbungError("There is no tenant %(slug)r; there are: %(known)s.", slug=slug, known=known)
        return tenants[slug]

    def is_renewing(self, plugin: str) -> bool:
        """Whether a plugin is being upgraded at this moment, or another version of it was imported here.

        What it fails in meanwhile says nothing about it. Asks the database anew: for when something went wrong.
        """
        self.state.forget()
        try:
            installed = self.snapshot().plugins.get(plugin)
        except DatabaseUnavailable:
            return False
        return installed is not None and (installed.held or self.code.is_old(installed))

    @contextmanager
    def scope(self, tenant: Tenant | None = None, *, actor: str = "-", **given: Any) -> Iterator[Scope]:
        """Run a block on behalf of ``tenant``; it is committed when it ends well.

        ``actor`` stands in the audit trail where nobody is signed in.
        """
        with opened(Scope(self, tenant, memory={"actor": actor}, **given)) as scope:
            yield scope

    def close(self) -> None:
        """Give every connection back."""
        self.database.dispose()
