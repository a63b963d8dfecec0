"""The desk's pages about work, and the field page without a script: who may, what is kept, what is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from lumbung_infrastruktur.models import Crew, Photo, Report, WorkItem, WorkOrder
from lumbung_infrastruktur.services import crews, work_orders, work_photos, workflow
from sqlalchemy import select

from lumbung.sdk import find, read_picture, session

HOME = "/infrastruktur/petugas/pekerjaan"
FIELD = "/infrastruktur/lapangan"


@pytest.fixture
def routed(works: Any) -> UUID:
    """A pothole that the roads office has to mend."""
    report_id = works.report()
    with works.inside(works.person("verifier")):
        workflow.route(find(Report, report_id), works.roads)
    return report_id


@pytest.fixture
def order(works: Any, routed: UUID) -> UUID:
    """An issued order for it, of the crew that `crew` leads."""
    leader = works.person("crew")
    with works.inside(works.person("roads")):
        crew = crews.save(None, name="Regu 1", unit_id=works.roads, leader_id=leader.id, phone="", members="")
        made = work_orders.draft_for_report(find(Report, routed), instructions="Tambal.", crew=crew)
        work_orders.issue(made)
        return made.id


def read(works: Any, order_id: UUID) -> Any:
    with works.inside():
        return find(WorkOrder, order_id)


def test_deny_by_default(works: Any, order: UUID) -> None:
    pages = ("", f"/{order}", f"/{order}/cetak.pdf", "/baru", "/regu", "/regu/baru", "/regu/jadwal")
    for page in pages:
        assert works.client().get(HOME + page).status_code == 302, page
        for word in ("citizen", "crew", "verifier", "head"):
            assert works.client(word).get(HOME + page).status_code == 403, (word, page)
        assert works.client("roads").get(HOME + page).status_code == 200, page
    lamps = works.client("lamps")
    for page in pages[1:3]:
        assert lamps.get(HOME + page).status_code == 404, page
    for act in ("terbitkan", "mulai", "selesai", "batal", "ubah", "biaya", "foto"):
        assert lamps.post_form(f"{HOME}/{order}/{act}", {"reason": "x", "result": "x"}).status_code == 404, act
    assert "K26-000001" not in lamps.get(HOME).text
    assert read(works, order).state == "issued"


def test_an_order_is_made_from_a_report_and_given_out(works: Any, routed: UUID) -> None:
    client = works.client("roads")
    assert "L26-000001" in client.get(f"{HOME}/baru").text
    page = f"{HOME}/baru?laporan={routed}"
    assert "Jalan berlubang" in client.get(page).text
    refused = client.post_form(page, {"title": "", "instructions": "Pakai rambu"}, page=page)
    assert refused.status_code == 422
    assert "Tulis pekerjaannya" in refused.text and "Pakai rambu" in refused.text
    made = client.post_form(
        page, {"title": "Tambal lubang", "planned_on": "2026-11-25", "issue_now": "y", "crew": ""}, page=page
    )
    assert made.status_code == 303
    with works.inside():
        order = session.scalars(select(WorkOrder)).one()
        assert (order.title, order.state, order.report_id) == ("Tambal lubang", "issued", routed)
        assert made.location.endswith(str(order.id))
    assert "sudah punya perintah kerja" in client.get(page).text
    assert "L26-000001" not in client.get(f"{HOME}/baru").text


def test_what_an_order_is_made_from_is_of_one_s_unit(works: Any, routed: UUID) -> None:
    client = works.client("lamps")
    assert client.get(f"{HOME}/baru?laporan={routed}").status_code == 404
    assert client.post_form(f"{HOME}/baru?laporan={routed}", {"title": "x"}).status_code == 404
    assert works.client("roads").get(f"{HOME}/baru?laporan={uuid4()}").status_code == 404
    assert works.client("roads").get(f"{HOME}/baru?laporan=apa").status_code == 200


def test_the_list_is_narrowed_searched_and_taken_away_with_costs(works: Any, order: UUID) -> None:
    with works.inside():
        row = find(WorkOrder, order)
        session.add(WorkItem(work_order_id=row.id, name="Aspal", quantity=2, price=185_000))
        row.total = 370_000
        crew_id = row.crew_id
    client = works.client("roads")
    for query, shown in (
        ("", True),
        ("?keadaan=issued", True),
        ("?keadaan=done", False),
        (f"?regu={crew_id}", True),
        ("?regu=-", False),
        ("?waktu=terlambat", False),
        ("?q=K26-000001", True),
        ("?q=saluran", False),
        ("?dari=2026-11-25", False),
    ):
        assert ("K26-000001" in client.get(HOME + query).text) is shown, query
    file = client.get(f"{HOME}?unduh=csv").get_data(as_text=True)
    assert "370000" in file and "Biaya bahan" in file and "L26-000001" in file
    assert client.get(f"{HOME}?unduh=xlsx").data[:2] == b"PK"


def test_an_order_goes_its_way_by_buttons(works: Any, order: UUID, routed: UUID, jpeg: Callable[..., bytes]) -> None:
    client = works.client("roads")
    page = f"{HOME}/{order}"
    assert client.post_form(f"{page}/mulai", page=page).status_code == 303
    assert read(works, order).state == "working"
    refused = client.post_form(f"{page}/selesai", {"result": " "}, page=page)
    assert refused.status_code == 422 and "Tulis apa yang dikerjakan" in refused.text
    data = {"result": "Ditambal.", "end_report": "y", "photos": (io.BytesIO(b"nothing"), "a.jpg")}
    bad = client.post_form(f"{page}/selesai", data, page=page, content_type="multipart/form-data")
    assert bad.status_code == 422 and "Ditambal." in bad.text
    assert read(works, order).state == "working"
    data = {"result": "Ditambal.", "end_report": "y", "photos": (io.BytesIO(jpeg()), "a.jpg")}
    done = client.post_form(f"{page}/selesai", data, page=page, content_type="multipart/form-data")
    assert done.status_code == 303
    with works.inside():
        assert (find(WorkOrder, order).state, find(Report, routed).state) == ("done", "selesai")
        assert session.scalars(select(Photo.kind).where(Photo.work_order_id == order)).all() == ["after"]
    shown = client.get(page).text
    assert "ikut dinyatakan selesai" in shown and "Ditambal." in shown
    again = client.post_form(f"{page}/batal", {"reason": "Salah"}, page=page)
    assert again.status_code == 422 and "sudah berstatus selesai" in again.text


def test_costs_are_written_and_what_is_wrong_stays_at_its_line(works: Any, order: UUID) -> None:
    client = works.client("roads")
    page = f"{HOME}/{order}"
    data = {
        "version": "2",
        "lines-0-kind": "material",
        "lines-0-name": "Aspal dingin",
        "lines-0-quantity": "2,5",
        "lines-0-measure": "zak",
        "lines-0-price": "185.000",
        "lines-1-kind": "labour",
        "lines-1-name": "Tukang",
        "lines-1-quantity": "empat",
        "lines-1-measure": "",
        "lines-1-price": "110000",
        "lines-2-kind": "material",
        "lines-2-name": "",
        "lines-2-quantity": "",
        "lines-2-measure": "",
        "lines-2-price": "",
    }
    refused = client.post_form(f"{page}/biaya", data, page=page)
    assert refused.status_code == 422
    assert "“empat” bukan angka" in refused.text and 'value="Aspal dingin"' in refused.text
    assert read(works, order).total == 0
    kept = client.post_form(f"{page}/biaya", {**data, "lines-1-quantity": "4"}, page=page)
    assert kept.status_code == 303
    assert read(works, order).total == 462_500 + 440_000
    shown = client.get(page).text.replace("\xa0", " ")
    assert "Rp 902.500" in shown and 'value="185.000"' in shown
    stale = client.post_form(f"{page}/biaya", {**data, "lines-1-quantity": "40"}, page=page)
    assert stale.status_code == 422 and "berubah sejak" in stale.text and 'value="40"' in stale.text
    assert read(works, order).total == 902_500
    version = re.search(r'name="version"[^>]*value="(\d+)"', stale.text)
    assert version is not None and int(version[1]) == read(works, order).version


def test_changing_what_somebody_changed_meanwhile_is_refused_and_kept(works: Any, order: UUID) -> None:
    client = works.client("roads")
    page = f"{HOME}/{order}"
    data = {"title": "Tambal dua lubang", "instructions": "Hati-hati", "crew": "", "planned_on": ""}
    refused = client.post_form(f"{page}/ubah", {**data, "version": "1"}, page=page)
    assert refused.status_code == 422
    assert "berubah sejak" in refused.text and "Tambal dua lubang" in refused.text
    assert read(works, order).instructions == "Tambal."
    assert client.post_form(f"{page}/ubah", {**data, "version": "2"}, page=page).status_code == 303
    assert (read(works, order).title, read(works, order).crew_id) == ("Tambal dua lubang", None)


def test_photos_are_added_seen_by_the_unit_and_taken_away(works: Any, order: UUID, jpeg: Callable[..., bytes]) -> None:
    client = works.client("roads")
    page = f"{HOME}/{order}"
    empty = client.post_form(f"{page}/foto", {"kind": "before"}, page=page)
    assert empty.status_code == 422 and "Pilih atau ambil fotonya" in empty.text
    data = {"kind": "before", "photos": (io.BytesIO(jpeg()), "a.jpg")}
    assert client.post_form(f"{page}/foto", data, page=page, content_type="multipart/form-data").status_code == 303
    with works.inside():
        photo_id = session.scalars(select(Photo.id).where(Photo.work_order_id == order)).one()
    for small in ("", "/kecil"):
        answer = client.get(f"{HOME}/foto/{photo_id}{small}")
        assert answer.mimetype == "image/jpeg" and "private" in answer.headers["Cache-Control"]
        assert works.client("lamps").get(f"{HOME}/foto/{photo_id}{small}").status_code == 404
    assert works.client().get(f"/infrastruktur/foto/{photo_id}").status_code == 404, "not public before it is done"
    assert works.client("lamps").post_form(f"{HOME}/foto/{photo_id}/hapus").status_code == 404
    assert client.post_form(f"{HOME}/foto/{photo_id}/hapus", page=page).status_code == 303
    with works.inside():
        assert session.scalars(select(Photo).where(Photo.work_order_id == order)).all() == []


def test_the_printed_order_is_a_pdf(works: Any, order: UUID) -> None:
    answer = works.client("roads").get(f"{HOME}/{order}/cetak.pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    assert "perintah-kerja-K26-000001.pdf" in answer.headers["Content-Disposition"]


def test_crews_are_made_changed_closed_and_scheduled(works: Any, order: UUID) -> None:
    client = works.client("roads")
    page = f"{HOME}/regu/baru"
    data = {"name": "Regu 2", "unit": str(works.roads), "leader": "", "phone": "0812 3456 7890", "members": "Ali\nBudi"}
    assert client.post_form(page, {**data, "unit": str(works.lamps)}, page=page).status_code == 422
    twin = client.post_form(page, {**data, "name": "regu 1"}, page=page)
    assert twin.status_code == 422 and "Sudah ada regu" in twin.text and "Budi" in twin.text
    assert client.post_form(page, data, page=page).status_code == 303
    with works.inside():
        by_name = {row.name: row.id for row in session.scalars(select(Crew))}
    assert set(by_name) == {"Regu 1", "Regu 2"}
    assert works.client("lamps").get(f"{HOME}/regu/{by_name['Regu 2']}").status_code == 404
    busy = client.post_form(f"{HOME}/regu/{by_name['Regu 1']}/tutup")
    assert "masih memegang 1" in client.get(busy.location).text
    assert client.post_form(f"{HOME}/regu/{by_name['Regu 2']}/tutup").status_code == 303
    assert "Regu 2" in client.get(f"{HOME}/regu?keadaan=ditutup").text
    week = client.get(f"{HOME}/regu/jadwal").text
    assert "Regu 1" in week and "K26-000001" in week and "Belum punya hari" in week


# Without a script


def test_the_plain_field_pages_are_for_those_who_work_there(works: Any, order: UUID) -> None:
    for page in ("/biasa", f"/biasa/{order}", "/data.json"):
        assert works.client().get(FIELD + page).status_code == 302, page
        for word in ("citizen", "head"):
            assert works.client(word).get(FIELD + page).status_code == 403, page
        assert works.client("crew").get(FIELD + page).status_code == 200, page
    stranger = works.house.person("sumbawa", "lampu@sumbawa.example", roles=[("infrastruktur.crew", "DISHUB")])
    client = works.house.client("sumbawa", stranger)
    assert "K26-000001" not in client.get(f"{FIELD}/biasa").text
    assert client.get(f"{FIELD}/biasa/{order}").status_code == 404
    assert client.post_form(f"{FIELD}/biasa/{order}/mulai").status_code == 404
    assert read(works, order).state == "issued"


def test_a_day_in_the_field_without_a_script(works: Any, order: UUID, jpeg: Callable[..., bytes]) -> None:
    client = works.client("crew")
    page = f"{FIELD}/biasa/{order}"
    assert client.post_form(f"{page}/mulai", page=page).status_code == 303
    data = {"kind": "before", "photo": (io.BytesIO(jpeg()), "a.jpg")}
    assert client.post_form(f"{page}/foto", data, page=page, content_type="multipart/form-data").status_code == 303
    wrong = client.post_form(f"{page}/bahan", {"kind": "material", "name": "Semen", "quantity": "x"}, page=page)
    assert wrong.status_code == 422 and 'value="Semen"' in wrong.text
    item = {"kind": "material", "name": "Semen", "quantity": "3", "measure": "zak"}
    assert client.post_form(f"{page}/bahan", item, page=page).status_code == 303
    version = read(works, order).version
    stale = client.post_form(f"{page}/selesai", {"result": "Ditambal.", "version": "2"}, page=page)
    assert stale.status_code == 422 and "Ditambal." in stale.text
    done = client.post_form(f"{page}/selesai", {"result": "Ditambal.", "version": str(version)}, page=page)
    assert done.status_code == 303
    assert read(works, order).state == "done"


def test_pictures_of_the_field_are_for_who_has_the_order(works: Any, order: UUID, jpeg: Callable[..., bytes]) -> None:
    with works.inside(works.person("roads")):
        photo_id = work_photos.add_photo(find(WorkOrder, order), read_picture(jpeg()), "before").id
    assert works.client("crew").get(f"{FIELD}/foto/{photo_id}/kecil").mimetype == "image/jpeg"
    stranger = works.house.person("sumbawa", "lampu@sumbawa.example", roles=[("infrastruktur.crew", "DISHUB")])
    assert works.house.client("sumbawa", stranger).get(f"{FIELD}/foto/{photo_id}/kecil").status_code == 404
    assert works.client("crew").get(f"{FIELD}/foto/{uuid4()}/kecil").status_code == 404
