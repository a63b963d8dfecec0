"""Opening a plugin inside this process: its own Flask app, made at its first request, once, under a lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint

from lumbung.kernel import Kernel
from lumbung.registry.discovery import PluginUnusable, describe_error
from lumbung.registry.faults import record_fault
from lumbung.registry.guard import unchanged
from lumbung.registry.state import InstalledPlugin
from lumbung.web.house import HouseApp

TRY_AGAIN_AFTER = 5.0  # seconds between attempts to open a plugin that failed
WAIT_FOR_OPENING = 5.0  # seconds a request waits for another that opens it: one that hangs takes one thread


class InlineRuntime:
    """Keeps the apps of the plugins that were asked for in this process.

    Two tenants share one app; what differs between them is the scope the gateway opens for each request.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.apps: dict[tuple[str, str], HouseApp] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._locks_lock = threading.Lock()
        self._failed: dict[tuple[str, str], tuple[float, str]] = {}

    def open(self, plugin: InstalledPlugin) -> HouseApp:
        """Return the plugin's app, making it at the first call.

        Raises `PluginUnusable` when its code cannot be loaded or breaks a rule of the house; the fault is kept,
        and the next attempt is made some seconds later, not at every request.
        """
        key = plugin.name, plugin.version  # another version has another manifest
        app = self.apps.get(key)
        if app is not None:
            return app
        lock = self._lock_of(plugin.name)
        if not lock.acquire(timeout=WAIT_FOR_OPENING):
            raise PluginUnusable(f"Plugin {plugin.name} has been opening for {WAIT_FOR_OPENING:g} seconds or more.")
        try:
            app = self.apps.get(key)
            if app is None:
                self._refuse_if_it_just_failed(key)
                app = self.apps[key] = self._make(plugin)
            return app
        finally:
            lock.release()

    def _lock_of(self, name: str) -> threading.Lock:
        with self._locks_lock:
            return self._locks.setdefault(name, threading.Lock())

    def _refuse_if_it_just_failed(self, key: tuple[str, str]) -> None:
        when, reason = self._failed.get(key, (0.0, ""))
        if time.monotonic() - when < TRY_AGAIN_AFTER and reason:
            raise PluginUnusable(reason)

    def _make(self, plugin: InstalledPlugin) -> HouseApp:
        try:
            with unchanged(plugin.name):
                return build_app(self._kernel, plugin)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reason = str(error) if isinstance(error, PluginUnusable) else describe_error(error)
            self._failed[plugin.name, plugin.version] = (time.monotonic(), reason)
            record_fault(plugin.name, "open", reason, kind="open")
            raise PluginUnusable(reason) from error


def build_app(kernel: Kernel, plugin: InstalledPlugin) -> HouseApp:
    """Make the app of a plugin from what its ``routes`` hook returns, and check every view's access rule."""
    blueprints: Sequence[Blueprint] | None = kernel.caller.ask("routes", plugin.name)
    if not blueprints:
        raise PluginUnusable(f"Plugin {plugin.name} returns no blueprint from its routes hook.")
    module = blueprints[0].import_name.partition(".")[0]
    app = HouseApp(module, kernel=kernel, folder=package_folder(module), domain=plugin.name, manifest=plugin.manifest)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.seal(frozenset(permission.name for permission in plugin.manifest.permissions))
    return app


def package_folder(module: str) -> Path:
    """Return the folder of a package that is already imported."""
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise PluginUnusable(f"{module} is not a package.")
    return Path(next(iter(spec.submodule_search_locations)))
