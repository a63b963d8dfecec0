"""What people let applications know of them, and how they take that back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.context import current_tenant
from lumbung.openid import tokens
from lumbung.openid.clients import Client, usable
from lumbung.openid.models import PLUGIN, ClientRow, ConsentRow, TokenRow

UNASKED = frozenset(("openid", "profile"))  # what a plugin of this very government may know: its own pages show it too


@dataclass(frozen=True)
class Connection:
    """An application that a person is connected with. ``usable`` is False while it is switched off."""

    client: ClientRow
    scopes: Sequence[str]
    since: datetime
    usable: bool


def is_needed(session: Session, client: Client, person_id: UUID, scopes: Collection[str]) -> bool:
    """Whether a person has to be asked before a client learns these."""
    if client.row.kind == PLUGIN and UNASKED.issuperset(scopes):
        return False
    given = session.scalar(
        select(ConsentRow.scopes).where(ConsentRow.person_id == person_id, ConsentRow.client_id == client.row.id)
    )
    return given is None or not set(given).issuperset(scopes)


def give(session: Session, client: Client, person_id: UUID, scopes: Collection[str]) -> None:
    """Remember that a person allowed this, beside what they allowed the client before."""
    ordered = sorted(scopes)
    statement = insert(ConsentRow).values(
        tenant_id=current_tenant().id,
        person_id=person_id,
        client_id=client.row.id,
        scopes=ordered,
        given_at=utc_now(),
    )
    before = session.scalar(
        select(ConsentRow.scopes).where(ConsentRow.person_id == person_id, ConsentRow.client_id == client.row.id)
    )
    together = sorted({*ordered, *(before or ())})
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "person_id", "client_id"],
            set_={"scopes": together, "given_at": utc_now()},
        )
    )
    audit.record("openid.consent", client.name.id, about=person_id, scopes=ordered)


def connections(session: Session, person_id: UUID) -> list[Connection]:
    """Return the applications a person is connected with: by a consent, or by tokens that needed none."""
    agreed = session.scalars(
        select(ConsentRow).options(joinedload(ConsentRow.client)).where(ConsentRow.person_id == person_id)
    )
    found = {one.client_id: Connection(one.client, one.scopes, one.given_at, _is_usable(one.client)) for one in agreed}
    alive = session.execute(
        select(ClientRow, TokenRow.scopes, func.min(TokenRow.issued_at))
        .join(TokenRow, TokenRow.client_id == ClientRow.id)
        .where(
            TokenRow.person_id == person_id,
            TokenRow.revoked_at.is_(None),
            TokenRow.used_at.is_(None),
            TokenRow.expires_at > utc_now(),
        )
        .group_by(ClientRow.tenant_id, ClientRow.id, TokenRow.scopes)
    )
    for client, scopes, since in alive:
        found.setdefault(client.id, Connection(client, scopes, since, _is_usable(client)))
    return sorted(found.values(), key=lambda one: one.client.name["id"].lower())


def withdraw(session: Session, person_id: UUID, client_id: UUID) -> ClientRow | None:
    """Take back what a person allowed a client and end its tokens for them; None when they are not connected."""
    row = next((one.client for one in connections(session, person_id) if one.client.id == client_id), None)
    if row is None:
        return None
    given = session.scalar(
        select(ConsentRow).where(ConsentRow.person_id == person_id, ConsentRow.client_id == client_id)
    )
    if given is not None:
        session.delete(given)
    tokens.end_all(session, client_id=client_id, person_id=person_id)
    session.flush()
    audit.record("openid.withdraw", row.name["id"], about=person_id)
    return row


def _is_usable(row: ClientRow) -> bool:
    return usable(row) is not None
