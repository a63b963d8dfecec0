"""Handing over a post (serah terima jabatan): roles and everything open go to the successor, all of it or nothing.

Permenpan RB 8/2021 and the yearly round of transfers (mutasi) are why this exists: whoever leaves a post in a
regency leaves applications, complaints and drafts behind that somebody has to finish.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from lumbung import audit
from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.hooks import Moved
from lumbung.identity import accounts, people, roles, sessions
from lumbung.identity.cards import PersonCard
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.person import ADMIN, Person
from lumbung.identity.post_models import HandOver
from lumbung.registry.state import InstalledPlugin
from lumbung.tenancy.models import Unit

NOTE = 500  # longest


class HandOverRefused(LumbungError):
    """Nothing was handed over; the message says why."""


class SamePerson(HandOverRefused):
    """Giver and receiver are the same."""


class ReceiverClosed(HandOverRefused):
    """The receiver's account is closed: they could not do what they are given."""


class NothingToMove(HandOverRefused):
    """The giver holds none of the roles chosen."""


class MayNotMove(HandOverRefused):
    """The actor may not give one of the roles, or not touch one of the accounts."""


class PluginStopped(HandOverRefused):
    """Applications could not hand over what they hold: nothing was moved. ``plugins`` maps each name to the reason."""

    def __init__(self, plugins: Mapping[str, str]) -> None:
        self.plugins = plugins
        super().__init__("Nothing was moved: %(plugins)s could not hand over.", plugins=", ".join(plugins))


@dataclass(frozen=True)
class Plan:
    """Who hands which of their roles to whom. ``close`` says to close the giver's account afterwards."""

    giver: PersonRow
    receiver: PersonRow
    grants: Sequence[Grant]
    note: str = ""
    close: bool = False

    @property
    def whole(self) -> bool:
        """Whether all that the giver holds moves."""
        return {one.id for one in self.grants} >= {one.id for one in self.giver.grants if one.is_live}


def plan(
    session: Session,
    actor: Person,
    giver: PersonRow,
    receiver: PersonRow,
    grant_ids: Collection[UUID],
    *,
    note: str = "",
    close: bool = False,
) -> Plan:
    """Return what would be done, having checked that ``actor`` may do it.

    Raises `SamePerson`, `ReceiverClosed`, `NothingToMove`, `MayNotMove`, or `accounts.OwnAccount` for closing the
    account one is using.
    """
    if giver.id == receiver.id:
        raise SamePerson("Giver and receiver are the same person.")
    if not receiver.active:
        raise ReceiverClosed("The receiver's account is closed; open it first.")
    if close and giver.id == actor.id:
        raise accounts.OwnAccount("People cannot close the account they are using.")
    chosen = [one for one in giver.grants if one.id in set(grant_ids) and one.is_live]
    if not chosen:
        raise NothingToMove("The giver holds none of these roles any more.")
    may = accounts.may_touch(actor, giver) and accounts.may_touch(actor, receiver)
    if not may or not all(roles.may_give(actor, one.role, one.unit_id) for one in chosen):
        raise MayNotMove("You may not hand over one of these roles, or not change one of the two accounts.")
    return Plan(giver, receiver, chosen, " ".join(note.split())[:NOTE], close)


def carry_out(session: Session, chosen: Plan, actor: Person) -> HandOver:
    """Hand over in the current transaction and return the record of it.

    Raises `PluginStopped`, `people.LastAdmin` or `LumbungError`; the caller then rolls everything back. What the giver
    may no longer do, they cannot do from their next page on. That they are an operator of the platform does not move:
    only an operator makes another one.
    """
    giver, receiver = chosen.giver, chosen.receiver
    _lock(session, chosen)
    asked = _plugins(session, chosen)
    listed = [_in_words(one) for one in chosen.grants]
    _move_grants(session, chosen)
    things = _ask_plugins(asked, chosen)
    if chosen.close:
        accounts.close(session, giver, actor)
    record = HandOver(
        giver_id=giver.id,
        receiver_id=receiver.id,
        at=utc_now(),
        made_by=actor.name[:160],
        note=chosen.note,
        closed=chosen.close,
        moved={"roles": listed, "things": things},
    )
    session.add(record)
    session.flush()
    detail = {"roles": [one["role"] for one in listed], "count": sum(int(one["count"]) for one in things)}
    audit.record("person.hand_over", f"{giver.email} → {receiver.email}", about=giver.id, to=receiver.name, **detail)
    audit.record("person.hand_over", f"{giver.email} → {receiver.email}", about=receiver.id, to=receiver.name, **detail)
    return record


def preview(session: Session, chosen: Plan, actor: Person) -> Mapping[str, Any]:
    """Return what would move, as `HandOver.moved` says it: it is done and undone again. Raises as `carry_out`."""
    undone = session.begin_nested()
    try:
        return dict(carry_out(session, chosen, actor).moved)
    finally:
        undone.rollback()
        session.expire_all()


def of_person(session: Session, person_id: UUID) -> Sequence[HandOver]:
    """Return the hand-overs in which somebody gave or received, the latest first."""
    mine = (HandOver.giver_id == person_id) | (HandOver.receiver_id == person_id)
    return session.scalars(all_query().where(mine)).all()


def all_query() -> Select[HandOver]:
    """Return the query for every hand-over of the tenant, the latest first."""
    loaded = select(HandOver).options(selectinload(HandOver.giver), selectinload(HandOver.receiver))
    return loaded.order_by(HandOver.at.desc(), HandOver.id)


def _lock(session: Session, chosen: Plan) -> None:
    """Have two hand-overs of the same people go one after the other; the second finds the roles gone and is refused."""
    session.flush()
    both = PersonRow.id.in_([chosen.giver.id, chosen.receiver.id])
    session.execute(select(PersonRow.id).where(both).order_by(PersonRow.id).with_for_update(key_share=True))
    ids = [one.id for one in chosen.grants]
    if len(session.scalars(select(Grant.id).where(Grant.id.in_(ids))).all()) != len(ids):
        raise NothingToMove("The giver holds none of these roles any more.")


def _in_words(grant: Grant) -> dict[str, str | None]:
    return {"role": grant.role, "unit": grant.unit.name if grant.unit else None}


def _move_grants(session: Session, chosen: Plan) -> None:
    """Give first, take afterwards: so the tenant is never without an administrator."""
    units: dict[UUID, Unit | None] = {one.id: one.unit for one in chosen.grants}
    for one in chosen.grants:
        people.grant(session, chosen.receiver, one.role, units[one.id], until=_end_at_receiver(chosen.receiver, one))
    ids = [one.id for one in chosen.grants]
    admins_move = any(one.role == ADMIN and one.expires_at is None for one in chosen.grants)
    if admins_move and not people.other_admins(session, chosen.giver.id):
        raise people.LastAdmin("This is the last administrator who can sign in.")
    session.expire(chosen.giver, ["grants"])
    for held in [one for one in chosen.giver.grants if one.id in ids]:
        people.end_grant(session, chosen.giver, held, "handed over")


def _end_at_receiver(receiver: PersonRow, given: Grant) -> Any:
    """A role that the receiver holds already ends no sooner than before."""
    same = [one for one in receiver.grants if one.role == given.role and one.unit_id == given.unit_id and one.is_live]
    ends = [given.expires_at, *(one.expires_at for one in same)]
    return None if None in ends else max(end for end in ends if end is not None)


def _plugins(session: Session, chosen: Plan) -> list[tuple[InstalledPlugin, frozenset[UUID] | None]]:
    """Return the plugins to ask, each with the units in which the roles that move gave something of it."""
    scope = current_scope()
    implementing = [
        plugin
        for plugin in scope.kernel.snapshot().enabled_for(current_tenant().id)
        if "hand_over" in plugin.manifest.hooks
    ]
    if chosen.whole:
        return [(plugin, None) for plugin in implementing]
    below = sessions.units_below(session, [one.unit_id for one in chosen.grants if one.unit_id])
    found: list[tuple[InstalledPlugin, frozenset[UUID] | None]] = []
    for plugin in implementing:
        theirs = [one for one in chosen.grants if _is_about(one, plugin.name)]
        if any(one.unit_id is None for one in theirs):
            found.append((plugin, None))
        elif theirs:
            found.append((plugin, frozenset().union(*(below[one.unit_id] for one in theirs if one.unit_id))))
    return found


def _is_about(grant: Grant, plugin: str) -> bool:
    return any(name.startswith(f"{plugin}.") for name in roles.permissions_of(grant.role) or ())


def _ask_plugins(asked: Sequence[tuple[InstalledPlugin, frozenset[UUID] | None]], chosen: Plan) -> list[dict[str, Any]]:
    """Have each plugin move what it holds, in this transaction. Raises `PluginStopped` when one does not."""
    giver, receiver = (PersonCard(row.id, row.name, row.email) for row in (chosen.giver, chosen.receiver))
    things: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for plugin, unit_ids in asked:
        answers = current_scope().kernel.caller.ask_these(
            "hand_over", [plugin], each=Moved, giver=giver, receiver=receiver, unit_ids=unit_ids
        )
        failed.update(answers.failures)
        title = plugin.manifest.title
        things += [
            {"plugin": plugin.name, "title": _both(title), "what": _both(one.what), "count": one.count}
            for one in answers.values.get(plugin.name, ())
            if one.count
        ]
    if failed:
        raise PluginStopped(failed)
    return things


def _both(words: Any) -> dict[str, str]:
    return asdict(Bilingual(words("id"), words("en")))
