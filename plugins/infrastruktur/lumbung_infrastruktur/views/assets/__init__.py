"""Units: the register of assets, imports, conditions, planned maintenance."""

from ..room import room

blueprint = room("assets", "/petugas/aset")
plans = room("plans", "/petugas/pemeliharaan")

blueprints = [blueprint, plans]

from . import findings, imports, maintenance, one, register, summary, survey  # noqa: E402,F401
