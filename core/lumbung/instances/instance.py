"""One instance: which application, for whom, and where its things lie. Nothing here touches disk or database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lumbung.addresses import app_address, app_host, label_of
from lumbung.errors import LumbungError
from lumbung.instances.models import SHARED
from lumbung.registry.foreign import Process
from lumbung.registry.state import InstalledPlugin, Snapshot
from lumbung.settings import Settings
from lumbung.tenancy.tenant import Tenant

__all__ = ["Instance", "app_address", "app_host", "instance_of", "instances_wanted", "label_of"]


_ISOLATED = Process(stack="command", command=("-",), tenancy="shared")  # `lumbung.instances.isolated` has the command


@dataclass(frozen=True)
class Instance:
    """An application that runs as a process, for ``tenant`` or (None) for all of them."""

    home: Path
    plugin: InstalledPlugin
    tenant: Tenant | None

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.plugin.name

    @property
    def process(self) -> Process:
        """How it runs: as its manifest says, or as any inline plugin does that was moved out.

        Raises `LumbungError` for a plugin that is no process.
        """
        if self.plugin.isolated:
            return _ISOLATED
        if self.plugin.manifest.process is None:
            raise LumbungError("Plugin %(plugin)s does not run as a process.", plugin=self.name)
        return self.plugin.manifest.process

    @property
    def key(self) -> tuple[str, int]:
        """What it is called in `InstanceRow`."""
        return self.name, self.tenant.id if self.tenant else SHARED

    @property
    def label(self) -> str:
        """What it is called in logs and messages: ``antrian/sumbawa``, ``antrian/shared``."""
        return f"{self.name}/{self.tenant.slug if self.tenant else 'shared'}"

    @property
    def folder(self) -> Path:
        """All that is its own on disk: mode 0700."""
        return self.home / "instances" / self.label

    @property
    def source(self) -> Path:
        """Its copy of the donated tree, in which it runs."""
        return self.folder / "source"

    @property
    def data(self) -> Path:
        """Where it keeps what the platform has it keep outside of the donated tree: a SQLite file, uploads."""
        return self.folder / "data"

    @property
    def generated(self) -> Path:
        """Where files made from its manifest's templates lie."""
        return self.folder / "generated"

    @property
    def log(self) -> Path:
        """The newest file of what it printed; older ones are ``app.log.1`` and so on."""
        return self.folder / "log" / "app.log"


def instance_of(settings: Settings, plugin: InstalledPlugin, tenant: Tenant | None) -> Instance:
    """Return the instance of a plugin that serves a tenant: its own, or the one that all tenants share."""
    process = plugin.manifest.process
    shared = plugin.isolated or (process is not None and process.tenancy == "shared")
    return Instance(settings.home, plugin, None if shared else tenant)


def instances_wanted(settings: Settings, snapshot: Snapshot) -> dict[tuple[str, int], Instance]:
    """Return every instance that somebody has switched on and that is not closed, by its key."""
    wanted: dict[tuple[str, int], Instance] = {}
    for tenant in snapshot.tenants.values():
        for plugin in snapshot.enabled_for(tenant.id):
            runs = plugin.isolated or plugin.manifest.process is not None
            if runs and not snapshot.is_closed(plugin.name):
                one = instance_of(settings, plugin, tenant)
                wanted[one.key] = one
    return wanted
