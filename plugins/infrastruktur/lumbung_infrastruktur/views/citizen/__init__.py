"""Citizens: report damage, follow it, say that it matters to them too."""

from ..room import room

blueprint = room("citizen", "")

from . import following, photos, reporting, start, supporting  # noqa: E402,F401
