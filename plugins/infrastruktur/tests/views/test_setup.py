"""Setting up over HTTP: categories and questions, rules, authorities outside, templates, and who may."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Category, Destination, Question, ReplyTemplate, Report, Route
from lumbung_infrastruktur.services import setup
from sqlalchemy import func, select

from lumbung.sdk import DomainError, find, find_or_404, session

from ..conftest import PLACE, press

HERE = "/infrastruktur/pengaturan"
CATEGORY = {
    "name": "Trotoar rusak",
    "group": "jalan",
    "icon": "road",
    "sla_days": "21",
    "radius_m": "25",
    "open": "y",
}


def questions(works: Any, category: UUID) -> list[Question]:
    with works.inside():
        query = select(Question).where(Question.category_id == category).order_by(Question.position)
        return list(session.scalars(query))


@pytest.mark.parametrize(("who", "status"), [("verifier", 403), ("roads", 403), ("citizen", 403), (None, 302)])
def test_only_managers_set_up(works: Any, who: str | None, status: int) -> None:
    client = works.client(who)
    for path in ("", "/kategori", "/kategori/baru", f"/kategori/{works.lamp}", "/penanggung-jawab", "/kewenangan",
                 "/tujuan", "/templat"):  # fmt: skip
        assert client.get(f"{HERE}{path}").status_code == status, path


def test_a_manager_of_one_unit_does_not_decide_for_all(works: Any) -> None:
    person = works.house.person("sumbawa", "satu@sumbawa.example", roles=[("infrastruktur.manager", "PUPR")])
    assert works.house.client("sumbawa", person).get(f"{HERE}/kategori").status_code == 403


def test_every_room_opens_and_begins_with_a_first_step(works: Any) -> None:
    client = works.client("manager")
    for path in ("", "/kategori", "/kategori/baru", "/penanggung-jawab", "/kewenangan", "/kewenangan/baru", "/tujuan",
                 "/tujuan/baru", "/templat", "/templat/baru"):  # fmt: skip
        assert client.get(f"{HERE}{path}").status_code == 200, path
    assert "Belum ada aturan" in client.get(f"{HERE}/kewenangan").text
    assert "Belum ada templat" in client.get(f"{HERE}/templat").text


def test_the_first_set_is_filled_in_by_one_press(works: Any) -> None:
    with works.inside():
        for one in session.scalars(select(Category)):
            setup.delete_category(one)
    client = works.client("manager")
    assert "Isi kategori awal" in client.get(f"{HERE}/kategori").text
    page = press(client, f"{HERE}/kategori/awal", page=f"{HERE}/kategori")
    assert "kategori awal ditambahkan" in page.text and "Jalan berlubang" in page.text
    assert "sudah ada" in press(client, f"{HERE}/kategori/awal", page=f"{HERE}/kategori").text


def test_a_category_is_added_changed_and_closed(works: Any) -> None:
    client, path = works.client("manager"), f"{HERE}/kategori/baru"
    wrong = client.post_form(path, {**CATEGORY, "name": "", "sla_days": "0"}, page=path)
    assert wrong.status_code == 422 and "Isi nama kategorinya" in wrong.text and "1 sampai 365" in wrong.text
    taken = client.post_form(path, {**CATEGORY, "code": "lampu_mati"}, page=path)
    assert taken.status_code == 422 and "sudah dipakai" in taken.text
    assert client.post_form(path, {**CATEGORY, "unit": str(works.roads)}, page=path).status_code == 303
    with works.inside():
        made = session.scalars(select(Category).where(Category.code == "trotoar_rusak")).one()
        assert (made.unit_id, made.sla_days, made.open) == (works.roads, 21, True)
    there = f"{HERE}/kategori/{made.id}"
    closed = {name: value for name, value in CATEGORY.items() if name != "open"}
    assert client.post_form(there, {**closed, "code": "lain"}, page=there).status_code == 303
    with works.inside():
        again = find_or_404(Category, made.id)
        assert (again.open, again.code) == (False, "trotoar_rusak")


def test_what_was_used_is_closed_and_not_deleted(works: Any) -> None:
    works.report()
    client = works.client("manager")
    page = press(client, f"{HERE}/kategori/{works.pothole}/hapus", page=f"{HERE}/kategori")
    assert "Tutup saja" in page.text
    with works.inside():
        assert find(Category, works.pothole) is not None and find_or_404(Category, works.pothole).questions
    assert "dihapus" in press(client, f"{HERE}/kategori/{works.drain}/hapus", page=f"{HERE}/kategori").text
    with works.inside():
        assert find(Category, works.drain) is None


def test_categories_change_places_within_their_group(works: Any) -> None:
    client = works.client("manager")
    client.post_form(f"{HERE}/kategori/baru", CATEGORY, page=f"{HERE}/kategori/baru")
    with works.inside():
        other = session.scalars(select(Category).where(Category.code == "trotoar_rusak")).one().id
    client.post_form(f"{HERE}/kategori/{other}/naik", page=f"{HERE}/kategori")
    with works.inside():
        query = select(Category).where(Category.group == "jalan").order_by(Category.position)
        order = [one.code for one in session.scalars(query)]
        assert order == ["trotoar_rusak", "jalan_berlubang"]
    assert client.post_form(f"{HERE}/kategori/{other}/pergi", page=f"{HERE}/kategori").status_code == 404


def test_a_question_with_options_is_written_without_a_script(works: Any) -> None:
    client, path = works.client("manager"), f"{HERE}/kategori/{works.lamp}/pertanyaan/baru"
    data = {
        "text": "Berapa lampu?",
        "datatype": "singlevaluelist",
        "variable": "y",
        "required": "y",
        "pilihan-kunci": ["", "", "", ""],
        "pilihan-nama": ["Satu", "Dua atau lebih", "", ""],
        "pilihan-inggris": ["One", "Two or more", "", ""],
    }
    few = client.post_form(path, {**data, "pilihan-nama": ["Satu", "", "", ""]}, page=path)
    assert few.status_code == 422 and "sedikitnya dua pilihan" in few.text and 'value="Satu"' in few.text
    assert client.post_form(path, data, page=path).status_code == 303
    (made,) = questions(works, works.lamp)
    assert [one["key"] for one in made.options] == ["satu", "dua_atau_lebih"] and made.required
    assert made.code == "berapa_lampu"
    there = f"{HERE}/pertanyaan/{made.id}"
    changed = {**data, "pilihan-kunci": ["satu", "dua_atau_lebih", ""], "pilihan-nama": ["Hanya satu", "", "Semua"],
               "pilihan-inggris": ["", "", ""]}  # fmt: skip
    assert client.post_form(there, changed, page=there).status_code == 303
    (again,) = questions(works, works.lamp)
    assert [(one["key"], one["name"]) for one in again.options] == [("satu", "Hanya satu"), ("semua", "Semua")]


@pytest.mark.parametrize("datatype", ["string", "text", "number", "datetime"])
def test_other_questions_keep_no_options(works: Any, datatype: str) -> None:
    client, path = works.client("manager"), f"{HERE}/kategori/{works.lamp}/pertanyaan/baru"
    data = {"text": "Nomor tiang?", "datatype": datatype, "variable": "y", "pilihan-nama": ["a", "b"],
            "pilihan-kunci": ["", ""], "pilihan-inggris": ["", ""]}  # fmt: skip
    assert client.post_form(path, data, page=path).status_code == 303
    (made,) = questions(works, works.lamp)
    assert (made.datatype, made.options) == (datatype, [])


def test_questions_are_moved_and_dropped_and_answers_stay(works: Any) -> None:
    report_id = works.report(answers={"ukuran": "besar"})
    client = works.client("manager")
    path = f"{HERE}/kategori/{works.pothole}/pertanyaan/baru"
    client.post_form(path, {"text": "Sejak kapan?", "datatype": "datetime", "variable": "y"}, page=path)
    first, second = questions(works, works.pothole)
    here = f"{HERE}/kategori/{works.pothole}"
    client.post_form(f"{HERE}/pertanyaan/{second.id}/naik", page=here)
    assert [one.code for one in questions(works, works.pothole)] == [second.code, first.code]
    client.post_form(f"{HERE}/pertanyaan/{first.id}/hapus", page=here)
    assert [one.code for one in questions(works, works.pothole)] == [second.code]
    with works.inside():
        assert find_or_404(Report, report_id).answers == {"ukuran": "besar"}


def test_units_of_all_categories_are_set_on_one_page(works: Any) -> None:
    client, path = works.client("manager"), f"{HERE}/penanggung-jawab"
    data = {f"unit-{works.pothole}": str(works.lamps), f"unit-{works.lamp}": "", f"unit-{works.drain}": "nonsense"}
    assert "3 kategori berganti unit" in press(client, path, data, page=path).text
    with works.inside():
        found = {one.code: one.unit_id for one in session.scalars(select(Category))}
        assert found == {"jalan_berlubang": works.lamps, "lampu_mati": None, "saluran_mampet": None}


def test_the_first_rule_that_fits_decides_and_is_tried_out(works: Any) -> None:
    client, path = works.client("manager"), f"{HERE}/kewenangan/baru"
    missing = client.post_form(path, {"group": "jalan", "authority": "kabupaten"}, page=path)
    assert missing.status_code == 422 and "Pilih unit yang menangani" in missing.text
    both = client.post_form(path, {"group": "jalan", "category": str(works.lamp), "authority": "desa"}, page=path)
    assert both.status_code == 422 and "tidak keduanya" in both.text
    wrong = {"group": "jalan", "authority": "provinsi", "destination": str(works.national)}
    assert "bukan dari kewenangan" in client.post_form(path, wrong, page=path).text
    for data in (
        {"group": "jalan", "authority": "nasional", "destination": str(works.national), "note": "SK 1"},
        {"category": str(works.pothole), "authority": "kabupaten", "unit": str(works.lamps), "note": "SK 2"},
    ):
        assert client.post_form(path, data, page=path).status_code == 303
    asked = f"{HERE}/kewenangan?kategori={works.pothole}&lat={PLACE[0]}&lon={PLACE[1]}"
    trial = client.get(asked).text.partition('role="status"')[2]
    assert "BPJN" in client.get(asked).text and trial is not None
    with works.inside():
        last = session.scalars(select(Route).where(Route.note == "SK 2")).one().id
    client.post_form(f"{HERE}/kewenangan/{last}/naik", page=f"{HERE}/kewenangan")
    with works.inside():
        assert [one.note for one in setup.routes()] == ["SK 2", "SK 1"]
        found = setup.try_out(find_or_404(Category, works.pothole), lat=PLACE[0], lon=PLACE[1])
        assert (found.authority, found.unit_id) == ("kabupaten", works.lamps)
        assert session.scalar(select(func.count()).select_from(Report)) == 0
    client.post_form(f"{HERE}/kewenangan/{last}/hapus", page=f"{HERE}/kewenangan")
    with works.inside():
        assert [one.note for one in setup.routes()] == ["SK 1"]
    assert client.get(f"{HERE}/kewenangan?kategori=x&lat=a&lon=b&desa=c").status_code == 200


def test_a_rule_is_changed(works: Any) -> None:
    client = works.client("manager")
    with works.inside():
        route = setup.save_route(None, authority="kabupaten", unit_id=works.roads, group="pju", note="lama")
        route_id = route.id
    there = f"{HERE}/kewenangan/{route_id}"
    assert "lama" in client.get(there).text
    data = {"group": "pju", "authority": "nasional", "destination": str(works.national), "unit": str(works.roads)}
    assert client.post_form(there, data, page=there).status_code == 303
    with works.inside():
        again = find_or_404(Route, route_id)
        assert (again.authority, again.unit_id, again.destination_id) == ("nasional", None, works.national)


def test_an_authority_outside_is_added_closed_and_kept_when_it_was_used(works: Any) -> None:
    client, path = works.client("manager"), f"{HERE}/tujuan/baru"
    data = {"name": "Dinas PUPR Provinsi", "authority": "provinsi", "email": "pupr", "open": "y"}
    assert client.post_form(path, data, page=path).status_code == 422
    assert client.post_form(path, {**data, "authority": "kabupaten", "email": ""}, page=path).status_code == 422
    assert client.post_form(path, {**data, "email": "pupr@contoh.id"}, page=path).status_code == 303
    assert "Sudah ada tujuan" in client.post_form(path, {**data, "email": ""}, page=path).text
    with works.inside():
        made = session.scalars(select(Destination).where(Destination.authority == "provinsi")).one().id
        setup.save_route(None, authority="nasional", destination_id=works.national)
    page = press(client, f"{HERE}/tujuan/{works.national}/hapus", page=f"{HERE}/tujuan")
    assert "Tutup saja" in page.text
    assert "dihapus" in press(client, f"{HERE}/tujuan/{made}/hapus", page=f"{HERE}/tujuan").text
    with works.inside():
        assert find(Destination, made) is None and find(Destination, works.national) is not None


def test_an_answer_is_written_once_for_all(works: Any) -> None:
    client, path = works.client("manager"), f"{HERE}/templat/baru"
    data = {"title": "Bukan kewenangan", "text": "Terima kasih. Jalan ini milik provinsi.", "state": "ditolak"}
    assert client.post_form(path, {**data, "text": ""}, page=path).status_code == 422
    assert client.post_form(path, data, page=path).status_code == 303
    assert "Sudah ada templat" in client.post_form(path, {**data, "state": ""}, page=path).text
    with works.inside():
        (made,) = session.scalars(select(ReplyTemplate)).all()
    assert "Ditolak" in client.get(f"{HERE}/templat").text
    press(client, f"{HERE}/templat/{made.id}/hapus", page=f"{HERE}/templat")
    with works.inside():
        assert session.scalars(select(ReplyTemplate)).all() == []


def test_codes_are_made_of_names_and_never_twice() -> None:
    assert setup.code_of("Lampu Lalu-lintas & Rambu!") == "lampu_lalu_lintas_rambu"
    assert setup.code_of("Lampu", ["lampu", "lampu_2"]) == "lampu_3"
    assert setup.code_of("路") == "lain"
    with pytest.raises(DomainError):
        setup.options_of(["a", "a"], ["Satu", "Dua"], ["", ""])
