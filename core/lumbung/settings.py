"""Every setting of a Lumbung site: by environment variable, or in ``$LUMBUNG_HOME/lumbung.toml``.

An environment variable ``LUMBUNG_PORT=8080`` wins over ``port = 8080`` in the file, which wins over the
default here. `docs/operating/settings.md` has a row for each field; a test holds the two together.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from lumbung.errors import ConfigurationError

_WORKER_KEYS = {
    "LUMBUNG_DATABASE_URL",
    "LUMBUNG_DATABASE_MIGRATOR_URL",
    "LUMBUNG_MYSQL_URL",
    "LUMBUNG_SMTP_PASSWORD",
}


class Settings(BaseSettings):
    """The settings of one site. Made by `load_settings`, never changed afterwards."""

    model_config = SettingsConfigDict(env_prefix="LUMBUNG_", extra="forbid", frozen=True)

    home: Path = Field(Path(".lumbung"), description="Data folder: database, packages, secrets, files.")
    bind: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web server listens on.")
    workers: int = Field(2, ge=1, le=64, description="Web worker processes.")
    threads: int = Field(8, ge=1, le=256, description="Threads in each web worker.")
    memory_limit_mb: int = Field(2048, ge=0, description="Address space of one web worker in MB; 0 means no limit.")
    slow_request_seconds: float = Field(
        5.0, gt=0, description="A plugin's page that takes longer counts as a fault of that plugin."
    )
    request_limit_seconds: float = Field(
        60.0, gt=0, description="A request older than this is given up; its worker is replaced when threads get scarce."
    )
    fault_budget: int = Field(
        20, ge=0, description="Faults after which a plugin is suspended for everyone; 0 means never."
    )
    fault_window_minutes: int = Field(10, ge=1, le=1440, description="Faults older than this are forgiven.")
    safe_mode: bool = Field(False, description="Start with no plugin at all, to look after the site.")
    database_url: str | None = Field(
        None,
        description="PostgreSQL 15 or newer, as a user who may create roles; none: the embedded server.",
    )
    database_migrator_url: str | None = Field(
        None, description="Owner of the tables, when the roles were made by hand."
    )
    database_app_url: str | None = Field(None, description="Role of the web pages, when the roles were made by hand.")
    database_reader_url: str | None = Field(None, description="Read-only role, when the roles were made by hand.")
    database_pool: int = Field(10, ge=1, le=200, description="Connections one process keeps at most.")
    pgbouncer: bool = Field(
        False, description="The server is reached through PgBouncer in transaction mode: prepare no statements."
    )
    mysql_url: str | None = Field(
        None,
        repr=False,
        description="MariaDB or MySQL for applications that need one, as an account that may make others; none: own.",
    )
    statement_timeout_ms: int = Field(15_000, ge=0, description="A longer query of a page is cancelled.")
    lock_timeout_ms: int = Field(5_000, ge=0, description="A migration gives up waiting for a lock after this.")
    way_back_days: int = Field(
        14, ge=0, le=365, description="Days for which the version before an upgrade can be returned to."
    )
    secret_key: str | None = Field(
        None, min_length=32, description="Signs cookies and tokens; none: made once in the data folder."
    )
    keyring: Path | None = Field(
        None, description="File with the keys of encrypted columns; none: keyring.json in the folder of secrets."
    )
    audit_anchor: Path | None = Field(
        None, description="File of the trail's signed anchors, best on another disk; none: anchors.jsonl in home."
    )
    audit_anchor_mail: str | None = Field(
        None, description="Address that gets a copy of each anchor; none: the file is all there is."
    )
    single_tenant: str | None = Field(
        None, description="Slug of the tenant that answers for a host name nobody registered."
    )
    secure_cookies: bool = Field(False, description="Send cookies over HTTPS only. True in production.")
    trusted_proxies: int = Field(0, ge=0, le=5, description="Reverse proxies in front whose headers are believed.")
    session_idle_minutes: int = Field(120, ge=1, description="A session unused for so long ends.")
    session_hours: int = Field(12, ge=1, description="A session older than this ends, however busy.")
    sign_in_attempts: int = Field(
        10, ge=1, le=10, description="Failed sign-ins of one account or address in 15 minutes before a pause."
    )
    upload_limit_mb: int = Field(32, ge=1, description="Largest request body a page accepts.")
    public_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Port in addresses written into messages; none: the ordinary one behind a proxy, else port.",
    )
    smtp_host: str | None = Field(None, description="Mail server that takes our messages; none: no mail is sent.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port: 587 for starttls, 465 for tls, 25 for none.")
    smtp_user: str | None = Field(None, description="Account at the mail server, where it asks for one.")
    smtp_password: str | None = Field(None, repr=False, description="Password of that account.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way to the mail server is protected. Its certificate is checked."
    )
    mail_from: str | None = Field(
        None, validate_default=True, description="Address messages come from; the name shown is the tenant's."
    )
    map_tiles: str | None = Field(
        None,
        pattern=r"^(/[^/\s;,'\"<>]|https?://[\w.:-]+/)[^\s;,'\"<>]*$",
        description="Pictures under maps, an address with {z}, {x} and {y}; none: an outline of the coasts.",
    )
    map_credit: str | None = Field(None, description="Words under a map that say who drew those pictures.")
    outgoing_private: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Host names, with commas between, that may be asked on a private network or without TLS; none: no.",
    )
    log_format: Literal["text", "json"] = Field("text", description="How log lines are written.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe line kept.")

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("keyring", "audit_anchor")
    @classmethod
    def _absolute_or_none(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("smtp_security")
    @classmethod
    def _no_password_in_the_clear(cls, value: str, info: ValidationInfo) -> str:
        if value == "none" and info.data.get("smtp_user"):
            raise ValueError("a password is sent over starttls or tls only; leave smtp_user out, or choose one of them")
        return value

    @field_validator("mail_from")
    @classmethod
    def _an_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            if info.data.get("smtp_host"):
                raise ValueError("with smtp_host set, name the address that messages come from")
            return None
        try:
            return validate_email(value, check_deliverability=False, globally_deliverable=False).normalized
        except EmailNotValidError as error:
            raise ValueError(f"{value!r} is no e-mail address") from error

    @field_validator("audit_anchor_mail")
    @classmethod
    def _an_address_or_none(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return validate_email(value, check_deliverability=False, globally_deliverable=False).normalized
        except EmailNotValidError as error:
            raise ValueError(f"{value!r} is no e-mail address") from error

    @field_validator("map_tiles")
    @classmethod
    def _with_places(cls, value: str | None) -> str | None:
        if value is not None and not all(place in value for place in ("{z}", "{x}", "{y}")):
            raise ValueError("the address names {z}, {x} and {y}")
        return value

    @field_validator("outgoing_private", mode="before")
    @classmethod
    def _host_names(cls, value: object) -> object:
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise ValueError("write host names with commas between")
        named = tuple(name.strip().lower() for name in names if name.strip())
        if any(set(name) & set("/*@ ") or "://" in name for name in named):
            raise ValueError("write host names alone, without https://, port of a web address or *")
        return named

    @property
    def map_origin(self) -> str | None:
        """Scheme and host of the pictures under maps when they are another site's, for the policy of our pages."""
        if self.map_tiles is None or self.map_tiles.startswith("/"):
            return None
        return "/".join(self.map_tiles.split("/")[:3])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = Path(os.environ.get("LUMBUNG_HOME", ".lumbung")).expanduser()
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, toml_file=home / "lumbung.toml"),
        )

    @property
    def secrets_folder(self) -> Path:
        """Where keys live: mode 0700, each file 0600."""
        return self.home / "secrets"

    @property
    def plugin_folder(self) -> Path:
        """Where installed wheels are unpacked; see `lumbung.lifecycle.packages`."""
        return self.home / "plugins"

    def signing_key(self) -> str:
        """Return the key that signs cookies, making and keeping one at first use."""
        if self.secret_key:
            return self.secret_key
        return keep_secret(self.secrets_folder / "signing-key", lambda: secrets.token_urlsafe(48))

    def index_key(self) -> bytes:
        """Return the key of blind indexes, making and keeping one at first use. It must never change."""
        return keep_secret(self.secrets_folder / "index-key", lambda: secrets.token_urlsafe(48)).encode()

    @property
    def keyring_path(self) -> Path:
        """Where the keys of encrypted columns are kept; see `lumbung.database.keyring`."""
        return self.keyring or self.secrets_folder / "keyring.json"

    def web_environment(self) -> dict[str, str]:
        """Return the environment of the web processes: everything but the migrator's keys and the mail password."""
        return {name: value for name, value in os.environ.items() if name not in _WORKER_KEYS}

    def worker_environment(self) -> dict[str, str]:
        """Return the environment of the job worker, which alone may change the schema and sends mail."""
        return dict(os.environ)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings of this process.

    Raises `ConfigurationError` with one sentence naming the first setting that is wrong.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "lumbung.toml"
        raise ConfigurationError(f"Setting {name} (LUMBUNG_{name.upper()}) cannot be used: {first['msg']}.") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The settings file lumbung.toml cannot be read: {error}.") from None


def keep_secret(path: Path, make: Any) -> str:
    """Return the text kept in ``path``; at first use make it, readable by its owner alone.

    Two processes that start together end up with the same secret: the file appears by one atomic link.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def keep_secrets(path: Path, make: Any) -> dict[str, str]:
    """As `keep_secret`, for a small dictionary stored as JSON."""
    try:
        return dict(json.loads(keep_secret(path, lambda: json.dumps(make()))))
    except ValueError:
        raise ConfigurationError(
            f"{path} is damaged; put back a copy, or remove it to have new secrets made."
        ) from None
