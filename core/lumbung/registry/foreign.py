"""What a manifest says of an application that nobody here wrote: how it runs, who may come in, how people sign in.

An application with ``runtime = "process"`` is a child of the platform with an environment, a folder and a database of
its own; one with ``runtime = "remote"`` runs elsewhere and is only led to. Texts in which a value of the instance has
to stand name it as ``{{ database.password }}``; `PLACEHOLDERS` lists what there is. `docs/writing-plugins/foreign.md`
explains each key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_serializer, field_validator, model_validator

from lumbung.registry.parts import Part, Unfit

PLACEHOLDERS = frozenset(
    [
        "host",  # where the process has to listen
        "port",
        "address",  # how visitors reach it: https://little-bandung.sumbawakab.go.id
        "public_scheme",
        "public_host",
        "public_port",
        "source",  # folders of the instance
        "data",
        "generated",
        "python",  # the interpreter of its environment
        "php",
        "database.host",
        "database.port",
        "database.socket",
        "database.name",
        "database.user",
        "database.password",
        "database.file",
        "database.url",
        "openid.issuer",
        "openid.client_id",
        "openid.client_secret",
        "identity.header",  # the signed header: its name, who signs it, where the keys are
        "identity.issuer",
        "identity.audience",
        "identity.keys",
        "secret",  # a random text, made once for the instance and kept
        "tenant.slug",
        "tenant.name",
        "tenant.time_zone",
    ]
)
QUOTINGS = ("json", "php", "shell")
PLACEHOLDER = re.compile(r"\{\{\s*([a-z_.]+)\s*(?:\|\s*([a-z]+)\s*)?\}\}")
_OLD_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?")
OWN_PATHS = "/_lumbung/"  # on an application's host; the platform's, whatever the application has there


def _inside(value: str) -> str:
    parts = value.split("/")
    if not value or value.startswith("/") or ".." in parts or "" in parts or "\\" in value or "\0" in value:
        raise Unfit("%(value)r is not a path inside the donated folder such as 'config/app.php'", value=value)
    return value


def _web_path(value: str) -> str:
    if not value.startswith("/") or "//" in value or ".." in value.split("/") or re.search(r"[\s?#\\]", value):
        raise Unfit("%(value)r is not a path of the application such as '/login'", value=value)
    return value


def _old_host(value: str) -> str:
    if not _OLD_HOST.fullmatch(value) or ".." in value:
        raise Unfit(
            "%(value)r is not a former address such as 'antrian.example.go.id' or 'localhost/antrian'", value=value
        )
    return value.rstrip("/")


def _template(value: str) -> str:
    for name, quoting in PLACEHOLDER.findall(value):
        if name not in PLACEHOLDERS and not re.fullmatch(r"setting\.[a-z][a-z0-9_]{1,38}", name):
            raise Unfit("there is no value %(name)r; there are: %(known)s", name=name, known=sorted(PLACEHOLDERS))
        if quoting and quoting not in QUOTINGS:
            raise Unfit("there is no quoting %(name)r; there are: %(known)s", name=quoting, known=list(QUOTINGS))
    return value


def placeholders_of(text: str) -> Iterator[str]:
    """Yield the names of the values that a text asks for."""
    for name, _quoting in PLACEHOLDER.findall(text):
        yield name


InsidePath = Annotated[str, Field(max_length=200), AfterValidator(_inside)]
WebPath = Annotated[str, Field(max_length=200), AfterValidator(_web_path)]
Template = Annotated[str, Field(max_length=20_000), AfterValidator(_template)]
OldHost = Annotated[str, Field(max_length=120), AfterValidator(_old_host)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,80}$")]


class Limits(Part):
    """What a process and all it starts may use; what goes beyond fails inside the application, not the platform."""

    memory_mb: int = Field(1024, ge=64, le=65_536)
    cpu_seconds: int | None = Field(None, ge=1)
    open_files: int = Field(1024, ge=64, le=65_536)
    processes: int = Field(256, ge=1, le=4096)


class Health(Part):
    """How one sees that it serves: a status of 200 alone says nothing (``expect`` is a text of the page)."""

    path: WebPath = "/"
    expect: str | None = Field(None, min_length=1, max_length=200)
    within_seconds: int = Field(60, ge=1, le=900)


class OwnDatabase(Part):
    """The database that each instance has to itself. ``dump`` is loaded when it is made, ``file`` is SQLite's."""

    engine: Literal["postgresql", "mysql", "sqlite"]
    dump: InsidePath | None = None
    file: InsidePath | None = None
    charset: Literal["utf8mb4", "latin1"] = "utf8mb4"
    least_tables: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _agree(self) -> OwnDatabase:
        if (self.engine == "sqlite") != (self.file is not None):
            raise Unfit("file is the path of a SQLite database, and only of one")
        return self


class GeneratedFile(Part):
    """A file that each instance gets, beside the donated ones or in ``generated``; it never replaces a donated one."""

    place: Literal["generated", "source"] = "generated"
    path: InsidePath
    text: Template


class Process(Part):
    """How an application is run here. ``command`` is what it is started by; PHP has one by itself.

    ``old_hosts`` are former addresses that stand in its code or data, without scheme; answers name the new one instead.
    """

    stack: Literal["python", "php", "command"]
    source: InsidePath = "source"
    command: tuple[Template, ...] = Field((), max_length=40)
    prepare: tuple[tuple[Template, ...], ...] = Field((), max_length=10)
    folder: InsidePath | None = None
    document_root: InsidePath | None = None
    requirements: InsidePath | None = None
    python: str | None = Field(None, pattern=r"^3\.\d{1,2}$")
    start: Literal["first_use", "boot"] = "first_use"
    idle_minutes: int = Field(0, ge=0, le=10_080)
    tenancy: Literal["each", "shared"] = "each"
    environment: dict[VariableName, Template] = Field(default_factory=dict, max_length=200)
    files: tuple[GeneratedFile, ...] = Field((), max_length=40)
    deny: tuple[WebPath, ...] = Field((), max_length=100)
    old_hosts: tuple[OldHost, ...] = Field((), max_length=20)
    limits: Limits = Limits()
    health: Health = Health()
    database: OwnDatabase | None = None

    @model_validator(mode="after")
    def _agree(self) -> Process:
        if not self.command and self.stack != "php":
            raise Unfit("command is missing: how is the application started?")
        if self.requirements and self.stack != "python":
            raise Unfit("requirements belong to the stack python")
        if self.document_root and self.stack != "php":
            raise Unfit("document_root belongs to the stack php")
        return self

    def texts(self) -> Iterator[str]:
        """Yield every text in which values of an instance may stand."""
        yield from self.command
        for command in self.prepare:
            yield from command
        yield from self.environment.values()
        for file in self.files:
            yield file.text


class Remote(Part):
    """An application that runs elsewhere: visitors are led there."""

    address: str = Field(pattern=r"^https?://[a-z0-9.-]+(:\d{1,5})?(/[^\s?#]*)?$", max_length=200)
    old_hosts: tuple[OldHost, ...] = Field((), max_length=20)
    health: Health = Health()


class AccessRule(Part):
    """Who may ask for paths that begin with ``path``; the longest that fits decides. Nothing fits: nobody may.

    ``rule`` is ``public``, ``signed_in``, ``closed`` or the name of a permission of the plugin.
    """

    path: WebPath
    rule: str = Field(pattern=r"^(public|signed_in|closed|[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)$")


class SignInForm(Part):
    """The application's own login page, which the platform fills in. The weakest of the three ways."""

    path: WebPath = "/login"
    user_field: str = Field("username", min_length=1, max_length=80)
    password_field: str = Field("password", min_length=1, max_length=80)
    more_fields: dict[str, str] = Field(default_factory=dict, max_length=20)
    success: str | None = Field(None, max_length=200)
    logout_path: WebPath | None = None


class SignIn(Part):
    """How people who are signed in here are known there.

    ``openid``: a client of this tenant's provider, made when the plugin is enabled; ``[openid]`` names its addresses.
    ``header``: each request carries a signed token of one minute. ``form``: its login page is filled in.
    ``roles`` maps roles there to permissions here, the most powerful first. ``account`` is a file of SQL that makes
    an account there, or changes its password: with ``:username``, ``:password``, ``:password_hash``, ``:name``,
    ``:email`` and ``:role``; ``hash`` says how the application keeps passwords.
    """

    way: Literal["none", "openid", "header", "form"] = "none"
    header: str = Field("X-Lumbung-Identity", pattern=r"^[A-Za-z][A-Za-z0-9-]{2,60}$")
    form: SignInForm | None = None
    roles: dict[str, str] = Field(default_factory=dict, max_length=40)
    account: InsidePath | None = None
    close_account: InsidePath | None = None
    hash: Literal["bcrypt", "argon2", "md5", "sha1", "plain"] = "bcrypt"

    @field_validator("roles", mode="before")
    @classmethod
    def _in_order(cls, given: Any) -> Any:
        pairs = isinstance(given, list | tuple) and all(
            isinstance(pair, list | tuple) and [type(one) for one in pair] == [str, str] for pair in given
        )
        return dict(given) if pairs else given

    @field_serializer("roles")
    def _as_pairs(self, roles: dict[str, str]) -> list[tuple[str, str]]:
        """Keep the order, which an object loses in a database's JSON: the first role that fits is given."""
        return list(roles.items())

    @model_validator(mode="after")
    def _agree(self) -> SignIn:
        if (self.way == "form") != (self.form is not None):
            raise Unfit("the table form goes with way = 'form', and only with it")
        if self.way == "form" and self.account is None:
            raise Unfit("account is missing: a file of SQL that makes an account in the application")
        return self


class DataAdapter(Part):
    """How a person's data in the application's own database are handed out and erased: files of SQL.

    They are run by a database role of their own, with ``:email``, ``:phone``, ``:name`` and ``:username`` (theirs
    there, or empty). ``export`` holds SELECTs, each after a comment line that is its heading.
    """

    export: InsidePath
    erase: InsidePath
    tables: tuple[str, ...] = Field(min_length=1, max_length=200)


class Bar(Part):
    """The strip of the platform above the application's own pages: put into them, or left out."""

    show: Literal["inject", "none"] = "inject"
