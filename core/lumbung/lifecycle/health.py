"""Whether a plugin that was just put in place serves: a fresh process opens it, and a site that runs is asked.

The child is `lumbung.serving.visit`. It knows the pages' role alone, visits what a stranger may see, and answers on a
pipe. What a page needs a signed-in person for is not visited.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

from lumbung.errors import LumbungError, Sentence
from lumbung.lifecycle import instance_steps
from lumbung.lifecycle.machine import Work
from lumbung.presence import is_served, served_at
from lumbung.settings import Settings
from lumbung.tenancy.tenant import Tenant

logger = logging.getLogger(__name__)

CHILD = "lumbung.serving.visit"
LONGEST = 60.0  # seconds for all visits of the child
FOLLOWED_WITHIN = 15.0  # seconds until the site that runs answers well
ASK_EVERY = 0.2


def check(work: Work) -> None:
    """Raise `LumbungError` that names what does not serve, and where."""
    work.kernel.state.forget()
    plugin = work.kernel.snapshot().plugins.get(work.name)
    if plugin is not None and plugin.usable and plugin.manifest.is_foreign:
        instance_steps.try_out(work)
        return
    visited = visit(work.kernel.settings, work.kernel.database.url, work.name)
    work.note(Sentence("%(pages)s pages answered as they should.", pages=visited))
    if is_served(work.kernel.settings.home):
        for tenant in tenants_of(work):
            ask_the_site(work.kernel.settings, tenant, work.name)


def tenants_of(work: Work) -> list[Tenant]:
    """Return the tenants for whom the plugin is switched on."""
    snapshot = work.kernel.snapshot()
    return [tenant for tenant in snapshot.tenants.values() if snapshot.is_enabled(work.name, tenant.id)]


def visit(settings: Settings, database_url: str, plugin: str) -> int:
    """Have a fresh process open the plugin and visit its public pages; return how many answered.

    Raises `LumbungError` with what went wrong first.
    """
    reader, writer = os.pipe()
    command = [sys.executable, "-P", "-s", "-m", CHILD, plugin, str(writer)]
    environment = settings.web_environment() | {
        "LUMBUNG_HOME": str(settings.home),
        "LUMBUNG_DATABASE_APP_URL": database_url,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        pass_fds=(writer,),
        start_new_session=True,
    )
    os.close(writer)
    try:
        answer = _read(reader, time.monotonic() + LONGEST)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # and whatever it left running
        child.wait()
        os.close(reader)
    return _judge(answer, plugin)


def _judge(answer: dict[str, Any], plugin: str) -> int:
    if "visited" in answer:
        return int(answer["visited"])
    if "page" in answer:
        raise LumbungError(
            "The new version of %(plugin)s does not serve: %(page)s of %(tenant)s answers %(status)s.",
            plugin=plugin,
            page=answer["page"],
            tenant=answer["tenant"],
            status=answer["status"],
        )
    raise LumbungError(
        "The new version of %(plugin)s cannot be opened: %(reason)s",
        plugin=plugin,
        reason=Sentence.from_json(str(answer.get("reason") or "")) or Sentence("it ended without an answer"),
    )


def _read(reader: int, until: float) -> dict[str, Any]:
    """Return the one line of JSON that the child says, an empty answer when it says none in time."""
    os.set_blocking(reader, False)
    said = b""
    while time.monotonic() < until:
        try:
            block = os.read(reader, 65536)
        except BlockingIOError:
            time.sleep(0.02)
            continue
        if not block:
            break
        said += block
        if said.endswith(b"\n"):
            break
    with suppress(ValueError):
        answer = json.loads(said)
        if isinstance(answer, dict):
            return answer
    return {}


def ask_the_site(settings: Settings, tenant: Tenant, plugin: str) -> None:
    """Ask the site that runs for the plugin's first page until it answers well; raises `LumbungError` after a while."""
    until = time.monotonic() + FOLLOWED_WITHIN
    status = _status(settings, tenant, plugin)
    while status is None or status >= 500:
        if time.monotonic() > until:
            raise LumbungError(
                "The new version of %(plugin)s does not serve: %(page)s of %(tenant)s answers %(status)s.",
                plugin=plugin,
                page=f"/{plugin}/",
                tenant=tenant.slug,
                status=status or Sentence("nothing"),
            )
        time.sleep(ASK_EVERY)
        status = _status(settings, tenant, plugin)


def _status(settings: Settings, tenant: Tenant, plugin: str) -> int | None:
    bind, port = served_at(settings.home) or (settings.bind, settings.port)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104
    name = next(iter(tenant.hosts), host)
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", f"/{plugin}/", headers={"Host": name, "Connection": "close"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        logger.info("the site did not answer for %s: %s", plugin, error)
        return None
    finally:
        connection.close()
