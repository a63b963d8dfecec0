"""Programs: Open311 GeoReport v2, feeds; managers: keys and sources."""

from ..room import room

blueprint = room("open311", "/open311")
feeds = room("feeds", "/umpan")
exchange = room("exchange", "/pengaturan/pertukaran")

blueprints = [blueprint, feeds, exchange]

from . import about, feed, keys, posting, reading, sources  # noqa: E402,F401
