"""The row of an instance: written by the app role, each change in a transaction of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.database.encrypted import PLATFORM, seal, unseal
from lumbung.errors import Sentence
from lumbung.instances.instance import Instance
from lumbung.instances.models import SHARED, InstanceRow
from lumbung.kernel import Kernel
from lumbung.registry.models import PluginRow
from lumbung.registry.state import InstalledPlugin

PLACE = "lumbung_instance.secret"
KEPT: Any = object()  # stands for "as it was" where None is a value

STATES = frozenset(
    ("new", "making", "stopped", "starting", "running", "waiting", "failed", "halted", "removed"),
)


def row_of(session: Session, instance: Instance) -> InstanceRow | None:
    """Return the row of an instance, None when nothing was ever done for it."""
    return session.get(InstanceRow, instance.key)


def rows_of(session: Session, plugin: str) -> list[InstanceRow]:
    """Return the rows of a plugin's instances, also of those that are switched off, in the order of tenants."""
    return list(
        session.scalars(select(InstanceRow).where(InstanceRow.plugin == plugin).order_by(InstanceRow.tenant)).all()
    )


def instances_of(kernel: Kernel, plugin: str) -> list[Instance]:
    """Return the instances of a plugin that were ever made and not removed, whether it is on, off or uninstalled.

    An instance whose tenant is gone from the registry is left out, and so are those of a plugin never installed here.
    """
    tenants = {tenant.id: tenant for tenant in kernel.snapshot().tenants.values()}
    with kernel.database.new_session(None) as session:
        row = session.get(PluginRow, plugin)
        known = [one.tenant for one in rows_of(session, plugin) if one.state != "removed"]
    if row is None:
        return []
    installed = kernel.snapshot().plugins.get(plugin) or InstalledPlugin(row.name, row.version, row.manifest)
    return [
        Instance(kernel.settings.home, installed, tenants.get(one)) for one in known if one == SHARED or one in tenants
    ]


def set_state(
    kernel: Kernel,
    instance: Instance,
    state: str,
    *,
    reason: Sentence | None = None,
    address: str | None = None,
    halted_by: str | None = KEPT,
    restarts: int | None = None,
) -> None:
    """Note what state an instance is in from now on, and why; `InstanceRow` says which states there are.

    ``reason`` and ``address`` are forgotten unless given again; ``halted_by`` and ``restarts`` stay.
    """
    if state not in STATES:
        raise ValueError(f"an instance is not {state!r}")
    told: dict[str, Any] = {"state": state, "reason": reason.as_json() if reason is not None else None}
    told["address"] = address
    if halted_by is not KEPT:
        told["halted_by"] = halted_by
    if restarts is not None:
        told["restarts"] = restarts
    note(kernel, instance, since=utc_now(), **told)


def reason_of(row: InstanceRow) -> Sentence | None:
    """Return why an instance is in its state, None where nothing was said."""
    return Sentence.from_json(row.reason) if row.reason else None


def facts_of(kernel: Kernel, instance: Instance) -> dict[str, Any]:
    """Return what the making of an instance found out; empty before it was made."""
    with kernel.database.new_session(None) as session:
        row = row_of(session, instance)
        return dict(row.facts) if row is not None else {}


def note(kernel: Kernel, instance: Instance, **columns: Any) -> None:
    """Write these columns of the instance's row, making it when there is none, and commit."""
    plugin, tenant = instance.key
    kept = {"state": "new", "facts": {}, "restarts": 0, **columns}
    with kernel.database.new_session(None) as session:
        statement = insert(InstanceRow).values(plugin=plugin, tenant=tenant, **kept)
        if columns:
            session.execute(statement.on_conflict_do_update(index_elements=["plugin", "tenant"], set_=columns))
        else:
            session.execute(statement.on_conflict_do_nothing())
        session.commit()


def change_facts(kernel: Kernel, instance: Instance, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Replace the facts of an instance by what ``change`` makes of them; nobody else writes them meanwhile."""
    note(kernel, instance)
    with kernel.database.new_session(None) as session:
        row = session.get_one(InstanceRow, instance.key, with_for_update=True)
        row.facts = change(dict(row.facts))
        session.commit()


def secrets_of(kernel: Kernel, instance: Instance) -> dict[str, str]:
    """Return the passwords of an instance: ``secret``, ``database_password``, ``adapter_password``, and what was kept.

    They are made at first use. Raises `lumbung.database.encrypted.Unreadable` when their key is missing.
    """
    note(kernel, instance)
    with kernel.database.new_session(None) as session:
        row = session.get_one(InstanceRow, instance.key, with_for_update=True)
        if row.secret is None:
            made = {name: _new() for name in ("secret", "database_password", "adapter_password")}
            row.secret = _sealed(kernel, made)
            session.commit()
            return made
        return _opened(kernel, row.secret)


def keep_secrets(kernel: Kernel, instance: Instance, **more: str) -> dict[str, str]:
    """Keep further passwords of an instance beside those there are; return all of them."""
    secrets_of(kernel, instance)
    with kernel.database.new_session(None) as session:
        row = session.get_one(InstanceRow, instance.key, with_for_update=True)
        kept = {**_opened(kernel, row.secret or b""), **more}
        row.secret = _sealed(kernel, kept)
        session.commit()
    return kept


def _sealed(kernel: Kernel, values: dict[str, str]) -> bytes:
    return seal(json.dumps(values), kernel.keyring.active(), tenant_id=PLATFORM, place=PLACE)


def _opened(kernel: Kernel, value: bytes) -> dict[str, str]:
    return dict(json.loads(unseal(value, kernel.keyring, tenant_id=PLATFORM, place=PLACE)))


def _new() -> str:
    """A password of letters and digits alone: donated code writes it into addresses and files without quoting."""
    return secrets.token_hex(24)
