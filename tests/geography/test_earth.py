"""Metres between places, and from a place to a road."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pyproj import Geod

from lumbung.sdk import distance_m, nearest_on

ALUN_ALUN = (-8.4932, 117.4205)
ROAD = {"type": "LineString", "coordinates": [[117.40, -8.50], [117.45, -8.50], [117.45, -8.45]]}


@pytest.mark.parametrize("there", [(-8.49325, 117.42052), (-8.7, 117.0), (-6.2, 106.8), (2.5, 140.7)])
def test_distances_are_those_of_the_ellipsoid_within_half_a_percent(there: tuple[float, float]) -> None:
    _, _, true = Geod(ellps="WGS84").inv(ALUN_ALUN[1], ALUN_ALUN[0], there[1], there[0])
    assert distance_m(*ALUN_ALUN, *there) == pytest.approx(true, rel=0.006)
    assert distance_m(*there, *ALUN_ALUN) == pytest.approx(distance_m(*ALUN_ALUN, *there))
    assert distance_m(*there, *there) == 0


def test_the_nearest_place_on_a_road_lies_between_its_corners() -> None:
    metres, lat, lon = nearest_on(ROAD, -8.501, 117.42)
    assert (lat, lon) == pytest.approx((-8.50, 117.42))
    assert metres == pytest.approx(distance_m(-8.501, 117.42, lat, lon), rel=0.001)


def test_beyond_the_end_of_a_road_its_end_is_nearest() -> None:
    metres, lat, lon = nearest_on(ROAD, -8.50, 117.39)
    assert (lat, lon) == pytest.approx((-8.50, 117.40))
    assert metres == pytest.approx(distance_m(-8.50, 117.39, -8.50, 117.40), rel=0.001)


def test_points_and_several_roads_have_a_nearest_place_too() -> None:
    assert nearest_on({"type": "Point", "coordinates": [117.4, -8.5, 12]}, -8.5, 117.4)[0] == 0
    both = {"type": "MultiLineString", "coordinates": [[[110, -7], [111, -7]], ROAD["coordinates"]]}
    assert nearest_on(both, -8.501, 117.42)[1:] == pytest.approx((-8.50, 117.42))


def test_within_an_area_the_place_itself_is_nearest_but_not_in_its_hole() -> None:
    yard = [[117.0, -9.0], [118.0, -9.0], [118.0, -8.0], [117.0, -8.0], [117.0, -9.0]]
    hole = [[117.4, -8.6], [117.6, -8.6], [117.6, -8.4], [117.4, -8.4], [117.4, -8.6]]
    area = {"type": "Polygon", "coordinates": [yard, hole]}
    assert nearest_on(area, -8.2, 117.2) == (0.0, -8.2, 117.2)
    metres, lat, lon = nearest_on(area, -8.5, 117.41)
    assert (lat, lon) == pytest.approx((-8.5, 117.4))
    assert metres == pytest.approx(1100, rel=0.01)


def test_a_geometry_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no place"):
        nearest_on({"type": "LineString", "coordinates": []}, 0, 0)


def test_numpy_is_not_imported_at_the_start() -> None:
    asked = "import sys, lumbung.app, lumbung.sdk; print({'numpy', 'shapely', 'pyproj'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
