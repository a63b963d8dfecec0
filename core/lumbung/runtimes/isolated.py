"""A request to an inline plugin that was moved out: handed on as it came, to the process that runs it alone."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lumbung.instances.instance import instance_of
from lumbung.kernel import Kernel
from lumbung.registry.at_work import board
from lumbung.registry.discovery import PluginUnusable
from lumbung.registry.faults import record_fault
from lumbung.registry.state import InstalledPlugin
from lumbung.runtimes.foreign.places import Places
from lumbung.runtimes.proxy import NoAnswer, Unreachable, forward
from lumbung.runtimes.proxy_headers import own_headers
from lumbung.runtimes.watched import await_upload
from lumbung.tenancy.tenant import Tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

WAIT = 20.0  # seconds a visitor waits for the process to be started


class IsolatedRuntime:
    """Leads to the processes of isolated plugins. One per process.

    ``here`` is the plugin that this very process was started for: it runs inside, as ever.
    """

    def __init__(self, kernel: Kernel, places: Places, here: str | None) -> None:
        self._kernel = kernel
        self._places = places
        self._here = here

    def concerns(self, plugin: InstalledPlugin) -> bool:
        """Whether a plugin's requests go to a process of its own."""
        return plugin.isolated and plugin.name != self._here

    def answer(
        self, tenant: Tenant, plugin: InstalledPlugin, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a request as the plugin's own process does; raises `PluginUnusable` when that does not run."""
        instance = instance_of(self._kernel.settings, plugin, tenant)
        await_upload(environ, board.slot())
        for _ in range(2):
            place = self._places.of(instance, wait=WAIT)
            if place.at is None:
                break
            try:
                return forward(environ, start_response, at=place.at, headers=own_headers(environ), ours=True)
            except Unreachable as error:
                logger.warning("%s: %s", instance.label, error)
                self._places.forget(instance)
            except NoAnswer as error:
                record_fault(plugin.name, f"{environ['REQUEST_METHOD']} process", str(error), kind="request")
                raise PluginUnusable(f"{instance.label}: {error}") from error
        raise PluginUnusable(f"{instance.label} does not run: {place.state}.")
