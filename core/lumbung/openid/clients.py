"""Applications that may ask people to sign in here: those an administrator registers, and those of plugins."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749 import ClientMixin
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.addresses import app_address
from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.openid import addresses, tokens
from lumbung.openid.models import NATIVE, PLUGIN, WEB, ClientRow, TokenRow
from lumbung.registry.manifest import Manifest

SCOPES = ("openid", "profile", "email", "phone", "roles", "offline_access")
OF_OTHERS = tuple(scope for scope in SCOPES if scope != "roles")  # roles are a plugin's, so only its client has any


class UnknownClient(LumbungError):
    """The running plugin has no client here."""


@dataclass(frozen=True)
class Client(ClientMixin):
    """A client that may ask now. Of a plugin's, addresses and scopes come from its manifest as it is installed."""

    row: ClientRow
    redirect_uris: tuple[str, ...]
    post_logout_uris: tuple[str, ...]
    scopes: frozenset[str]

    @property
    def name(self) -> Bilingual:
        """What people call it."""
        return Bilingual(self.row.name["id"], self.row.name["en"])

    def get_client_id(self) -> str:
        """Return the ``client_id``."""
        return self.row.code

    def get_default_redirect_uri(self) -> None:
        """Return nothing: OpenID Connect wants the address in each request."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return those of the scopes asked for that this client may have; None without ``openid``."""
        asked = [one for one in SCOPES if one in (scope or "").split() and one in self.scopes]
        return " ".join(asked) if "openid" in asked else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether people may be sent to this address."""
        return addresses.is_among(redirect_uri, self.redirect_uris, native=self.row.kind == NATIVE)

    def check_post_logout_uri(self, address: str) -> bool:
        """Whether people may be sent to this address after signing out."""
        return addresses.is_among(address, self.post_logout_uris, native=self.row.kind == NATIVE)

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether this is the client's secret."""
        return self.row.secret_hash is not None and hmac.compare_digest(self.row.secret_hash, _hash(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether the client may say by this method who it is."""
        return (method == "none") == (self.row.kind == NATIVE)

    def check_response_type(self, response_type: str) -> bool:
        """Whether it may use this flow: the code alone."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may have tokens in this way."""
        return grant_type in ("authorization_code", "refresh_token")


@dataclass(frozen=True)
class OpenIDClient:
    """What a plugin needs to be a client of this tenant's provider."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)


def find(session: Session, code: object) -> Client | None:
    """Return the client with this ``client_id``, None when there is none or it may not ask now."""
    row = session.scalar(select(ClientRow).where(ClientRow.code == str(code)[:100]))
    return usable(row) if row is not None else None


def of_token(session: Session, token: TokenRow) -> Client | None:
    """Return the client that a token was given to, None when it may not ask now."""
    row = session.get(ClientRow, (token.tenant_id, token.client_id))
    return usable(row) if row is not None else None


def usable(row: ClientRow) -> Client | None:
    """Return the client of a row, None when it is switched off, or its plugin is."""
    if not row.active:
        return None
    if row.plugin is None:
        return Client(row, tuple(row.redirect_uris), tuple(row.post_logout_uris), frozenset(row.scopes))
    manifest = _manifest_of(row.plugin)
    at = _address_of(manifest) if manifest is not None else None
    if manifest is None or manifest.openid is None or at is None:
        return None
    return Client(
        row,
        tuple(at + path for path in manifest.openid.redirect_paths),
        tuple(at + path for path in manifest.openid.post_logout_paths),
        frozenset(("openid", *manifest.openid.scopes)),
    )


def everything() -> Select[ClientRow]:
    """Return the query for every client of the tenant."""
    return select(ClientRow)


def add(
    session: Session,
    *,
    name: Bilingual,
    kind: str,
    redirect_uris: Iterable[str],
    post_logout_uris: Iterable[str] = (),
    scopes: Iterable[str] = ("openid", "profile"),
    by: str,
) -> tuple[ClientRow, str | None]:
    """Register a client of kind `WEB` or `NATIVE`; return it and its secret, which is nowhere else (native: None).

    Raises `addresses.AddressRefused`.
    """
    if kind not in (WEB, NATIVE):
        raise ValueError(f"an administrator registers clients of kind web and native, not {kind!r}")
    row, secret = _new(kind, name, by)
    _describe(row, redirect_uris, post_logout_uris, scopes)
    session.add(row)
    session.flush()
    audit.record("openid.client.add", name.id, about=row.id, kind=kind)
    return row, secret


def change(
    session: Session,
    row: ClientRow,
    *,
    name: Bilingual,
    redirect_uris: Iterable[str],
    post_logout_uris: Iterable[str],
    scopes: Iterable[str],
) -> None:
    """Change what an administrator registered; raises `addresses.AddressRefused` and changes nothing.

    A scope that is taken away is missing from the next tokens; those given out keep it until they end.
    """
    _refuse_plugins(row)
    _describe(row, redirect_uris, post_logout_uris, scopes)
    row.name = {"id": name.id, "en": name.en}
    session.flush()
    audit.record("openid.client.change", name.id, about=row.id)


def renew_secret(session: Session, row: ClientRow) -> str:
    """Give a client another secret and return it. The old one is dead at once; tokens stay."""
    if row.kind == NATIVE:
        raise ValueError("a native client has no secret")
    secret = secrets.token_urlsafe(32)
    row.secret_hash = _hash(secret)
    row.secret = secret if row.kind == PLUGIN else None
    session.flush()
    audit.record("openid.client.secret", row.name["id"], about=row.id)
    return secret


def switch(session: Session, row: ClientRow, *, on: bool) -> None:
    """Switch a client on or off; off ends every token it has."""
    if row.active == on:
        return
    row.active = on
    if not on:
        tokens.end_all(session, client_id=row.id)
    session.flush()
    audit.record("openid.client.on" if on else "openid.client.off", row.name["id"], about=row.id)


def remove(session: Session, row: ClientRow) -> None:
    """Remove what an administrator registered, with its tokens and consents."""
    _refuse_plugins(row)
    name, row_id = row.name["id"], row.id
    session.delete(row)
    session.flush()
    audit.record("openid.client.remove", name, about=row_id)


def follow_plugin(session: Session, manifest: Manifest, *, by: str) -> None:
    """Make the client of a plugin that is on for this tenant and asks for one, or switch it on again."""
    if manifest.openid is None:
        return
    row = session.scalar(select(ClientRow).where(ClientRow.plugin == manifest.name))
    name = Bilingual(manifest.title.id, manifest.title.en)
    if row is not None:
        row.name = {"id": name.id, "en": name.en}
        switch(session, row, on=True)
        return
    row, secret = _new(PLUGIN, name, by)
    row.plugin, row.sector, row.secret = manifest.name, f"plugin:{manifest.name}", secret
    row.redirect_uris, row.post_logout_uris, row.scopes = [], [], []
    session.add(row)
    session.flush()
    audit.record("openid.client.add", name.id, about=row.id, kind=PLUGIN)


def stop_plugin(session: Session, plugin: str) -> None:
    """Switch off the client of a plugin that was switched off for this tenant."""
    row = session.scalar(select(ClientRow).where(ClientRow.plugin == plugin))
    if row is not None:
        switch(session, row, on=False)


def openid_client() -> OpenIDClient:
    """Return what the running plugin needs to sign people in with OpenID Connect at this tenant's provider.

    Its client was made when the plugin was enabled, out of ``[openid]`` in its manifest. Raises `UnknownClient` for a
    plugin that declares none.
    """
    scope = current_scope()
    row = scope.session.scalar(select(ClientRow).where(ClientRow.plugin == (scope.plugin or "")))
    issuer = addresses.issuer()
    if row is None or not row.active or row.secret is None or issuer is None:
        raise UnknownClient(
            "Plugin %(plugin)s has no OpenID client for %(tenant)s: declare [openid] in plugin.toml and enable it "
            "again.",
            plugin=scope.plugin or "-",
            tenant=current_tenant().name,
        )
    return OpenIDClient(issuer, row.code, row.secret)


def _new(kind: str, name: Bilingual, by: str) -> tuple[ClientRow, str | None]:
    code = secrets.token_hex(12)
    secret = None if kind == NATIVE else secrets.token_urlsafe(32)
    row = ClientRow(
        code=code,
        name={"id": name.id, "en": name.en},
        kind=kind,
        sector=f"client:{code}",
        secret_hash=_hash(secret) if secret else None,
        active=True,
        created_by=by,
        created_at=utc_now(),
    )
    return row, secret


def _describe(
    row: ClientRow, redirect_uris: Iterable[str], post_logout_uris: Iterable[str], scopes: Iterable[str]
) -> None:
    checked = [addresses.check(one, row.kind) for one in redirect_uris]
    after = [addresses.check(one, row.kind) for one in post_logout_uris]
    if not checked or len(checked) > addresses.MOST or len(after) > addresses.MOST:
        raise addresses.AddressRefused("Write 1 to %(most)s addresses, one a line.", most=addresses.MOST)
    chosen = {"openid", *scopes}
    row.redirect_uris, row.post_logout_uris = list(dict.fromkeys(checked)), list(dict.fromkeys(after))
    row.scopes = [one for one in OF_OTHERS if one in chosen]


def _refuse_plugins(row: ClientRow) -> None:
    if row.plugin is not None:
        raise ValueError("the client of a plugin follows its manifest")


def _manifest_of(plugin: str) -> Manifest | None:
    snapshot = current_scope().kernel.snapshot()
    known = snapshot.plugins.get(plugin) if snapshot.is_enabled(plugin, current_tenant().id) else None
    return known.manifest if known is not None and known.usable else None


def _address_of(manifest: Manifest) -> str | None:
    """Return what the paths of a plugin's client stand behind: a foreign application has a host of its own."""
    if manifest.remote is not None:
        return manifest.remote.address.rstrip("/")
    if manifest.process is not None:
        return app_address(current_scope().kernel.settings, current_tenant(), manifest.name)
    base = addresses.issuer()
    return None if base is None else f"{base}/{manifest.name}"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
