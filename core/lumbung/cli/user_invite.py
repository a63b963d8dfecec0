"""``lumbung user invite``: invite somebody without a page, such as a tenant's first administrator."""

from __future__ import annotations

import click

from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.identity import invitations
from lumbung.identity.invitations import Invitee
from lumbung.identity.models import CONTRIBUTOR, SERVANT
from lumbung.notifications import secret_letters
from lumbung.site import system_actor
from lumbung.tenancy import services


@click.command("invite")
@click.argument("email")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant the person is invited to.")
@click.option("--name", required=True, help="Full name.")
@click.option("--role", "roles", multiple=True, help="A role given when they accept; repeat it for more.")
@click.option("--unit", default=None, help="Code of the unit for which the roles are given; none: the whole tenant.")
@click.option("--organisation", default="", help="Where a contributor of a partner city comes from.")
@click.option("--send", is_flag=True, help="Also send the link by e-mail.")
def invite(
    email: str, slug: str, name: str, roles: tuple[str, ...], unit: str | None, organisation: str, send: bool
) -> None:
    """Invite the person with the address EMAIL and print the secret link."""
    with open_kernel() as kernel:
        tenant = kernel.tenant(slug)
        with kernel.scope(tenant, actor=system_actor()) as scope:
            where = services.find_unit(scope.session, unit) if unit else None
            if unit and where is None:
                raise LumbungError("%(tenant)s has no unit with the code %(code)r.", tenant=tenant.name, code=unit)
            if send and not secret_letters.site_sends_mail():
                raise LumbungError("No mail is sent by this site: the setting smtp_host is not set.")
            invitee = Invitee(
                email=email,
                name=name,
                kind=CONTRIBUTOR if organisation else SERVANT,
                organisation=organisation,
                roles=roles,
                role_unit=where.id if where else None,
            )
            letter = invitations.invite(scope.session, invitee, None, language=tenant.languages[0])
            if send:
                secret_letters.post(letter)
            link = secret_letters.link_of(letter)
            if link is None:
                raise LumbungError("%(tenant)s has no host name, so no link leads there.", tenant=tenant.name)
            until = letter.expires_at
    click.echo(f"{link}\nGood once, until {until:%Y-%m-%d %H:%M} UTC.")
