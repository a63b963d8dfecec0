"""Tables of identities from elsewhere. Each belongs to a tenant: what one government trusts, another does not."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.database.core_model import CoreModel
from lumbung.database.encrypted import Encrypted
from lumbung.database.model import belongs_to
from lumbung.identity.models import CITIZEN, SERVANT, PersonRow

EVERYBODY = "everybody"
AUDIENCES = (CITIZEN, SERVANT, EVERYBODY)


class UpstreamRow(CoreModel):
    """A provider of identities that this tenant trusts.

    ``issuer`` is compared letter by letter with what the provider says of itself, and stays what it is while
    identities of it are kept: a subject means something at its issuer only. ``audience`` says whose accounts it opens
    (`CITIZEN`, `SERVANT` or `EVERYBODY`), ``domains`` which verified e-mail addresses come in, all when empty.
    ``trust_email``: an address that the provider calls verified is verified for us too. ``create_accounts`` needs
    that. ``number_claim`` names what holds the NIK (of servants: the NIP).
    """

    __tablename__ = "lumbung_upstream"

    code: Mapped[str] = mapped_column(String(40))
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(String(255))
    client_secret: Mapped[str | None] = mapped_column(Encrypted(), deferred=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    active: Mapped[bool] = mapped_column(default=True)
    audience: Mapped[str] = mapped_column(String(10), default=CITIZEN)
    domains: Mapped[list[str]] = mapped_column(ARRAY(String(253)))
    trust_email: Mapped[bool] = mapped_column(default=False)
    create_accounts: Mapped[bool] = mapped_column(default=False)
    number_claim: Mapped[str | None] = mapped_column(String(80))
    created_by: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class IdentityRow(CoreModel):
    """Who somebody at a provider is here. Of what the provider tells, the subject alone is kept."""

    __tablename__ = "lumbung_upstream_identity"

    upstream_id: Mapped[UUID] = belongs_to("lumbung_upstream")
    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    upstream: Mapped[UpstreamRow] = relationship()
    person: Mapped[PersonRow] = relationship()


class FlowRow(CoreModel):
    """A way to a provider and back, of one browser: its cookie, the state and the nonce are kept by their SHA-256.

    ``person_id`` is who began it, signed in, to link an identity. ``used_at`` is when the provider's answer came: a
    state is good once. ``found`` is what it told of somebody who is not known here yet, while they are asked whether to
    link or to make an account; it goes with the row.
    """

    __tablename__ = "lumbung_upstream_flow"

    upstream_id: Mapped[UUID] = belongs_to("lumbung_upstream", ondelete="CASCADE")
    person_id: Mapped[UUID | None] = belongs_to("lumbung_person", ondelete="CASCADE")
    state_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    verifier: Mapped[str | None] = mapped_column(Encrypted(), deferred=True)
    found: Mapped[str | None] = mapped_column(Encrypted(), deferred=True)
    next_path: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    upstream: Mapped[UpstreamRow] = relationship()
