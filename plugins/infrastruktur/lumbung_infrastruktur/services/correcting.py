"""Correcting a report: what kind of damage it is, how grave, where."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from lumbung.sdk import Bilingual, DomainError, audit, current_tenant, find, find_region, place_at, session, setting

from ..models import Asset, Category, Report
from ..rules.kinds import SEVERITIES
from ..rules.states import ENDED, State
from ..words import _, both
from . import clock, history, routing
from .moving import hold, typed

PROPOSED = (State.NEW, State.VERIFIED)  # nobody decided yet who answers for it
LONGEST_ADDRESS = 300


def change(
    report: Report,
    *,
    category: Category | None = None,
    severity: str | None = None,
    lat: float | None = None,
    lon: float | None = None,
    village_code: str | None = None,
    address: str | None = None,
    asset_id: UUID | None = None,
) -> bool:
    """Correct a report: what is given and differs. Return whether anything did.

    Another category brings its own time, counted from the day the clock started. As long as nobody decided who answers
    for the report, that is proposed anew. Raises `DomainError` for an ended report and for a place outside.
    """
    report = hold(report)
    if report.state in ENDED:
        raise DomainError(_("Laporan %(number)s sudah berakhir. Buka kembali dulu.", number=report.number))
    told = [
        *_category(report, category),
        *_severity(report, severity),
        *_place(report, lat, lon, village_code, address),
        *_asset(report, asset_id),
    ]
    if not told:
        return False
    if report.state in PROPOSED:
        session.flush()
        routing.propose(report)
    history.note(report, "change", both("Diperbaiki: %(what)s.", what=_list(told)))
    audit("infrastruktur.report.change", report.number, about=report.id, what=", ".join(one.id for one in told))
    return True


def _category(report: Report, category: Category | None) -> Iterator[Bilingual]:
    if category is None or category.id == report.category_id:
        return
    report.category_id, report.category = category.id, category
    _forget_asset(report)
    if report.due_on is not None:
        report.due_on = clock.due_on(category, clock.started_on(report))
    yield both("kategori menjadi %(name)s", name=Bilingual(category.name, category.name_en or category.name))


def _severity(report: Report, severity: str | None) -> Iterator[Bilingual]:
    if severity is None or severity == report.severity:
        return
    if severity not in SEVERITIES:
        raise DomainError(_("Tingkat keparahan itu tidak ada."))
    report.severity = severity
    yield both("tingkat keparahan menjadi %(severity)s", severity=_severity_words(severity))


def _place(
    report: Report, lat: float | None, lon: float | None, village_code: str | None, address: str | None
) -> Iterator[Bilingual]:
    before = (report.lat, report.lon, report.village_code)
    if lat is not None and lon is not None and (lat, lon) != (report.lat, report.lon):
        _move(report, lat, lon)
    if village_code and village_code != report.village_code:
        _village(report, village_code)
    if (report.lat, report.lon, report.village_code) != before:
        yield both("tempat")
    if address is not None and typed(address, longest=LONGEST_ADDRESS) != report.address:
        report.address = typed(address)
        yield both("alamat")


def _move(report: Report, lat: float, lon: float) -> None:
    """Put it on another spot; the regions follow where boundaries are known."""
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise DomainError(_("Tempat itu tidak ada: lintang %(lat)s, bujur %(lon)s.", lat=lat, lon=lon))
    place = place_at(lat, lon)
    if place.inside is False and setting("outside") == "refuse":
        raise DomainError(_("Tempat itu di luar %(region)s.", region=current_tenant().name))
    report.lat, report.lon, report.place_from, report.accuracy_m = lat, lon, "map", None
    _forget_asset(report)
    if place.inside is not None:
        report.district_code = place.district.code if place.district else ""
        report.village_code = place.village.code if place.village else ""


def _village(report: Report, code: str) -> None:
    """Name the village; a spot whose village is known by its boundary wins over what was typed."""
    found = find_region(code)
    if found is None or not found.code.startswith(f"{current_tenant().region_code}."):
        raise DomainError(_("Desa atau kelurahan itu tidak ada di daerah ini."))
    if report.lat is not None and report.lon is not None and place_at(report.lat, report.lon).village is not None:
        return
    report.village_code, report.district_code = found.code, found.code[:8]


def _forget_asset(report: Report) -> None:
    """The asset that was found nearby is not that of another place or another kind of damage."""
    if report.place_from != "asset":
        report.asset_id = report.asset = None


def _asset(report: Report, asset_id: UUID | None) -> Iterator[Bilingual]:
    if asset_id is None or asset_id == report.asset_id:
        return
    asset = find(Asset, asset_id)
    if asset is None or asset.retired:
        raise DomainError(_("Aset itu tidak ada di daftar."))
    report.asset_id, report.asset = asset.id, asset
    yield both("aset menjadi %(name)s", name=f"{asset.code} {asset.name}")


def _list(told: list[Bilingual]) -> Bilingual:
    return Bilingual(", ".join(one.id for one in told), ", ".join(one.en for one in told))


def _severity_words(severity: str) -> Bilingual:
    return {
        "ringan": both("ringan"),
        "sedang": both("sedang"),
        "berat": both("berat"),
        "darurat": both("darurat"),
    }[severity]
