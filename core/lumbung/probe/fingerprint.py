"""What belongs to everybody in a process, before and after a package came in: who may change it is nobody's guest.

Functions and classes are compared by identity, as they stand in their modules and classes: what is replaced is found
whatever replaced it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

# Of the standard library, what is worth replacing for somebody who thinks it a good idea.
STANDARD = (
    "abc",
    "asyncio",
    "asyncio.events",
    "atexit",
    "base64",
    "builtins",
    "codecs",
    "collections",
    "concurrent.futures",
    "concurrent.futures.thread",
    "contextlib",
    "contextvars",
    "copy",
    "csv",
    "datetime",
    "decimal",
    "email.message",
    "encodings",
    "enum",
    "functools",
    "gc",
    "hashlib",
    "hmac",
    "html",
    "http.client",
    "importlib",
    "importlib.metadata",
    "inspect",
    "io",
    "json",
    "json.decoder",
    "json.encoder",
    "locale",
    "logging",
    "logging.config",
    "logging.handlers",
    "math",
    "os",
    "pathlib",
    "pickle",
    "posixpath",
    "queue",
    "random",
    "re",
    "secrets",
    "select",
    "shutil",
    "signal",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "string",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "tomllib",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "urllib.parse",
    "urllib.request",
    "uuid",
    "warnings",
    "weakref",
    "xml.etree.ElementTree",
    "zipfile",
    "zoneinfo",
)
LIBRARIES = frozenset(
    (
        "alembic",
        "authlib",
        "babel",
        "blinker",
        "click",
        "cryptography",
        "flask",
        "flask_babel",
        "flask_login",
        "flask_wtf",
        "itsdangerous",
        "jinja2",
        "lumbung",
        "markupsafe",
        "pluggy",
        "procrastinate",
        "psycopg",
        "psycopg_pool",
        "pydantic",
        "requests",
        "sqlalchemy",
        "stevedore",
        "urllib3",
        "werkzeug",
        "wtforms",
    )
)
_CALLABLE = (
    FunctionType,
    BuiltinFunctionType,
    MethodDescriptorType,
    WrapperDescriptorType,
    GetSetDescriptorType,
    classmethod,
    staticmethod,
    property,
    cached_property,
    type,
)


class Fingerprint:
    """The functions and classes of the core, its libraries and the standard library, as they are at this moment."""

    def __init__(self) -> None:
        for name in STANDARD:
            with suppress(ImportError):  # not every Python has each
                importlib.import_module(name)
        self._modules = dict(sys.modules)
        self._watched = {
            name: module
            for name, module in self._modules.items()
            if name in STANDARD or name.partition(".")[0] in LIBRARIES
        }
        self._before = dict(_everything(self._watched))

    def replaced_modules(self) -> list[str]:
        """Return the names under which another module is imported now than before."""
        now = sys.modules
        return sorted(name for name, module in self._modules.items() if now.get(name) is not module)

    def changed(self) -> list[str]:
        """Return what was replaced, added or removed, such as ``flask.app.Flask.run``."""
        after = dict(_everything(self._watched))
        gone = [name for name in self._before if name not in after]
        return sorted(gone + [name for name, value in after.items() if self._before.get(name) is not value])


def _everything(modules: Mapping[str, ModuleType]) -> Iterator[tuple[str, Any]]:
    for name, module in modules.items():
        for key, value in list(vars(module).items()):
            everybodys = name == "builtins"  # whatever is put there, of any kind, is seen everywhere
            if everybodys or (isinstance(value, _CALLABLE) and _is_public(key)):
                yield f"{name}.{key}", value
            if isinstance(value, type) and value.__module__ == name:
                for inner, thing in list(vars(value).items()):
                    if isinstance(thing, _CALLABLE) and _is_public(inner):
                        yield f"{name}.{key}.{inner}", thing


def _is_public(name: str) -> bool:
    """Whether a name is for everybody; what begins with one underscore is remembered and forgotten at will."""
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))
