"""Projections, by PROJ: what a .prj says, and the way from there to WGS 84."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lumbung.geography.errors import GeographyError

LONGEST = 20_000


@lru_cache(maxsize=16)
def to_wgs84(given: str) -> tuple[str, Callable[[Any, Any], Any] | None]:
    """Return a projection's name and what puts its numbers into WGS 84; None for the latter when they are that already.

    ``given`` is the text of a .prj or ``EPSG:32750``. Raises `GeographyError` for one that PROJ does not know.
    """
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    try:
        if len(given) > LONGEST or "nadgrids" in given.lower() or "EXTENSION[" in given.upper():
            raise ProjError("names files of its own")
        crs = CRS.from_epsg(int(given[5:])) if given.startswith("EPSG:") else CRS.from_wkt(given.strip().strip("\0"))
        if crs.is_geographic and (crs.to_epsg(min_confidence=20) in (4326, 4755) or _is_wgs84(crs)):
            return crs.name, None
        return crs.name.replace("_", " "), Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    except ProjError:
        raise GeographyError(
            "The projection of the file is not known here. Export it in WGS 84 (EPSG:4326) and send it again."
        ) from None


def _is_wgs84(crs: Any) -> bool:
    """Whether degrees of it are those of WGS 84, or of DGN95 or SRGI2013, which lie within a metre of it."""
    datum = (crs.datum.name if crs.datum else "").lower().replace("_", " ")
    return any(name in datum for name in ("wgs 84", "wgs 1984", "wgs84", "world geodetic system 1984", "dgn95", "srgi"))
