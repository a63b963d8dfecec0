"""Tables of the OpenID provider. Each belongs to a tenant: a client, key or token of one government opens no other."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, String, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.database.core_model import CoreModel
from lumbung.database.encrypted import Encrypted
from lumbung.database.model import belongs_to
from lumbung.identity.models import PersonRow, SessionRow

WEB, NATIVE, PLUGIN = "web", "native", "plugin"
NEXT, ACTIVE, RETIRED = "next", "active", "retired"
ACCESS, REFRESH = "access", "refresh"


class ClientRow(CoreModel):
    """An application that may ask people to sign in here. ``code`` is its ``client_id``.

    ``kind`` is `WEB` (keeps a secret on its server), `NATIVE` (on people's own devices, no secret) or `PLUGIN` (of an
    application that is installed here). Of a plugin's client the addresses and scopes are read from its manifest, not
    from here, and ``secret`` is kept so that the plugin can be told; of others only its hash is. People are known to
    clients of the same ``sector`` by the same ``sub``.
    """

    __tablename__ = "lumbung_openid_client"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    kind: Mapped[str] = mapped_column(String(10))
    plugin: Mapped[str | None] = mapped_column(String(40))
    sector: Mapped[str] = mapped_column(String(60))
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    secret: Mapped[str | None] = mapped_column(Encrypted(), deferred=True)
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    post_logout_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class KeyRow(CoreModel):
    """A pair of keys for ID tokens: one is `ACTIVE`, one waits as `NEXT`; `RETIRED` ones lost their private part."""

    __tablename__ = "lumbung_openid_key"

    kid: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    public: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private: Mapped[str | None] = mapped_column(Encrypted(), deferred=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    activated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ConsentRow(CoreModel):
    """What a person lets an application know, and since when."""

    __tablename__ = "lumbung_openid_consent"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    client_id: Mapped[UUID] = belongs_to("lumbung_openid_client", ondelete="CASCADE")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    client: Mapped[ClientRow] = relationship()


class CodeRow(CoreModel):
    """An authorization code: good once, for a minute, for one client, address, challenge, person and session."""

    __tablename__ = "lumbung_openid_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    client_id: Mapped[UUID] = belongs_to("lumbung_openid_client", ondelete="CASCADE")
    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    session_id: Mapped[UUID] = belongs_to("lumbung_session", ondelete="CASCADE")
    redirect_uri: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    nonce: Mapped[str | None] = mapped_column(Text)
    challenge: Mapped[str] = mapped_column(String(128))
    auth_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    amr: Mapped[list[str]] = mapped_column(ARRAY(String(10)))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    person: Mapped[PersonRow] = relationship()
    session: Mapped[SessionRow] = relationship()


class TokenRow(CoreModel):
    """An access or refresh token, by its SHA-256. ``family`` is the code that all of one consent descend from.

    An access token with a ``session_id`` ends with that session. A refresh token is used once; a second use of it
    ends its family.
    """

    __tablename__ = "lumbung_openid_token"

    kind: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    family: Mapped[UUID] = mapped_column(Uuid)
    client_id: Mapped[UUID] = belongs_to("lumbung_openid_client", ondelete="CASCADE")
    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    session_id: Mapped[UUID | None] = belongs_to("lumbung_session", ondelete="CASCADE")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    auth_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    amr: Mapped[list[str]] = mapped_column(ARRAY(String(10)))
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    person: Mapped[PersonRow] = relationship()
    session: Mapped[SessionRow | None] = relationship()
