"""Where the damage is: out of a spot, an asset, a photo's own position, a village, or an address in words."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from lumbung.sdk import DomainError, Region, current_tenant, find, find_region, place_at, setting

from ..models import Asset
from ..words import _

if TYPE_CHECKING:
    from .reporting import NewReport

LONGEST_ADDRESS = 300
MOST_INACCURATE_M = 100_000


@dataclass(frozen=True)
class Where:
    """A place as a report keeps it."""

    place_from: str
    lat: float | None = None
    lon: float | None = None
    accuracy_m: int | None = None
    district_code: str = ""
    village_code: str = ""
    address: str = ""


def found_place(new: NewReport) -> Where:
    """Return where a new report is. What is most certain wins: the spot, the asset, the photo, the village, the words.

    Raises `DomainError` when there is nothing to go by, or when it is outside and the office takes no such reports.
    """
    village = _village(new.village_code)
    address = " ".join(new.address.replace("\x00", "").split())[:LONGEST_ADDRESS]
    if new.lat is not None and new.lon is not None:
        return _spot(new.lat, new.lon, new.place_from, village, address, new.accuracy_m)
    if (asset := _asset(new)) is not None and asset.lat is not None and asset.lon is not None:
        return _spot(asset.lat, asset.lon, "asset", village, address)
    if (taken := _photo_position(new, village)) is not None:
        return _spot(*taken, "photo", village, address)
    if village is not None:
        return Where("village", district_code=village.code[:8], village_code=village.code, address=address)
    if asset is not None and asset.district_code:
        return Where("asset", district_code=asset.district_code, village_code=asset.village_code, address=address)
    if address and new.place_from == "address":
        return Where("address", address=address)
    raise DomainError(_("Tempatnya belum ada: taruh penanda di peta, pakai lokasi Anda, atau pilih desa."))


def _spot(
    lat: float, lon: float, source: str, village: Region | None, address: str, accuracy_m: int | None = None
) -> Where:
    """A spot; its regions are those of the boundaries, and where these say nothing, those of the village given."""
    if not (isfinite(lat) and isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180):
        raise DomainError(_("Tempat itu tidak ada. Periksa lintang dan bujurnya."))
    place = place_at(lat, lon)
    if place.inside is False:
        _refuse_outside(source)
        return Where(source, lat, lon, _sensible(accuracy_m), address=address)
    district = place.district.code if place.district else ""
    own = place.village.code if place.village else ""
    if not own and village is not None and village.code[:8] == (district or village.code[:8]):
        district, own = village.code[:8], village.code
    return Where(source, lat, lon, _sensible(accuracy_m), district, own, address)


def _refuse_outside(source: str) -> None:
    if setting("outside") != "refuse":
        return
    region = current_tenant().name
    if source == "photo":
        raise DomainError(_("Foto itu diambil di luar %(region)s. Pilih tempat kerusakannya di peta.", region=region))
    raise DomainError(
        _(
            "Tempat itu di luar %(region)s, jadi tidak dapat kami tangani. Periksa penandanya, atau laporkan kepada "
            "pemerintah daerah di sana.",
            region=region,
        )
    )


def _village(code: str) -> Region | None:
    if not code:
        return None
    found, own = find_region(code), current_tenant().region_code
    if found is None or code.count(".") != 3 or (own and not code.startswith(f"{own}.")):
        raise DomainError(_("Desa atau kelurahan itu tidak ada di daerah ini."))
    return found


def _asset(new: NewReport) -> Asset | None:
    if new.asset_id is None:
        return None
    asset = find(Asset, new.asset_id)
    if asset is None or asset.retired:
        raise DomainError(_("Aset itu tidak ada di daftar."))
    return asset


def _photo_position(new: NewReport, village: Region | None) -> tuple[float, float] | None:
    """Where the first photo that knows it was taken; with a village chosen only when it was taken there."""
    taken = ((photo.lat, photo.lon) for photo in new.photos if photo.lat is not None and photo.lon is not None)
    found = next(taken, None)
    if found is None or found == (0, 0) or village is None:
        return found if found != (0, 0) else None
    there = place_at(*found).village
    return found if there is not None and there.code == village.code else None


def _sensible(metres: int | None) -> int | None:
    return metres if metres is not None and 0 <= metres <= MOST_INACCURATE_M else None
