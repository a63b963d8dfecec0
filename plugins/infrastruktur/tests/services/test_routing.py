"""Who answers for a place: the owner of the road nearby, the rules of the office, the unit of the category."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lumbung_infrastruktur.models import Asset, Category, Destination, Report, Route
from lumbung_infrastruktur.rules.states import State
from lumbung_infrastruktur.services import routing, workflow

from lumbung.sdk import find_or_404, now, session
from lumbung.testing import shapes

from .made import made, read

HERE = (-8.4936, 117.4207)


def road(works: Any, owner: str, *, lat: float = HERE[0], unit: UUID | None = None, kind: str = "road") -> UUID:
    """A stretch of half a kilometre from west to east; returns its id."""
    with works.inside():
        west, east = HERE[1] - 0.0025, HERE[1] + 0.0025
        asset = Asset(
            kind=kind, code=f"{owner}-{lat}-{kind}", name=f"Jalan {owner.title()}", owner=owner, unit_id=unit,
            lat=lat, lon=HERE[1], min_lat=lat, max_lat=lat, min_lon=west, max_lon=east,
            geometry={"type": "LineString", "coordinates": [[west, lat], [east, lat]]},
            added_at=now(), changed_at=now(),
        )  # fmt: skip
        session.add(asset)
        session.flush()
        return asset.id


def rule(works: Any, position: int, authority: str, **given: Any) -> None:
    with works.inside():
        session.add(Route(position=position, authority=authority, **given))


def destination(works: Any, authority: str, name: str) -> UUID:
    with works.inside():
        found = Destination(authority=authority, name=name)
        session.add(found)
        session.flush()
        return found.id


def proposed(works: Any, **given: Any) -> Report:
    report_id = made(works, **given)
    with works.inside():
        routing.propose(find_or_404(Report, report_id))
    return read(works, report_id)


def why(works: Any, **given: Any) -> str:
    report_id = made(works, **given)
    with works.inside():
        return " ".join(routing.explain(find_or_404(Report, report_id)))


def test_without_register_and_rules_the_unit_of_the_category_is_proposed(works: Any) -> None:
    report = proposed(works, unit_id=None, authority="")
    assert (report.authority, report.unit_id, report.state) == ("kabupaten", works.roads, State.NEW)
    assert "Tidak ada ruas jalan" in why(works) and "Unit PUPR" in why(works)
    assert proposed(works, category=works.lamp).unit_id == works.lamps


def test_a_category_without_unit_says_so(works: Any) -> None:
    with works.inside():
        find_or_404(Category, works.pothole).unit_id = None
    assert proposed(works).unit_id is None
    assert "belum mempunyai unit" in why(works)


def test_a_national_road_is_for_the_national_authority(works: Any) -> None:
    asset = road(works, "nasional")
    report = proposed(works)
    assert (report.authority, report.destination_id, report.unit_id) == ("nasional", works.national, None)
    assert report.asset_id == asset
    assert "Ruas terdekat" in why(works) and "nasional" in why(works)


def test_a_provincial_and_a_village_road_go_to_their_own(works: Any) -> None:
    for owner, name in (("provinsi", "Dinas PUPR Provinsi"), ("desa", "Pemerintah desa")):
        to = destination(works, owner, name)
        lat = HERE[0] - (0.01 if owner == "desa" else 0)
        road(works, owner, lat=lat)
        report = proposed(works, lat=lat)
        assert (report.authority, report.destination_id, report.unit_id) == (owner, to, None)


def test_an_authority_whose_destination_is_closed_or_missing_is_still_named(works: Any) -> None:
    road(works, "provinsi")
    assert (proposed(works).authority, proposed(works).destination_id) == ("provinsi", None)


def test_the_nearest_of_two_roads_decides_and_a_far_one_does_not(works: Any) -> None:
    road(works, "nasional", lat=HERE[0] + 0.0003)
    ours = road(works, "kabupaten", lat=HERE[0] + 0.0001, unit=works.roads)
    assert (proposed(works).authority, proposed(works).asset_id) == ("kabupaten", ours)
    assert proposed(works, lat=HERE[0] - 0.01).asset_id is None


def test_a_retired_road_is_not_looked_at(works: Any) -> None:
    asset = road(works, "nasional")
    with works.inside():
        find_or_404(Asset, asset).retired = True
    assert proposed(works).authority == "kabupaten"


def test_a_lamp_beside_a_national_road_stays_ours_unless_a_rule_says_otherwise(works: Any) -> None:
    road(works, "nasional")
    assert (proposed(works, category=works.lamp).authority, proposed(works, category=works.lamp).unit_id) == (
        "kabupaten", works.lamps,
    )  # fmt: skip
    rule(works, 1, "nasional", group="pju", road_owner="nasional")
    report = proposed(works, category=works.lamp)
    assert (report.authority, report.destination_id) == ("nasional", works.national)


def test_the_first_rule_that_fits_decides_by_position(works: Any) -> None:
    road(works, "nasional")
    rule(works, 3, "nasional", road_owner="nasional")
    rule(works, 1, "kabupaten", category_id=works.lamp, unit_id=works.lamps)
    rule(works, 2, "kabupaten", group="jalan", district_code="52.04.08", unit_id=works.lamps, note="SK Bupati 12/2026.")
    report = proposed(works)
    assert (report.authority, report.unit_id, report.destination_id) == ("kabupaten", works.lamps, None)
    assert "nomor 2" in why(works) and "SK Bupati 12/2026." in why(works)
    elsewhere = proposed(works, district_code="52.04.05")
    assert (elsewhere.authority, elsewhere.destination_id) == ("nasional", works.national)


def test_a_rule_for_us_without_a_unit_leaves_it_to_asset_and_category(works: Any) -> None:
    rule(works, 1, "kabupaten")
    assert proposed(works).unit_id == works.roads
    road(works, "kabupaten", unit=works.lamps)
    assert proposed(works).unit_id == works.lamps


def test_an_asset_that_is_named_wins_over_the_nearest(works: Any) -> None:
    road(works, "nasional")
    ours = road(works, "kabupaten", lat=HERE[0] + 0.01, unit=works.roads)
    report = proposed(works, asset_id=ours, place_from="asset")
    assert (report.authority, report.asset_id) == ("kabupaten", ours)


def test_outside_of_the_regency_it_is_for_others(works: Any) -> None:
    works.house.boundary("52.04", shapes.polygon(shapes.square(117.0, -9.0, 1.0)))
    to = destination(works, "lain", "Pemerintah kabupaten tetangga")
    report = proposed(works, lat=-8.75, lon=116.5, district_code="", village_code="")
    assert (report.authority, report.destination_id, report.unit_id) == ("lain", to, None)
    assert "di luar" in why(works, lat=-8.75, lon=116.5)


def test_a_report_of_a_village_alone_is_proposed_by_its_category(works: Any) -> None:
    road(works, "nasional")
    report = proposed(works, lat=None, lon=None, place_from="village")
    assert (report.authority, report.unit_id) == ("kabupaten", works.roads)
    assert "Ruas" not in why(works, lat=None, lon=None)


def test_correcting_the_place_proposes_anew_until_somebody_decided(works: Any) -> None:
    road(works, "nasional")
    report_id, routed = made(works, lat=-8.6), made(works, lat=-8.6, state=State.ROUTED)
    for one in (report_id, routed):
        with works.inside(works.person("verifier")):
            assert workflow.change(find_or_404(Report, one), lat=HERE[0], lon=HERE[1])
    assert read(works, report_id).authority == "nasional"
    assert read(works, routed).authority == "kabupaten"
