"""What a production configuration is made of: host names, applications, places. Each is checked before it is written.

The files that are written are read by programs of the administrator: a value with a quote, a space or a semicolon in
it would be more than a value there. Host names were checked when they were registered, and are checked again here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lumbung.errors import LumbungError
from lumbung.instances.instance import Instance, instance_of, label_of
from lumbung.kernel import Kernel
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin
from lumbung.tenancy.tenant import Tenant

HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
PATH = re.compile(r"/[A-Za-z0-9._/+@,=:-]*")
ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
USER_FOLDERS = (Path("/home"), Path("/root"), Path("/run/user"))


@dataclass(frozen=True)
class App:
    """A foreign application as one tenant's visitors reach it. ``why_not`` says what keeps nginx from going there."""

    instance: Instance
    hosts: tuple[str, ...]
    header: str
    why_not: str

    @property
    def direct(self) -> bool:
        """Whether nginx may go to it by itself, once the gate has said yes: nothing in its answers is changed."""
        return not self.why_not

    @property
    def unit(self) -> str:
        """What its files are called: ``antrian-sumbawa``, ``antrian-shared``."""
        return self.instance.label.replace("/", "-")


@dataclass(frozen=True)
class Site:
    """All that the templates are filled with."""

    home: Path
    program: Path
    work: Path
    user: str
    web_group: str
    bind: str
    port: int
    tls: bool
    hosts: tuple[str, ...]
    apps: tuple[App, ...]

    @property
    def protect_home(self) -> bool:
        """Whether the folders of people can be hidden from the site: not where it lies in one of them itself."""
        return not any(
            place.is_relative_to(folder) for place in (self.home, self.program, self.work) for folder in USER_FOLDERS
        )

    @property
    def headers(self) -> list[tuple[str, list[str]]]:
        """The headers by which applications are told who asks, each with the hosts that it is for."""
        found: dict[str, list[str]] = {"X-Lumbung-Identity": []}
        for app in self.apps:
            if app.header:
                found.setdefault(app.header, []).extend(app.hosts)
        return sorted(found.items())


def site_of(kernel: Kernel, *, user: str, web_group: str, domains: Iterable[str] = ()) -> Site:
    """Return what a site's configuration is made of; with ``domains`` only of hosts that are one or lie below one.

    Raises `LumbungError` for a name or a place that cannot stand in such files, and when no host is left.
    """
    settings = kernel.settings
    wanted = tuple(_fit(HOST, one.lower().rstrip("."), "host name") for one in domains)
    snapshot = kernel.snapshot()
    hosts: list[str] = []
    apps: list[App] = []
    for tenant in sorted(snapshot.tenants.values(), key=lambda one: one.slug):
        of_tenant = [_fit(HOST, host, "host name") for host in tenant.hosts if _is_below(host, wanted)]
        hosts += of_tenant
        for plugin in snapshot.enabled_for(tenant.id):
            if of_tenant and plugin.manifest.process is not None:
                apps.append(_app(kernel, plugin, tenant, of_tenant))
    if not hosts:
        raise LumbungError("No tenant has such a host name; 'lumbung tenant list' shows them.")
    program = Path(sys.prefix) / "bin" / "lumbung"
    return Site(
        home=_place(settings.home),
        program=_place(program),
        work=_place(Path(sys.prefix).parent),
        user=_fit(ACCOUNT, user, "user name"),
        web_group=_fit(ACCOUNT, web_group, "group name"),
        bind=settings.bind if settings.bind not in ("0.0.0.0", "::") else "127.0.0.1",  # noqa: S104
        port=settings.port,
        tls=settings.secure_cookies,
        hosts=tuple(hosts),
        apps=tuple(apps),
    )


def safe_path(place: Path) -> str:
    """Return a path as it may stand in a file; raises `LumbungError` for one with spaces, quotes and the like."""
    return _fit(PATH, str(place), "path")


def _app(kernel: Kernel, plugin: InstalledPlugin, tenant: Tenant, hosts: Iterable[str]) -> App:
    manifest = plugin.manifest
    own = tuple(f"{label_of(plugin.name)}.{host}" for host in hosts)
    header = manifest.sign_in.header if manifest.sign_in.way == "header" else ""
    return App(instance_of(kernel.settings, plugin, tenant), own, header, "; ".join(_hindrances(manifest)))


def _hindrances(manifest: Manifest) -> Iterator[str]:
    """Yield why its answers have to pass through the platform, which changes them."""
    if manifest.bar.show == "inject":
        yield "the bar is put into its pages"
    if manifest.process is not None and manifest.process.old_hosts:
        yield "its former addresses are rewritten"
    if manifest.sign_in.way == "form":
        yield "its login page is filled in"


def _is_below(host: str, domains: tuple[str, ...]) -> bool:
    return not domains or any(host == one or host.endswith(f".{one}") for one in domains)


def _place(place: Path) -> Path:
    whole = place.absolute()
    safe_path(whole)
    return whole


def _fit(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value) or ".." in value:
        raise LumbungError("%(value)s cannot stand in a configuration as a %(what)s.", value=repr(value), what=what)
    return value
