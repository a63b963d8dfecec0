"""Where and when a photo was taken, as its camera wrote it into the file (EXIF). Anything odd is as good as nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from PIL import ExifTags, Image

from lumbung.clock import utc_now
from lumbung.context import scope_or_none

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
EARLIEST_YEAR = 1990  # of cameras that write such facts; their clocks begin at 1970 or 1980 when nobody set them


@dataclass(frozen=True)
class Facts:
    """What a file tells of its picture."""

    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None


def facts_of(image: Image.Image) -> Facts:
    """Return where and when a picture was taken, as far as the file tells it plausibly. Raises nothing."""
    try:
        exif = image.getexif()
        photo, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
        plain = dict(exif)
    except Exception:  # Pillow raises a dozen kinds for facts that are broken; the picture may be sound
        return Facts()
    lat, lon = _place(gps)
    return Facts(_moment(photo, plain), lat, lon)


def _place(gps: Mapping[int, Any]) -> tuple[float, float] | tuple[None, None]:
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or (lat, lon) == (0.0, 0.0):
        return None, None
    return lat, lon


def _degrees(parts: Any, side: Any, negative: str) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in (*parts, 0, 0)[:3])
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    if not isfinite(found) or degrees < 0:
        return None
    letter = side.decode("ascii", "replace") if isinstance(side, bytes) else str(side or "")
    return round(-found if letter.strip("\0 ").upper() == negative else found, 7)


def _moment(photo: Mapping[int, Any], plain: Mapping[int, Any]) -> datetime | None:
    """Return when it was taken. A camera that names no zone shows the clock of the region that it is used in."""
    base = ExifTags.Base
    written = photo.get(base.DateTimeOriginal) or photo.get(base.DateTimeDigitized) or plain.get(base.DateTime)
    offset = photo.get(base.OffsetTimeOriginal) or photo.get(base.OffsetTime)
    try:
        naive = datetime.strptime(str(written).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  (zone below)
        moment = naive.replace(tzinfo=_zone(str(offset or "")))
        return moment if _plausible(moment) else None
    except (ValueError, OverflowError):
        return None


def _plausible(moment: datetime) -> bool:
    return moment.year >= EARLIEST_YEAR and moment <= utc_now() + timedelta(days=1)


def _zone(offset: str) -> tzinfo:
    found = _OFFSET.match(offset.strip("\0 "))
    if found:
        away = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-away if found[1] == "-" else away)
    scope = scope_or_none()
    return ZoneInfo(scope.tenant.time_zone) if scope and scope.tenant else UTC
