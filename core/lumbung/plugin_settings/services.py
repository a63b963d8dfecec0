"""What people do with settings: see what holds at a place and why, change it, and find what no longer fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.context import current_scope
from lumbung.database.encrypted import PLATFORM, Unreadable, seal
from lumbung.errors import LumbungError, Sentence
from lumbung.kernel import Kernel
from lumbung.plugin_settings.models import TenantSettingRow
from lumbung.plugin_settings.reading import UnknownSetting, find
from lumbung.plugin_settings.stored import PLACES, Found, Place, Stored, Values, read
from lumbung.registry.manifest import Manifest
from lumbung.registry.models import OperationRow, PluginSettingRow
from lumbung.registry.parts import Unfit
from lumbung.registry.plugin_setting import PluginSetting
from lumbung.registry.setting_values import as_plain, value_of, written
from lumbung.registry.state import bump
from lumbung.tenancy.models import Unit

ACTION = "plugin.setting"
KIND = "setting"  # of the operation that a change for the whole platform is written down as
LONGEST_SHOWN = 120  # letters of a value that the trail keeps

_NAMESPACE = UUID("6ce1f3b0-5a53-4e0c-9d0e-1b7d0f5a9c11")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


class ChangedMeanwhile(LumbungError):
    """Somebody else changed a value of this place since it was shown."""


class NotSettable(LumbungError):
    """A value cannot be set: not at this place, or not this value. ``setting`` names which."""

    setting: str = ""


class Inherit:
    """In place of a value: take away what was set here, so that what holds above holds again."""


INHERIT = Inherit()


@dataclass(frozen=True)
class Line:
    """One setting as it stands at a place.

    ``found`` holds now, ``inherited`` would without what was set here (``own``). ``problem`` says why that is not used.
    The value of a secret is in none of them.
    """

    setting: PluginSetting
    found: Found
    inherited: Found
    own: Stored | None
    problem: Sentence | None

    @property
    def plain(self) -> Any:
        """The value that holds, as JSON has it; None for a secret."""
        return as_plain(self.found.value)

    @property
    def is_set(self) -> bool:
        """Whether anything holds here: a value that is not empty, or a secret."""
        return self.found.value is not None


def values_of(plugin: str) -> Values:
    """Read what was set of a plugin, on behalf of the current scope's tenant."""
    scope = current_scope()
    return read(scope.session, plugin, scope.tenant.id if scope.tenant else None)


def lines(manifest: Manifest, place: Place, values: Values) -> list[Line]:
    """Return the settings that can be set at a place, in the manifest's order."""
    return [_line(setting, place, values) for setting in manifest.settings if place.scope in setting.scopes]


def left_over(manifest: Manifest, place: Place, values: Values) -> list[str]:
    """Return the names of values at a place that the manifest no longer knows there: kept, and used by nobody."""
    known = {setting.name for setting in manifest.settings if place.scope in setting.scopes}
    return sorted(values.at(place).keys() - known)


def change(
    manifest: Manifest, place: Place, wishes: Mapping[str, Any], *, by: str, seen: str | None = None
) -> list[str]:
    """Set (plain values) or take away (`INHERIT`) values at a place; return the names of those that changed.

    ``seen`` is the `Values.mark` of what the person looked at; the whole is refused when it changed since. Each change
    is in the trail, and every worker follows within a second. Raises `ChangedMeanwhile`, `NotSettable` and
    `UnknownSetting`.
    """
    scope = current_scope()
    tenant_id = scope.tenant.id if scope.tenant else None
    where = PLATFORM if place.scope == "platform" else tenant_id
    scope.session.execute(_LOCK, {"what": f"lumbung settings {manifest.name} {where}"})
    values = values_of(manifest.name)
    if seen is not None and seen != values.mark(place):
        raise ChangedMeanwhile(
            "%(by)s changed these settings meanwhile. What you typed is still here: look at it, and save again.",
            by=_latest(values, place),
        )
    if place.unit_id is not None and place.unit_id not in values.parents:
        raise NotSettable("There is no such unit.")
    changed = [name for name in wishes if _change_one(manifest, place, values, name, wishes[name], by)]
    if changed:
        bump(scope.session)
    return changed


def about(plugin: str, place: Place) -> UUID:
    """Return the id under which the trail keeps the changes of a plugin's settings at a place of the tenant."""
    return uuid5(_NAMESPACE, f"{plugin} {place.scope} {place.unit_id or ''}")


@dataclass(frozen=True)
class Misfit:
    """A stored value that is not used: the manifest of today does not allow it, or no longer knows it."""

    plugin: str
    name: str
    place: Place
    tenant: str | None
    reason: Sentence


def unfit(kernel: Kernel) -> list[Misfit]:
    """Return every stored value of an installed plugin that is not used, of the platform and of all tenants."""
    kernel.state.forget()
    snapshot = kernel.snapshot()
    found: list[Misfit] = []
    for tenant_id, slug in [(None, None), *((tenant.id, tenant.slug) for tenant in snapshot.tenants.values())]:
        with kernel.database.new_session(tenant_id) as session:
            for plugin in snapshot.plugins.values():
                if plugin.usable:
                    found += _misfits(kernel, plugin.manifest, read(session, plugin.name, tenant_id), slug)
    return found


def shown(setting: PluginSetting, plain: Any) -> str:
    """Return a value for the trail and for lists: never a secret, and not the whole of a long text."""
    if setting.type == "secret":
        return "***"
    if setting.type == "unit" and plain:
        unit = current_scope().session.scalar(select(Unit.code).where(Unit.id == UUID(plain)))
        return unit or str(plain)
    words = " ".join(written(setting, plain).split())
    return f"{words[:LONGEST_SHOWN]}…" if len(words) > LONGEST_SHOWN else words


def _line(setting: PluginSetting, place: Place, values: Values) -> Line:
    keyring = current_scope().kernel.keyring
    own = values.at(place).get(setting.name)
    found, problem = _looked_up(setting, place, values)
    if own is not None and problem is None:
        try:
            values.typed(setting, place, own, keyring)
        except (Unfit, Unreadable) as error:
            problem = error.sentence
    inherited, _ = _looked_up(setting, place, values, above=True)
    return Line(setting, found, inherited, own, problem)


def _looked_up(
    setting: PluginSetting, place: Place, values: Values, *, above: bool = False
) -> tuple[Found, Sentence | None]:
    """Find what holds; of a secret only whether there is one."""
    try:
        found = values.holding(setting, place, current_scope().kernel.keyring, above=above)
    except Unreadable as error:
        return Found(None, place), error.sentence
    if setting.type == "secret" and found.value is not None:
        return Found("***", found.place, found.stored), None
    return found, None


def _change_one(manifest: Manifest, place: Place, values: Values, name: str, wish: Any, by: str) -> bool:
    own = values.at(place).get(name)
    if isinstance(wish, Inherit):
        if own is None:
            find(manifest, name)  # a name that nobody knows is refused
            return False
        _take_away(manifest.name, place, name)
        _write_down(manifest, place, name, values, INHERIT, by)
        return True
    setting = find(manifest, name)
    try:
        plain = _checked(setting, place, wish)
    except Unfit as error:
        refused = NotSettable("%(setting)s: %(reason)s.", setting=setting.title.en, reason=error)
        refused.setting = name
        raise refused from None
    if own is not None and setting.type != "secret" and own.secret is None and own.value == plain:
        return False
    _keep(manifest.name, place, setting, plain, by)
    _write_down(manifest, place, name, values, plain, by)
    return True


def _checked(setting: PluginSetting, place: Place, wish: Any) -> Any:
    if place.scope not in setting.scopes:
        raise Unfit("it cannot be set here, but for: %(scopes)s", scopes=list(setting.scopes))
    if wish is None and setting.required:
        raise Unfit("it must not be empty")
    value = value_of(setting, as_plain(wish))
    if setting.type == "unit" and value is not None and not _is_unit(value):
        raise Unfit("there is no such unit")
    return as_plain(value)


def _is_unit(unit_id: UUID) -> bool:
    return current_scope().session.scalar(select(Unit.id).where(Unit.id == unit_id)) is not None


def _keep(plugin: str, place: Place, setting: PluginSetting, plain: Any, by: str) -> None:
    scope, secret = current_scope(), setting.type == "secret"
    at = utc_now()
    if place.scope == "platform":
        keyring = scope.kernel.keyring
        sealed = (
            seal(plain, keyring.active(), tenant_id=PLATFORM, place=PLACES["platform"]) if secret and plain else None
        )
        kept = {"value": None if secret else plain, "secret": sealed, "changed_at": at, "changed_by": by[:160]}
        scope.session.execute(
            insert(PluginSettingRow)
            .values(plugin=plugin, name=setting.name, **kept)
            .on_conflict_do_update(index_elements=["plugin", "name"], set_=kept)
        )
        return
    row = scope.session.scalar(_own(plugin, place, setting.name))
    if row is None:
        row = TenantSettingRow(plugin=plugin, name=setting.name, unit_id=place.unit_id)
        scope.session.add(row)
    row.value, row.secret = (None, plain or None) if secret else (plain, None)
    row.changed_at, row.changed_by = at, by[:160]
    scope.session.flush()


def _take_away(plugin: str, place: Place, name: str) -> None:
    session = current_scope().session
    if place.scope == "platform":
        gone = delete(PluginSettingRow).where(PluginSettingRow.plugin == plugin, PluginSettingRow.name == name)
        session.execute(gone)
        return
    row = session.scalar(_own(plugin, place, name))
    if row is not None:
        session.delete(row)
        session.flush()


def _own(plugin: str, place: Place, name: str) -> Any:
    return select(TenantSettingRow).where(
        TenantSettingRow.plugin == plugin,
        TenantSettingRow.name == name,
        TenantSettingRow.unit_id.is_not_distinct_from(place.unit_id),
    )


def _write_down(manifest: Manifest, place: Place, name: str, values: Values, plain: Any, by: str) -> None:
    """Write who changed which setting from what to what: of the tenant in its trail, of the platform in operations."""
    detail: dict[str, Any] = {}
    try:
        setting = find(manifest, name)
    except UnknownSetting:
        detail["after"] = "-"  # what it was is no longer known to be no secret
    else:
        found, _ = _looked_up(setting, place, values)
        after = _looked_up(setting, place, values, above=True)[0].value if isinstance(plain, Inherit) else plain
        if setting.type != "secret":
            before = shown(setting, as_plain(found.value))
            detail |= {"before": before or "-", "after": shown(setting, as_plain(after)) or "-"}
        if isinstance(plain, Inherit):
            detail["inherited"] = True
    scope = current_scope()
    if place.scope == "platform":
        now = utc_now()
        scope.session.add(
            OperationRow(
                kind=KIND,
                plugin=manifest.name,
                state="done",
                facts={"setting": name, **detail},
                asked_by=by[:160],
                begun_at=now,
                ended_at=now,
            )
        )
        return
    if place.unit_id:
        detail["unit"] = scope.session.scalar(select(Unit.code).where(Unit.id == place.unit_id))
    audit.record(ACTION, f"{manifest.name}.{name}", about=about(manifest.name, place), **detail)


def _latest(values: Values, place: Place) -> object:
    known = sorted(values.at(place).values(), key=lambda one: one.changed_at)
    return known[-1].changed_by if known else Sentence("Somebody")


def _misfits(kernel: Kernel, manifest: Manifest, values: Values, tenant: str | None) -> list[Misfit]:
    found = []
    for place, rows in values.rows.items():
        if (place.scope == "platform") != (tenant is None):
            continue
        for name, stored in sorted(rows.items()):
            reason = _why_unused(kernel, manifest, values, place, name, stored)
            if reason is not None:
                found.append(Misfit(manifest.name, name, place, tenant, reason))
    return found


def _why_unused(
    kernel: Kernel, manifest: Manifest, values: Values, place: Place, name: str, stored: Stored
) -> Sentence | None:
    try:
        setting = find(manifest, name)
        if place.scope not in setting.scopes:
            return Sentence("it cannot be set here, but for: %(scopes)s", scopes=list(setting.scopes))
        values.typed(setting, place, stored, kernel.keyring)
    except (Unfit, Unreadable, UnknownSetting) as error:
        return error.sentence
    return None
