"""Finding plugins that are on the import path, through stevedore, without importing any of them."""

from __future__ import annotations

import fcntl
import importlib
import importlib.metadata
import os
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
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
        """The folder of its package, found without importing it: not that of an earlier copy which was imported."""
        specs = (finder.find_spec(self.module, None) for finder in sys.meta_path)
        spec = next((spec for spec in specs if spec is not None), None)
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
    link = str(folder)
    if _links.get(link) not in sys.path:
        _links[link] = os.path.realpath(link)
        sys.path.insert(0, _links[link])
    forget()


def forget() -> None:
    """Drop what was remembered about installed packages, after an install or uninstall."""
    with _forgetting:  # Python's own way to forget fails with a KeyError when two threads do it at once
        _follow_links()
        importlib.invalidate_caches()
        _entry_points.cache_clear()


# Folders that may be links, each with where it led when it was put on the import path. The path itself is put there,
# not the link: whatever a process imports of a package later on comes from the same copy as the rest of it.
_links: dict[str, str] = {}
_forgetting = threading.RLock()
_kept: dict[str, int] = {}


def _follow_links() -> None:
    for link, known in list(_links.items()):
        if known not in sys.path:
            del _links[link]
        elif (now := os.path.realpath(link)) != known:
            _links[link] = now
            sys.path[sys.path.index(known)] = now


def _keep(module: ModuleType) -> None:
    """Have the folder that a package was imported from stay for as long as this process lives; see `is_kept`."""
    folder = str(Path(module.__file__ or "").parent.parent)
    if folder in _links.values() and folder not in _kept:
        with suppress(OSError):
            _kept[folder] = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(_kept[folder], fcntl.LOCK_SH | fcntl.LOCK_NB)


def is_kept(folder: Path) -> bool:
    """Whether a process that lives has imported a package from ``folder``."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


class _Manager(NamedExtensionManager[ModuleType]):
    """stevedore's manager, which looks afresh whenever a folder of the import path was changed.

    stevedore keeps entry points in a file of the user's home by modification time (two installs within a second
    would show the first) and in a dictionary of the class (no good with threads). Of two packages that claim one
    name, the first on the import path is the plugin; the other is not imported.
    """

    def list_entry_points(self) -> list[importlib.metadata.EntryPoint]:
        return list(_entry_points(tuple((folder, changed_at(folder)) for folder in sys.path)))


@lru_cache(maxsize=2)
def _entry_points(_path: tuple[tuple[str, int], ...]) -> tuple[importlib.metadata.EntryPoint, ...]:
    """Read the entry points of a path; with 165 plugins that takes longer than importing one of them."""
    first: dict[str, importlib.metadata.EntryPoint] = {}
    for entry in importlib.metadata.entry_points(group=GROUP):
        first.setdefault(entry.name, entry)
    return tuple(first.values())


def changed_at(folder: str) -> int:
    """Return when something was last put into a folder or taken out, in nanoseconds; 0 when there is none."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


def find_plugins() -> dict[str, FoundPlugin]:
    """Return every plugin on the import path by name. No plugin code runs."""
    with _forgetting:
        _follow_links()
    found: dict[str, FoundPlugin] = {}
    for entry in _Manager(GROUP, names=[], on_missing_entrypoints_callback=None).list_entry_points():
        version = entry.dist.version if entry.dist else "0"
        found[entry.name] = FoundPlugin(entry.name, entry.module, _normal(version))
    return found


def find_plugin(name: str) -> FoundPlugin | None:
    """Return one plugin on the import path, None when it is not there."""
    return find_plugins().get(name)


def load_module(plugin: str) -> ModuleType:
    """Import a plugin's package and return it; raises `PluginUnusable` as `load` does."""
    return load(plugin)[0]


def load(plugin: str) -> tuple[ModuleType, str]:
    """Import a plugin's package through stevedore and return it with its version.

    Raises `PluginUnusable` whatever goes wrong inside: donated code may even call `sys.exit` when imported.
    """
    problems: list[BaseException] = []
    with _forgetting:
        _follow_links()
        importlib.invalidate_caches()
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
    module, entry = manager[plugin].plugin, manager[plugin].entry_point
    if not isinstance(module, ModuleType):
        raise PluginUnusable(
            "Plugin %(plugin)s: its entry point must name a package, not an object in it.", plugin=plugin
        )
    _keep(module)
    return module, _normal(entry.dist.version if entry.dist else "0")


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
