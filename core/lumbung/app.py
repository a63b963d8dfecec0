"""The table of contents: what a web process is made of, in the order in which a request meets it."""

from __future__ import annotations

from functools import partial

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from lumbung.database.roles import running_app_url
from lumbung.gateway import Gateway
from lumbung.kernel import Kernel
from lumbung.portal.app import Portal
from lumbung.settings import Settings, load_settings


def create_app(settings: Settings | None = None, *, kernel: Kernel | None = None, isolated: str | None = None) -> Flask:
    """Return the portal, whose ``wsgi_app`` is the gateway: serve this with any WSGI server.

    Nothing of any plugin is imported here, and the database is not asked before the first request. ``isolated`` names
    the plugin that this process alone was started for, where there is one.
    """
    settings = settings or load_settings()
    kernel = kernel or Kernel(settings, running_app_url(settings))
    return put_behind_gate(Portal(kernel), kernel, isolated=isolated)


def put_behind_gate(portal: Portal, kernel: Kernel, *, isolated: str | None = None) -> Portal:
    """Put a gate of its own in front of a portal, for the site that ``kernel`` serves; return the portal."""
    gateway = Gateway(kernel, portal, partial(Flask.wsgi_app, portal), isolated=isolated)
    portal.extensions["lumbung"] = gateway
    portal.wsgi_app = gateway  # type: ignore[method-assign]
    hops = kernel.settings.trusted_proxies
    if hops:
        portal.wsgi_app = ProxyFix(gateway, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return portal
