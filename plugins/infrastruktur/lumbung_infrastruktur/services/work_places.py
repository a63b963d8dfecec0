"""Where the work of an order is, out of its report or its asset."""

from __future__ import annotations

from dataclasses import dataclass

from lumbung.sdk import centre_of, find_region

from ..models import Asset, Report, WorkOrder


@dataclass(frozen=True)
class Spot:
    """A place in words and, when it is known, in degrees. ``rough``: no more than the village is known."""

    text: str = ""
    lat: float | None = None
    lon: float | None = None
    rough: bool = False


def spot_of(order: WorkOrder) -> Spot:
    """Where an order leads: to what was reported, else to its asset."""
    report, asset = order.report, order.asset
    if report is not None:
        found = _of(report.address, report.village_code, report.district_code, report.lat, report.lon)
        if found.lat is not None or asset is None:
            return found
    return _of_asset(asset) if asset is not None else Spot()


def place_words(order: WorkOrder) -> str:
    """The same in words alone, for lists: asks nothing where an order and what it is about were loaded."""
    found = order.report or order.asset
    if found is None:
        return ""
    first = found.address if isinstance(found, Report) else found.name
    return _text(first, found.village_code, found.district_code)


def asset_words(asset: Asset | None) -> str:
    """An asset as crews call it: its number and name."""
    return " · ".join(filter(None, [asset.code, asset.name])) if asset else ""


def region_words(*codes: str) -> str:
    """Villages and districts by name, without those that are not known."""
    found = (find_region(code) for code in codes if code)
    return ", ".join(one.name for one in found if one)


def report_words(report: Report) -> str:
    """A report in one line: its number and kind."""
    return f"{report.number}, {report.category.title}"


def _of_asset(asset: Asset) -> Spot:
    return _of(asset.name, asset.village_code, asset.district_code, asset.lat, asset.lon)


def _of(address: str, village: str, district: str, lat: float | None, lon: float | None) -> Spot:
    text = _text(address, village, district)
    if lat is not None and lon is not None:
        return Spot(text, lat, lon)
    centre = centre_of(village) if village else None
    return Spot(text, *centre, rough=True) if centre else Spot(text)


def _text(address: str, village: str, district: str) -> str:
    return ", ".join(filter(None, [address, region_words(village, district)]))
