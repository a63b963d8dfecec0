"""All that was set of one plugin, as a tenant sees it: read in three queries, then asked without any."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, select, type_coerce
from sqlalchemy.orm import Session

from lumbung.database.encrypted import PLATFORM, unseal
from lumbung.database.keyring import Keyring
from lumbung.plugin_settings.models import TenantSettingRow
from lumbung.registry.models import PluginSettingRow
from lumbung.registry.parts import Unfit
from lumbung.registry.plugin_setting import PluginSetting, Scope
from lumbung.registry.setting_values import value_of
from lumbung.tenancy.models import Unit

PLACES = {"platform": "lumbung_plugin_setting.secret", "tenant": "lumbung_tenant_setting.secret"}


@dataclass(frozen=True)
class Place:
    """Where a value is set: the whole platform, the current tenant, or one unit of it."""

    scope: Scope
    unit_id: UUID | None = None


@dataclass(frozen=True)
class Stored:
    """A value as it is kept. A secret's is sealed; ``value`` is then empty."""

    value: Any
    secret: bytes | None = field(repr=False)
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True)
class Found:
    """What holds: the typed value, and where it was set. No ``place`` means the manifest's default."""

    value: Any = field(repr=False)
    place: Place | None
    stored: Stored | None = None


@dataclass(frozen=True)
class Values:
    """Everything that was set of one plugin, for one tenant (None: for no tenant, where the platform's alone hold)."""

    tenant_id: int | None
    rows: Mapping[Place, Mapping[str, Stored]]
    parents: Mapping[UUID, UUID | None]

    def at(self, place: Place) -> Mapping[str, Stored]:
        """Return what was set exactly there, by name."""
        return self.rows.get(place, {})

    def holding(self, setting: PluginSetting, place: Place, keyring: Keyring, *, above: bool = False) -> Found:
        """Return what holds at a place; ``above``: what would, were nothing set right there.

        A value that no longer fits the manifest is passed over. Raises `Unreadable` for a secret that does not open.
        """
        for one in self._upwards(place):
            stored = self.at(one).get(setting.name)
            if stored is None or one.scope not in setting.scopes or (above and one == place):
                continue
            try:
                return Found(self.typed(setting, one, stored, keyring), one, stored)
            except Unfit:
                continue
        return Found(value_of(setting, setting.default), None)

    def typed(self, setting: PluginSetting, place: Place, stored: Stored, keyring: Keyring) -> Any:
        """Return one stored value for a plugin; raises `Unfit`, or `Unreadable` for a secret that does not open."""
        if setting.type != "secret":
            if stored.secret is not None:
                raise Unfit("it was a secret before, and is none any more")
            return value_of(setting, stored.value)
        if stored.secret is None:
            if stored.value is not None:
                raise Unfit("it is a secret now: set it again")
            return None
        of_platform = place.scope == "platform"
        tenant = PLATFORM if of_platform else self.tenant_id
        opened = unseal(
            stored.secret, keyring, tenant_id=tenant or PLATFORM, place=PLACES["platform" if of_platform else "tenant"]
        )
        return value_of(setting, opened)

    def mark(self, place: Place) -> str:
        """Return what tells the values of a place from what they were: another text after each change of one."""
        told = "".join(f"{name} {one.changed_at.isoformat()}\n" for name, one in sorted(self.at(place).items()))
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def _upwards(self, place: Place) -> Iterator[Place]:
        seen: set[UUID] = set()
        unit = place.unit_id
        while unit is not None and unit not in seen:
            seen.add(unit)
            yield Place("unit", unit)
            unit = self.parents.get(unit)
        if place.scope != "platform":
            yield Place("tenant")
        yield Place("platform")


def read(session: Session, plugin: str, tenant_id: int | None) -> Values:
    """Read what was set of a plugin; ``session`` is bound to the tenant, if there is one."""
    rows: dict[Place, dict[str, Stored]] = {}
    platform = select(PluginSettingRow).where(PluginSettingRow.plugin == plugin)
    for row in session.scalars(platform.execution_options(populate_existing=True)):
        rows.setdefault(Place("platform"), {})[row.name] = Stored(row.value, row.secret, row.changed_at, row.changed_by)
    if tenant_id is None:
        return Values(None, rows, {})
    of_tenant = select(
        TenantSettingRow.unit_id,
        TenantSettingRow.name,
        TenantSettingRow.value,
        type_coerce(TenantSettingRow.secret, LargeBinary).label("secret"),
        TenantSettingRow.changed_at,
        TenantSettingRow.changed_by,
    ).where(TenantSettingRow.plugin == plugin)
    for unit_id, name, *kept in session.execute(of_tenant):
        place = Place("unit", unit_id) if unit_id else Place("tenant")
        rows.setdefault(place, {})[name] = Stored(*kept)
    parents: dict[UUID, UUID | None] = dict(session.execute(select(Unit.id, Unit.parent_id)).all())
    return Values(tenant_id, rows, parents)
