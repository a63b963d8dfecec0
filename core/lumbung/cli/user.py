"""``lumbung user``: people and their roles."""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any

import click

from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.identity import accounts, people
from lumbung.identity.person import ADMIN, OFFICER
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


def refuse_unknown_role(role: str, snapshot: Snapshot) -> None:
    """Raise `LumbungError` when nobody declares this role."""
    known = {"operator", "citizen", ADMIN, OFFICER} | {
        f"{plugin.name}.{declared.name}" for plugin in snapshot.plugins.values() for declared in plugin.manifest.roles
    }
    if role not in known:
        raise LumbungError(f"There is no role {role!r}; there are: {', '.join(sorted(known))}.")
