"""``lumbung mail``: whether messages leave this site."""

from __future__ import annotations

import secrets

import click

from lumbung.bilingual import Catalogue
from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.identity.people import normal_email
from lumbung.mail import Letter, mailer_for
from lumbung.settings import load_settings


@click.group()
def mail() -> None:
    """Try the mail server."""


@mail.command("test")
@click.argument("address")
def test(address: str) -> None:
    """Send a test message to ADDRESS and say what the mail server answered."""
    settings = load_settings()
    mailer = mailer_for(settings)
    if not mailer.sends:
        raise LumbungError("No mail is sent by this site: the setting smtp_host is not set.")
    answer = mailer.send(_letter(normal_email(address)))
    click.echo(f"{settings.smtp_host} took the message to {address}: {answer}.")


def _letter(address: str) -> Letter:
    words = Catalogue("lumbung").both("Surel percobaan dari Lumbung. Bila Anda membacanya, pengiriman surel berjalan.")
    return Letter(
        to=address,
        to_name="",
        from_name="Lumbung",
        subject="Lumbung",
        text=f"{words.id}\n\n{words.en}\n",
        html=f"<p>{words.id}</p>\n<p>{words.en}</p>\n",
        key=secrets.token_hex(8),
        at=utc_now(),
    )
