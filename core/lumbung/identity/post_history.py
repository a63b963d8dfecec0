"""Who held which role, for which unit, from when until when, given and ended by whom, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.sql.base import ExecutableOption

from lumbung.clock import utc_now
from lumbung.context import current_scope
from lumbung.identity.models import Grant
from lumbung.identity.post_models import Post
from lumbung.tenancy.models import Unit

Ended = Literal["withdrawn", "expired", "role removed", "handed over"]


def began(session: Session, grant: Grant, unit: Unit | None) -> Post:
    """Write that somebody holds a role from the moment of ``grant``; ``unit`` is the grant's."""
    post = Post(
        person_id=grant.person_id,
        grant_id=grant.id,
        role=grant.role,
        unit_id=grant.unit_id,
        unit_name=unit.name if unit else None,
        began_at=grant.granted_at or utc_now(),
        given_by=grant.granted_by or _actor(),
    )
    session.add(post)
    session.flush()
    return post


def ended(session: Session, grant: Grant, why: Ended) -> None:
    """Write that the role of ``grant`` ended, and why. Call it before the grant is deleted; twice does no harm.

    One that expired ended at its own moment, not when somebody noticed.
    """
    moment = grant.expires_at if why == "expired" and grant.expires_at else utc_now()
    session.execute(
        update(Post)
        .where(Post.grant_id == grant.id, Post.ended_at.is_(None))
        .values(ended_at=moment, ended_by=_actor(), why=why)
    )


def of_person(session: Session, person_id: UUID) -> Sequence[Post]:
    """Return what a person holds and held, the latest first."""
    return session.scalars(
        select(Post).where(Post.person_id == person_id).order_by(Post.began_at.desc(), Post.id)
    ).all()


def with_person() -> tuple[ExecutableOption, ...]:
    """Return what a query for posts loads along with each: its person."""
    return (selectinload(Post.person),)


def _actor() -> str:
    scope = current_scope()
    return (scope.person.name if scope.person else str(scope.memory.get("actor", "-")))[:160]
