"""The register: finding assets by place and code, writing them down, taking them out of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, radians
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from lumbung.sdk import DomainError, audit, distance_m, nearest_on, now, place_at, session

from ..models import Asset, Plan, Report, WorkOrder
from ..rules import kinds, shapes
from ..words import _

ASSET = "infrastruktur.asset"
METRES_A_DEGREE = 111_195  # of latitude, as `distance_m` counts
OPEN_WORK = ("draft", "issued", "working")


@dataclass(frozen=True)
class NearAsset:
    """An asset and how far it is from where somebody stands."""

    asset: Asset
    metres: float


def near(lat: float, lon: float, kind: str, within_m: float = 50) -> list[NearAsset]:
    """Return the assets of a kind that are in use and not further than this, the nearest first."""
    slack = within_m / METRES_A_DEGREE * 1.01
    wide = slack / max(cos(radians(lat)), 0.01)
    query = (
        select(Asset)
        .where(
            Asset.kind == kind,
            Asset.retired.is_(False),
            Asset.min_lat <= lat + slack,
            Asset.max_lat >= lat - slack,
            Asset.min_lon <= lon + wide,
            Asset.max_lon >= lon - wide,
        )
        .options(undefer(Asset.geometry))
    )
    found = [NearAsset(asset, _metres(asset, lat, lon)) for asset in session.scalars(query)]
    return sorted((one for one in found if one.metres <= within_m), key=lambda one: (one.metres, one.asset.code))


def by_code(kind: str, code: str) -> Asset | None:
    """Return the asset with this official number, None when there is none; capitals and spaces do not matter."""
    wanted = " ".join(code.split()).lower()
    query = select(Asset).where(Asset.kind == kind, func.lower(Asset.code) == wanted)
    return session.scalars(query.order_by(Asset.retired, Asset.code)).first()


def counts(*conditions: ColumnElement[bool]) -> dict[str, int]:
    """Return how many assets there are of each kind."""
    query = select(Asset.kind, func.count()).where(*conditions).group_by(Asset.kind)
    return {row[0]: row[1] for row in session.execute(query)}


def save(asset: Asset | None, **values: Any) -> Asset:
    """Add an asset or change it; a ``geometry`` among the values is measured and tells where it is.

    Without a ``length_m`` a line's is taken from its geometry. Raises `DomainError` when the code is taken, when the
    place lies outside of the region, or for a kind or condition that is none.
    """
    made = asset or Asset(added_at=now())
    changes = {name: value for name, value in values.items() if name != "geometry"}
    if "geometry" in values:
        changes = {**placed(values["geometry"], changes), "geometry": values["geometry"]}
        changes["length_m"] = values.get("length_m") or changes.get("length_m")
    kind, code = values.get("kind", made.kind), values.get("code", made.code)
    taken = _("%(kind)s dengan kode %(code)s sudah ada di daftar.", kind=kinds.ASSET_KINDS.get(kind, ""), code=code)
    try:
        with session.begin_nested():
            for name, value in changes.items():
                setattr(made, name, value)
            made.changed_at = now()
            session.add(made)
    except IntegrityError:
        session.expire_all()
        raise DomainError(taken) from None
    audit("infrastruktur.asset.save", title_of(made), about=made.id)
    return made


def placed(geometry: Mapping[str, Any] | None, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what a geometry says of an asset, over what is given: its point, box, length, district and village.

    A place decides; where no boundaries are loaded, or without a geometry, the district and village given stay.
    """
    found = dict(given or {})
    if geometry is None:
        nowhere = ("lat", "lon", "min_lat", "max_lat", "min_lon", "max_lon")
        return {**found, **dict.fromkeys(nowhere)}
    size = shapes.measured(geometry)
    found |= {
        name: getattr(size, name) for name in ("lat", "lon", "min_lat", "max_lat", "min_lon", "max_lon", "length_m")
    }
    places = [place_at(lat, lon) for lat, lon in ((size.lat, size.lon), *shapes.ends(geometry)[:2])]
    here = next((place for place in places if place.inside), places[0])
    if here.inside is False:
        raise DomainError(
            _(
                "Letaknya (lintang %(lat)s, bujur %(lon)s) di luar wilayah. Periksa apakah lintang dan bujur tertukar.",
                lat=f"{size.lat:.5f}",
                lon=f"{size.lon:.5f}",
            )
        )
    if here.district is not None:
        found["district_code"] = here.district.code
        found["village_code"] = here.village.code if here.village else ""
    return found


def retire(asset: Asset, reason: str) -> None:
    """Take an asset out of use; its history stays. Plans for it are dropped. Refuses while work on it is open."""
    if asset.retired:
        raise DomainError(_("%(title)s sudah dinonaktifkan.", title=title_of(asset)))
    if not reason.strip():
        raise DomainError(_("Tulis alasan aset ini dinonaktifkan."))
    number = session.scalar(
        select(WorkOrder.number).where(WorkOrder.asset_id == asset.id, WorkOrder.state.in_(OPEN_WORK)).limit(1)
    )
    if number:
        raise DomainError(
            _("Perintah kerja %(number)s untuk aset ini masih berjalan. Selesaikan atau batalkan dulu.", number=number)
        )
    asset.retired, asset.changed_at = True, now()
    plans = session.scalars(select(Plan).where(Plan.asset_id == asset.id, Plan.state.in_(("planned", "ordered"))))
    for plan in plans:
        plan.state = "dropped"
        audit("infrastruktur.plan.drop", plan.title, about=plan.id, reason=reason)
    audit("infrastruktur.asset.retire", title_of(asset), about=asset.id, reason=reason)


def restore(asset: Asset) -> None:
    """Take an asset into use again."""
    if not asset.retired:
        raise DomainError(_("%(title)s masih dipakai.", title=title_of(asset)))
    asset.retired, asset.changed_at = False, now()
    audit("infrastruktur.asset.restore", title_of(asset), about=asset.id)


@dataclass(frozen=True)
class History:
    """What happened to an asset: reports about it, work orders, what they cost (Rupiah, finished ones), plans."""

    reports: list[Report]
    orders: list[WorkOrder]
    cost: int
    plans: list[Plan]


def history(asset: Asset, most: int = 50) -> History:
    """Return what happened to an asset, the newest first; work on reports about it counts as work on it."""
    about = select(Report.id).where(Report.asset_id == asset.id)
    works = (WorkOrder.asset_id == asset.id) | WorkOrder.report_id.in_(about)
    reports = select(Report).where(Report.asset_id == asset.id).order_by(Report.reported_at.desc()).limit(most)
    orders = select(WorkOrder).where(works).order_by(WorkOrder.made_at.desc()).limit(most)
    cost = session.scalar(select(func.coalesce(func.sum(WorkOrder.total), 0)).where(works, WorkOrder.state == "done"))
    plans = select(Plan).where(Plan.asset_id == asset.id).order_by(Plan.next_on)
    return History(
        list(session.scalars(reports)), list(session.scalars(orders)), int(cost or 0), list(session.scalars(plans))
    )


def geometry_of(asset_id: UUID) -> dict[str, Any] | None:
    """Return the geometry of an asset, which is not loaded with it."""
    return session.scalar(select(Asset.geometry).where(Asset.id == asset_id))


def title_of(asset: Asset) -> str:
    """How an asset is named in a sentence."""
    return f"{asset.code} {asset.name}"


def _metres(asset: Asset, lat: float, lon: float) -> float:
    if asset.geometry is not None:
        return nearest_on(asset.geometry, lat, lon)[0]
    assert asset.lat is not None and asset.lon is not None  # noqa: S101  (found by its box)
    return distance_m(lat, lon, asset.lat, asset.lon)
