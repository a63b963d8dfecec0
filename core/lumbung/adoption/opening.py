"""Opening an adopted application for a tenant: installed, switched on, made, started and seen to be well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.asking import KeeperAway, ask
from lumbung.instances.instance import app_address, instance_of
from lumbung.instances.making import make
from lumbung.kernel import Kernel
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.machine import Listener
from lumbung.lifecycle.operations import install_wheel
from lumbung.registry.manifest import Manifest
from lumbung.tenancy.tenant import Tenant

SLACK = 30  # seconds beyond what its health check may take, for it to be made: environment, dump


@dataclass(frozen=True)
class Opened:
    """How an application fares. ``state`` is as in `InstanceRow`, ``made`` where nobody keeps instances here now."""

    state: str
    address: str | None
    reason: Sentence | None = None
    log: tuple[str, ...] = ()


def install(kernel: Kernel, wheel: Path, *, by: str, tell: Listener) -> Manifest:
    """Install the wheel, or upgrade to it; raises `LumbungError` and leaves everything as it was then."""
    return install_wheel(kernel, wheel, by=by, tell=tell)


def open_for(
    kernel: Kernel,
    manifest: Manifest,
    tenant: Tenant,
    *,
    by: str,
    tell: Callable[[Sentence], None],
    wait: float = 900,
) -> Opened:
    """Switch an installed application on for a tenant, have it started, and return how it fares.

    Where the site is not served there is no keeper: then it is made here, and starts when the site does. Raises
    `LumbungError` when it cannot be switched on or made.
    """
    enable(kernel, manifest.name, tenant, by=by)
    kernel.state.forget()
    address = app_address(kernel.settings, tenant, manifest.name)
    plugin = kernel.snapshot().plugins[manifest.name]
    instance = instance_of(kernel.settings, plugin, tenant)
    slug = instance.tenant.slug if instance.tenant else ""
    try:
        answer = ask(kernel.settings, timeout=wait + SLACK, do="open", plugin=manifest.name, tenant=slug, wait=wait)
    except KeeperAway:
        make(kernel, instance, tell=tell)
        return Opened("made", address)
    return Opened(str(answer.get("state", "failed")), address, _reason(answer), tuple(map(str, _lines(answer))))


def _reason(answer: dict[str, Any]) -> Sentence | None:
    reason = answer.get("reason")
    return Sentence.from_json(reason) if isinstance(reason, str) and reason else None


def _lines(answer: dict[str, Any]) -> list[Any]:
    log = answer.get("log")
    return log if isinstance(log, list) else str(log or "").splitlines()


def refuse_bad_tenant(kernel: Kernel, slug: str) -> Tenant:
    """Return a tenant by its slug; raises `LumbungError` when there is none, or when no address leads to it."""
    tenant = kernel.tenant(slug)
    if not tenant.host:
        raise LumbungError("Tenant %(tenant)s has no host name; an application needs one.", tenant=slug)
    return tenant
