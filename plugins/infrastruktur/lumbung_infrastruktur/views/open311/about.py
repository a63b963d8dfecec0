"""The page for people who write programs."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import external_url, public, setting

from ...services import open311
from . import blueprint


@blueprint.get("")
@public
def about() -> ResponseReturnValue:
    """Where the endpoint and the feeds are, with examples, and how to get a key."""
    return render_template(
        "infrastruktur/open311/about.html",
        base=open311.base_url(),
        discovery=f"{open311.base_url().removesuffix('/v2')}/discovery.json",
        feeds=[
            (name, external_url(url_for(f"feeds.{endpoint}")))
            for name, endpoint in (("GeoJSON", "geojson"), ("RSS", "rss"), ("CSV", "csv"))
        ],
        jurisdiction=open311.jurisdiction(),
        contact=setting("open311_contact"),
        licence=setting("feed_licence"),
        example=next(iter(open311.categories()), None),
    )
