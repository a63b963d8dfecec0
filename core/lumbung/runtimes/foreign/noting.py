"""The trail of requests that may have changed something in an application: who, when, which path, how it ended."""

from __future__ import annotations

import logging

from lumbung import audit
from lumbung.runtimes.foreign.visitors import Asked

logger = logging.getLogger(__name__)

WRITING = frozenset(("POST", "PUT", "PATCH", "DELETE"))


def note(asked: Asked, status: int | None) -> None:
    """Write a request into the trail if its method may change something; without its query, which may hold secrets.

    ``status`` is the answer's, None where another server passes it on. What cannot be written is in the log: the
    request was carried out already, and nothing is undone here.
    """
    scope, environ = asked.scope, asked.environ
    if environ["REQUEST_METHOD"] not in WRITING:
        return
    path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")[:200]
    told = {"method": environ["REQUEST_METHOD"], "path": path, "status": str(status or "")}
    try:
        with scope.kernel.scope(scope.tenant, person=scope.person, address=scope.address, plugin=scope.plugin):
            audit.record("app.request", asked.plugin.name, **told)
    except Exception:
        logger.exception("a request to %s is missing in the trail", asked.instance.label)
