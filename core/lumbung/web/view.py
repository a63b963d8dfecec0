"""The object called ``house`` in every template: who is served, who asks, what is offered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from flask import request

import lumbung
from lumbung.context import Scope
from lumbung.identity.person import Person
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin
from lumbung.tenancy.tenant import Tenant
from lumbung.web import i18n

STATIC = Path(__file__).resolve().parent.parent / "static"


@dataclass(frozen=True)
class Link:
    """An entry of a menu."""

    title: str
    url: str
    icon: str = "circle-dot"
    active: bool = False


@dataclass(frozen=True)
class LinkGroup:
    """Entries of the desk's menu under one heading."""

    title: str
    items: tuple[Link, ...]


@dataclass(frozen=True)
class Service:
    """A service as the citizen's home shows it."""

    name: str
    title: str
    summary: str
    url: str
    icon: str
    donor: str


@dataclass(frozen=True)
class PluginView(Service):
    """The plugin whose page this is."""

    licence: str = ""
    navigation: tuple[Link, ...] = ()


class HouseView:
    """What a template may know of the house. Made per request; nothing in it is worked out before it is asked."""

    version = lumbung.__version__
    theme = "auto"

    def __init__(self, scope: Scope, manifest: Manifest | None) -> None:
        self._scope = scope
        self._manifest = manifest

    @property
    def tenant(self) -> Tenant | None:
        """The tenant whose host was asked."""
        return self._scope.tenant

    @property
    def person(self) -> Person | None:
        """Who is signed in."""
        return self._scope.person

    @property
    def language(self) -> str:
        """The language of this page: id or en."""
        return i18n.language()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages the tenant offers."""
        return self.tenant.languages if self.tenant else (i18n.SOURCE_LANGUAGE,)

    @property
    def today(self) -> date:
        """Today's date where the tenant is."""
        return self.tenant.today() if self.tenant else date.today()  # noqa: DTZ011

    @property
    def path(self) -> str:
        """The path of this page with its query, from the root of the host."""
        return request.script_root + request.full_path.rstrip("?")

    def can(self, permission: str) -> bool:
        """Whether the person has a permission, in some unit at least."""
        return self.person is not None and self.person.can(permission)

    def asset(self, name: str) -> str:
        """Return the address of a static file of the core, with its hash: browsers may keep it for ever."""
        return f"/_static/{name}?v={asset_hash(name)}"

    @cached_property
    def plugin(self) -> PluginView | None:
        """The plugin whose page this is, None in the portal."""
        if self._manifest is None:
            return None
        links = tuple(
            Link(item.title(self.language), f"/{self._manifest.name}{item.path}", item.icon)
            for item in self._manifest.navigation
            if item.place == "citizen" and (item.permission is None or self.can(item.permission))
        )
        return PluginView(
            **vars(service_of(self._manifest, self.language)),
            licence=self._manifest.licence,
            navigation=links,
        )

    @cached_property
    def services(self) -> list[Service]:
        """The services enabled for the tenant."""
        return [service_of(plugin.manifest, self.language) for plugin in self._enabled if plugin.manifest.has_pages]

    @cached_property
    def desk_navigation(self) -> list[LinkGroup]:
        """The desk's menu: what this person may open, by plugin, and the administrator's pages."""
        groups = [self._plugin_group(plugin.manifest) for plugin in self._enabled]
        groups.append(self._administration())
        return [group for group in groups if group.items]

    @property
    def _enabled(self) -> tuple[InstalledPlugin, ...]:
        return self._scope.kernel.snapshot().enabled_for(self.tenant.id) if self.tenant else ()

    def _plugin_group(self, manifest: Manifest) -> LinkGroup:
        items = [
            self._link(item.title(self.language), f"/{manifest.name}{item.path}", item.icon)
            for item in manifest.navigation
            if item.place == "desk" and (item.permission is None or self.can(item.permission))
        ]
        return LinkGroup(manifest.title(self.language), tuple(items))

    def _administration(self) -> LinkGroup:
        t = i18n.core_domain.gettext
        pages = (
            (t("Ringkasan"), "/admin/", "dashboard", ("core.plugins", "platform.plugins")),
            (t("Aplikasi hibah"), "/admin/plugin/", "plug", ("core.plugins", "platform.plugins")),
            (t("Orang dan peran"), "/admin/orang/", "users", ("core.people",)),
            (t("Perangkat daerah"), "/admin/unit/", "building", ("core.units",)),
            (t("Wilayah"), "/admin/wilayah/", "map-pin", ("core.units",)),
            (t("Identitas daerah"), "/admin/daerah/", "id", ("core.tenant",)),
            (t("Daerah yang dilayani"), "/admin/tenant/", "building-community", ("platform.tenants",)),
            (t("Jejak audit"), "/admin/jejak/", "history", ("core.audit",)),
        )
        items = tuple(
            self._link(title, url, icon)
            for title, url, icon, permissions in pages
            if any(self.can(permission) for permission in permissions)
        )
        return LinkGroup(t("Pengelolaan"), items)

    def _link(self, title: str, url: str, icon: str) -> Link:
        here = self.path.partition("?")[0]
        return Link(title, url, icon, active=here == url or (url.count("/") > 2 and here.startswith(url)))


def service_of(manifest: Manifest, language: str) -> Service:
    """Return a plugin as a service, in one language."""
    return Service(
        name=manifest.name,
        title=manifest.title(language),
        summary=manifest.summary(language),
        url=f"/{manifest.name}/",
        icon=manifest.icon,
        donor=manifest.donor.name,
    )


@cache
def asset_hash(name: str) -> str:
    """Return the first characters of a static file's SHA-256; an empty text when there is no such file."""
    try:
        return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    except OSError:
        return ""
