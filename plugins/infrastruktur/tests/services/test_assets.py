"""The register: lengths, places, the nearest road, and how the network stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Asset, Plan, WorkOrder
from lumbung_infrastruktur.rules import shapes
from lumbung_infrastruktur.services import assets, condition_summary, plans

from lumbung.sdk import DomainError, find, now, session, today
from lumbung.testing import shapes as drawn

HERE = (-8.4936, 117.4207)
METRE = 1 / 111_195.08  # degrees of latitude
LEMPEH = "52.04.08"


def line(*points: tuple[float, float]) -> dict[str, Any]:
    """A line through places given as (latitude, longitude)."""
    return {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in points]}


def beside(metres: float) -> dict[str, Any]:
    """A road from west to east, so many metres north of HERE."""
    lat = HERE[0] + metres * METRE
    return line((lat, HERE[1] - 0.01), (lat, HERE[1] + 0.01))


def make(code: str, **values: Any) -> Asset:
    """Save a road section of the regency."""
    given = {"kind": "road", "code": code, "name": f"Ruas {code}", **values}
    return assets.save(None, **given)


def test_a_degree_of_latitude_is_111_kilometres_long() -> None:
    # 6371008.8 m * pi / 180 = 111195.08 m; a line of a tenth of it, with a bend that goes on straight.
    size = shapes.measured(line((-8.5, 117.4), (-8.45, 117.4), (-8.4, 117.4)))
    assert size.length_m == Decimal("11119.51")
    assert (size.lat, size.lon) == (-8.45, 117.4)
    assert (size.min_lat, size.max_lat, size.min_lon, size.max_lon) == (-8.5, -8.4, 117.4, 117.4)


def test_a_line_in_two_parts_is_as_long_as_both() -> None:
    parts = [[[117.4, -8.5], [117.4, -8.4]], [[117.5, -8.5], [117.5, -8.45]]]
    size = shapes.measured({"type": "MultiLineString", "coordinates": parts})
    assert size.length_m == Decimal("16679.26")
    assert size.lon == 117.4  # on the longer part


def test_points_and_areas_have_no_length_and_their_point_lies_on_them() -> None:
    assert shapes.measured({"type": "Point", "coordinates": [117.42, -8.49]}).length_m is None
    size = shapes.measured(drawn.polygon(drawn.square(117.4, -8.5)))
    assert (size.length_m, round(size.lat, 3), round(size.lon, 3)) == (None, -8.45, 117.45)


def test_length_comes_from_the_geometry_unless_it_is_given(works: Any) -> None:
    with works.inside():
        geometry = line((-8.5, 117.4), (-8.4, 117.4))
        assert make("K-1", geometry=geometry).length_m == Decimal("11119.51")
        assert make("K-2", geometry=geometry, length_m=Decimal(11200)).length_m == Decimal(11200)


def test_a_road_at_50_metres_is_nearer_than_one_at_60(works: Any) -> None:
    with works.inside():
        make("K-60", geometry=beside(-60))
        make("K-49", geometry=beside(49.9))
        make("K-30", geometry=beside(30), kind="drain")
        gone = make("K-10", geometry=beside(10))
        assets.retire(gone, "Dilebur")
        assert [(one.asset.code, round(one.metres)) for one in assets.near(*HERE, "road")] == [("K-49", 50)]
        both = assets.near(*HERE, "road", within_m=100)
        assert [one.asset.code for one in both] == ["K-49", "K-60"]


def test_a_long_road_is_near_though_its_ends_and_its_middle_are_far(works: Any) -> None:
    with works.inside():
        make("K-1", geometry=line((HERE[0], 117.0), (HERE[0], 118.2)))
        assert [one.asset.code for one in assets.near(*HERE, "road")] == ["K-1"]


def test_an_asset_is_found_by_its_code_whatever_the_capitals(works: Any) -> None:
    with works.inside():
        make("K-001")
        found = assets.by_code("road", " k-001 ")
        assert found is not None and found.code == "K-001"
        assert assets.by_code("lamp", "K-001") is None


def test_a_code_is_taken_once_for_each_kind(works: Any) -> None:
    with works.inside():
        make("K-1")
        make("K-1", kind="lamp")
        with pytest.raises(DomainError, match="sudah ada"):
            make("K-1", name="Lain")
        assert assets.counts() == {"road": 1, "lamp": 1}


def test_the_place_tells_district_and_village_and_refuses_what_lies_outside(works: Any) -> None:
    works.house.boundary("52.04", drawn.polygon(drawn.square(117.3, -8.6, 0.3)))
    works.house.boundary(LEMPEH, drawn.polygon(drawn.square(117.4, -8.5)))
    with works.inside():
        made = make("K-1", geometry=line(HERE, (-8.4930, 117.4300)))
        assert made.district_code == LEMPEH
        with pytest.raises(DomainError, match="di luar wilayah"):
            make("K-2", geometry={"type": "Point", "coordinates": [HERE[0], HERE[1]]})  # swapped by hand
        half_in = make("K-3", geometry=line((-8.55, 117.35), (-8.55, 116.5)))
        assert half_in.length_m is not None
        assert assets.by_code("road", "K-2") is None


def test_pasted_geometry_is_read_or_refused_with_a_reason() -> None:
    swapped = '{"type": "LineString", "coordinates": [[-8.49, 117.42], [-8.50, 117.43]]}'
    geometry, notes = shapes.read_pasted(swapped)
    assert geometry["coordinates"][0] == [117.42, -8.49]
    assert "tertukar" in notes[0].id


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"type": "Point",\n "coordinates": [117.4, -8.4}', "baris 2"),
        ('{"type": "FeatureCollection", "features": []}', "tepat satu"),
        ('{"nama": "bukan peta"}', "GeoJSON"),
        ('{"type": "Point", "coordinates": [537000, 9061000]}', "UTM"),
    ],
)
def test_pasted_nonsense_is_said_to_be_so(works: Any, text: str, said: str) -> None:
    with works.inside(), pytest.raises(DomainError, match=said):
        shapes.read_pasted(text)


def test_an_asset_with_open_work_is_not_retired(works: Any) -> None:
    with works.inside():
        made = make("K-1")
        order = WorkOrder(asset_id=made.id, number="K26-1", title="Tambal", state="issued", made_at=now())
        session.add(order)
        session.flush()
        with pytest.raises(DomainError, match="K26-1"):
            assets.retire(made, "Dihapus dari SK")
        assert not made.retired
        order.state = "cancelled"
        plan = plans.save(None, title="Lapis ulang", next_on=today(), asset_id=made.id)
        with pytest.raises(DomainError, match="alasan"):
            assets.retire(made, "  ")
        assets.retire(made, "Dihapus dari SK")
        assert made.retired and plan.state == "dropped"
        assets.restore(made)
        assert not made.retired and session.get(Plan, (plan.tenant_id, plan.id)).state == "dropped"


def test_work_on_reports_about_an_asset_counts_among_its_costs(works: Any) -> None:
    from lumbung_infrastruktur.models import Report

    with works.inside():
        made = make("K-1", unit_id=works.roads)
        report = Report(
            category_id=works.pothole, asset_id=made.id, number="L26-1", token="t", reported_at=now(), updated_at=now()
        )
        session.add(report)
        session.flush()
        for number, state, total, about in (
            ("1", "done", 1_500_000, {"report_id": report.id}),
            ("2", "done", 2_000_000, {"asset_id": made.id}),
            ("3", "draft", 9_000_000, {"asset_id": made.id}),
        ):
            session.add(WorkOrder(number=number, title="x", state=state, total=total, made_at=now(), **about))
        session.flush()
        found = assets.history(made)
        assert (found.cost, len(found.orders), len(found.reports)) == (3_500_000, 3, 1)


def test_kilometres_by_condition_add_up_whichever_way_they_are_counted(works: Any) -> None:
    # A table as Permen PU has it: 3.2 good, 1.5 fair, 0.8 + 0.5 damaged, 1.0 not surveyed; steady 4.7 of 7.0 km.
    lengths = (
        ("baik", "kabupaten", LEMPEH, "2000.4"),
        ("baik", "nasional", "52.04.01", "1199.6"),
        ("sedang", "kabupaten", "52.04.01", "1500"),
        ("rusak_ringan", "kabupaten", LEMPEH, "800"),
        ("rusak_berat", "desa", "", "500"),
        ("", "kabupaten", LEMPEH, "1000"),
    )
    with works.inside():
        for number, (condition, owner, district, metres) in enumerate(lengths):
            made = make(f"K-{number}", owner=owner, district_code=district, length_m=Decimal(metres))
            made.condition = condition
        make("K-9", kind="lamp").condition = "baik"
        assets.retire(make("K-10", length_m=Decimal(9999)), "Dilebur")
        make("K-11")
        session.flush()
        found = condition_summary.summary("road", narrow=[])
        assert found.total.amounts == {
            "baik": 3200,
            "sedang": 1500,
            "rusak_ringan": 800,
            "rusak_berat": 500,
            "": 1000,
        }
        assert (found.total.total, found.total.steady, found.unmeasured) == (7000, 4700, 1)
        assert found.total.steady_share == pytest.approx(0.6714, abs=1e-4)
        assert sum(found.total.percent().values()) == 100
        for lines in (found.owners, found.districts):
            for condition, amount in found.total.amounts.items():
                assert sum(one.amounts.get(condition, 0) for one in lines) == amount
            assert sum(one.count for one in lines) == found.total.count == 7
        assert [one.title for one in found.owners] == ["Kabupaten", "Nasional", "Desa"]
        sheets = condition_summary.sheets(found)
        assert [sheet.rows[-1][-2] for sheet in sheets] == [7000, 7000]


def test_things_without_a_length_are_counted_not_measured(works: Any) -> None:
    with works.inside():
        for number, condition in enumerate(("baik", "baik", "rusak_berat")):
            make(f"PJU-{number}", kind="lamp").condition = condition
        session.flush()
        found = condition_summary.summary("lamp", narrow=[])
        assert found.total.amounts == {"baik": 2, "rusak_berat": 1} and not found.in_metres


def test_nobody_else_sees_the_assets_of_a_unit(works: Any) -> None:
    with works.inside():
        ours: UUID = make("K-1", unit_id=works.roads, length_m=Decimal(100)).id
        make("P-1", unit_id=works.lamps, length_m=Decimal(900))
    with works.inside(works.person("roads")):
        assert condition_summary.summary("road").total.total == 100
        assert find(Asset, ours) is not None
