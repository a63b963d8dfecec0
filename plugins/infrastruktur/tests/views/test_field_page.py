"""The field page: its shell is nobody's, what phones send is checked, and a phone behind the hills loses nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from lumbung_infrastruktur.models import FieldUpdate, Photo, Report, WorkItem, WorkOrder
from lumbung_infrastruktur.services import crews, work_orders, workflow
from sqlalchemy import func, select

from lumbung.sdk import find, session

FIELD = "/infrastruktur/lapangan"
IN_CHARGE = """
navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller || new Promise(
  (done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }))).then(() => {})
"""
LOSE_ONE_ANSWER = """
(() => {
  const real = window.fetch;
  window.fetch = async (address, options) => {
    const answer = await real(address, options);
    if (options?.method !== "POST" || window.lost) return answer;
    window.lost = answer.status;
    throw new TypeError("the server got it; the phone never hears so");
  };
})()
"""
KEPT = """
(async () => {
  const open = indexedDB.open("lumbung-lapangan");
  const base = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const found = {};
  for (const name of base.objectStoreNames) {
    const all = base.transaction(name).objectStore(name).getAll();
    found[name] = await new Promise((done) => { all.onsuccess = () => done(all.result.length); });
  }
  base.close();
  return found;
})()
"""


@pytest.fixture
def order(works: Any) -> UUID:
    """An issued order of the crew that `crew` leads."""
    report_id = works.report(description="Lubang dalam di depan pasar")
    leader = works.person("crew")
    with works.inside(works.person("verifier")):
        workflow.route(find(Report, report_id), works.roads)
    with works.inside(works.person("roads")):
        crew = crews.save(None, name="Regu 1", unit_id=works.roads, leader_id=leader.id, phone="", members="")
        made = work_orders.draft_for_report(
            find(Report, report_id), title="Tambal lubang pasar", instructions="Tambal.", crew=crew
        )
        work_orders.issue(made)
        return made.id


def read(works: Any, order_id: UUID) -> Any:
    with works.inside():
        return find(WorkOrder, order_id)


# What is asked for and sent


def test_the_shell_is_the_same_for_everybody_and_holds_no_order(works: Any, order: UUID) -> None:
    stranger = works.client().get(FIELD)
    assert stranger.status_code == 200
    for page in (stranger, works.client("crew").get(FIELD)):
        assert "K26-000001" not in page.text and "Tambal lubang pasar" not in page.text
    assert f'"{FIELD}"' in works.client().get("/sw.js").text


def test_orders_come_with_who_they_are_for_and_a_token(works: Any, order: UUID) -> None:
    client = works.client("crew")
    answer = client.get(f"{FIELD}/data.json")
    assert answer.headers["Cache-Control"] == "no-store"
    data = answer.get_json()
    assert data["person"] == {"id": str(works.person("crew").id), "name": "Crew"}
    assert [one["number"] for one in data["orders"]] == ["K26-000001"] and data["more"] == 0
    short = client.get(f"{FIELD}/data.json?hanya=token").get_json()
    assert set(short) == {"person", "token"}


def _send(client: Any, token: str, owner: object, *updates: dict[str, Any], **files: Any) -> Any:
    data = {"csrf_token": token, "milik": str(owner), "kiriman": json.dumps(updates), **files}
    headers = {"Accept": "application/json"}
    return client.post(f"{FIELD}/kirim", data=data, content_type="multipart/form-data", headers=headers)


def _update(order_id: UUID, kind: str, **more: Any) -> dict[str, Any]:
    return {"key": str(uuid4()), "order": str(order_id), "version": 2, "kind": kind, "values": {}, **more}


def test_what_phones_send_is_answered_one_by_one(works: Any, order: UUID, jpeg: Callable[..., bytes]) -> None:
    client, owner = works.client("crew"), works.person("crew").id
    token = client.get(f"{FIELD}/data.json?hanya=token").get_json()["token"]
    start, photo = _update(order, "start"), _update(order, "photo", values={"kind": "before"})
    answer = _send(client, token, owner, start, photo, **{photo["key"]: (io.BytesIO(jpeg()), "foto.jpg")})
    assert answer.status_code == 200
    assert [one["outcome"] for one in answer.get_json()["outcomes"]] == ["ok", "ok"]
    assert read(works, order).state == "working"
    again = _send(client, token, owner, start).get_json()["outcomes"][0]
    assert (again["outcome"], again["again"]) == ("ok", True)


def test_nothing_is_taken_from_strangers_or_in_somebody_else_s_name(works: Any, order: UUID) -> None:
    owner, start = works.person("crew").id, _update(order, "start")
    crew = works.client("crew")
    token = crew.get(f"{FIELD}/data.json?hanya=token").get_json()["token"]
    assert _send(crew, "stale", owner, start).status_code == 400
    assert _send(crew, token, works.person("roads").id, start).status_code == 409
    assert _send(crew, token, owner).status_code == 422
    assert _send(crew, token, owner, {"key": "x"}).status_code == 422
    nonsense = crew.post(f"{FIELD}/kirim", data={"csrf_token": token, "milik": str(owner), "kiriman": "{"})
    assert nonsense.status_code == 422
    visitor = works.client()
    assert _send(visitor, visitor.csrf_token(), owner, start).status_code == 401
    head = works.client("head")
    assert _send(head, head.csrf_token("/akun"), works.person("head").id, start).status_code == 403
    assert read(works, order).state == "issued"


# A phone


@contextmanager
def phone(works: Any, new_page: Any, person: str = "crew") -> Iterator[Any]:
    """A phone with the field page open, kept by the service worker."""
    token = works.house.token("sumbawa", works.person(person))
    with works.house.serving() as port:
        page = new_page(width=390, height=844)
        page.site = f"http://sumbawa.localhost:{port}"
        page.context.add_cookies([{"name": "lumbung_sid", "value": token, "url": page.site}])
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{page.site}{FIELD}")
        page.evaluate(IN_CHARGE)
        ready(page)
        yield page
        page.goto("about:blank")


def ready(page: Any) -> None:
    page.locator("[data-field][data-ready]").wait_for()


def photo(colour: bytes = b"") -> dict[str, Any]:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (2400, 1800), "#556677" if not colour else colour.decode()).save(out, "JPEG")
    return {"name": "kamera.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def test_a_day_without_a_network_arrives_once_and_whole(works: Any, order: UUID, new_page: Any) -> None:
    with phone(works, new_page) as page:
        page.get_by_text("Tambal lubang pasar").wait_for()
        page.context.set_offline(True)
        page.goto(f"{page.site}{FIELD}")  # the phone was shut off in between
        ready(page)
        page.get_by_text("Tanpa sambungan").wait_for()
        page.get_by_text("Tambal lubang pasar").click()
        page.get_by_role("button", name="Mulai dikerjakan").click()
        page.locator("[data-field-detail] [data-f-tags]", has_text="Sedang dikerjakan").wait_for()
        page.set_input_files("[data-f-camera=before]", photo())
        page.locator("[data-f-photos] li").first.wait_for()
        page.fill("#f-item-name", "Aspal dingin")
        page.fill("#f-item-quantity", "2,5")
        page.fill("#f-item-measure", "zak")
        page.get_by_role("button", name="Catat").click()
        page.locator("[data-f-items] li", has_text="Aspal dingin: 2,5 zak").wait_for()
        page.get_by_role("button", name="Nyatakan selesai").click()
        assert page.locator("[data-f-finish-wrong]").inner_text() == "Tulis apa yang dikerjakan dan hasilnya."
        page.fill("#f-result", "Lubang ditambal dua lapis.")
        page.get_by_role("button", name="Nyatakan selesai").click()
        page.get_by_text("Dinyatakan selesai, belum terkirim").wait_for()
        page.goto(f"{page.site}{FIELD}")
        ready(page)
        assert page.locator("[data-field-unsent]").inner_text() == "4 isian belum terkirim"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert read(works, order).state == "issued"
        page.context.set_offline(False)
        page.get_by_text("Semua sudah terkirim").wait_for()
        page.get_by_text("Tidak ada pekerjaan").wait_for()
        page.get_by_role("button", name="Kirim dan perbarui").click()
        page.wait_for_load_state("networkidle")
        assert page.evaluate(KEPT) | {"meta": 0} == {"meta": 0, "orders": 0, "pictures": 0, "outbox": 0, "drafts": 0}
    with works.inside():
        found = find(WorkOrder, order)
        assert (found.state, found.result) == ("done", "Lubang ditambal dua lapis.")
        assert find(Report, found.report_id).state == "selesai"
        assert session.scalar(select(func.count()).select_from(FieldUpdate)) == 4
        assert [(row.name, float(row.quantity)) for row in session.scalars(select(WorkItem))] == [("Aspal dingin", 2.5)]
        sides = session.execute(select(Photo.kind, Photo.width, Photo.height).where(Photo.work_order_id == order)).all()
        assert sides == [("before", 1600, 1200)]


def test_an_answer_that_gets_lost_does_not_make_two_of_one(works: Any, order: UUID, new_page: Any) -> None:
    with phone(works, new_page) as page:
        page.get_by_text("Tambal lubang pasar").click()
        page.evaluate(LOSE_ONE_ANSWER)
        page.fill("#f-item-name", "Semen")
        page.fill("#f-item-quantity", "3")
        page.get_by_role("button", name="Catat").click()
        page.get_by_text("Kantor tidak terjangkau sekarang").wait_for()
        assert page.evaluate("lost") == 200
        page.get_by_role("button", name="Kirim dan perbarui").click()
        page.get_by_text("Semua sudah terkirim").wait_for()
        page.locator("[data-f-items] li", has_text="Semen: 3").wait_for()
        page.get_by_role("button", name="Mulai dikerjakan").click()
        page.locator("[data-f-start]").wait_for(state="hidden")
        page.wait_for_function(f"{KEPT}.then((found) => found.outbox === 0)")
    with works.inside():
        assert session.scalars(select(WorkItem.name)).all() == ["Semen"]
        assert find(WorkOrder, order).state == "working"


def test_what_the_desk_did_meanwhile_is_shown_and_what_was_typed_is_kept(
    works: Any, order: UUID, new_page: Any
) -> None:
    with phone(works, new_page) as page:
        page.get_by_text("Tambal lubang pasar").click()
        page.context.set_offline(True)
        page.fill("#f-result", "Ditambal.")
        page.get_by_role("button", name="Nyatakan selesai").click()
        page.get_by_text("Dinyatakan selesai, belum terkirim").wait_for()
        with works.inside(works.person("roads")):
            found = find(WorkOrder, order)
            work_orders.change(
                found, title=found.title, instructions="Tambal dan pasang rambu.", crew=found.crew, planned_on=None
            )
        page.context.set_offline(False)
        decision = page.locator("[data-field-decisions] article")
        decision.wait_for()
        told = decision.inner_text()
        assert "diubah di kantor" in told and "Ditambal." in told
        assert "Yang harus dikerjakan: Tambal. → Tambal dan pasang rambu." in told
        assert (read(works, order).state, read(works, order).result) == ("issued", "")
        page.reload()
        ready(page)
        decision.get_by_role("button", name="Kirim tetap").click()
        page.get_by_text("Semua sudah terkirim").wait_for()
        assert decision.count() == 0
    assert (read(works, order).state, read(works, order).result) == ("done", "Ditambal.")


def test_a_cancelled_order_tells_why_and_typed_words_can_still_be_sent(works: Any, order: UUID, new_page: Any) -> None:
    with phone(works, new_page) as page:
        page.get_by_text("Tambal lubang pasar").click()
        page.fill("#f-result", "Sudah setengah jalan.")
        page.wait_for_function(f"{KEPT}.then((found) => found.drafts === 1)")
        with works.inside(works.person("roads")):
            work_orders.cancel(find(WorkOrder, order), "Dikerjakan provinsi")
        page.get_by_role("button", name="Kirim dan perbarui").click()
        decision = page.locator("[data-field-decisions] article")
        decision.get_by_text("Sudah setengah jalan.").wait_for()
        decision.get_by_role("button", name="Kirim tetap").click()
        page.get_by_text("Semua sudah terkirim").wait_for()
        page.wait_for_function(f"{KEPT}.then((found) => found.drafts === 0 && found.outbox === 0)")
    found = read(works, order)
    assert (found.state, found.result) == ("cancelled", "Keterangan dari lapangan: Sudah setengah jalan.")


def test_another_person_at_the_phone_finds_nothing_of_the_first(works: Any, order: UUID, new_page: Any) -> None:
    stranger = works.house.person("sumbawa", "lampu@sumbawa.example", roles=[("infrastruktur.crew", "DISHUB")])
    with phone(works, new_page) as page:
        page.get_by_text("Tambal lubang pasar").wait_for()
        _sign_in(page, works.house.token("sumbawa", stranger))
        page.get_by_text("Tidak ada pekerjaan").wait_for()
        assert page.get_by_text("Tambal lubang pasar").count() == 0
        assert page.evaluate(KEPT)["orders"] == 0
        _sign_in(page, None)
        page.get_by_text("Anda belum masuk").wait_for()
        assert page.evaluate(KEPT) == {"meta": 0, "orders": 0, "pictures": 0, "outbox": 0, "drafts": 0}


def test_what_was_not_sent_outlives_the_sign_in_and_another_person(works: Any, order: UUID, new_page: Any) -> None:
    stranger = works.house.person("sumbawa", "lampu@sumbawa.example", roles=[("infrastruktur.crew", "DISHUB")])
    with phone(works, new_page) as page:
        page.get_by_text("Tambal lubang pasar").click()
        page.context.set_offline(True)
        page.get_by_role("button", name="Mulai dikerjakan").click()
        page.locator("[data-field-unsent]", has_text="1 isian belum terkirim").wait_for()
        page.context.clear_cookies()  # before there is a network again: then the phone sends at once
        page.context.set_offline(False)
        page.get_by_text("Masuk Crew sudah berakhir. 1 isian masih tersimpan").wait_for()
        assert (
            page.locator("[data-field-notices] a").get_attribute("href") == f"/masuk?next={FIELD.replace('/', '%2F')}"
        )
        _sign_in(page, works.house.token("sumbawa", stranger))
        page.get_by_text("Di ponsel ini masih ada 1 isian Crew").wait_for()
        assert page.get_by_text("Tambal lubang pasar").count() == 0
        assert read(works, order).state == "issued"
        _sign_in(page, works.house.token("sumbawa", works.person("crew")))
        page.get_by_text("Semua sudah terkirim").wait_for()
    assert read(works, order).state == "working"


def _sign_in(page: Any, token: str | None) -> None:
    page.context.clear_cookies()
    if token:
        page.context.add_cookies([{"name": "lumbung_sid", "value": token, "url": page.site}])
    page.goto(f"{page.site}{FIELD}")
    ready(page)
