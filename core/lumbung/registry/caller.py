"""Asking plugins: only those enabled for the tenant, each failure kept apart, answers by plugin name.

pluggy's own call stops at the first implementation that raises, and asks everybody who is registered. So pluggy
keeps the implementations and checks their arguments; walking through them is ours.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pluggy

from lumbung import hooks
from lumbung.context import scope_or_none
from lumbung.errors import DatabaseUnavailable
from lumbung.registry.at_work import board
from lumbung.registry.code import Code
from lumbung.registry.discovery import PluginUnusable, describe_error, find_plugin, load
from lumbung.registry.faults import record_fault
from lumbung.registry.guard import ReplacesWhatIsShared, unchanged
from lumbung.registry.state import InstalledPlugin, Snapshot

logger = logging.getLogger(__name__)

DATA_RIGHTS = frozenset({"export_person", "erase_person"})
WRITING = frozenset({"erase_person", "hand_over", "sweep_personal_data", "load_demo"})


@dataclass(frozen=True)
class Answers:
    """What plugins said to one hook: answers and failures, each by plugin name."""

    values: Mapping[str, Any] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)


class Caller:
    """Loads plugins at their first call and keeps them; one per process."""

    def __init__(self, code: Code | None = None) -> None:
        self.code = code or Code()
        self._manager = pluggy.PluginManager(hooks.NAMESPACE)
        self._manager.add_hookspecs(hooks)
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._loaded: set[str] = set()
        self._refused: dict[str, ReplacesWhatIsShared] = {}

    def load(self, plugin: str) -> None:
        """Import ``plugin`` and register its hooks, once.

        Raises `PluginUnusable` when it cannot be imported or a hook of it is spelled or called wrong.
        """
        if plugin in self._loaded:
            return
        with self._lock:
            own = self._locks.setdefault(plugin, threading.Lock())
        with own:  # one that hangs when imported keeps nobody else waiting
            if plugin in self._loaded:
                return
            if plugin in self._refused:
                raise self._refused[plugin]
            module = self._import(plugin)
            with self._lock:
                self._register(plugin, module)
            self._loaded.add(plugin)

    def _import(self, plugin: str) -> ModuleType:
        """Import a plugin and note which version that was; one that failed half-way left parts of itself behind."""
        try:
            with unchanged(plugin):
                module, version = load(plugin)
        except PluginUnusable as error:
            if isinstance(error, ReplacesWhatIsShared):
                self._refused[plugin] = error
            if found := find_plugin(plugin):
                self.code.note(plugin, found.version)
            raise
        self.code.note(plugin, version)
        return module

    def _register(self, plugin: str, module: ModuleType) -> None:
        try:
            self._manager.register(module, name=plugin)
            self._refuse_unknown_hooks(plugin)
        except PluginUnusable:
            self._manager.unregister(name=plugin)
            raise
        except Exception as error:
            self._manager.unregister(name=plugin)
            raise PluginUnusable(
                "Plugin %(plugin)s: %(reason)s", plugin=plugin, reason=" ".join(str(error).split())
            ) from error

    def ask(self, hook: str, plugin: str, **arguments: Any) -> Any:
        """Ask one plugin one hook and return its answer, None when it does not implement it.

        Exceptions of the plugin pass through: the caller decides what they mean.
        """
        self.load(plugin)
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            if implementation.plugin_name == plugin:
                return implementation.function(*(arguments[name] for name in implementation.argnames))
        return None

    def implements(self, hook: str, plugin: str) -> bool:
        """Whether a plugin's code has a hook; raises `PluginUnusable` when it cannot be loaded."""
        self.load(plugin)
        found = getattr(self._manager.hook, hook).get_hookimpls()
        return any(implementation.plugin_name == plugin for implementation in found)

    def ask_all(
        self, hook: str, snapshot: Snapshot, tenant_id: int, *, each: type | None = None, **arguments: Any
    ) -> Answers:
        """Ask every plugin that is enabled for the tenant, names ``hook`` in its manifest and is not suspended.

        With ``each``, an answer is a list of such objects; anything else is a failure of that plugin alone.
        """
        plugins = [
            plugin
            for plugin in snapshot.enabled_for(tenant_id)
            if hook in plugin.manifest.hooks and not snapshot.is_closed(plugin.name)
        ]
        return self.ask_these(hook, plugins, each=each, **arguments)

    def ask_these(
        self, hook: str, plugins: Iterable[InstalledPlugin], *, each: type | None = None, **arguments: Any
    ) -> Answers:
        """Ask these plugins, on or off, as `ask_all` asks those that are enabled.

        One that is suspended is not asked and counts as a failure: whoever names it here relies on its answer. What
        the law lets a person ask for (`DATA_RIGHTS`) is asked of it nevertheless. In safe mode nobody is asked.
        """
        values: dict[str, Any] = {}
        failures: dict[str, str] = {}
        for plugin in plugins:
            if closed := _closed(plugin.name, hook) or self._kept_waiting(plugin, hook):
                failures[plugin.name] = closed
                continue
            begun = time.monotonic()
            try:
                answer = self._ask_inside_savepoint(hook, plugin, arguments, each)
            except Exception as error:
                failures[plugin.name] = describe_error(error)
                logger.exception("hook %s of plugin %s failed", hook, plugin.name)
                if not isinstance(error, DatabaseUnavailable):
                    kind = "memory" if isinstance(error, MemoryError) else "hook"
                    record_fault(plugin.name, f"hook {hook}", describe_error(error), kind=kind)
            else:
                _note_if_slow(plugin.name, hook, time.monotonic() - begun)
                if answer is not None:
                    values[plugin.name] = answer
        return Answers(values, failures)

    def _ask_inside_savepoint(
        self, hook: str, plugin: InstalledPlugin, arguments: dict[str, Any], each: type | None
    ) -> Any:
        """A query that fails inside one plugin must not poison the transaction of the page that asks."""
        scope = scope_or_none()
        if scope is None:
            return _listed(self.ask(hook, plugin.name, **arguments), each)
        acting, scope.plugin = scope.plugin, plugin.name
        try:
            with scope.session.begin_nested(), board.inside(plugin.name, scope):
                return _listed(self.ask(hook, plugin.name, **arguments), each)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            if isinstance(error, Exception):
                raise
            raise PluginUnusable(
                "Plugin %(plugin)s: %(reason)s", plugin=plugin.name, reason=describe_error(error)
            ) from error
        finally:
            scope.plugin = acting

    def _kept_waiting(self, plugin: InstalledPlugin, hook: str) -> str | None:
        """Return why a hook that writes may not be asked now: the plugin's tables change, or its code is not this."""
        if hook in WRITING and (plugin.held or self.code.is_old(plugin)):
            return "is being upgraded; try again in a moment"
        return None

    def _refuse_unknown_hooks(self, plugin: str) -> None:
        known = hooks.hook_names()
        for caller in self._manager.get_hookcallers(self._manager.get_plugin(plugin)) or ():
            if caller.name not in known:
                raise PluginUnusable(
                    "Plugin %(plugin)s implements a hook %(hook)r that does not exist; there are: %(known)s.",
                    plugin=plugin,
                    hook=caller.name,
                    known=sorted(known),
                )


def _note_if_slow(plugin: str, hook: str, took: float) -> None:
    scope = scope_or_none()
    if scope is not None and scope.address and took > scope.kernel.settings.slow_request_seconds:
        record_fault(plugin, f"hook {hook}", f"{took:.1f} s", kind="slow")


def _closed(plugin: str, hook: str) -> str | None:
    """Return why a plugin's code may not run now, None when it may."""
    scope = scope_or_none()
    if scope is None:
        return None
    snapshot = scope.kernel.snapshot()
    if snapshot.safe:
        return "the site is in safe mode"
    return "suspended" if plugin in snapshot.suspended and hook not in DATA_RIGHTS else None


def _listed(answer: Any, each: type | None) -> Any:
    """Walk through an answer here, where a failure is kept apart: a plugin may well answer with a generator."""
    if each is None or answer is None:
        return answer
    things = list(answer)
    for thing in things:
        if not isinstance(thing, each):
            raise TypeError(f"answered with {type(thing).__name__}, not with {each.__name__}")
    return things
