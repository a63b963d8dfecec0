"""What every room shares in a process stays as it is: a plugin that replaces part of it is refused, and it is put back.

The probe at installation looks at far more (`lumbung.probe.fingerprint`). This looks again where it matters, when a
plugin comes in for the first time: what waits for the real site does not pass twice.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, ModuleType

from lumbung.registry.discovery import PluginUnusable

# Class or module, by where it stands. One that was never imported cannot have been changed.
SHARED = (
    "flask.app:Flask",
    "flask.sansio.app:App",
    "flask.sansio.scaffold:Scaffold",
    "flask.blueprints:Blueprint",
    "flask.wrappers:Request",
    "flask.wrappers:Response",
    "flask.templating",
    "flask.helpers",
    "flask.globals",
    "flask",
    "werkzeug.wrappers.request:Request",
    "werkzeug.wrappers.response:Response",
    "werkzeug.routing.map:Map",
    "jinja2.environment:Environment",
    "jinja2.environment:Template",
    "sqlalchemy.orm.session:Session",
    "sqlalchemy.engine.base:Connection",
    "lumbung.context",
    "lumbung.audit",
    "lumbung.database.engine:Database",
    "lumbung.database.engine",
    "lumbung.gateway:Gateway",
    "lumbung.web.house:HouseApp",
    "lumbung.web.access",
    "lumbung.web.security",
    "lumbung.identity.sessions",
    "lumbung.identity.passwords",
    "builtins",
    "os",
    "socket",
    "threading",
    "time",
)
_here = threading.local()
OURS = (FunctionType, BuiltinFunctionType, type, property, classmethod, staticmethod)


class ReplacesWhatIsShared(PluginUnusable):
    """A plugin replaced what every room shares; imported once, its code stays in the process, so it stays out."""


@contextmanager
def unchanged(plugin: str) -> Iterator[None]:
    """Run a plugin's first code; raises `ReplacesWhatIsShared` naming what it replaced, which is as it was again."""
    if getattr(_here, "looks", False):  # opened from inside an opening: one look is enough
        yield
        return
    before = {where: _parts(thing) for where, thing in _shared()}
    _here.looks = True
    try:
        yield
    finally:
        _here.looks = False
        changed = [
            f"{where.replace(':', '.')}.{name}"
            for where, thing in _shared()
            for name in _put_back(thing, before.get(where, {}))
        ]
        if changed:
            raise ReplacesWhatIsShared(
                "Plugin %(plugin)s replaces what belongs to everybody: %(changed)s. It was put back.",
                plugin=plugin,
                changed=changed,
            )


def _shared() -> Iterator[tuple[str, ModuleType | type]]:
    for where in SHARED:
        module, _, name = where.partition(":")
        found = sys.modules.get(module)
        thing = getattr(found, name, None) if name else found
        if thing is not None:
            yield where, thing


def _parts(thing: ModuleType | type) -> dict[str, object]:
    return {name: value for name, value in vars(thing).items() if isinstance(value, OURS)}


def _put_back(thing: ModuleType | type, before: dict[str, object]) -> list[str]:
    now = vars(thing)
    changed = [name for name, value in before.items() if now.get(name) is not value]
    for name in changed:
        setattr(thing, name, before[name])
    return changed
