"""The portal: the Flask app behind the gate for everything that is not a plugin's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lumbung.identity.person import PLATFORM_PERMISSIONS, TENANT_PERMISSIONS
from lumbung.kernel import Kernel
from lumbung.registry.state import InstalledPlugin
from lumbung.web import closed, renewing
from lumbung.web.house import HouseApp
from lumbung.web.i18n import language
from lumbung.web.security import add_headers
from lumbung.web.view import Service, service_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Portal(HouseApp):
    """The citizen's pages and the administrators' desk."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(
            "lumbung",
            kernel=kernel,
            folder=Path(__file__).resolve().parent.parent,
            domain="lumbung",
            manifest=None,
        )
        self._register_views()
        self.seal(frozenset(TENANT_PERMISSIONS + PLATFORM_PERMISSIONS))

    def _register_views(self) -> None:
        from lumbung.admin import blueprints as admin_blueprints
        from lumbung.desk.views import blueprint as desk
        from lumbung.portal import (
            affairs,
            announcements,
            consents,
            directory,
            enter_app,
            forgotten,
            home,
            invited,
            my_data,
            my_identities,
            nik,
            notifications,
            openid,
            openid_endpoints,
            passkeys,
            profile,
            pwa,
            register,
            requests,
            search,
            second_factor,
            sign_in,
            upstream,
            verify,
            views,
        )
        from lumbung.shell.views import blueprint as guide

        people = (sign_in, second_factor, passkeys, register, profile, nik, notifications)
        by_letter = (verify, forgotten, invited)
        own_data = (my_data, consents, requests)
        provider = (openid, openid_endpoints, enter_app)
        elsewhere = (upstream, my_identities)
        accounts = (*people, *by_letter, *own_data, *provider, *elsewhere)
        rooms = (home, search, affairs, directory, announcements, *accounts, views, pwa)
        for blueprint in (*(room.blueprint for room in rooms), desk, guide, *admin_blueprints()):
            self.register_blueprint(blueprint)
        self.extensions["csrf"].exempt(openid_endpoints.blueprint)  # asked by machines, which bring no cookie

    def unavailable(
        self, plugin: InstalledPlugin, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer for a plugin that cannot be opened: a polite page for that service alone."""
        return self._closed("broken", plugin, environ, start_response)

    def closed(
        self, plugin: InstalledPlugin, environ: WSGIEnvironment, start_response: StartResponse, *, safe: bool
    ) -> Iterable[bytes]:
        """Answer for a plugin that is suspended or, in ``safe`` mode, for any: its code is not run."""
        return self._closed("safe" if safe else "suspended", plugin, environ, start_response)

    def _closed(
        self, reason: str, plugin: InstalledPlugin, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        with self.request_context(environ):
            answer = add_headers(closed.answer(self._service(plugin), reason), personal=False)
            return answer(environ, start_response)

    def renewing(
        self, plugin: InstalledPlugin, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer for a plugin that is being upgraded at this moment: nothing was saved, try again in a moment."""
        with self.request_context(environ):
            answer = add_headers(renewing.answer(self._service(plugin).title), personal=False)
            return answer(environ, start_response)

    @staticmethod
    def _service(plugin: InstalledPlugin) -> Service:
        if plugin.usable:
            return service_of(plugin.manifest, language())
        return Service(plugin.name, plugin.name.title(), "", f"/{plugin.name}/", "plug", "")
