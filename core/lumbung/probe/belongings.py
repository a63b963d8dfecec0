"""The rest of what a process has only one of: its signals, its paths, its log, its threads, its open files."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import faulthandler
import gc
import locale
import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import flask.signals
import jinja2.defaults
import jinja2.filters
import jinja2.tests
from blinker import Signal
from sqlalchemy import Engine, MetaData, Table
from sqlalchemy.event import registry
from sqlalchemy.orm import DeclarativeBase, Mapper, Session
from sqlalchemy.pool import Pool

from lumbung.database.engine import TenantSession
from lumbung.database.model import TenantOwned
from lumbung.web.house import HouseApp

# To listen to one of these is to listen to everybody's; a plugin listens to its own models.
EVERYBODYS = (Engine, Pool, Table, MetaData, Mapper, Session, TenantSession, DeclarativeBase, TenantOwned)


def _handlers() -> Mapping[str, Any]:
    found = {}
    for number in signal.valid_signals():
        with contextlib.suppress(ValueError):
            found[signal.Signals(number).name] = signal.getsignal(number)
    return found


def _loggers() -> Mapping[str, Any]:
    known = {"root": logging.root, **logging.root.manager.loggerDict}
    return {
        name: (one.level, tuple(one.handlers), tuple(one.filters), one.propagate, one.disabled)
        for name, one in known.items()
        if isinstance(one, logging.Logger)
    }


def _listeners() -> Mapping[str, Any]:
    every = {name: one for name, one in vars(flask.signals).items() if isinstance(one, Signal)}
    return {name: tuple(one.receivers) for name, one in every.items()}


def _database_listeners() -> Mapping[str, Any]:
    kept = getattr(registry, "_key_to_collection", {})  # SQLAlchemy has no public list of its listeners
    return {target.__name__: sorted(key for key in list(kept) if key[0] == id(target)) for target in EVERYBODYS}


def _template_defaults() -> Mapping[str, Any]:
    return {
        "filters": dict(jinja2.filters.FILTERS),
        "tests": dict(jinja2.tests.TESTS),
        "globals": dict(jinja2.defaults.DEFAULT_NAMESPACE),
        "options": dict(HouseApp.jinja_options),
    }


def _umask() -> int:
    mask = os.umask(0o77)
    os.umask(mask)
    return mask


def open_files() -> Mapping[str, Any]:
    """Return what is open, by number, with where each leads."""
    found = {}
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  (a Path would be made for each)
        with contextlib.suppress(OSError):
            found[name] = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
    return found


# Each is looked at before and after; a mapping tells which part of it changed.
_KINDS: Mapping[str, Callable[[], Any]] = {
    "signal.signal": _handlers,
    "os.environ": lambda: dict(os.environ),
    "os.chdir": os.getcwd,
    "os.umask": _umask,
    "sys.path": lambda: list(sys.path),
    "sys.meta_path": lambda: list(sys.meta_path),
    "sys.path_hooks": lambda: list(sys.path_hooks),
    "sys.excepthook": lambda: (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook),
    "sys.stdout": lambda: (sys.stdin, sys.stdout, sys.stderr),
    "sys.settrace": lambda: (sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()),
    "sys.setrecursionlimit": lambda: (sys.getrecursionlimit(), sys.getswitchinterval()),
    "gc.disable": lambda: (gc.isenabled(), gc.get_threshold(), len(gc.callbacks)),
    "logging": lambda: {**_loggers(), "logging.disable": logging.root.manager.disable},
    "logging.setLoggerClass": lambda: (
        logging.getLoggerClass(),
        logging.getLogRecordFactory(),
        logging.raiseExceptions,
    ),
    "warnings.filters": lambda: list(warnings.filters),
    "locale.setlocale": lambda: locale.setlocale(locale.LC_ALL),
    "time.tzset": lambda: (time.tzname, time.timezone, time.altzone),
    "socket.setdefaulttimeout": socket.getdefaulttimeout,
    "faulthandler": faulthandler.is_enabled,
    "atexit.register": atexit._ncallbacks,
    "asyncio.set_event_loop_policy": lambda: type(asyncio.get_event_loop_policy()),
    "flask.signals": _listeners,
    "sqlalchemy.event": _database_listeners,
    "jinja2.defaults": _template_defaults,
}


class Belongings:
    """What the process has only one of, as it is at this moment."""

    def __init__(self) -> None:
        self._before = {kind: look() for kind, look in _KINDS.items()}
        self._threads = set(threading.enumerate())
        self._files = open_files()

    def changed(self) -> list[str]:
        """Return what is not as it was, such as ``signal.signal (SIGTERM)``; loggers that came newly are no change."""
        found = []
        for kind, look in _KINDS.items():
            before, now = self._before[kind], look()
            if not isinstance(before, dict):
                found += [kind] if before != now else []
                continue
            new = [] if kind == "logging" else [name for name in now if name not in before]
            names = sorted([*new, *(name for name, value in before.items() if now.get(name) != value)])
            found += [f"{kind} ({', '.join(names[:5])})"] if names else []
        return found

    def threads(self) -> list[str]:
        """Return the names of threads that run now and did not before."""
        return sorted(one.name for one in threading.enumerate() if one not in self._threads)

    def files(self) -> list[str]:
        """Return where files lead that are open now and were not before."""
        return sorted({where for number, where in open_files().items() if self._files.get(number) != where})

    def has_processes(self) -> bool:
        """Whether a process runs that was begun here."""
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        return True
