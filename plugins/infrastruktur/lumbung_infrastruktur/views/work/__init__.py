"""Units: work orders, crews, the printed order."""

from ..room import room

blueprint = room("work", "/petugas/pekerjaan")

from . import acts, crews, making, orders, photos, week  # noqa: E402,F401
