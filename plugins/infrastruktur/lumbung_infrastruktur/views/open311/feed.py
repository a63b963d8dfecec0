"""Feeds for everybody, under /umpan."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from lumbung.sdk import machine, setting

from ...services import feeds as services
from . import feeds

FRESH = 60  # seconds for which an answer may be kept


@feeds.get("/laporan.geojson")
@machine
def geojson() -> Response:
    """Reports as GeoJSON."""
    return _feed("geojson", services.as_geojson, "application/geo+json")


@feeds.get("/laporan.rss")
@machine
def rss() -> Response:
    """The newest reports as RSS."""
    return _feed("rss", services.as_rss, "application/rss+xml; charset=utf-8")


@feeds.get("/laporan.csv")
@machine
def csv() -> Response:
    """Reports as a table."""
    answer = _feed("csv", services.as_csv, "text/csv; charset=utf-8; header=present")
    answer.headers["Content-Disposition"] = 'attachment; filename="laporan.csv"'
    return answer


def _feed(kind: str, written: Callable[[services.Feed], bytes], content_type: str) -> Response:
    feed = services.asked(request.args, kind)
    answer = Response(written(feed), content_type=content_type)
    answer.headers["Cache-Control"] = f"public, max-age={FRESH}"
    licence = str(setting("feed_licence") or "")
    if link := next((word for word in licence.split() if word.startswith("https://") and word.isascii()), ""):
        answer.headers["Link"] = f'<{link.replace(">", "")}>; rel="license"'
    if feed.changed:
        answer.last_modified = feed.changed
    answer.add_etag()
    return answer.make_conditional(request)  # type: ignore[return-value]
