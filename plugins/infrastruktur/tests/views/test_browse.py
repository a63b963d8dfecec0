"""What everybody and what officers see of all reports: map, list, figures."""

from __future__ import annotations

from typing import Any

from lumbung_infrastruktur.models import Report
from sqlalchemy import select

from lumbung.sdk import session
from lumbung.testing import shapes

BOX = "kotak=116.8,-9.2,118.4,-8.0"
SEKETENG = "52.04.08.1004"
SUMBAWA, ALAS = "52.04.08", "52.04.05"


def hide(works: Any, report_id: Any) -> str:
    with works.inside():
        report = session.scalars(select(Report).where(Report.id == report_id)).one()
        report.visibility = "hidden"
        return report.number


def marks(works: Any, who: str | None, path: str, query: str = "") -> list[dict[str, Any]]:
    answer = works.client(who).get(f"/infrastruktur/{path}/titik.json?{BOX}&z=14{query}")
    assert answer.status_code == 200
    return [one["properties"] for one in answer.json["features"]]


def test_the_map_of_everybody_leads_to_public_pages_and_shows_nothing_that_is_hidden(works: Any) -> None:
    works.report()
    works.report(category=works.lamp, lat=-8.6, lon=117.6)
    hidden = hide(works, works.report(lat=-8.7, lon=117.7))
    seen = marks(works, None, "peta")
    assert {one["kind"] for one in seen} == {"point"} and len(seen) == 2
    assert all(one["url"].startswith("/infrastruktur/laporan/L26-") for one in seen)
    assert hidden not in str(seen)
    assert len(marks(works, None, "peta", "&kelompok=pju")) == 1
    answer = works.client().get(f"/infrastruktur/peta/panas.json?{BOX}&z=9")
    assert sum(weight for _lat, _lon, weight in answer.json["points"]) == 2


def test_the_map_of_an_officer_shows_their_units_and_leads_to_the_desk(works: Any) -> None:
    works.report(category=works.lamp, lat=-8.6, lon=117.6)
    hide(works, works.report(lat=-8.7, lon=117.7))
    assert len(marks(works, "verifier", "petugas/peta")) == 2
    (lamp,) = marks(works, "lamps", "petugas/peta")
    assert lamp["url"].startswith("/infrastruktur/petugas/laporan/") and "Lampu" in lamp["title"]
    assert works.client("lamps").get(lamp["url"]).status_code == 200
    assert works.client("lamps").get("/infrastruktur/petugas/peta").status_code == 200
    assert works.client("citizen").get(f"/infrastruktur/petugas/peta/titik.json?{BOX}&z=9").status_code == 403


def test_a_part_of_the_map_that_is_none_is_refused(works: Any) -> None:
    for query in ("", "kotak=1,2,3&z=9", f"{BOX}&z=99", f"{BOX}&z=x"):
        assert works.client().get(f"/infrastruktur/peta/titik.json?{query}").status_code == 400


def test_districts_are_drawn_with_what_is_open_in_them_and_stay_as_they_were_loaded(works: Any) -> None:
    works.house.boundary(SUMBAWA, shapes.polygon(shapes.square(117.42, -8.49, 0.2)))
    works.house.boundary(ALAS, shapes.polygon(shapes.square(117.01, -8.53, 0.2)))
    works.report()
    for _again in range(2):
        told = works.client().get("/infrastruktur/peta/kecamatan.json").json["features"]
        by_code = {one["properties"]["code"]: one["properties"] for one in told}
        assert (by_code[SUMBAWA]["tone"], by_code[ALAS]["tone"]) == ("gawat", "baik")
        assert by_code[SUMBAWA]["text"] == "1 laporan terbuka"
    narrowed = works.client().get("/infrastruktur/peta/kecamatan.json?keadaan=berakhir").json["features"]
    assert {one["properties"]["tone"] for one in narrowed} == {"baik"}
    assert "data-shapes" in works.client().get("/infrastruktur/statistik").text


def test_the_figures_say_so_when_there_is_nothing_to_count(works: Any) -> None:
    empty = works.client().get("/infrastruktur/statistik").text
    assert "Belum ada yang dihitung" in empty
    works.report()
    page = works.client().get("/infrastruktur/statistik").text
    assert "100 %" in page and "Tidak diketahui" in page
    none = works.client().get("/infrastruktur/statistik?keadaan=ditutup").text
    assert "Hapus saringan" in none


def test_the_list_is_searched_narrowed_and_taken_away_without_names(works: Any) -> None:
    works.report(description="Lubang dekat pasar", village_code=SEKETENG)
    works.report(category=works.lamp, lat=-8.6, lon=117.6, description="Gelap")
    client = works.client()
    assert "1 laporan cocok" in client.get("/infrastruktur/daftar?q=pasar").text
    assert "1 laporan cocok" in client.get("/infrastruktur/daftar?kategori=lampu_mati").text
    assert "1 laporan cocok" in client.get(f"/infrastruktur/daftar?kecamatan={SUMBAWA}").text
    file = client.get("/infrastruktur/daftar?unduh=csv").text
    assert "Lubang dekat pasar" in file and "Pelapor" not in file
