"""`TestHouse`: a whole site in one test, and `HouseClient`: somebody who visits it."""

from __future__ import annotations

import io
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.test import Client, EnvironBuilder, TestResponse

from lumbung.app import put_behind_gate
from lumbung.context import Scope
from lumbung.database.roles import DatabaseUrls
from lumbung.geography import importing
from lumbung.geography.features import read_features
from lumbung.identity import people, sessions
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.identity.person import Person
from lumbung.identity.sessions import find_person
from lumbung.kernel import Kernel
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.plugin_settings import services as plugin_settings
from lumbung.plugin_settings.stored import Place
from lumbung.portal.app import Portal
from lumbung.registry.discovery import forget
from lumbung.settings import Settings
from lumbung.tenancy.models import Unit
from lumbung.tenancy.services import add_unit, find_unit
from lumbung.web.house import HouseApp, lifetime, sid_cookie
from lumbung.worker import worker_app
from lumbung.working_days import services as calendar

_CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


# Making a portal takes longer than most tests: it goes from one house to the next, never to two at once. So do the
# apps of the plugins that came with the environment; one that a test installed goes with it.
_idle_portals: list[Portal] = []
_idle_apps: list[dict[tuple[str, str], HouseApp]] = []
_open_homes: Counter[Path] = Counter()  # two houses at one home are two processes of one site


class HouseClient(Client):
    """A browser without a screen: keeps cookies, asks one tenant's host, knows how to send a form."""

    def __init__(self, house: TestHouse, host: str) -> None:
        super().__init__(house.app.wsgi_app)
        self.base_url = f"http://{host}"

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request to this client's host."""
        if not (args and isinstance(args[0], EnvironBuilder)):  # a redirect that is followed says where to itself
            kwargs.setdefault("base_url", self.base_url)
        return super().open(*args, **kwargs)

    def csrf_token(self, page: str = "/masuk") -> str:
        """Return a token for a form, read from a page as a browser would."""
        found = _CSRF.search(self.get(page).get_data(as_text=True))
        if found is None:
            raise AssertionError(f"{page} holds no form with a csrf_token")
        return found[1]

    def post_form(
        self, path: str, data: Mapping[str, Any] | None = None, *, page: str = "/akun", **kwargs: Any
    ) -> TestResponse:
        """Send a form with its CSRF token, taken from ``page`` (any page with a form on it)."""
        response = self.get(page)
        found = _CSRF.search(response.get_data(as_text=True))
        token = found[1] if found else self.csrf_token()
        return self.post(path, data={**(data or {}), "csrf_token": token}, **kwargs)


class TestHouse:
    """A site with the tenants ``sumbawa`` and ``sumbawabarat``; plugins are enabled for ``sumbawa`` only."""

    __test__ = False

    def __init__(self, settings: Settings, urls: DatabaseUrls) -> None:
        self.settings = settings
        self.urls = urls
        self._path_before = list(sys.path)
        self.kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
        _open_homes[settings.home] += 1

    @cached_property
    def app(self) -> Flask:
        """The portal with the gate in front, taken when the first visitor comes."""
        portal = _idle_portals.pop() if _idle_portals else Portal(self.kernel)
        portal.serve_for(self.kernel)
        put_behind_gate(portal, self.kernel)
        apps = _idle_apps.pop() if _idle_apps else {}
        for app in apps.values():
            app.serve_for(self.kernel)
        portal.extensions["lumbung"].inline.apps.update(apps)
        return portal

    @contextmanager
    def scope(
        self, tenant: str = "sumbawa", *, person: Person | None = None, plugin: str | None = None
    ) -> Iterator[Scope]:
        """Run a block on behalf of a tenant; what it changed is committed at its end."""
        with self.kernel.scope(self.kernel.tenant(tenant), actor="test", person=person, plugin=plugin) as scope:
            yield scope

    def person(
        self,
        tenant: str,
        email: str,
        *,
        roles: Sequence[str | tuple[str, str | None]] = (),
        operator: bool = False,
        name: str | None = None,
        password: str | None = None,
    ) -> Person:
        """Return a person with these roles, adding them first. A role is a name, or (name, code of a unit)."""
        with self.scope(tenant) as scope:
            row = scope.session.scalar(select(PersonRow).where(PersonRow.email == email))
            if row is None:
                row = people.add_person(
                    scope.session,
                    email=email,
                    name=name or email.partition("@")[0].title(),
                    password=password,
                    operator=operator,
                )
            for role in roles:
                title, code = (role, None) if isinstance(role, str) else role
                people.grant(scope.session, row, title, self._unit(scope, code) if code else None)
            token = sessions.start(scope.session, row.id, address="127.0.0.1", agent="test")
            scope.session.flush()
            found = find_person(scope.session, token, self.kernel.snapshot(), lifetime(self.kernel))
        assert found is not None
        return found

    def unit(self, tenant: str, code: str, *, parent: str | None = None) -> UUID:
        """Return the id of a unit, adding it first."""
        with self.scope(tenant) as scope:
            unit = self._unit(scope, code)
            if parent:
                unit.parent_id = self._unit(scope, parent).id
            return unit.id

    def set_setting(
        self, plugin: str, name: str, value: Any, *, tenant: str = "sumbawa", unit: UUID | None = None
    ) -> None:
        """Set a plugin's setting as its page does, for a tenant or one of its units. ``value`` is plain JSON data."""
        place = Place("unit", unit) if unit else Place("tenant")
        with self.scope(tenant):
            manifest = self.kernel.snapshot().plugins[plugin].manifest
            plugin_settings.change(manifest, place, {name: value}, by="test")
        self.kernel.state.forget()

    def boundary(self, code: str, geometry: Mapping[str, Any], *, tenant: str = "sumbawa") -> None:
        """Load the boundary of a region, a GeoJSON polygon in WGS 84, longitude first, in the place of any before."""
        name = f"{code}.geojson"
        content = {"type": "Feature", "properties": {"kode": code}, "geometry": dict(geometry)}
        with self.scope(tenant) as scope:
            assert scope.tenant is not None
            file = read_features(io.BytesIO(json.dumps(content).encode()), name)
            draft = importing.prepare(file, scope.tenant.region_code)
            importing.take_in(
                scope.session, draft, scope.tenant.region_code or "", source="test", file_name=name, by="test"
            )
        self.kernel.state.forget()

    def day_off(self, day: date, name: str = "Libur daerah", *, kind: str = "local", tenant: str = "sumbawa") -> None:
        """Give a tenant a day off more."""
        with self.scope(tenant) as scope:
            calendar.add(scope.session, day, name, kind, by="test")

    def worked_day(self, day: date, *, tenant: str = "sumbawa") -> None:
        """Have a tenant work on a day that is off for the nation."""
        with self.scope(tenant) as scope:
            calendar.remove(scope.session, day, by="test")

    def install(self, wheel: Path, *, tenant: str = "sumbawa") -> None:
        """Install another plugin from its wheel (`make_wheel`), and switch it on for a tenant."""
        manifest = install_wheel(self.kernel, wheel, by="test")
        enable(self.kernel, manifest.name, self.kernel.tenant(tenant), by="test")
        self.kernel.state.forget()

    def client(self, tenant: str = "sumbawa", person: Person | None = None) -> HouseClient:
        """Return a visitor of a tenant's host, signed in when a person is given."""
        client = HouseClient(self, f"{tenant}.localhost")
        if person is not None:
            client.set_cookie(sid_cookie(self.kernel), self.token(tenant, person), domain=f"{tenant}.localhost")
        return client

    def token(self, tenant: str, person: Person) -> str:
        """Start another session for a person and return the token for its cookie."""
        with self.scope(tenant) as scope:
            return sessions.start(scope.session, person.id, address="127.0.0.1", agent="test")

    def sessions_of(self, tenant: str, person: Person) -> list[SessionRow]:
        """Return every session a person ever had."""
        with self.scope(tenant) as scope:
            return list(scope.session.scalars(select(SessionRow).where(SessionRow.person_id == person.id)))

    def work(self) -> None:
        """Have the job worker do everything that waits, events included."""
        worker_app(self.kernel).run_worker(
            wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="never"
        )

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Serve the site on a free port for the length of a block, for a real browser; yield the port."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.port
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def close(self) -> None:
        """Give every connection back, portal and apps to the next house, and forget the plugins of this one."""
        self.kernel.close()
        _open_homes[self.settings.home] -= 1
        if not _open_homes[self.settings.home]:
            _forget_plugins(self._path_before, self.settings.home.parent)
        if isinstance(portal := self.__dict__.pop("app", None), Portal):
            _idle_portals.append(portal)
            apps: dict[tuple[str, str], HouseApp] = portal.extensions["lumbung"].inline.apps
            home = str(self.settings.home)
            _idle_apps.append({key: app for key, app in apps.items() if not app.root_path.startswith(home)})

    @staticmethod
    def _unit(scope: Scope, code: str) -> Unit:
        return find_unit(scope.session, code) or add_unit(scope.session, code=code, name=f"Unit {code}")


def _forget_plugins(path_before: list[str], folder: Path) -> None:
    """Take what a test put on the import path off it again, and the modules of its plugins."""
    sys.path[:] = path_before
    for name, module in list(sys.modules.items()):
        if name.startswith("lumbung_") and str(getattr(module, "__file__", "") or "").startswith(
            f"{folder.resolve()}/"
        ):
            del sys.modules[name]
    forget()
