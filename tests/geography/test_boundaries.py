"""Which region a place is in: inside, outside, or nobody knows. And how boundaries come in: all or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import event, select

from lumbung.audit import AuditRow
from lumbung.database.model import TenantOwned
from lumbung.geography import importing
from lumbung.geography.boundaries import MAP_TOLERANCE
from lumbung.geography.errors import GeographyError
from lumbung.geography.features import read_features
from lumbung.geography.models import Boundary, BoundaryDraft
from lumbung.sdk import Place, boundary_shapes, centre_of, districts, place_at, villages
from lumbung.testing import TestHouse
from lumbung.testing.shapes import feature, geojson, polygon, square

OWN = "52.04"
LUNYUK = "52.04.02"
ALAS = "52.04.05"


def bring(house: TestHouse, *features: dict[str, Any], tenant: str = "sumbawa", own: str = OWN) -> list[str]:
    with house.scope(tenant) as scope:
        draft = importing.prepare(read_features(geojson(*features), "a.geojson"), own)
        said = importing.take_in(scope.session, draft, own, source="uji", file_name="a.geojson", by="test")
    house.kernel.state.forget()
    return [one.id for one in said]


def asked(house: TestHouse, lat: float, lon: float, tenant: str = "sumbawa") -> tuple[bool | None, str, str]:
    with house.scope(tenant):
        place = place_at(lat, lon)
    return place.inside, place.district.name if place.district else "", place.village.name if place.village else ""


def loaded(house: TestHouse, tenant: str = "sumbawa") -> dict[str, bool]:
    with house.scope(tenant) as scope:
        return {row.region_code: row.derived for row in importing.listed(scope.session)}


def test_without_a_boundary_nobody_knows(house: TestHouse) -> None:
    with house.scope("sumbawa"):
        assert place_at(-8.5, 117.4) == Place(None, None, None)
        assert centre_of(OWN) is None
        assert boundary_shapes() == []


def test_a_place_is_inside_or_outside_of_the_regency_with_half_a_kilometre_to_spare(house: TestHouse) -> None:
    house.boundary(OWN, polygon(square(117.0, -9.0, 1.0)))
    assert asked(house, -8.5, 117.5) == (True, "", "")
    assert asked(house, -8.5, 118.2) == (False, "", "")
    assert asked(house, -8.5, 118.004)[0] is True  # 440 m off the eastern border
    assert asked(house, -8.5, 118.006)[0] is False  # 660 m
    assert asked(house, -9.004, 117.5)[0] is True
    assert asked(house, 117.5, -8.5)[0] is False, "latitude and longitude changed places"
    assert asked(house, float("nan"), 117.5)[0] is False


def test_a_hole_is_outside_and_every_island_inside(house: TestHouse) -> None:
    several = {
        "type": "MultiPolygon",
        "coordinates": [[square(117.0, -9.0, 1.0), square(117.4, -8.6, 0.2)], [square(119.0, -9.0, 0.1)]],
    }
    house.boundary(OWN, several)
    assert asked(house, -8.5, 117.5)[0] is False
    assert asked(house, -8.95, 119.05)[0] is True


def test_districts_and_villages_are_found_and_the_district_goes_with_the_village(house: TestHouse) -> None:
    house.boundary(OWN, polygon(square(117.0, -9.0, 1.0)))
    house.boundary(LUNYUK, polygon(square(117.0, -9.0, 0.5)))
    house.boundary(ALAS, polygon(square(117.5, -9.0, 0.5)))
    village = villages(LUNYUK)[0]
    house.boundary(village.code, polygon(square(117.0, -9.0, 0.1)))
    assert asked(house, -8.95, 117.05) == (True, "Lunyuk", village.name)
    assert asked(house, -8.7, 117.2) == (True, "Lunyuk", "")
    assert asked(house, -8.7, 117.7) == (True, "Alas", "")
    assert asked(house, -8.2, 117.7) == (True, "", "")
    assert asked(house, -8.5, 119.0) == (False, "", "")


def test_a_sliver_between_neighbours_belongs_to_the_nearest(house: TestHouse) -> None:
    house.boundary(LUNYUK, polygon(square(117.0, -9.0, 0.499)))
    house.boundary(ALAS, polygon(square(117.5, -9.0, 0.5)))
    assert asked(house, -8.8, 117.4992)[1] == "Lunyuk"
    assert asked(house, -8.8, 117.4998)[1] == "Alas"


def test_some_districts_alone_tell_who_is_inside_but_not_who_is_outside(house: TestHouse) -> None:
    house.boundary(LUNYUK, polygon(square(117.0, -9.0, 0.5)))
    assert asked(house, -8.8, 117.2) == (True, "Lunyuk", "")
    assert asked(house, -8.8, 118.9) == (None, "", "")


def test_all_districts_together_make_the_regency(house: TestHouse) -> None:
    known = districts(OWN)
    said = bring(
        house,
        *(feature(polygon(square(117 + n * 0.05, -9, 0.05)), kode=region.code) for n, region in enumerate(known)),
    )
    assert said == [f"Batas seluruh daerah dibentuk dari {len(known)} kecamatan."]
    assert loaded(house)[OWN] is True
    assert asked(house, -8.98, 117.02)[:2] == (True, known[0].name)
    assert asked(house, -8.5, 117.02)[0] is False
    with house.scope("sumbawa") as scope:
        assert importing.remove(scope.session, [known[3].code], OWN, by="test") == 1
    assert OWN not in loaded(house), "what was joined goes with a part of it"


def test_villages_make_their_districts_and_say_where_some_are_missing(house: TestHouse) -> None:
    whole, partly = villages(LUNYUK), villages(ALAS)[:2]
    said = bring(
        house,
        *(feature(polygon(square(117 + n * 0.02, -9, 0.02)), KDEPUM=one.code) for n, one in enumerate(whole)),
        *(feature(polygon(square(117 + n * 0.02, -8, 0.02)), KDEPUM=one.code) for n, one in enumerate(partly)),
    )
    assert said[0] == "Batas 1 kecamatan dibentuk dari batas desanya."
    assert said[1].startswith("Kecamatan Alas dibentuk dari 2 di antara")
    assert loaded(house)[LUNYUK] is True
    assert asked(house, -8.99, 117.01) == (True, "Lunyuk", whole[0].name)
    house.boundary(LUNYUK, polygon(square(117, -9, 0.5)))
    assert loaded(house)[LUNYUK] is False, "a boundary of its own takes the place of a joined one"


def test_the_centre_lies_within_even_where_the_middle_does_not(house: TestHouse) -> None:
    outer = [[117, -9], [118, -9], [118, -8], [117.9, -8]]
    horseshoe = [*outer, [117.9, -8.9], [117.1, -8.9], [117.1, -8], [117, -8], [117, -9]]
    house.boundary(LUNYUK, polygon(horseshoe))
    with house.scope("sumbawa"):
        centre = centre_of(LUNYUK)
        assert centre is not None
        assert place_at(*centre).district is not None
        assert centre_of("52.04.99") is None


def test_maps_get_districts_drawn_coarsely_without_gaps_between_them(house: TestHouse) -> None:
    from shapely.geometry import shape

    wavy = [[117.5 + (0.00002 if n % 2 else 0), -9 + n / 1000] for n in range(501)]
    west = polygon([[117.0, -9.0], *wavy, [117.0, -8.5], [117.0, -9.0]])
    east = polygon([[118.0, -9.0], [118.0, -8.5], *reversed(wavy), [118.0, -9.0]])
    house.boundary(LUNYUK, west)
    house.boundary(ALAS, east)
    with house.scope("sumbawa"):
        shapes = boundary_shapes()
    assert [one["properties"] for one in shapes] == [
        {"code": LUNYUK, "name": "Lunyuk"},
        {"code": ALAS, "name": "Alas"},
    ]
    assert len(json.dumps(shapes)) < 3000
    first, second = (shape(one["geometry"]) for one in shapes)
    assert first.intersection(second).area < 1e-6
    assert first.union(second).area == pytest.approx(0.5, abs=MAP_TOLERANCE)


def test_tenants_do_not_see_each_other_s_boundaries(house: TestHouse) -> None:
    house.boundary(OWN, polygon(square(117.0, -9.0, 1.0)))
    house.boundary("52.07", polygon(square(116.0, -9.0, 1.0)), tenant="sumbawabarat")
    assert asked(house, -8.5, 117.5)[0] is True
    assert asked(house, -8.5, 117.5, "sumbawabarat")[0] is False
    assert issubclass(Boundary, TenantOwned)


def test_shapes_are_read_once_and_kept_when_something_else_changes(house: TestHouse) -> None:
    house.boundary(OWN, polygon(square(117.0, -9.0, 1.0)))
    asked(house, -8.5, 117.5)
    statements: list[str] = []
    engine = house.kernel.database.engine

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    for _ in range(3):
        asked(house, -8.5, 117.5)
    assert not [one for one in statements if "lumbung_boundary" in one]
    house.person("sumbawa", "a@a.id", roles=["admin"])
    with house.scope("sumbawa") as scope:
        from lumbung.registry.state import bump

        bump(scope.session)
    house.kernel.state.forget()
    asked(house, -8.5, 117.5)
    event.remove(engine, "before_cursor_execute", note)
    about = [one for one in statements if "lumbung_boundary" in one]
    assert len(about) == 1
    assert "geometry" not in about[0]


def test_a_new_boundary_counts_at_once(house: TestHouse) -> None:
    house.boundary(OWN, polygon(square(117.0, -9.0, 1.0)))
    assert asked(house, -8.5, 118.5)[0] is False
    house.boundary(OWN, polygon(square(118.0, -9.0, 1.0)))
    assert asked(house, -8.5, 118.5)[0] is True
    assert asked(house, -8.5, 117.5)[0] is False


def test_an_import_is_written_down_and_a_removal_too(house: TestHouse) -> None:
    bring(house, feature(polygon(square(117, -9)), KODE_KEC=LUNYUK))
    with house.scope("sumbawa") as scope:
        assert importing.remove(scope.session, [LUNYUK, "52.04.99"], OWN, by="test") == 1
        assert importing.remove(scope.session, [LUNYUK], OWN, by="test") == 0
    assert loaded(house) == {}
    with house.scope("sumbawa") as scope:
        rows = scope.session.scalars(select(AuditRow).where(AuditRow.action.like("boundary.%")).order_by(AuditRow.at))
        assert [(row.action, row.thing) for row in rows] == [
            ("boundary.import", "a.geojson"),
            ("boundary.remove", "Lunyuk"),
        ]


def test_a_file_without_anything_of_ours_is_refused_and_nothing_changes(house: TestHouse) -> None:
    for shown, refusal in (
        (feature(polygon(square(116.8, -8.8)), KDCPUM="52.07.01"), "belong to other regencies"),
        (feature(polygon(square(116.8, -8.8)), nama="Entah"), "Found: Entah"),
    ):
        with pytest.raises(GeographyError, match=refusal):
            bring(house, shown)
    with pytest.raises(GeographyError, match="no region code"):
        importing.prepare(read_features(geojson(shown), "a.json"), None)
    assert loaded(house) == {}


def test_a_draft_is_kept_a_day_and_places_are_not_looked_up_in_it(house: TestHouse) -> None:
    from lumbung.testing import frozen_clock

    file = read_features(geojson(feature(polygon(square(117, -9)), KODE_KEC=LUNYUK)), "a.json")
    draft = importing.prepare(file, OWN)
    with frozen_clock("2026-11-20T08:00+08:00"), house.scope("sumbawa") as scope:
        old = importing.keep_draft(scope.session, draft, file_name="lama.json", source="", by="test").id
    with house.scope("sumbawa") as scope:
        row = importing.keep_draft(scope.session, draft, file_name="baru.json", source="BIG", by="test")
        tenant = scope.tenant
        assert tenant is not None
        assert importing.find_draft(scope.session, tenant.id, old) is None
        new = row.id
    assert asked(house, -8.95, 117.05) == (None, "", "")
    with house.scope("sumbawa") as scope:
        kept = importing.find_draft(scope.session, tenant.id, new)
        assert kept is not None
        assert importing.read_draft(kept) == draft
        importing.confirm(scope.session, kept, OWN, by="test")
        assert scope.session.scalars(select(BoundaryDraft)).all() == []
    house.kernel.state.forget()
    assert asked(house, -8.95, 117.05) == (True, "Lunyuk", "")
