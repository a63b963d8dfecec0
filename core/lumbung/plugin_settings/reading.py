"""What a plugin reads of its own settings. After the first question in a generation, none goes to the database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lumbung.context import Scope, current_scope
from lumbung.database.encrypted import Unreadable
from lumbung.errors import LumbungError
from lumbung.plugin_settings.stored import Place, Values, read
from lumbung.registry.manifest import Manifest
from lumbung.registry.plugin_setting import PluginSetting


class UnknownSetting(LumbungError, LookupError):
    """The manifest declares no setting of this name."""


def value(name: str, *, unit: UUID | None = None) -> Any:
    """Return the value of a setting of the plugin whose code runs; see `lumbung.sdk.setting`.

    Raises `UnknownSetting` for a name that its manifest does not declare, `Unreadable` for a secret whose key is
    missing, `RuntimeError` outside of a plugin's code.
    """
    scope = current_scope()
    if scope.plugin is None:
        raise RuntimeError("setting() is for the code of a plugin, and none runs here.")
    snapshot = scope.kernel.snapshot()
    installed = snapshot.plugins.get(scope.plugin)
    if installed is None:
        raise LumbungError("Plugin %(plugin)s is not installed.", plugin=scope.plugin)
    setting = find(installed.manifest, name)
    tenant_id = scope.tenant.id if scope.tenant else None
    place = Place("platform") if tenant_id is None else Place("unit", unit) if unit else Place("tenant")
    if setting.type == "secret":
        return _secret(scope, setting, place, tenant_id)
    key = ("plugin setting", scope.plugin, name, tenant_id, place.unit_id)
    return snapshot.remember(key, lambda: _holding(_values(scope, tenant_id), setting, place, scope))


def find(manifest: Manifest, name: str) -> PluginSetting:
    """Return what a manifest declares of a setting; raises `UnknownSetting` naming those there are."""
    for setting in manifest.settings:
        if setting.name == name:
            return setting
    raise UnknownSetting(
        "Plugin %(plugin)s declares no setting %(name)r; there are: %(known)s.",
        plugin=manifest.name,
        name=name,
        known=[one.name for one in manifest.settings],
    )


def _secret(scope: Scope, setting: PluginSetting, place: Place, tenant_id: int | None) -> Any:
    """A secret stays sealed in memory. After a rotation the old key may be gone: then the database has it anew."""
    try:
        return _holding(_values(scope, tenant_id), setting, place, scope)
    except Unreadable:
        return _holding(_read(scope, tenant_id), setting, place, scope)


def _values(scope: Scope, tenant_id: int | None) -> Values:
    snapshot = scope.kernel.snapshot()
    return snapshot.remember(("plugin settings", scope.plugin, tenant_id), lambda: _read(scope, tenant_id))


def _read(scope: Scope, tenant_id: int | None) -> Values:
    """Read in a session of its own: what this request has not committed must not be remembered for others."""
    with scope.database.new_session(tenant_id) as session:
        return read(session, scope.plugin or "", tenant_id)


def _holding(values: Values, setting: PluginSetting, place: Place, scope: Scope) -> Any:
    return values.holding(setting, place, scope.kernel.keyring).value
