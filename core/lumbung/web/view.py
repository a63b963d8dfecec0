"""The object called ``house`` in every template: who is served, who asks, what is offered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from uuid import UUID

from flask import current_app, request, session

import lumbung
from lumbung.addresses import app_address
from lumbung.announcements.services import Urgent, urgent_now
from lumbung.context import Scope, scope_or_none
from lumbung.geography.boundaries import box_of_tenant
from lumbung.identity.person import Person
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin
from lumbung.tenancy.cards import UnitCard
from lumbung.tenancy.colours import HOUSE
from lumbung.tenancy.tenant import Tenant
from lumbung.web import charts, i18n
from lumbung.web.current_unit import current_unit, my_units
from lumbung.web.icons import icon_url
from lumbung.web.theme import stylesheet_url
from lumbung.web.trail import TrailEntry, trail_of

TOLD_KEY = "told"  # in the visit's cookie: ids of urgent announcements that the visitor closed

LONGEST_PATH = 2000  # every form of the page echoes it

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
    """Entries of the desk's menu under one heading; the first group has none."""

    title: str
    items: tuple[Link, ...]

    @property
    def active(self) -> bool:
        """Whether the page at hand is one of these."""
        return any(item.active for item in self.items)


@dataclass(frozen=True)
class Service:
    """A service as the citizen's home shows it. ``unit`` is who runs it, where that is known and worth saying.

    ``closed`` while it is suspended, or no application runs; ``elsewhere`` when the link leads to another site.
    """

    name: str
    title: str
    summary: str
    url: str
    icon: str
    donor: str
    unit: str = ""
    closed: bool = False
    elsewhere: bool = False


@dataclass(frozen=True)
class PluginView(Service):
    """The plugin whose page this is."""

    licence: str = ""
    navigation: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Tiles:
    """Where the pictures of a map come from, and who drew them."""

    address: str
    credit: str


class HouseView:
    """What a template may know of the house. Made per request; nothing in it is worked out before it is asked."""

    version = lumbung.__version__
    theme = "auto"
    charts = charts

    def __init__(self, scope: Scope, manifest: Manifest | None) -> None:
        self._scope = scope
        self._manifest = manifest
        self._asked: set[str] = set()

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
    def safe_mode(self) -> bool:
        """Whether the site runs without any application, while somebody looks after it."""
        return self._scope.kernel.settings.safe_mode

    @property
    def zone(self) -> str:
        """The short name of the tenant's time zone, as it is written behind a clock time: WITA."""
        return self.tenant.now().tzname() or "" if self.tenant else "UTC"

    @property
    def map_tiles(self) -> Tiles | None:
        """Where maps get their pictures, None when the site has none: then the outline alone is drawn."""
        settings = self._scope.kernel.settings
        return Tiles(settings.map_tiles, settings.map_credit or "") if settings.map_tiles else None

    @property
    def map_box(self) -> list[float] | None:
        """West, south, east and north of the tenant, where a map begins; None while it has loaded no boundary."""
        return box_of_tenant(self._scope)

    @property
    def path(self) -> str:
        """The path of this page from the root of the host, with its query unless that is absurdly long."""
        whole = request.script_root + request.full_path.rstrip("?")
        return whole if len(whole) <= LONGEST_PATH else request.script_root + request.path

    def can(self, permission: str) -> bool:
        """Whether the person has a permission, in some unit at least."""
        return self.person is not None and self.person.can(permission)

    def asset(self, name: str) -> str:
        """Return the address of a static file of the core, with its hash: browsers may keep it for ever."""
        return asset_url(name)

    def own_asset(self, name: str) -> str:
        """Return the address of a static file of this plugin (in the portal: of the core), with its hash."""
        if self._manifest is None:
            return self.asset(name)
        return f"/{self._manifest.name}/static/{name}?v={own_hash(current_app.static_folder or '', name)}"

    @property
    def colour(self) -> str:
        """The tenant's own colour, else the house's."""
        return (self.tenant.colour if self.tenant else None) or HOUSE

    @property
    def colour_url(self) -> str | None:
        """Where the stylesheet of the tenant's own colour is served, None when it has none."""
        return stylesheet_url(self.tenant.colour) if self.tenant and self.tenant.colour else None

    def icon_url(self, name: str) -> str:
        """Return the address of an icon of the tenant (see `lumbung.web.icons`), with its hash."""
        return icon_url(name, self.tenant.logo_hash if self.tenant else None, self.colour)

    @cached_property
    def unit(self) -> UnitCard | None:
        """The unit the person works in now; None when they look at all of theirs."""
        return current_unit()

    @cached_property
    def my_units(self) -> list[UnitCard]:
        """The units the person works in, in the order of the tree."""
        return my_units()

    def trail_of(self, row_id: UUID, limit: int = 20) -> list[TrailEntry]:
        """Return what the audit trail tells of the row with this id, the newest first; `ui.trail` shows it."""
        return trail_of(row_id, limit)

    def first(self, need: str) -> bool:
        """Whether this page asks for something for the first time: what several parts need is written once."""
        if need in self._asked:
            return False
        self._asked.add(need)
        return True

    @cached_property
    def plugin(self) -> PluginView | None:
        """The plugin whose page this is, None in the portal."""
        if self._manifest is None:
            return None
        links = tuple(
            Link(item.title(self.language), address_of(self._manifest, item.path), item.icon)
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
    def urgent(self) -> list[Urgent]:
        """The urgent announcements that stand on every citizen's page and were not closed during this visit."""
        told = set(session.get(TOLD_KEY, ())) if request.cookies else set()
        return [one for one in urgent_now(self._scope) if str(one.id) not in told]

    @cached_property
    def desk_navigation(self) -> list[LinkGroup]:
        """The desk's menu: its first page, what this person may open by plugin, and the administrator's pages."""
        first = self._link(i18n.core_domain.gettext("Meja kerja"), "/meja/", "clipboard-check")
        staff = self.person is not None and self.person.is_staff
        groups = [LinkGroup("", (first,) if staff else ())]
        snapshot = self._scope.kernel.snapshot()
        groups += [self._plugin_group(one.manifest) for one in self._enabled if not snapshot.is_closed(one.name)]
        groups.append(self._administration())
        return [group for group in groups if group.items]

    @property
    def _enabled(self) -> tuple[InstalledPlugin, ...]:
        return self._scope.kernel.snapshot().enabled_for(self.tenant.id) if self.tenant else ()

    def _plugin_group(self, manifest: Manifest) -> LinkGroup:
        items = [
            self._link(item.title(self.language), address_of(manifest, item.path), item.icon)
            for item in manifest.navigation
            if item.place == "desk" and (item.permission is None or self.can(item.permission))
        ]
        return LinkGroup(manifest.title(self.language), tuple(items))

    def _administration(self) -> LinkGroup:
        t = i18n.core_domain.gettext
        pages = (
            (t("Ringkasan"), "/admin/", "dashboard", ("core.plugins", "platform.plugins")),
            (t("Aplikasi hibah"), "/admin/plugin/", "plug", ("core.plugins", "platform.plugins")),
            (t("Pemeriksaan"), "/admin/pemeriksaan/", "activity", ("platform.plugins",)),
            (t("Orang dan peran"), "/admin/orang/", "users", ("core.people",)),
            (t("Peran dan izin"), "/admin/peran/", "key", ("core.people",)),
            (t("Faktor kedua"), "/admin/faktor-kedua/", "lock", ("core.people",)),
            (t("Perangkat daerah"), "/admin/unit/", "building", ("core.units",)),
            (t("Wilayah"), "/admin/wilayah/", "map-pin", ("core.units",)),
            (t("Batas wilayah"), "/admin/batas-wilayah/", "map-2", ("core.units",)),
            (t("Hari libur"), "/admin/hari-libur/", "calendar-off", ("core.tenant",)),
            (t("Identitas daerah"), "/admin/daerah/", "id", ("core.tenant",)),
            (t("Aplikasi terhubung"), "/admin/openid/", "apps", ("core.tenant",)),
            (t("Identitas luar"), "/admin/identitas-luar/", "login", ("core.tenant",)),
            (t("Daerah yang dilayani"), "/admin/tenant/", "building-community", ("platform.tenants",)),
            (t("Pengumuman"), "/admin/pengumuman/", "speakerphone", ("core.announce",)),
            (t("Data pribadi"), "/admin/data-pribadi/", "shield-check", ("core.privacy",)),
            (t("Jejak audit"), "/admin/jejak/", "history", ("core.audit",)),
            (t("Akses data pribadi"), "/admin/akses/", "eye", ("core.audit",)),
            (t("Pedoman tampilan"), "/_shell/", "palette", ("platform.plugins",)),
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
        url=address_of(manifest),
        icon=manifest.icon,
        donor=manifest.donor.name,
        elsewhere=manifest.remote is not None,
    )


def address_of(manifest: Manifest, path: str = "/") -> str:
    """Return where a page of a plugin is found: below this host, on a host of its own, or at another site."""
    if manifest.remote is not None:
        return manifest.remote.address.rstrip("/") + path
    scope = scope_or_none() if manifest.process is not None else None
    own = app_address(scope.kernel.settings, scope.tenant, manifest.name, path) if scope and scope.tenant else None
    return own or f"/{manifest.name}{path}"


def asset_url(name: str) -> str:
    """Return the address of a static file of the core, with its hash: browsers may keep it for ever."""
    return f"/_static/{name}?v={asset_hash(name)}"


def asset_hash(name: str) -> str:
    """Return the first characters of the SHA-256 of a static file of the core; an empty text when there is none."""
    return own_hash(str(STATIC), name)


@cache
def own_hash(folder: str, name: str) -> str:
    """Return the first characters of the SHA-256 of a file below a static folder; an empty text when there is none."""
    try:
        return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]
    except OSError:
        return ""
