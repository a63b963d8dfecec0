"""The pages of the register: who sees what, what is refused, what is kept."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Asset, Condition, ImportBatch, Plan
from lumbung_infrastruktur.services import assets, conditions, plans
from sqlalchemy import func, select

from lumbung.sdk import find, session

ROOT = "/infrastruktur/petugas/aset"
PLANS = "/infrastruktur/petugas/pemeliharaan"
LINE = {"type": "LineString", "coordinates": [[117.42, -8.49], [117.43, -8.49]]}


@pytest.fixture
def road(works: Any) -> UUID:
    """A road section of PUPR in a poor condition."""
    with works.inside():
        made = assets.save(
            None, kind="road", code="K-001", name="Jalan Diponegoro", unit_id=works.roads, geometry=LINE,
            district_code="52.04.08",
        )  # fmt: skip
        conditions.record(made, date(2025, 9, 1), "sedang", value=Decimal(6))
        conditions.record(made, date(2026, 9, 1), "rusak_ringan", value=Decimal("9.5"), source="Survei PKRMS")
        return made.id


@pytest.fixture
def lamp(works: Any) -> UUID:
    """A lamp of DISHUB."""
    with works.inside():
        place = {"type": "Point", "coordinates": [117.4207, -8.4936]}
        return assets.save(None, kind="lamp", code="PJU-1", name="Lampu Pasar", unit_id=works.lamps, geometry=place).id


def count(works: Any, model: Any) -> int:
    """How many rows there are."""
    with works.inside():
        return session.scalar(select(func.count()).select_from(model)) or 0


def page(client: Any, path: str) -> str:
    """A page that is there."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:800]
    return str(answer.get_data(as_text=True))


def upload(client: Any, content: bytes, name: str, path: str = f"{ROOT}/impor", **data: Any) -> Any:
    """Send a file."""
    given = {"kind": "road", **data, "file": (io.BytesIO(content), name)}
    return client.post_form(path, given, page=path, content_type="multipart/form-data")


def test_the_register_shows_ones_own_units_only(works: Any, road: UUID, lamp: UUID) -> None:
    client = works.client("roads")
    text = page(client, ROOT)
    assert "K-001" in text and "PJU-1" not in text
    assert "PJU-1" in page(works.client("manager"), f"{ROOT}?jenis=lamp")
    for path in (f"{ROOT}/{lamp}", f"{ROOT}/{lamp}/ubah", f"{ROOT}/{lamp}/letak.json"):
        assert client.get(path).status_code == 404
    assert client.post_form(f"{ROOT}/{lamp}/nonaktif", {"reason": "Bukan milik saya"}).status_code == 404
    with works.inside():
        assert find(Asset, lamp).retired is False


@pytest.mark.parametrize("who", ["citizen", "crew", "head", None])
def test_whoever_keeps_no_assets_does_not_come_in(works: Any, road: UUID, who: str | None) -> None:
    client = works.client(who)
    for path in (ROOT, f"{ROOT}/{road}", f"{ROOT}/impor", f"{ROOT}/kondisi", f"{ROOT}/unduh.geojson", PLANS):
        assert client.get(path).status_code in (302, 303, 403)


def test_the_register_is_searched_narrowed_and_taken_away(works: Any, road: UUID) -> None:
    client = works.client("roads")
    assert "K-001" in page(client, f"{ROOT}?q=diponegoro&kondisi=rusak_ringan&kecamatan=52.04.08")
    assert "Jalan Diponegoro" not in page(client, f"{ROOT}?kondisi=baik")
    assert client.get(f"{ROOT}?unduh=csv").mimetype == "text/csv"
    file = client.get(f"{ROOT}/unduh.geojson?jenis=road")
    assert "attachment" in file.headers["Content-Disposition"]
    feature = json.loads(file.data)["features"][0]
    assert (feature["geometry"], feature["properties"]["kode"]) == (LINE, "K-001")


def test_the_map_draws_lines_in_sight_and_puts_many_together(works: Any, road: UUID, monkeypatch: Any) -> None:
    from lumbung_infrastruktur.services import asset_map

    client = works.client("roads")
    assert "data-points" in page(client, f"{ROOT}/peta")
    box = "kotak=117.4,-8.5,117.5,-8.4"
    found = client.get(f"{ROOT}/peta/titik.json?{box}&z=14").json["features"]
    assert found[0]["geometry"] == LINE and found[0]["properties"]["tone"] == "padi"
    assert client.get(f"{ROOT}/peta/titik.json?kotak=110,-8.5,111,-8.4&z=14").json["features"] == []
    assert client.get(f"{ROOT}/peta/titik.json?kotak=peta&z=14").status_code == 400
    monkeypatch.setattr(asset_map, "MOST_DRAWN", 0)
    grouped = client.get(f"{ROOT}/peta/titik.json?{box}&z=9").json["features"][0]["properties"]
    assert (grouped["kind"], grouped["count"]) == ("cluster", 1)


def test_an_asset_is_shown_with_its_history(works: Any, road: UUID) -> None:
    with works.inside():
        plans.save(None, title="Pelapisan ulang", next_on=date(2026, 11, 1), asset_id=road, unit_id=works.roads)
    text = page(works.client("roads"), f"{ROOT}/{road}")
    for words in ("Rusak ringan", "Survei PKRMS", "Memburuk", "Pelapisan ulang", "Terlewat", "1,1 km", "Rp"):
        assert words in text
    assert works.client("roads").get(f"{ROOT}/{road}/letak.json").json["features"][0]["geometry"] == LINE


def test_an_asset_is_added_by_its_point_and_what_was_typed_stays_when_refused(works: Any) -> None:
    client = works.client("roads")
    data = {"kind": "bridge", "code": "JB-1", "name": "Jembatan Polak", "owner": "kabupaten", "unit": str(works.roads)}
    refused = client.post_form(f"{ROOT}/baru", {**data, "lat": "-8,5042"}, page=f"{ROOT}/baru")
    assert refused.status_code == 422 and "Jembatan Polak" in refused.get_data(as_text=True)
    assert count(works, Asset) == 0
    answer = client.post_form(f"{ROOT}/baru", {**data, "lat": "-8,5042", "lon": "117.4405"}, page=f"{ROOT}/baru")
    assert answer.status_code == 303
    with works.inside():
        made = assets.by_code("bridge", "JB-1")
        assert (made.lat, made.lon, made.unit_id) == (-8.5042, 117.4405, works.roads)
    twice = client.post_form(f"{ROOT}/baru", {**data, "lat": "-8.5", "lon": "117.4"}, page=f"{ROOT}/baru")
    assert twice.status_code == 422 and "sudah ada" in twice.get_data(as_text=True)
    assert count(works, Asset) == 1


def test_a_unit_that_is_not_ones_own_cannot_be_given(works: Any) -> None:
    data = {"kind": "road", "code": "K-9", "name": "Jalan", "owner": "kabupaten"}
    for unit in (str(works.lamps), ""):
        answer = works.client("roads").post_form(f"{ROOT}/baru", {**data, "unit": unit}, page=f"{ROOT}/baru")
        assert answer.status_code == 422
    assert count(works, Asset) == 0


def test_changing_a_name_leaves_shape_and_length_and_a_new_shape_is_measured(works: Any, road: UUID) -> None:
    client = works.client("roads")
    assert "LineString" in page(client, f"{ROOT}/{road}/ubah")
    data = {"kind": "road", "code": "K-001", "name": "Jalan Bungur", "owner": "kabupaten", "unit": str(works.roads),
            "length_m": "1.099,77", "geometry": json.dumps(LINE)}  # fmt: skip
    assert client.post_form(f"{ROOT}/{road}/ubah", data, page=f"{ROOT}/{road}/ubah").status_code == 303
    with works.inside():
        assert (find(Asset, road).name, find(Asset, road).length_m) == ("Jalan Bungur", Decimal("1099.77"))
    longer = {"type": "LineString", "coordinates": [[117.42, -8.49], [117.44, -8.49]]}
    data["geometry"] = json.dumps(longer)
    client.post_form(f"{ROOT}/{road}/ubah", data, page=f"{ROOT}/{road}/ubah")
    with works.inside():
        assert find(Asset, road).length_m == Decimal("2199.53")
        assert find(Asset, road).condition == "rusak_ringan"
    data["geometry"] = '{"type": "LineString", "coordinates": [[117.42'
    refused = client.post_form(f"{ROOT}/{road}/ubah", data, page=f"{ROOT}/{road}/ubah")
    assert refused.status_code == 422 and "JSON" in refused.get_data(as_text=True)


def test_an_asset_is_retired_with_a_reason_and_comes_back(works: Any, road: UUID) -> None:
    client = works.client("roads")
    assert client.post_form(f"{ROOT}/{road}/nonaktif", {"reason": ""}).status_code == 422
    with works.inside():
        assert not find(Asset, road).retired
    client.post_form(f"{ROOT}/{road}/nonaktif", {"reason": "Beralih ke provinsi"})
    assert "dinonaktifkan" in page(client, f"{ROOT}/{road}")
    assert "K-001" in page(client, f"{ROOT}?keadaan=nonaktif")
    client.post_form(f"{ROOT}/{road}/aktif")
    with works.inside():
        assert not find(Asset, road).retired


def test_a_finding_is_added_and_taken_away_on_the_page(works: Any, road: UUID, lamp: UUID) -> None:
    client = works.client("roads")
    bad = client.post_form(f"{ROOT}/{road}/kondisi", {"on": "2027-01-01", "condition": "baik"})
    assert bad.status_code == 422 and count(works, Condition) == 2
    good = {"on": "2026-11-20", "condition": "baik", "value": "3,4"}
    assert client.post_form(f"{ROOT}/{road}/kondisi", good).status_code == 303
    with works.inside():
        latest = conditions.history(find(Asset, road))[0]
        assert (latest.value, find(Asset, road).condition) == (Decimal("3.40"), "baik")
        other = conditions.record(find(Asset, lamp), date(2026, 11, 1), "baik").id
    assert client.post_form(f"{ROOT}/{road}/kondisi/{other}/hapus").status_code == 404
    assert client.post_form(f"{ROOT}/{road}/kondisi/{latest.id}/hapus").status_code == 303
    assert count(works, Condition) == 3


def test_the_summary_adds_up_and_is_taken_away(works: Any, road: UUID) -> None:
    with works.inside():
        made = assets.save(
            None, kind="road", code="K-2", name="x", unit_id=works.roads, length_m=Decimal(2200), owner="nasional"
        )
        conditions.record(made, date(2026, 9, 1), "baik")
    client = works.client("roads")
    text = page(client, f"{ROOT}/kondisi")
    for words in ("3,300 km", "66,67 %", "Nasional", "Sumbawa"):  # 2.2 of 3.3 km
        assert words in text
    file = client.get(f"{ROOT}/kondisi.xlsx")
    assert file.status_code == 200 and file.data[:2] == b"PK"
    assert "Belum ada aset" in page(client, f"{ROOT}/kondisi?jenis=sign")


def test_a_file_is_looked_at_chosen_taken_in_and_taken_back(works: Any, road: UUID) -> None:
    client = works.client("roads")
    rows = [
        "NO_RUAS,NAMA_RUAS,KLS,lat,lon",
        "K-001,Jalan Diponegoro,Lokal,,",
        "K-2,Jalan Baru,Lokal,-8.49,117.42",
        ",Tanpa,x,,",
    ]
    answer = upload(client, "\n".join(rows).encode(), "ruas.csv", unit=str(works.roads))
    assert answer.status_code == 303, answer.get_data(as_text=True)[-3000:]
    preview = answer.location
    text = page(client, preview)
    assert "kode kosong" in text and "Lewati 1 baris" in text
    assert count(works, Asset) == 1
    columns = {"k_code": "NO_RUAS", "k_name": "NAMA_RUAS", "k_road_class": "KLS", "length_unit": "m", "keep_rest": "y"}
    assert client.post_form(preview, {**columns, "k_owner": "KLS"}, page=preview).status_code == 422
    assert client.post_form(preview, columns, page=preview).status_code == 303
    client.post_form(f"{preview}/jalankan", page=preview)
    assert count(works, Asset) == 1  # a row is bad
    assert client.post_form(f"{preview}/jalankan", {"lewati": "1"}, page=preview).location == preview
    with works.inside():
        assert (find(Asset, road).road_class, assets.by_code("road", "K-2").name) == ("Lokal", "Jalan Baru")
    assert "Urungkan" in page(client, preview) and "ruas.csv" in page(client, f"{ROOT}/impor")
    assert works.client("lamps").get(preview).status_code == 404
    assert works.client("lamps").post_form(f"{preview}/urungkan").status_code == 404
    client.post_form(f"{preview}/urungkan")
    with works.inside():
        assert find(Asset, road).road_class == "" and assets.by_code("road", "K-2") is None


def test_a_file_that_is_none_is_refused_on_the_form(works: Any) -> None:
    client = works.client("roads")
    assert upload(client, b"{", "ruas.geojson", unit=str(works.roads)).status_code == 422
    assert upload(client, b"apa", "ruas.docx", unit=str(works.roads)).status_code == 422
    assert count(works, ImportBatch) == 0


def test_an_uploaded_file_can_be_thrown_away(works: Any) -> None:
    client = works.client("roads")
    preview = upload(client, b"KODE,lat,lon\nK-1,-8.49,117.42\n", "ruas.csv", unit=str(works.roads)).location
    client.post_form(f"{preview}/buang")
    assert client.get(preview).status_code == 404
    assert count(works, ImportBatch) == count(works, Asset) == 0


def test_a_survey_is_written_only_when_all_its_rows_are_right(works: Any, road: UUID) -> None:
    client = works.client("roads")
    table = b"kode,tanggal,kondisi\nK-001,2026-10-01,B\nX-1,2026-10-01,B\n"
    refused = upload(client, table, "survei.csv", f"{ROOT}/survei")
    assert refused.status_code == 422 and "X-1" in refused.get_data(as_text=True)
    assert count(works, Condition) == 2
    assert upload(client, table, "survei.csv", f"{ROOT}/survei", leave_out_bad="y").status_code == 303
    assert count(works, Condition) == 3


def test_maintenance_is_planned_from_an_asset_and_followed(works: Any, road: UUID) -> None:
    client = works.client("roads")
    form = f"{PLANS}/baru?aset={road}"
    data = {"title": "Pelapisan ulang 600 m", "unit": str(works.roads), "next_on": "2027-02-15", "every_months": "12",
            "estimate": "780.000.000"}  # fmt: skip
    assert client.post_form(form, {**data, "estimate": "banyak"}, page=form).status_code == 422
    assert count(works, Plan) == 0
    plan = client.post_form(form, data, page=form).location
    text = page(client, plan)
    assert "Triwulan I 2027" in text and "780.000.000" in text and "K-001" in text
    overview = page(client, f"{PLANS}?bulan=2027-02")
    assert overview.count("Pelapisan ulang 600 m") >= 2 and "Triwulan I 2027" in overview
    client.post_form(f"{plan}/usulan")
    assert "Usulan diminta" in page(client, plan)
    client.post_form(f"{plan}/perintah")
    assert "K26-" in page(client, plan)
    client.post_form(f"{plan}/selesai")
    with works.inside():
        assert session.scalars(select(Plan)).one().next_on == date(2028, 2, 15)
    assert client.get(f"{PLANS}?unduh=xlsx").status_code == 200
    assert works.client("lamps").get(plan).status_code == 404
    assert works.client("lamps").post_form(f"{plan}/selesai").status_code == 404


def test_a_plan_is_given_up_with_a_reason_only(works: Any, road: UUID) -> None:
    with works.inside():
        plan = plans.save(None, title="Bersihkan", next_on=date(2026, 11, 1), unit_id=works.roads).id
    client = works.client("roads")
    assert "Terlewat" in page(client, f"{PLANS}?tempo=terlewat")
    refused = client.post_form(f"{PLANS}/{plan}/batalkan", {"reason": ""})
    assert refused.status_code == 422 and "Bersihkan" in refused.get_data(as_text=True)
    with works.inside():
        assert find(Plan, plan).state == "planned"
    client.post_form(f"{PLANS}/{plan}/batalkan", {"reason": "Sudah dikerjakan warga"})
    with works.inside():
        assert find(Plan, plan).state == "dropped"


def test_pages_are_there_in_english_and_when_there_is_nothing(works: Any) -> None:
    client = works.client("roads")
    for language in ("id", "en"):
        client.post_form("/bahasa", {"language": language, "next": "/akun"})
        for path in (ROOT, f"{ROOT}/peta", f"{ROOT}/kondisi", f"{ROOT}/impor", f"{ROOT}/survei", f"{ROOT}/baru", PLANS):
            assert f'<html lang="{language}"' in page(client, path), path
