"""Officers: the inbox, a report, moderation."""

from ..room import room

blueprint = room("desk", "/petugas")

from . import acting, inbox, map, moderation, page, phoned, photos  # noqa: E402,F401
