"""Files of assets: columns guessed, rows compared, taken in whole, taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Asset, Condition, ImportBatch, Plan
from lumbung_infrastruktur.rules import asset_columns
from lumbung_infrastruktur.services import asset_import, assets, conditions, import_undo
from lumbung_infrastruktur.services.import_rows import Choices
from sqlalchemy import func, select

from lumbung.sdk import DomainError, find, session, today
from lumbung.testing import frozen_clock, shapes

LATER = "2026-11-25T08:00+08:00"


def road(number: str, lat: float = -8.49, **more: Any) -> dict[str, Any]:
    """A road of some 1,100 m as an office exports it."""
    line = {"type": "LineString", "coordinates": [[117.42, lat], [117.43, lat]]}
    return shapes.feature(line, NO_RUAS=number, NAMA_RUAS=f"Ruas {number}", **more)


def geojson(*features: Any) -> bytes:
    """The bytes of a collection."""
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


Sent = Callable[..., UUID]


@pytest.fixture
def sent(works: Any) -> Sent:
    """Return a function that uploads a file as the supervisor of roads; it returns the id of the batch."""

    def send(content: bytes, name: str = "ruas.geojson", kind: str = "road") -> UUID:
        with works.inside(works.person("roads")):
            return asset_import.upload(content, name, kind, works.roads).id

    return send


@pytest.fixture
def taken(works: Any, sent: Sent) -> Sent:
    """Return a function that uploads a file and takes it in."""

    def take(content: bytes, name: str = "ruas.geojson", kind: str = "road", **how: Any) -> UUID:
        batch_id = sent(content, name, kind)
        with works.inside(works.person("roads")):
            asset_import.take_in(batch(batch_id), **how)
        return batch_id

    return take


def batch(batch_id: UUID) -> ImportBatch:
    """The import as it stands."""
    found = find(ImportBatch, batch_id, lock=True)
    assert found is not None
    return found


def codes() -> list[str]:
    """The codes of all assets."""
    return list(session.scalars(select(Asset.code).order_by(Asset.code)))


def get(code: str, kind: str = "road") -> Asset:
    """The asset of this code."""
    found = assets.by_code(kind, code)
    assert found is not None
    return found


def test_usual_spellings_are_told_apart() -> None:
    headings = ["OBJECTID", "NO_RUAS", "Nama Ruas", "STATUS", "KELAS", "PANJANG (KM)", "KONDISI", "Kec.", "KETERANGAN"]
    assert asset_columns.guess(headings) == {
        "code": "NO_RUAS",
        "name": "Nama Ruas",
        "owner": "STATUS",
        "road_class": "KELAS",
        "length_m": "PANJANG (KM)",
        "condition": "KONDISI",
        "district": "Kec.",
    }
    assert asset_columns.guess(["ID_LAMPU", "lokasi"]) == {"code": "ID_LAMPU", "name": "lokasi"}
    assert asset_columns.says_kilometres("PANJANG (KM)")


def test_kilometres_are_told_by_comparing_with_the_geometry(works: Any, sent: Sent) -> None:
    batch_id = sent(geojson(road("K-1", PANJANG="1,1"), road("K-2", PANJANG="1,08")))
    with works.inside(works.person("roads")):
        seen = asset_import.preview(batch(batch_id))
        assert seen.choices.length_unit == "km"
        assert [row.values["length_m"] for row in seen.rows] == [Decimal("1100.00"), Decimal("1080.00")]
        assert codes() == []


def test_a_file_is_taken_in_with_conditions_and_what_else_it_says(works: Any, taken: Sent) -> None:
    batch_id = taken(geojson(road("K-1", STATUS="Kab.", KONDISI="RR", IRI=9.5, LAPIS="Aspal", TAHUN=1998.0)))
    with works.inside():
        made, found = get("K-1"), batch(batch_id)
        assert (found.added, found.changed, found.state, found.content) == (1, 0, "done", None)
        assert (made.name, made.owner, made.built_year, made.unit_id) == ("Ruas K-1", "kabupaten", 1998, works.roads)
        assert (made.condition, made.condition_on, made.details) == ("rusak_ringan", today(), {"LAPIS": "Aspal"})
        assert made.length_m == Decimal("1099.77")  # 0.01 degrees of longitude at 8.49 south
        assert conditions.history(made)[0].value == Decimal("9.50")
        assert [one.asset.code for one in assets.near(-8.49, 117.425, "road")] == ["K-1"]


def test_only_what_differs_is_changed_and_an_empty_cell_erases_nothing(works: Any, taken: Sent, sent: Sent) -> None:
    taken(geojson(road("K-1", KELAS="Lokal", KONDISI="baik"), road("K-2", KELAS="Lokal")))
    batch_id = sent(geojson(road("K-1", KELAS="", KONDISI="baik"), road("K-2", KELAS="Kolektor"), road("K-3")))
    with works.inside(works.person("roads")):
        seen = asset_import.preview(batch(batch_id))
        assert seen.counts == {"new": 1, "changed": 1, "unchanged": 1, "bad": 0}
        assert seen.rows[1].values == {"road_class": "Kolektor"}
        asset_import.take_in(batch(batch_id))
        assert [get(code).road_class for code in ("K-1", "K-2", "K-3")] == ["Lokal", "Kolektor", ""]


def test_bad_rows_are_named_and_keep_the_whole_file_out(works: Any, sent: Sent) -> None:
    works.house.boundary("52.04", shapes.polygon(shapes.square(117.3, -8.6, 0.3)))
    with works.inside():
        assets.save(None, kind="road", code="L-1", name="Milik unit lain", unit_id=works.lamps)
    batch_id = sent(
        geojson(
            road("K-1"),
            road(""),
            road("K-1"),
            road("K-4", KONDISI="hancur lebur"),
            road("K-5", STATUS="entah"),
            road("K-6", lat=-7.0),
            road("K-7", PANJANG="panjang sekali"),
            road("L-1"),
            road("K" * 41),
            road("K-9", TAHUN=19),
        )
    )
    with works.inside(works.person("roads")):
        seen = asset_import.preview(batch(batch_id))
        assert [row.line for row in seen.rows if row.state == "bad"] == list(range(2, 11))
        reasons = {row.line: row.reason for row in seen.rows}
        assert "baris 1" in reasons[3] and "hancur" in reasons[4] and "luar wilayah" in reasons[6]
        assert "unit lain" in reasons[8]
        with pytest.raises(DomainError, match="9 baris"):
            asset_import.take_in(batch(batch_id))
        assert codes() == ["L-1"] and batch(batch_id).state == "draft"
        asset_import.take_in(batch(batch_id), leave_out_bad=True)
        assert codes() == ["K-1", "L-1"]


def test_a_file_with_latitude_first_is_noticed(works: Any, sent: Sent) -> None:
    line = {"type": "LineString", "coordinates": [[-8.49, 117.42], [-8.49, 117.43]]}
    batch_id = sent(geojson(shapes.feature(line, NO_RUAS="K-1")))
    with works.inside(works.person("roads")):
        seen = asset_import.preview(batch(batch_id))
        assert "tertukar" in seen.notes[0].id
        assert (seen.rows[0].values["lat"], seen.rows[0].values["lon"]) == (-8.49, 117.425)


def test_columns_can_be_chosen_by_hand(works: Any, sent: Sent) -> None:
    point = {"type": "Point", "coordinates": [117.42, -8.49]}
    batch_id = sent(geojson(shapes.feature(point, TIANG="A7", JALAN="Diponegoro")), kind="lamp")
    with works.inside(works.person("roads")):
        found = batch(batch_id)
        assert "kode" in asset_import.preview(found).refusal
        with pytest.raises(DomainError, match="lebih dari sekali"):
            asset_import.choose(found, Choices({"code": "TIANG", "name": "TIANG"}))
        with pytest.raises(DomainError, match="kode"):
            asset_import.choose(found, Choices({"name": "JALAN"}))
        asset_import.choose(found, Choices({"code": "TIANG", "name": "JALAN"}, "km", date(2026, 9, 1), keep_rest=False))
        asset_import.take_in(found)
        assert get("A7", "lamp").name == "Diponegoro"


def test_a_table_with_decimal_commas_and_one_without_places_are_read(works: Any, taken: Sent) -> None:
    lamps = "ID_LAMPU;LOKASI;LINTANG;BUJUR;STATUS\nPJU-1;Pasar;-8,4936;117,4207;Kabupaten\n"
    taken(lamps.encode("cp1252"), "lampu.csv", "lamp")
    taken(b"ID_LAMPU,KONDISI,TANGGAL\nPJU-1,B,14/09/2026\nPJU-2,RB,14/09/2026\n", "kondisi.csv", "lamp")
    with works.inside():
        first, second = get("PJU-1", "lamp"), get("PJU-2", "lamp")
        assert (first.lat, first.lon, first.name, first.details) == (-8.4936, 117.4207, "Pasar", {})
        assert (first.condition, first.condition_on) == ("baik", date(2026, 9, 14))
        assert (second.lat, second.name) == (None, "Lampu PJU PJU-2")


def test_a_zipped_shapefile_in_utm_is_read(works: Any, sent: Sent) -> None:
    parts = shapes.shapefile_parts(
        [([shapes.square(117.42, -8.50, 0.001)], {"KODE": "GD-1", "NAMA": "Pasar Seketeng"})], epsg=32750
    )
    batch_id = sent(shapes.zipped(parts).read(), "gedung.zip", "building")
    with works.inside(works.person("roads")):
        row = asset_import.preview(batch(batch_id)).rows[0]
        assert (row.state, row.code, round(row.values["lat"], 4)) == ("new", "GD-1", -8.4995)


def test_a_file_that_cannot_be_read_leaves_nothing(works: Any, sent: Sent) -> None:
    for content, name in ((b"{", "x.geojson"), (b"", "x.csv"), (geojson(), "x.geojson"), (b"kode\n", "x.csv")):
        with works.inside(works.person("roads")), pytest.raises(DomainError):
            asset_import.upload(content, name, "road", works.roads)
    with works.inside():
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 0


def test_undoing_brings_former_values_back_and_takes_away_what_was_added(works: Any, taken: Sent) -> None:
    taken(geojson(road("K-1", KELAS="Lokal", KONDISI="baik", IRI=3), road("K-2")))
    with works.inside():
        before = {name: getattr(get("K-1"), name) for name in ("lat", "length_m", "details", "condition", "batch_id")}
        shape = assets.geometry_of(get("K-1").id)
    with frozen_clock(LATER):
        changed = road("K-1", lat=-8.5, KELAS="Kolektor", KONDISI="RB", IRI=14, LEBAR=6)
        batch_id = taken(geojson(changed, road("K-3", KONDISI="sedang")))
        with works.inside():
            assert (get("K-1").condition, get("K-1").details) == ("rusak_berat", {"LEBAR": 6})
            import_undo.undo(batch(batch_id))
            assert codes() == ["K-1", "K-2"]
            assert {name: getattr(get("K-1"), name) for name in before} == before
            assert (get("K-1").road_class, assets.geometry_of(get("K-1").id)) == ("Lokal", shape)
            assert session.scalar(select(func.count()).select_from(Condition)) == 1
            assert batch(batch_id).state == "undone"
            with pytest.raises(DomainError, match="tidak berlaku"):
                import_undo.undo(batch(batch_id))


def test_a_condition_of_the_same_day_comes_back_as_it_was(works: Any, taken: Sent) -> None:
    taken(geojson(road("K-1", KONDISI="baik", IRI=3.25, TANGGAL="2026-09-01")))
    with frozen_clock(LATER):
        batch_id = taken(geojson(road("K-1", KONDISI="sedang", IRI=6, TANGGAL="2026-09-01")))
        with works.inside():
            assert get("K-1").condition == "sedang"
            import_undo.undo(batch(batch_id))
            back = conditions.history(get("K-1"))
            assert [(one.condition, one.value) for one in back] == [("baik", Decimal("3.25"))]
            assert get("K-1").condition == "baik"


def test_only_the_last_import_of_a_kind_is_undone(works: Any, taken: Sent) -> None:
    first = taken(geojson(road("K-1")))
    with frozen_clock(LATER):
        last = taken(geojson(road("K-2")))
        with works.inside():
            with pytest.raises(DomainError, match="terakhir"):
                import_undo.undo(batch(first))
            import_undo.undo(batch(last))
            import_undo.undo(batch(first))
            assert codes() == []


@pytest.mark.parametrize("use", ["plan", "change", "survey"])
def test_an_import_that_something_built_on_stays(works: Any, taken: Sent, use: str) -> None:
    batch_id = taken(geojson(road("K-1"), road("K-2")))
    with frozen_clock(LATER), works.inside():
        used = get("K-2")
        if use == "plan":
            session.add(Plan(asset_id=used.id, title="Lapis ulang", next_on=today()))
        elif use == "change":
            assets.save(used, name="Jalan Bungur")
        else:
            conditions.record(used, today(), "baik")
        session.flush()
        with pytest.raises(DomainError, match="K-2"):
            import_undo.undo(batch(batch_id))
        assert codes() == ["K-1", "K-2"] and batch(batch_id).state == "done"


def test_thousands_of_lamps_are_taken_in_changed_and_taken_back(works: Any, taken: Sent) -> None:
    def lamps(condition: str) -> bytes:
        rows = [f"PJU-{n},{-8.4 - n / 1e5:.5f},{117.4 + n / 1e5:.5f},{condition}" for n in range(3_000)]
        return "\n".join(["ID_LAMPU,LINTANG,BUJUR,KONDISI", *rows]).encode()

    taken(lamps("baik"), "lampu.csv", "lamp")
    with frozen_clock(LATER):
        batch_id = taken(lamps("rusak berat"), "lampu.csv", "lamp")
        with works.inside():
            assert (batch(batch_id).added, batch(batch_id).changed) == (0, 3_000)
            assert get("PJU-2999", "lamp").condition == "rusak_berat"
            import_undo.undo(batch(batch_id))
            assert get("PJU-2999", "lamp").condition == "baik"
