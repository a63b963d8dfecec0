"""``lumbung user``: people and their roles."""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any

import click

from lumbung.cli import open_kernel
from lumbung.cli.user_can import can, who
from lumbung.cli.user_invite import invite
from lumbung.errors import LumbungError
from lumbung.identity import accounts, people
from lumbung.identity.models import PersonRow
from lumbung.identity.person import ADMIN, EDITOR, OFFICER
from lumbung.identity.roles import COMPOSED
from lumbung.identity.second_factor import factors
from lumbung.notifications import account_news
from lumbung.registry.state import Snapshot
from lumbung.site import system_actor
from lumbung.tenancy import services


@click.group()
def user() -> None:
    """Add and list people."""


@user.command("add")
@click.argument("email")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant the person belongs to.")
@click.option("--name", required=True, help="Full name.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    help="operator, admin, officer, citizen or a plugin's role such as antrean.operator; repeat it for more.",
)
@click.option("--unit", default=None, help="Code of the unit for which the roles are given; none: the whole tenant.")
@click.option("--password", default=None, help="The password; none: one is made and printed.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(
    email: str,
    slug: str,
    name: str,
    roles: tuple[str, ...],
    unit: str | None,
    password: str | None,
    password_stdin: bool,
) -> None:
    """Add a person with the address EMAIL to a tenant and give them roles."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    made = password is None
    if password is None:
        password = secrets.token_urlsafe(12)
    with open_kernel() as kernel:
        tenant = kernel.tenant(slug)
        for role in roles:
            refuse_unknown_role(role, kernel.snapshot())
        with kernel.scope(tenant, actor=system_actor()) as scope:
            person = people.add_person(
                scope.session, email=email, name=name, password=password, operator="operator" in roles
            )
            where = services.find_unit(scope.session, unit) if unit else None
            if unit and where is None:
                raise LumbungError(f"{tenant.name} has no unit with the code {unit!r}.")
            for role in roles:
                if role not in ("operator", "citizen"):
                    people.grant(scope.session, person, role, where)
    click.echo(f"{person.email} is added to {slug}." + (f" Password: {password}" if made else ""))


@user.command("list")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_users(slug: str, as_json: bool) -> None:
    """List the people of a tenant with their roles."""
    with open_kernel() as kernel, kernel.scope(kernel.tenant(slug)) as scope:
        rows: list[dict[str, Any]] = [
            {
                "email": person.email,
                "name": person.name,
                "operator": person.operator,
                "active": person.active,
                "roles": sorted(grant.role for grant in person.grants),
            }
            for person in scope.session.scalars(accounts.everybody())
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        roles = ", ".join((["operator"] if row["operator"] else []) + row["roles"]) or "citizen"
        click.echo(f"{row['email']}\t{row['name']}\t{roles}")


@user.command("reset-second-factor")
@click.argument("email")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant the person belongs to.")
def reset_second_factor(email: str, slug: str) -> None:
    """Take app, passkeys and recovery codes of the person with the address EMAIL away, and end their sessions."""
    with open_kernel() as kernel:
        tenant = kernel.tenant(slug)
        with kernel.scope(tenant, actor=system_actor()) as scope:
            person = scope.session.scalar(accounts.everybody().where(PersonRow.email == email.strip().lower()))
            if person is None:
                raise LumbungError("%(tenant)s has no account with the address %(email)s.", tenant=slug, email=email)
            factors.reset(scope.session, person)
            account_news.factors_reset(person)
    click.echo(f"{person.email} signs in with the password alone now, and has no open session.")


user.add_command(can)
user.add_command(invite)
user.add_command(who)


def refuse_unknown_role(role: str, snapshot: Snapshot) -> None:
    """Raise `LumbungError` when nobody declares this role."""
    if role.startswith(COMPOSED):
        return  # the tenant's own, which only the tenant knows: `people.grant` looks it up
    known = {"operator", "citizen", ADMIN, EDITOR, OFFICER} | {
        f"{plugin.name}.{declared.name}" for plugin in snapshot.plugins.values() for declared in plugin.manifest.roles
    }
    if role not in known:
        raise LumbungError(f"There is no role {role!r}; there are: {', '.join(sorted(known))}.")
