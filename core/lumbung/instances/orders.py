"""What people have the keeper do to an instance by hand: start it, halt it, restart it. Each goes into the trail."""

from __future__ import annotations

from typing import Any, Literal

from lumbung import audit
from lumbung.context import scope_or_none
from lumbung.errors import LumbungError, Sentence
from lumbung.instances.asking import ask
from lumbung.instances.instance import Instance, instance_of
from lumbung.kernel import Kernel
from lumbung.tenancy.tenant import Tenant

Order = Literal["start", "halt", "restart"]

ACTIONS: dict[Order, str] = {"start": "instance.resume", "halt": "instance.halt", "restart": "instance.restart"}
PATIENCE = 5.0  # seconds for the keeper's answer, beyond those that it was asked to wait


def give(kernel: Kernel, instance: Instance, order: Order, *, by: str, wait: float = 0.0) -> dict[str, Any]:
    """Have the keeper carry out an order and return what it says of the instance (``state``, ``reason``, ``log``).

    ``start`` also lifts a halt and forgets failures; ``halt`` keeps it stopped until somebody starts it. With ``wait``
    it answers when the instance runs or failed, at most after so many seconds. Raises `KeeperAway`, or `LumbungError`
    when there is no such instance to run, or one is to be restarted that was halted.
    """
    whose = instance.tenant.slug if instance.tenant else ""
    named: dict[str, Any] = {"plugin": instance.name, "tenant": whose, "by": by}
    match order:
        case "start":
            _asked(kernel, do="resume", **named)
            answer = _asked(kernel, do="open", wait=wait, timeout=wait + PATIENCE, **named)
        case "halt":
            answer = _asked(kernel, do="halt", wait=wait, timeout=(wait or 15.0) + PATIENCE, **named)
        case "restart":
            answer = _asked(kernel, do="restart", wait=wait, timeout=wait + PATIENCE, **named)
            if answer.get("state") == "halted":
                raise LumbungError("%(instance)s was stopped by hand: start it instead.", instance=instance.label)
    _record(kernel, instance, ACTIONS[order], by)
    return answer


def one_named(kernel: Kernel, name: str, tenant: Tenant | None) -> Instance:
    """Return the instance of an installed plugin for a tenant, or the one that all tenants share.

    Raises `LumbungError` for a plugin that is not here or runs in no process, and where a tenant has to be named.
    """
    plugin = kernel.snapshot().plugins.get(name)
    if plugin is None:
        raise LumbungError("Plugin %(plugin)s is not installed.", plugin=name)
    one = instance_of(kernel.settings, plugin, tenant)
    if one.process.tenancy == "each" and tenant is None:
        raise LumbungError("Plugin %(plugin)s has an instance for each tenant: say whose it is.", plugin=name)
    return one


def _asked(kernel: Kernel, *, timeout: float = PATIENCE, **question: Any) -> dict[str, Any]:
    answer = ask(kernel.settings, timeout=timeout, **question)
    if answer.get("error"):
        raise LumbungError("The keeper of applications refuses: %(reason)s", reason=str(answer["error"]))
    if answer.get("state") == "removed":
        template = Sentence.from_json(str(answer.get("reason") or ""))
        raise LumbungError(template)
    return answer


def _record(kernel: Kernel, instance: Instance, action: str, by: str) -> None:
    """Write it into the trail of each tenant whose citizens notice."""
    snapshot, asking = kernel.snapshot(), scope_or_none()
    whose = [instance.tenant] if instance.tenant else list(snapshot.tenants.values())
    for tenant in whose:
        if instance.tenant or snapshot.is_enabled(instance.name, tenant.id):
            with kernel.scope(tenant, actor=by, address=asking.address if asking else None):
                audit.record(action, instance.name, by=by)
