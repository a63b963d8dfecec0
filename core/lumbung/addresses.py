"""Addresses: where a visitor may be led, and how a page of a tenant is written out in a message."""

from __future__ import annotations

from urllib.parse import urlsplit

from lumbung.settings import Settings
from lumbung.tenancy.tenant import Tenant


def local_path(target: str | None, default: str = "/") -> str:
    """Return ``target`` when it is a path on this very host, ``default`` when it leads elsewhere.

    Guards every redirect that a visitor can influence: ``//evil``, ``https:evil``, ``javascript:`` and
    backslashes, which browsers read as slashes.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def leads_here(target: str) -> bool:
    """Whether ``target`` is a path on this very host, so that a page may link to it; see `local_path`."""
    return local_path(target, "") == target != ""


def public_address(settings: Settings, tenant: Tenant, path: str) -> str | None:
    """Return the whole address of ``path`` on the tenant's official host, as a job or a command writes it.

    No request says there how visitors come, so the settings do: https where cookies are sent over HTTPS only, and
    the port of `public_port`, else ``port`` when no proxy stands in front, else the ordinary one. None when no host
    is registered.
    """
    if not tenant.host:
        return None
    scheme, ordinary = ("https", 443) if settings.secure_cookies else ("http", 80)
    port = settings.public_port or (ordinary if settings.trusted_proxies else settings.port)
    return f"{scheme}://{tenant.host}{'' if port == ordinary else f':{port}'}{path}"


def label_of(plugin: str) -> str:
    """Return what a plugin is called in a host name, which has no low line: ``little-bandung``."""
    return plugin.replace("_", "-")


def app_host(plugin: str, tenant: Tenant) -> str:
    """Return the host name of a foreign application for a tenant; empty when the tenant has none."""
    return f"{label_of(plugin)}.{tenant.host}" if tenant.host else ""


def app_address(settings: Settings, tenant: Tenant, plugin: str, path: str = "") -> str | None:
    """Return the whole address of a page of a foreign application, None when the tenant has no host name."""
    whole = public_address(settings, tenant, path)
    return None if whole is None else whole.replace(f"://{tenant.host}", f"://{app_host(plugin, tenant)}", 1)
