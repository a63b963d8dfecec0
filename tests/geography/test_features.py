"""What comes out of an office's file is WGS 84, longitude first and sound, or the file is refused whole."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lumbung.geography import archives, features, mending
from lumbung.geography.errors import GeographyError
from lumbung.geography.features import FeatureFile, read_features
from lumbung.testing.shapes import feature, geojson, polygon, shapefile_parts, square, zipped

KOTA = square(117.4, -8.5)


def swapped(ring: list[list[float]]) -> list[list[float]]:
    return [[y, x] for x, y in ring]


def geometry_of(file: Any, name: str = "batas.geojson") -> Any:
    (only,) = read_features(file, name).features
    assert only.geometry is not None
    return only.geometry


def said(file: FeatureFile) -> str:
    return " ".join(note.id for note in file.notes)


def csv(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def test_a_sound_file_comes_out_as_it_went_in_and_nothing_is_said() -> None:
    read = read_features(geojson(feature(polygon(KOTA), nama="Sumbawa", luas=12.5)), "batas.GEOJSON")
    (only,) = read.features
    assert (only.geometry, only.properties, only.row) == (polygon(KOTA), {"nama": "Sumbawa", "luas": 12.5}, 1)
    assert read.notes == []


def test_latitude_first_is_turned_and_said() -> None:
    read = read_features(geojson(feature(polygon(swapped(KOTA)))), "batas.json")
    assert read.features[0].geometry == polygon(KOTA)
    assert "tertukar pada 1 bentuk" in said(read)


def test_every_kind_of_shape_is_turned() -> None:
    shapes = {
        "Point": [-8.5, 117.4],
        "LineString": [[-8.5, 117.4], [-8.6, 117.5]],
        "MultiPolygon": [[swapped(KOTA)], [swapped(square(117.6, -8.7))]],
    }
    for kind, coordinates in shapes.items():
        made = geometry_of(geojson(feature({"type": kind, "coordinates": coordinates})))
        first = made["coordinates"]
        while isinstance(first[0], list):
            first = first[0]
        assert first == pytest.approx([117.4, -8.5]), kind


def test_an_order_that_changes_within_the_file_is_refused_with_its_row() -> None:
    file = geojson(*(feature(polygon(square(117 + n / 10, -8.5))) for n in range(3)), feature(polygon(swapped(KOTA))))
    with pytest.raises(GeographyError, match="Look at row 4"):
        read_features(file, "batas.json")


def test_islands_and_holes_stay() -> None:
    hole = square(117.44, -8.46, 0.02)
    several = {"type": "MultiPolygon", "coordinates": [[KOTA, hole], [square(117.8, -8.2)]]}
    made = geometry_of(geojson(feature(several)))
    assert made == several


def test_a_bow_tie_is_repaired_and_an_open_ring_closed() -> None:
    bow = [[117.0, -9.0], [117.1, -8.9], [117.1, -9.0], [117.0, -8.9], [117.0, -9.0]]
    read = read_features(geojson(feature(polygon(bow)), feature(polygon(KOTA[:-1]))), "batas.json")
    from shapely.geometry import shape

    tie, closed = (shape(one.geometry) for one in read.features)
    assert tie.is_valid
    assert tie.area == pytest.approx(0.005)
    assert closed.area == pytest.approx(0.01)
    assert "1 garis batas yang belum tertutup" in said(read)
    assert "1 bidang yang memotong dirinya sendiri" in said(read)


def test_heights_are_left_out() -> None:
    tall = [[x, y, 12.0] for x, y in KOTA]
    assert geometry_of(geojson(feature(polygon(tall)))) == polygon(KOTA)
    parts = shapefile_parts([([KOTA], {"NAMOBJ": "Sumbawa"})], with_z=True)
    made = geometry_of(zipped(parts), "batas.zip")
    assert {len(point) for point in made["coordinates"][0]} == {2}


@pytest.mark.parametrize("epsg", [32750, 23890])  # WGS 84 / UTM 50S, DGN95 / UTM 50S
def test_a_shapefile_in_utm_is_put_into_degrees(epsg: int) -> None:
    parts = shapefile_parts([([KOTA], {"NAMOBJ": "Sumbawa"})], epsg=epsg)
    read = read_features(zipped(parts), "batas.zip")
    (only,) = read.features
    assert only.properties == {"NAMOBJ": "Sumbawa"}
    corners = sorted(only.geometry["coordinates"][0])
    assert corners[0] == pytest.approx([117.4, -8.5], abs=1e-5)
    assert corners[-1] == pytest.approx([117.5, -8.4], abs=1e-5)
    assert "UTM zone 50S diubah menjadi WGS 84" in said(read)


def test_geojson_that_names_utm_is_put_into_degrees_too() -> None:
    from pyproj import Transformer

    convert = Transformer.from_crs(4326, 32750, always_xy=True).transform
    file = geojson(
        feature(polygon([list(convert(*point)) for point in KOTA])),
        crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32750"}},
    )
    assert geometry_of(file)["coordinates"][0][0] == pytest.approx([117.4, -8.5], abs=1e-5)


def test_a_shapefile_without_prj_is_read_as_degrees_and_says_so() -> None:
    read = read_features(zipped(shapefile_parts([([KOTA], {"A": "1"})], epsg=None)), "batas.zip")
    assert sorted(read.features[0].geometry["coordinates"][0])[0] == pytest.approx([117.4, -8.5])
    assert ".prj tidak ada" in said(read)


def test_a_shapefile_in_utm_without_prj_is_refused() -> None:
    parts = shapefile_parts([([KOTA], {"A": "1"})], epsg=32750)
    del parts["batas.prj"]
    with pytest.raises(GeographyError, match=r"Put the \.prj into the \.zip"):
        read_features(zipped(parts), "batas.zip")


def test_a_projection_that_nobody_knows_is_refused() -> None:
    parts = shapefile_parts([([KOTA], {"A": "1"})])
    for prj in (
        b"bukan proyeksi",
        b'GEOGCS["a",DATUM["b",SPHEROID["c",1,1]],EXTENSION["PROJ4","+nadgrids=/etc/passwd"]]',
    ):
        with pytest.raises(GeographyError, match="projection of the file is not known"):
            read_features(zipped({**parts, "batas.prj": prj}), "batas.zip")


def test_words_of_a_shapefile_may_be_in_an_old_code_page() -> None:
    parts = shapefile_parts([([KOTA], {"NAMOBJ": "x" * 8})])
    parts["batas.dbf"] = parts["batas.dbf"].replace(b"x" * 8, "Désa Éla".encode("cp1252"))
    read = read_features(zipped({**parts, "batas.cpg": b"1252"}), "batas.zip")
    assert read.features[0].properties["NAMOBJ"] == "Désa Éla"


@pytest.mark.parametrize(
    "text",
    [
        "nama,lat,lon\nTugu,-8.4932,117.4205\n",
        "nama;lintang;bujur\nTugu;-8,4932;117,4205\n",
        "NAMA;Latitude;Longitude\nTugu;8,4932 LS;117,4205° BT\n",
        'nama,koordinat\nTugu,"-8.4932, 117.4205"\n',
        "nama;geom\nTugu;SRID=4326;POINT (117.4205 -8.4932)\n".replace("SRID=4326;", ""),
        "\ufeffnama\tY\tX\r\nTugu\t−8.4932\t117.4205\r\n",
    ],
)  # fmt: skip
def test_tables_are_read_however_a_spreadsheet_saved_them(text: str) -> None:
    (row,) = read_features(csv(text), "titik.csv").features
    assert row.geometry["type"] == "Point"
    assert row.geometry["coordinates"] == pytest.approx([117.4205, -8.4932])
    assert row.row == 2
    assert {key.casefold(): value for key, value in row.properties.items()}["nama"] == "Tugu"


def test_columns_that_changed_places_are_turned() -> None:
    read = read_features(csv("nama,lat,lon\nTugu,117.42,-8.49\nPasar,117.43,-8.48\n"), "titik.csv")
    assert [one.geometry["coordinates"] for one in read.features] == [[117.42, -8.49], [117.43, -8.48]]
    assert "tertukar pada 2 bentuk" in said(read)


def test_a_row_without_a_place_stays_and_an_empty_line_goes() -> None:
    read = read_features(csv("nama,lat,lon\nTugu,,\n,,\nPasar,-8.48,117.43\n"), "titik.csv")
    assert [(one.row, one.geometry is None) for one in read.features] == [(2, True), (4, False)]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("nama,lat,lon\nA,-8.4,117.4\nB,selatan,117.4\n", "Row 3, column lat: “selatan” is no place"),
        ("nama,lat,lon\nA,-8.4,\n", "Row 2, column lon: “” is no place"),
        ("nama;lat;lon\nA;-8493212;117420511\n", "Row 2, column lat: the number is no degree"),
        ("nama,alamat\nA,Jalan Garuda\n", "has no columns for a place"),
        ("nama,wkt\nA,POINT (satu dua)\n", "Row 2, column wkt"),
    ],
)
def test_a_wrong_place_in_a_table_is_named_by_row_and_column(text: str, refusal: str) -> None:
    with pytest.raises(GeographyError, match=refusal):
        read_features(csv(text), "titik.csv")


def test_kml_has_names_data_and_shapes() -> None:
    kml = b"""<?xml version="1.0"?><kml xmlns="x:kml"><Document><Placemark><name>Lape</name><ExtendedData>
    <Data name="KODE"><value>52.04.14</value></Data></ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>
    117.4,-8.5,0 117.5,-8.5,0 117.5,-8.4,0 117.4,-8.5,0</coordinates></LinearRing></outerBoundaryIs></Polygon>
    </Placemark></Document></kml>"""
    for file, name in ((io.BytesIO(kml), "batas.kml"), (zipped({"doc.kml": kml}), "batas.kmz")):
        (only,) = read_features(file, name).features
        assert only.properties == {"KODE": "52.04.14", "name": "Lape"}
        assert only.geometry["coordinates"][0][1] == [117.5, -8.5]


def test_kml_that_reaches_for_other_files_is_refused() -> None:
    kml = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><kml>&b;</kml>'
    with pytest.raises(GeographyError, match="not KML"):
        read_features(io.BytesIO(kml), "batas.kml")


@pytest.mark.parametrize(
    ("content", "name", "refusal"),
    [
        (b"", "a.geojson", "is empty"),
        (b"<html>", "a.geojson", "is not JSON"),
        (b'{"satu": 1}', "a.json", "is not GeoJSON"),
        (b"[" * 100_000, "a.json", "is not JSON"),
        (b'{"type":"Point","coordinates":[NaN,1]}', "a.json", "NaN is no number"),
        (b'{"type":"Point","coordinates":["a",1]}', "a.json", "Row 1: its coordinates are no numbers"),
        (b'{"type":"Polygon","coordinates":[[[117,-8],[118,-8]]]}', "a.json", "fewer than three corners"),
        (b'{"type":"Circle","coordinates":[1,2]}', "a.json", "kind Circle is not known"),
        (b"abc", "a.shp", r"put \.shp, \.dbf and \.prj together"),
        (b"abc", "a.xlsx", "no file of shapes"),
        (b"abc", "a.zip", "zip is broken"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(content: bytes, name: str, refusal: str) -> None:
    with pytest.raises(GeographyError, match=refusal):
        read_features(io.BytesIO(content), name)


def test_a_zip_bomb_is_refused_before_and_while_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_UNPACKED", 50_000)
    bomb = zipped({"batas.geojson": b" " * 100_000})
    with pytest.raises(GeographyError, match="Unpacked"):
        read_features(bomb, "batas.zip")
    lying = bomb.getvalue().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))  # type: ignore[attr-defined]
    with pytest.raises(GeographyError):
        read_features(io.BytesIO(lying), "batas.zip")


def test_a_zip_that_names_files_elsewhere_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parts = shapefile_parts([([KOTA], {"A": "1"})])
    slipping = {f"../../{name}": content for name, content in parts.items()}
    read = read_features(zipped({**slipping, "/tmp/jahat.txt": b"x"}), "batas.zip")
    assert len(read.features) == 1
    assert list(tmp_path.iterdir()) == []
    assert not Path("/tmp/jahat.txt").exists()


def test_zips_of_several_layers_or_with_a_password_are_refused() -> None:
    parts = shapefile_parts([([KOTA], {"A": "1"})])
    two = {**parts, **{name.replace("batas", "jalan"): content for name, content in parts.items()}}
    with pytest.raises(GeographyError, match=r"several layers: batas\.shp, jalan\.shp"):
        read_features(zipped(two), "batas.zip")
    locked = io.BytesIO(zipped(parts).read())
    with zipfile.ZipFile(locked) as archive:
        at = archive.getinfo("batas.shp").header_offset
    content = bytearray(locked.getvalue())
    for start in (at + 6, content.index(b"PK\x01\x02") + 8):
        content[start] |= 1
    with pytest.raises(GeographyError, match="password"):
        read_features(io.BytesIO(bytes(content)), "batas.zip")


def test_a_damaged_shapefile_is_refused() -> None:
    parts = shapefile_parts([([KOTA], {"A": "1"})])
    parts["batas.shp"] = parts["batas.shp"][:120]
    with pytest.raises(GeographyError, match="damaged"):
        read_features(zipped(parts), "batas.zip")


def test_a_shapefile_without_its_table_has_shapes_alone() -> None:
    parts = shapefile_parts([([KOTA], {"A": "1"})])
    del parts["batas.dbf"]
    (only,) = read_features(zipped(parts), "batas.zip").features
    assert only.properties == {}


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    file = geojson(feature(polygon(KOTA)), feature(polygon(KOTA)))
    monkeypatch.setattr(mending, "MOST_VERTICES", 9)
    with pytest.raises(GeographyError, match="more than 9 points"):
        read_features(file, "a.json")
    monkeypatch.setattr(features, "MOST_FEATURES", 1)
    file.seek(0)
    with pytest.raises(GeographyError, match="2 shapes; at most 1"):
        read_features(file, "a.json")
    monkeypatch.setattr(features, "LARGEST_FILE", 100)
    file.seek(0)
    with pytest.raises(GeographyError, match="larger than"):
        read_features(file, "a.json")
