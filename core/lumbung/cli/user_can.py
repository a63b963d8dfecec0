"""``lumbung user can`` and ``lumbung user who``: what somebody may do, who may do something, and why."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from sqlalchemy import select

from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.identity import explain, roles
from lumbung.identity.explain import Answer
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.people import normal_email
from lumbung.identity.person import PLATFORM_PERMISSIONS


@click.command("can")
@click.argument("email")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def can(email: str, slug: str, as_json: bool) -> None:
    """Show each permission, whether the person with the address EMAIL holds it, where and why."""
    with open_kernel() as kernel, kernel.scope(kernel.tenant(slug)) as scope:
        person = scope.session.scalar(select(PersonRow).where(PersonRow.email == normal_email(email)))
        if person is None:
            raise LumbungError("%(tenant)s has nobody with the address %(email)r.", tenant=slug, email=email)
        rows = [_answer(person, one) for one in explain.answers(scope.session, person)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['permission']}\t{'yes' if row['can'] else 'no'}\t{_where(row)}\t{_why(row)}")


@click.command("who")
@click.argument("permission")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def who(permission: str, slug: str, as_json: bool) -> None:
    """Show who holds PERMISSION, where, through which role, given by whom, until when."""
    with open_kernel() as kernel, kernel.scope(kernel.tenant(slug)) as scope:
        known = sorted(roles.everything_here() | set(PLATFORM_PERMISSIONS))
        if permission not in known:
            raise LumbungError(
                "There is no permission %(name)r in %(tenant)s; there are: %(known)s.",
                name=permission,
                tenant=slug,
                known=known,
            )
        if permission in PLATFORM_PERMISSIONS:
            rows = [_person(row) | {"role": "operator"} for row in scope.session.scalars(explain.operators())]
        else:
            found = scope.session.scalars(explain.grants_giving(permission))
            rows = [_person(one.person) | _grant(one) for one in found]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        state = "" if row["active"] else "\tclosed account"
        click.echo(f"{row['email']}\t{row['name']}\t{row['role']}\t{row.get('unit') or 'whole tenant'}{state}")


def _answer(person: PersonRow, answer: Answer) -> dict[str, Any]:
    reasons = [_grant(one.grant) | {"asleep": one.asleep or None} for one in answer.reasons]
    if answer.as_operator:
        reasons.append({"role": "operator", "asleep": None})
    units = [] if answer.everywhere else sorted({grant.unit.code for grant in answer.giving if grant.unit})
    return {
        "permission": answer.permission,
        "can": answer.can and person.active,
        "everywhere": answer.everywhere,
        "units": units,
        "closed_account": not person.active,
        "reasons": reasons,
    }


def _person(row: PersonRow) -> dict[str, Any]:
    return {"email": row.email, "name": row.name, "active": row.active, "operator": row.operator}


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "role": grant.role,
        "unit": grant.unit.code if grant.unit else None,
        "granted_by": grant.granted_by,
        "granted_at": _at(grant.granted_at),
        "until": _at(grant.expires_at),
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _where(row: dict[str, Any]) -> str:
    return "whole tenant" if row["everywhere"] else " ".join(row["units"]) or "-"


def _why(row: dict[str, Any]) -> str:
    said = [f"{one['role']} ({one['asleep']})" if one["asleep"] else one["role"] for one in row["reasons"]]
    return ", ".join(said) or "-"
