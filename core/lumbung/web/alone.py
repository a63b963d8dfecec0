"""Pages that stand alone: no tenant, no database, no translations. For when the house cannot be asked for them."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, PrefixLoader
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from lumbung.web.view import asset_url

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "lumbung"
_environment = Environment(loader=PrefixLoader({"lumbung": FileSystemLoader(_TEMPLATES)}), autoescape=True)


def unknown_host(host: str) -> str:
    """Return the page for a host that belongs to no regional government."""
    return _render("unknown_host.html", host=host)


def away(*, retry: bool) -> str:
    """Return the page for when the database cannot be reached; with ``retry`` it looks by itself whether it is back."""
    return _render("away.html", retry=retry)


def broken(reference: str) -> str:
    """Return the page for a fault that left nothing else to show."""
    return _render("broken.html", reference=reference)


def as_json(code: int, message: str | None = None, reference: str | None = None) -> str:
    """Return the same in short for a program."""
    told = {"error": code, "message": message, "reference": reference}
    return json.dumps({name: value for name, value in told.items() if value is not None}, ensure_ascii=False)


def wants_json(accept: MIMEAccept | str) -> bool:
    """Say whether JSON is asked for rather than a page, by the Accept header."""
    if isinstance(accept, str):
        accept = parse_accept_header(accept, MIMEAccept)
    return accept.quality("application/json") > accept.quality("text/html")


def _render(name: str, **context: object) -> str:
    return _environment.get_template(f"lumbung/{name}").render(asset=asset_url, **context)
