"""Finding plugins that are on the import path, through stevedore, without importing any of them."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from packaging.version import InvalidVersion, Version
from stevedore import NamedExtensionManager

from lumbung.errors import LumbungError
from lumbung.registry.manifest import MANIFEST, Manifest, ManifestError, read_manifest

GROUP = "lumbung.plugins"


class PluginUnusable(LumbungError):
    """The plugin is there but cannot be loaded; the message names it and the reason."""


@dataclass(frozen=True)
class FoundPlugin:
    """A plugin on the import path: its entry point's name, its top-level module, its distribution's version."""

    name: str
    module: str
    version: str

    @cached_property
    def folder(self) -> Path:
        """The folder of its package, found without importing it."""
        spec = importlib.util.find_spec(self.module)
        if spec is None or not spec.submodule_search_locations:
            raise PluginUnusable(
                "Plugin %(plugin)s names the module %(module)s, which is not a package.",
                plugin=self.name,
                module=self.module,
            )
        return Path(next(iter(spec.submodule_search_locations)))

    @cached_property
    def manifest(self) -> Manifest:
        """Its manifest; raises `ManifestError` when it cannot be used or does not fit the package."""
        manifest = read_manifest(self.folder / MANIFEST)
        check_agreement(manifest, self.name, self.version)
        return manifest


def check_agreement(manifest: Manifest, entry_point: str, version: str) -> None:
    """Refuse a manifest whose name or version is not that of its package; raises `ManifestError`."""
    if manifest.name != entry_point:
        raise ManifestError(
            "The manifest says name = %(name)r, the entry point says %(entry_point)r: use one word.",
            name=manifest.name,
            entry_point=entry_point,
        )
    if manifest.version != version:
        raise ManifestError(
            "The manifest of %(plugin)s says version %(said)s, its package says %(version)s.",
            plugin=entry_point,
            said=manifest.version,
            version=version,
        )


def add_plugin_folder(folder: Path) -> None:
    """Let plugins installed in ``folder`` be found and imported, before any copy in the environment.

    Inspection lets nothing into that folder but plugins' own packages, so no other module can be shadowed.
    """
    path = str(folder)
    if path not in sys.path:
        sys.path.insert(0, path)
    forget()


def forget() -> None:
    """Drop what was remembered about installed packages, after an install or uninstall."""
    importlib.invalidate_caches()


class _Manager(NamedExtensionManager[ModuleType]):
    """stevedore's manager, which looks afresh each time.

    stevedore keeps entry points in a file of the user's home by modification time (two installs within a second
    would show the first) and in a dictionary of the class (no good with threads). Of two packages that claim one
    name, the first on the import path is the plugin; the other is not imported.
    """

    def list_entry_points(self) -> list[importlib.metadata.EntryPoint]:
        first: dict[str, importlib.metadata.EntryPoint] = {}
        for entry in importlib.metadata.entry_points(group=GROUP):
            first.setdefault(entry.name, entry)
        return list(first.values())


def find_plugins() -> dict[str, FoundPlugin]:
    """Return every plugin on the import path by name. No plugin code runs."""
    found: dict[str, FoundPlugin] = {}
    for entry in _Manager(GROUP, names=[], on_missing_entrypoints_callback=None).list_entry_points():
        version = entry.dist.version if entry.dist else "0"
        found[entry.name] = FoundPlugin(entry.name, entry.module, _normal(version))
    return found


def find_plugin(name: str) -> FoundPlugin | None:
    """Return one plugin on the import path, None when it is not there."""
    return find_plugins().get(name)


def load_module(plugin: str) -> ModuleType:
    """Import a plugin's package through stevedore and return it.

    Raises `PluginUnusable` whatever goes wrong inside: donated code may even call `sys.exit` when imported.
    """
    problems: list[BaseException] = []
    forget()
    try:
        manager = _Manager(
            GROUP,
            names=[plugin],
            on_load_failure_callback=lambda _manager, _entry, error: problems.append(error),
            on_missing_entrypoints_callback=None,
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _cannot_be_imported(plugin, error) from error
    if problems:
        raise _cannot_be_imported(plugin, problems[0]) from problems[0]
    if plugin not in manager.names():
        raise PluginUnusable("Plugin %(plugin)s is not on the import path; install its package again.", plugin=plugin)
    module = manager[plugin].plugin
    if not isinstance(module, ModuleType):
        raise PluginUnusable(
            "Plugin %(plugin)s: its entry point must name a package, not an object in it.", plugin=plugin
        )
    return module


def _cannot_be_imported(plugin: str, error: BaseException) -> PluginUnusable:
    reason = describe_error(error)
    return PluginUnusable("Plugin %(plugin)s cannot be imported: %(reason)s", plugin=plugin, reason=reason)


def describe_error(error: BaseException) -> str:
    """Return an error as one line: its kind and its first words."""
    words = str(error).strip().splitlines()
    return f"{type(error).__name__}: {words[0]}" if words else type(error).__name__


def _normal(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version
