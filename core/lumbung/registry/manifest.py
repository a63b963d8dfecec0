"""``plugin.toml``: what a plugin says about itself, read without importing a line of its code.

`docs/writing-plugins/manifest.md` explains each key to authors; a test holds the two together.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from croniter import croniter
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from lumbung.errors import LumbungError, Sentence
from lumbung.hooks import hook_names
from lumbung.registry.foreign import AccessRule, Bar, DataAdapter, Process, Remote, SignIn
from lumbung.registry.parts import Name, Part, Unfit, Words
from lumbung.registry.plugin_setting import PluginSetting, refuse_disagreeing

MANIFEST = "plugin.toml"
DATA_HOOKS = ("export_person", "erase_person")  # what holding personal data obliges to

# First path segments and table prefixes that are the house's own.
RESERVED = frozenset(
    [
        "admin",
        "akun",
        "api",
        "bahasa",
        "cari",
        "core",
        "daftar",
        "keluar",
        "layanan",
        "luring",
        "lumbung",
        "masuk",
        "meja",
        "openid",
        "pemberitahuan",
        "pengumuman",
        "profil",
        "public",
        "procrastinate",
        "static",
        "surel",
        "tenant",
        "undangan",
        "urusan",
    ]
)


class ManifestError(LumbungError):
    """The manifest cannot be used; the message names the file, the key and what was expected."""


# What pydantic says with a value in it. All else it says is looked up as it stands.
_SAID = {
    "literal_error": ("Input should be %(some)s or %(last)s", "Input should be %(one)s"),
    "string_pattern_mismatch": ("String should match pattern '%(pattern)s'",),
    "string_too_short": ("String should have at least %(least)s characters",),
    "string_too_long": ("String should have at most %(most)s characters",),
    "greater_than_equal": ("Input should be greater than or equal to %(least)s",),
    "model_type": ("Input should be a valid dictionary or instance of %(kind)s",),
}
_TOML_SAID = ("%(what)s (at line %(line)s, column %(column)s)", "%(what)s (at end of document)")


def _specifier(value: str) -> str:
    try:
        SpecifierSet(value)
    except InvalidSpecifier:
        raise Unfit("%(value)r is not a version range such as '>=0.1,<1'", value=value) from None
    return value


def _version(value: str) -> str:
    try:
        return str(Version(value))
    except InvalidVersion:
        raise Unfit("%(value)r is not a version such as '1.0.0'", value=value) from None


def _cron(value: str) -> str:
    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise Unfit("%(value)r is not a cron line such as '5 0 * * *'", value=value)
    return value


def _path(value: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9/_-]*", value):
        raise Unfit("%(value)r is not a path inside the plugin such as '/loket'", value=value)
    return value


# Moments in a life at which one needs the government; `lumbung.portal.life_events` has their titles.
LifeEvent = Literal[
    "birth",
    "school",
    "work",
    "business",
    "marriage",
    "home",
    "health",
    "travel",
    "old_age",
    "death",
    "report",
    "documents",
]

Specifier = Annotated[str, AfterValidator(_specifier)]
VersionText = Annotated[str, AfterValidator(_version)]
CronLine = Annotated[str, AfterValidator(_cron)]
PagePath = Annotated[str, AfterValidator(_path)]


def _in_both(given: Any) -> Any:
    """Take one text for both languages: manifests kept from older versions say no more."""
    return {"id": given, "en": given} if isinstance(given, str) else given


WordsOrText = Annotated[Words, BeforeValidator(_in_both)]


class Donor(Part):
    """Who gave the application: shown on its every page, because giving is honoured here."""

    name: str = Field(min_length=2, max_length=120)
    region_code: str | None = Field(None, pattern=r"^\d{2}(\.\d{2})?$")
    url: str | None = Field(None, pattern=r"^https://")


class CoreNeeds(Part):
    """Which versions of the core the plugin was made for."""

    requires: Specifier


class Permission(Part):
    """Something a person may be allowed to do, such as ``antrean.serve``."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    title: Words


class Role(Part):
    """A suggested bundle of permissions; granted as ``<plugin>.<name>``."""

    name: Name
    title: Words
    permissions: tuple[str, ...]


class NavigationItem(Part):
    """A link in the menu: of citizens or of the desk."""

    place: Literal["citizen", "desk"]
    title: Words
    path: PagePath
    icon: str = "circle"
    permission: str | None = None


class AuditAction(Part):
    """What an action in the plugin's part of the audit trail is called."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")
    title: Words


class PersonalData(Part):
    """One kind of personal data the plugin keeps: the line of the processing register (UU 27/2022)."""

    name: WordsOrText
    purpose: Words
    basis: WordsOrText
    where: str
    retention_days: int | None = Field(None, ge=1)
    subjects: WordsOrText | None = None
    recipients: WordsOrText | None = None


class LongWords(Part):
    """A text of several sentences in Indonesian and in English."""

    id: str = Field(min_length=10, max_length=4000)
    en: str = Field(min_length=10, max_length=4000)


class ConsentAsked(Part):
    """What people may agree to, in words that they can read. A new wording has a higher ``version``."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=80)
    title: Words
    text: LongWords
    version: int = Field(1, ge=1)


class Events(Part):
    """Which events the plugin sends and which of others it wants to hear.

    ``*.damage_seen`` is an event of that name from whichever plugin sends it.
    """

    emits: tuple[str, ...] = ()
    listens: tuple[str, ...] = ()


class OpenIDNeeds(Part):
    """What the plugin's own client of the OpenID provider is made of: paths below the plugin, and scopes."""

    redirect_paths: tuple[PagePath, ...] = Field(min_length=1, max_length=20)
    post_logout_paths: tuple[PagePath, ...] = Field((), max_length=20)
    scopes: tuple[Literal["openid", "profile", "email", "phone", "roles", "offline_access"], ...] = ("profile",)


class ScheduledJob(Part):
    """A job that runs by the clock, in the tenant's time zone, for each tenant that has the plugin enabled."""

    name: Name
    cron: CronLine


class Manifest(Part):
    """The whole of ``plugin.toml``. Names are one word for everything: URL, tables, templates, permissions."""

    schema_version: Literal[1] = Field(alias="schema")
    name: Name
    version: VersionText
    runtime: Literal["inline", "process", "remote"] = "inline"
    icon: str = Field("plug", pattern=r"^[a-z0-9-]+$")
    licence: str = Field(min_length=2, max_length=60)
    hooks: tuple[str, ...] = ()
    shared_tables: tuple[str, ...] = ()
    title: Words
    summary: Words
    donor: Donor
    core: CoreNeeds
    dependencies: dict[Name, Specifier] = Field(default_factory=dict)
    permissions: tuple[Permission, ...] = ()
    roles: tuple[Role, ...] = ()
    navigation: tuple[NavigationItem, ...] = ()
    personal_data: tuple[PersonalData, ...] = ()
    consents: tuple[ConsentAsked, ...] = ()
    events: Events = Events()
    life_events: tuple[LifeEvent, ...] = ()
    offline: tuple[PagePath, ...] = Field((), max_length=10)
    actions: tuple[AuditAction, ...] = ()
    jobs: tuple[ScheduledJob, ...] = ()
    settings: tuple[PluginSetting, ...] = Field((), max_length=100)
    openid: OpenIDNeeds | None = None
    process: Process | None = None
    remote: Remote | None = None
    sign_in: SignIn = SignIn()
    access: tuple[AccessRule, ...] = Field((), max_length=200)
    data_adapter: DataAdapter | None = None
    bar: Bar = Bar()

    @model_validator(mode="after")
    def _runs_as_it_says(self) -> Manifest:
        for runtime, table in (("process", self.process), ("remote", self.remote)):
            if (self.runtime == runtime) != (table is not None):
                raise Unfit("the table %(name)s goes with runtime = '%(name)s', and only with it", name=runtime)
        if self.runtime == "inline":
            if self.access or self.data_adapter or self.sign_in != SignIn():
                raise Unfit("access, sign_in and data_adapter are for applications that run as a process or remotely")
            return self
        if self.offline:
            raise Unfit("offline is for inline applications: others are on a host of their own")
        if self.hooks or self.jobs or self.shared_tables:
            raise Unfit("an application that is not inline has no hooks, jobs or shared_tables")
        if self.runtime == "process" and not self.access:
            raise Unfit("access is missing: who may ask for which paths? Without a rule nobody may")
        if (self.sign_in.way == "openid") != (self.openid is not None):
            raise Unfit("the table openid goes with sign_in.way = 'openid', and only with it")
        declared = {permission.name for permission in self.permissions}
        for used in [rule.rule for rule in self.access if "." in rule.rule] + list(self.sign_in.roles.values()):
            if used not in declared:
                raise Unfit("permission %(name)r is used but not declared under [[permissions]]", name=used)
        return self

    @model_validator(mode="after")
    def _agree(self) -> Manifest:
        if self.name in RESERVED or self.name.startswith("lumbung"):
            raise Unfit("the name %(name)r is the house's own; choose another", name=self.name)
        for hook in self.hooks:
            if hook not in hook_names():
                raise Unfit("there is no hook %(hook)r; there are: %(known)s", hook=hook, known=sorted(hook_names()))
        declared = {permission.name for permission in self.permissions}
        for permission in declared:
            if not permission.startswith(f"{self.name}."):
                raise Unfit("permission %(name)r must begin with '%(plugin)s.'", name=permission, plugin=self.name)
        for used in [p for role in self.roles for p in role.permissions] + [
            item.permission for item in self.navigation if item.permission
        ]:
            if used not in declared:
                raise Unfit("permission %(name)r is used but not declared under [[permissions]]", name=used)
        for action in self.actions:
            if not action.name.startswith(f"{self.name}."):
                raise Unfit("action %(name)r must begin with '%(plugin)s.'", name=action.name, plugin=self.name)
        for consent in self.consents:
            if not consent.code.startswith(f"{self.name}."):
                raise Unfit("consent %(name)r must begin with '%(plugin)s.'", name=consent.code, plugin=self.name)
        for event in self.events.emits:
            if not event.startswith(f"{self.name}."):
                raise Unfit("event %(name)r must begin with '%(plugin)s.'", name=event, plugin=self.name)
        for table in self.shared_tables:
            if not table.startswith(f"{self.name}_"):
                raise Unfit("table %(name)r must begin with '%(plugin)s_'", name=table, plugin=self.name)
        refuse_disagreeing(self.settings, declared)
        return self

    @property
    def hooks_missing(self) -> tuple[str, ...]:
        """Hooks it has to have and does not name: who holds personal data hands them out and erases them."""
        needed = DATA_HOOKS if self.personal_data and self.data_adapter is None else ()
        return tuple(hook for hook in needed if hook not in self.hooks)

    def hears(self, event: str) -> bool:
        """Whether it wants to hear an event; ``*.damage_seen`` is one of others, whoever sends it."""
        sender, _, what = event.partition(".")
        return event in self.events.listens or (sender != self.name and f"*.{what}" in self.events.listens)

    @property
    def has_pages(self) -> bool:
        """Whether the plugin answers requests; one that only listens to events does not."""
        return "routes" in self.hooks or self.is_foreign

    @property
    def is_foreign(self) -> bool:
        """Whether the application runs outside of this process, on a host of its own."""
        return self.runtime != "inline"

    def as_json(self) -> dict[str, Any]:
        """Return the manifest as plain data, for the registry's table."""
        return self.model_dump(mode="json", by_alias=True)


def parse_manifest(text: str, where: str) -> Manifest:
    """Read a manifest from its TOML text; ``where`` names it in messages.

    Raises `ManifestError` naming the first key that is wrong and what was expected.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = Sentence.heard(str(error), _TOML_SAID)
        raise ManifestError("%(where)s is not valid TOML: %(reason)s.", where=where, reason=reason) from None
    return manifest_of(data, where)


def manifest_of(data: Mapping[str, Any] | str, where: str) -> Manifest:
    """Return the manifest that plain data or JSON describes; raises `ManifestError` as `parse_manifest` does."""
    try:
        return Manifest.model_validate_json(data) if isinstance(data, str) else Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = " ".join(".".join(str(part) for part in first["loc"]).split()) or Sentence("the manifest")
        raise ManifestError("%(where)s: %(key)s: %(reason)s.", where=where, key=key, reason=_reason_of(first)) from None


def _reason_of(error: Mapping[str, Any]) -> Sentence:
    wrong = error.get("ctx", {}).get("error")
    if isinstance(wrong, Unfit):
        return wrong.sentence
    return Sentence.heard(" ".join(error["msg"].split()), _SAID.get(error["type"], ()))


def read_manifest(path: Path) -> Manifest:
    """Read the manifest at ``path``; raises `ManifestError`."""
    try:
        return parse_manifest(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise ManifestError("%(path)s is missing: a plugin carries its manifest beside its code.", path=path) from None
    except UnicodeDecodeError:
        raise ManifestError("%(path)s is not UTF-8 text.", path=path) from None
