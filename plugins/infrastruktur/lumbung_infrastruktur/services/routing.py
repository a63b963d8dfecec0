"""Who answers for a place: nation, province, regency or village, and which unit of the regency.

Looked at in this order: whether the place is in the regency at all; the asset named or the nearest road section of the
register, whose owner answers for it; the office's own rules (`Route`), of which the first that fits decides; the asset
itself; at last the unit of the category. It is a proposal: an officer decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from lumbung.sdk import current_tenant, find, find_region, place_at, session, units

from ..models import Asset, Destination, Report, Route
from ..rules.kinds import AUTHORITIES, GROUPS, OURS
from ..words import _

NEAR_M = 50
ROAD = "road"
ELSEWHERE = "lain"


@dataclass
class Proposal:
    """Who should take a report up, and why, in the reader's language."""

    authority: str = OURS
    unit_id: UUID | None = None
    destination: Destination | None = None
    asset_id: UUID | None = None
    reasons: list[str] = field(default_factory=list)


def propose(report: Report) -> None:
    """Write down who seems to answer for a report; its state stays as it is."""
    found = decide(report)
    report.authority, report.unit_id = found.authority, found.unit_id
    report.destination = found.destination
    report.destination_id = found.destination.id if found.destination else None
    report.asset_id = found.asset_id


def explain(report: Report) -> list[str]:
    """Say in sentences why `propose` proposes what it does, as the register and the rules are now."""
    return decide(report).reasons


def decide(report: Report) -> Proposal:
    """Work out who answers for a report. Changes nothing."""
    found = Proposal(asset_id=report.asset_id)
    if _is_outside(report):
        found.authority, found.destination = ELSEWHERE, _destination(ELSEWHERE)
        found.reasons.append(_("Tempatnya di luar %(region)s.", region=current_tenant().name))
        return found
    asset = _asset(report)
    road = asset if asset is not None and asset.kind == ROAD else _nearest(report, ROAD)
    found.asset_id = asset.id if asset else report.asset_id
    if road is not None:
        found.reasons.append(_road_words(road))
    elif report.lat is not None:
        found.reasons.append(_("Tidak ada ruas jalan di daftar aset dalam jarak %(metres)s meter.", metres=NEAR_M))
    rule = _rule(report, road.owner if road else "")
    if rule is None:
        _by_asset(report, asset, found)
        return found
    found.reasons.append(_rule_words(rule))
    found.authority, found.unit_id = rule.authority, rule.unit_id
    if rule.authority != OURS:
        found.unit_id, found.destination = None, rule.destination or _destination(rule.authority)
    elif rule.unit_id is None:
        _by_unit(report, asset, found)
    return found


def _by_asset(report: Report, asset: Asset | None, found: Proposal) -> None:
    """No rule of the office fits: the owner of the asset it is about decides."""
    if asset is None or asset.owner == OURS:
        _by_unit(report, asset, found)
        return
    found.authority, found.destination = asset.owner, _destination(asset.owner)
    found.reasons.append(_("%(asset)s: kewenangan %(owner)s.", asset=asset.name, owner=_whose(asset.owner)))


def _by_unit(report: Report, asset: Asset | None, found: Proposal) -> None:
    """It is the regency's: the unit that keeps the asset, else that of the category."""
    category = report.category
    if asset is not None and asset.owner == OURS and asset.unit_id is not None:
        found.unit_id = asset.unit_id
        found.reasons.append(_("%(asset)s dikelola %(unit)s.", asset=asset.name, unit=_unit_name(asset.unit_id)))
    elif category.unit_id is not None:
        found.unit_id = category.unit_id
        found.reasons.append(
            _("Kategori %(category)s ditangani %(unit)s.", category=category.title, unit=_unit_name(category.unit_id))
        )
    else:
        found.reasons.append(_("Kategori %(category)s belum mempunyai unit penanggung jawab.", category=category.title))


def _rule(report: Report, road_owner: str) -> Route | None:
    """The first rule that fits; empty columns fit everything."""
    category = report.category
    for rule in session.scalars(select(Route).order_by(Route.position, Route.id)):
        fits = (
            rule.category_id in (None, category.id)
            and rule.group in ("", category.group)
            and rule.district_code in ("", report.district_code)
            and rule.road_owner in ("", road_owner)
        )
        if fits:
            return rule
    return None


def _asset(report: Report) -> Asset | None:
    """The asset that a report is about: the one it names, else the nearest one of the category's kind."""
    if report.asset_id is not None:
        return find(Asset, report.asset_id)
    return _nearest(report, report.category.asset_kind) if report.category.asset_kind else None


def _nearest(report: Report, kind: str) -> Asset | None:
    from .assets import near

    if report.lat is None or report.lon is None:
        return None
    found = near(report.lat, report.lon, kind, within_m=NEAR_M)
    return found[0].asset if found else None


def _is_outside(report: Report) -> bool:
    return report.lat is not None and report.lon is not None and place_at(report.lat, report.lon).inside is False


def _destination(authority: str) -> Destination | None:
    return session.scalar(
        select(Destination)
        .where(Destination.authority == authority, Destination.open.is_(True))
        .order_by(Destination.name)
        .limit(1)
    )


def _road_words(road: Asset) -> str:
    return _(
        "Ruas terdekat: %(code)s %(name)s, jalan %(owner)s.", code=road.code, name=road.name, owner=_whose(road.owner)
    )


def _rule_words(rule: Route) -> str:
    """Which rule it was, by what it asks for."""
    asks = [
        rule.category.title if rule.category else "",
        _("kelompok %(group)s", group=str(GROUPS.get(rule.group, rule.group)).lower()) if rule.group else "",
        _district(rule.district_code) if rule.district_code else "",
        _("jalan %(owner)s", owner=_whose(rule.road_owner)) if rule.road_owner else "",
    ]
    what = ", ".join(one for one in asks if one) or _("semua laporan")
    words = _(
        "Aturan kewenangan nomor %(position)s (%(what)s): %(whose)s.",
        position=rule.position,
        what=what,
        whose=_whose(rule.authority),
    )
    return f"{words} {rule.note}".strip()


def _whose(authority: str) -> str:
    return str(AUTHORITIES.get(authority, authority)).lower()


def _district(code: str) -> str:
    found = find_region(code)
    return _("Kecamatan %(name)s", name=found.name) if found else code


def _unit_name(unit_id: UUID) -> str:
    unit = units.get(unit_id)
    return unit.name if unit else "?"
