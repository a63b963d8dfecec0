"""Which host is which application's, and the way from it to its tenant's own host and back.

Where a visitor is led follows the host and port that they came by, once these were found to be a tenant's: a tenant
may have several, and a port of its own in front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lumbung.addresses import app_address, label_of, local_path
from lumbung.registry.foreign import OWN_PATHS
from lumbung.registry.state import InstalledPlugin, Snapshot
from lumbung.settings import Settings
from lumbung.tenancy.tenant import Tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ENTER = "/masuk/aplikasi/"  # on the tenant's host: the way to a ticket


def find(host: str, snapshot: Snapshot) -> tuple[Tenant, InstalledPlugin] | None:
    """Return whose application answers at a host that is no tenant's; None for one that is nobody's, or is off."""
    label, _, parent = host.partition(".")
    tenant = snapshot.by_host.get(parent)
    name = label.replace("-", "_")
    if tenant is None or not snapshot.is_enabled(name, tenant.id):
        return None
    plugin = snapshot.plugins[name]
    return (tenant, plugin) if plugin.usable and plugin.manifest.is_foreign else None


def own_origin(environ: WSGIEnvironment) -> str:
    """Return scheme, host and port by which a visitor came."""
    return f"{environ['wsgi.url_scheme']}://{_host(environ)}"


def portal_origin(environ: WSGIEnvironment) -> str:
    """Return, for a request to an application's host, where its tenant's portal is."""
    return f"{environ['wsgi.url_scheme']}://{_host(environ).partition('.')[2]}"


def app_origin(settings: Settings, tenant: Tenant, plugin: str, *, scheme: str, host: str) -> str | None:
    """Return where an application is for somebody who came to ``host`` (perhaps with a port); None without a host.

    A host that is not the tenant's (`single_tenant` answers for any) has none of its applications below it.
    """
    name = host.lower().partition(":")[0].rstrip(".")
    if name in tenant.hosts:
        return f"{scheme}://{label_of(plugin)}.{host.lower()}"
    return app_address(settings, tenant, plugin)


def target_at(plugin: InstalledPlugin, origin: str, path: str, query: str) -> str:
    """Return the address of a page of an application that is asked for as ``path`` (as WSGI has it) and ``query``."""
    remote = plugin.manifest.remote
    base = remote.address.rstrip("/") if remote is not None else origin
    return base + quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=-._~") + (f"?{query}" if query else "")


def target_path(environ: WSGIEnvironment) -> str:
    """Return path and query of a request as an address has them."""
    path = quote(str(environ.get("PATH_INFO") or "/").encode("latin-1"), safe="/:@!$&'()*+,;=-._~")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def back_path(given: str | None) -> str:
    """Return the path to go on to on an application's host: never another host, never one of the platform's own."""
    path = local_path(given)
    return "/" if path.startswith(OWN_PATHS) else path


def _host(environ: WSGIEnvironment) -> str:
    return str(environ.get("HTTP_HOST") or environ.get("SERVER_NAME") or "").lower()
