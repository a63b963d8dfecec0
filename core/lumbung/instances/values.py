"""The values of an instance that the texts of its manifest ask for, and how they are put into these texts."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from lumbung.addresses import public_address
from lumbung.errors import LumbungError
from lumbung.instances import environments
from lumbung.instances.instance import Instance, app_address
from lumbung.instances.rows import facts_of, secrets_of
from lumbung.kernel import Kernel
from lumbung.openid.clients import OpenIDClient, openid_client
from lumbung.plugin_settings import reading
from lumbung.registry.foreign import PLACEHOLDER, placeholders_of
from lumbung.tenancy.tenant import Tenant

HOST = "127.0.0.1"
KEYS_PATH = "/openid/jwks"


def values_of(
    kernel: Kernel, instance: Instance, *, port: int | None = None, asked: Iterable[str] | None = None
) -> dict[str, str]:
    """Return the values that the texts of an instance's manifest ask for, or those named in ``asked``.

    Nothing else is worked out. ``port`` is where the process is going to listen, where that is known already: without
    it a text that asks for the port is left out. Raises `LumbungError` naming a value that this instance does not have.
    """
    if asked is None:
        asked = {name for text in instance.process.texts() for name in placeholders_of(text)}
    source = _Source(kernel, instance, port)
    return {name: source.value(name) for name in sorted(asked) if name != "port" or port is not None}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with each ``{{ name }}`` replaced by its value, quoted as ``|json``, ``|php`` or ``|shell`` says.

    Raises `LumbungError` for a value that is not among ``values``.
    """

    def filled(found: Any) -> str:
        name, quoting = found[1], found[2]
        if name not in values:
            raise LumbungError("There is no value %(name)s at this moment.", name=name)
        return _QUOTED[quoting](values[name]) if quoting else values[name]

    return PLACEHOLDER.sub(filled, text)


def can_fill(text: str, values: Mapping[str, str]) -> bool:
    """Whether all that a text asks for is known."""
    return all(name in values for name in placeholders_of(text))


def _php(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


_QUOTED: dict[str, Callable[[str], str]] = {"json": json.dumps, "php": _php, "shell": shlex.quote}


class _Source:
    """Where values come from; what several of them need is asked for once."""

    def __init__(self, kernel: Kernel, instance: Instance, port: int | None) -> None:
        self.kernel = kernel
        self.instance = instance
        self.port = port
        self._openid: OpenIDClient | None = None
        self._database: dict[str, str] | None = None

    def value(self, name: str) -> str:
        family, _, rest = name.partition(".")
        match family:
            case "database":
                return self._of_database(rest)
            case "openid":
                return self._of_openid(rest)
            case "identity":
                return self._of_identity(rest)
            case "setting":
                return self._setting(rest)
            case "tenant":
                return str(getattr(self._tenant(name), rest))
            case _:
                return self._plain(name)

    def _plain(self, name: str) -> str:
        instance, address = self.instance, name in ("address", "public_scheme", "public_host", "public_port")
        if address:
            return _part_of(self._address(name), name)
        match name:
            case "host":
                return HOST
            case "port":
                return str(self.port)
            case "source" | "data" | "generated":
                return str(getattr(instance, name))
            case "python":
                return str(environments.python_of(self.kernel.settings, instance))
            case "php":
                return str(environments.find_php(instance.name).path)
            case "secret":
                return secrets_of(self.kernel, instance)["secret"]
        raise self._lacks(name)

    def _of_database(self, name: str) -> str:
        if self._database is None:
            self._database = dict(facts_of(self.kernel, self.instance).get("database") or {})
        if name == "password":
            return secrets_of(self.kernel, self.instance)["database_password"]
        if name == "url" and self._database:
            return database_url(self._database, secrets_of(self.kernel, self.instance)["database_password"])
        if name not in self._database:
            raise self._lacks(f"database.{name}")
        return str(self._database[name])

    def _of_openid(self, name: str) -> str:
        if self._openid is None:
            with self.kernel.scope(self._tenant("openid"), actor="keeper", plugin=self.instance.name):
                self._openid = openid_client()
        known = {
            "issuer": self._openid.issuer,
            "client_id": self._openid.client_id,
            "client_secret": self._openid.secret,
        }
        return known[name]

    def _of_identity(self, name: str) -> str:
        manifest = self.instance.plugin.manifest
        if name == "header":
            return manifest.sign_in.header
        if name == "audience":
            return self._address("identity.audience")
        issuer = public_address(self.kernel.settings, self._tenant(f"identity.{name}"), "")
        if issuer is None:
            raise self._lacks(f"identity.{name}")
        return issuer + KEYS_PATH if name == "keys" else issuer

    def _setting(self, name: str) -> str:
        with self.kernel.scope(self.instance.tenant, actor="keeper", plugin=self.instance.name):
            return as_text(reading.value(name))

    def _address(self, name: str) -> str:
        address = app_address(self.kernel.settings, self._tenant(name), self.instance.name)
        if address is None:
            raise self._lacks(name)
        return address

    def _tenant(self, name: str) -> Tenant:
        if self.instance.tenant is None:
            raise LumbungError(
                "Plugin %(plugin)s asks for %(name)s, which an instance that all tenants share does not have.",
                plugin=self.instance.name,
                name=name,
            )
        return self.instance.tenant

    def _lacks(self, name: str) -> LumbungError:
        return LumbungError(
            "Plugin %(plugin)s asks for %(name)s, which %(instance)s does not have.",
            plugin=self.instance.name,
            name=name,
            instance=self.instance.label,
        )


def database_url(facts: Mapping[str, str], password: str) -> str:
    """Return the address of a database as most frameworks want it; a socket stands behind it as a parameter."""
    if facts["engine"] == "sqlite":
        return f"sqlite:///{facts['file']}"
    account = f"{quote(facts['user'], safe='')}:{quote(password, safe='')}"
    host, port = facts.get("host", ""), facts.get("port", "")
    if host.startswith("/"):
        return f"{facts['engine']}://{account}@/{facts['name']}?host={quote(host, safe='')}"
    url = f"{facts['engine']}://{account}@{host or 'localhost'}{f':{port}' if port else ''}/{facts['name']}"
    if facts["engine"] == "mysql" and facts.get("socket"):
        url += f"?unix_socket={quote(facts['socket'], safe='')}"
    return url


def as_text(value: Any) -> str:
    """Return the value of a setting as it stands in a file or the environment: ``true``, lists with commas."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple() if all(isinstance(one, str | int | float) for one in value):
            return ",".join(str(one) for one in value)
        case list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _part_of(address: str, name: str) -> str:
    parts = urlsplit(address)
    match name:
        case "public_scheme":
            return parts.scheme
        case "public_host":
            return parts.hostname or ""
        case "public_port":
            return str(parts.port or (443 if parts.scheme == "https" else 80))
    return address
