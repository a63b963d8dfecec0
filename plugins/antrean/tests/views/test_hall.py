"""The hall: the kiosk over HTTP, and the wall in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from lumbung_antrean.models import Counter, Ticket
from lumbung_antrean.rules.states import State
from lumbung_antrean.services import calling
from sqlalchemy import select

from lumbung.sdk import find_or_404, session
from lumbung.testing import TestHouse

from ..conftest import Office, press

Line = Callable[..., list[UUID]]


def call(office: Office, counter: int) -> str:
    with office.inside():
        return calling.call_next(find_or_404(Counter, office.counters[counter])).label


def test_kiosk_gives_a_waiting_number_to_print(house: TestHouse, office: Office) -> None:
    client, kiosk = house.client(), f"/antrean/kios/{office.kiosk_key}"
    answer = client.post_form(f"{kiosk}/{office.service}", {"priority": "lansia"}, page=kiosk)
    slip = client.get(answer.location).text
    assert "A001" in slip
    assert "Lansia" in slip
    with office.inside():
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.state, ticket.channel, ticket.name) == (State.WAITING, "kiosk", "")
    assert client.post_form(f"{kiosk}/{office.service}", {"priority": "raja"}, page=kiosk).status_code == 400


def test_kiosk_checks_in_with_a_scanned_address(house: TestHouse, office: Office) -> None:
    client, kiosk, path = house.client(), f"/antrean/kios/{office.kiosk_key}", office.path()
    taken = client.post_form(path, {"name": "Aminah", "phone": "081234567890", "consent": "y"}, page=path)
    scanned = f"http://sumbawa.localhost{taken.location}"
    assert "tercatat hadir" in press(client, f"{kiosk}/hadir", {"code": scanned}, page=kiosk).text
    for wrong in (scanned, "TIDAKADA", ""):
        page = press(client, f"{kiosk}/hadir", {"code": wrong}, page=kiosk)
        assert "lb-gawat" in page.text


def test_wall_state_names_nobody_and_is_304_while_nothing_happens(house: TestHouse, office: Office, line: Line) -> None:
    line("", "", "")
    call(office, 2)
    client, url = house.client(), f"/antrean/layar/{office.location}/keadaan.json"
    first = client.get(url)
    state = first.get_json()
    assert [row["label"] for row in state["counters"]] == ["A001"]
    assert [row["label"] for row in state["next"]] == ["A002", "A003"]
    assert [(row["label"], row["counter"]) for row in state["calls"]] == [("A001", 3)]
    assert "Warga" not in first.text
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    call(office, 3)
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_wall_shows_and_speaks_every_call_once_and_survives_a_lost_network(
    house: TestHouse, office: Office, line: Line, new_page: Any
) -> None:
    line(*[""] * 6)
    call(office, 0)
    hurried = (  # clips that end at once; which were played is kept
        "window.played = []; HTMLMediaElement.prototype.play = function () {"
        "  window.played.push(this.src.split('/').pop()); setTimeout(() => this.onended(), 5);"
        "  return Promise.resolve(); }"
    )
    with house.serving() as port:
        page = new_page(width=1280, height=720)
        page.add_init_script(hurried)
        page.goto(f"http://sumbawa.localhost:{port}/antrean/layar/{office.location}")
        number, wall = page.locator("[data-wall-number]"), page.locator("[data-wall]")
        assert number.inner_text() == "A001"
        page.get_by_role("button", name="Aktifkan suara").click()
        page.wait_for_timeout(2500)  # the call from before the wall came is past
        assert wall.get_attribute("data-wall-said") == ""

        call(office, 2)
        page.locator("[data-wall-said='Nomor antrean, A nol nol dua, silakan ke loket tiga']").wait_for(timeout=15000)
        assert number.inner_text() == "A002"
        assert page.evaluate("played.join(' ')") == "nomor.mp3 a.mp3 0.mp3 0.mp3 2.mp3 loket.mp3 3.mp3"

        page.context.set_offline(True)
        page.locator("[data-wall-offline]:visible").wait_for()
        assert number.inner_text() == "A002"
        call(office, 3)
        call(office, 4)
        page.context.set_offline(False)
        page.locator("[data-wall-said-count='3']").wait_for(timeout=30000)
        assert wall.get_attribute("data-wall-said") == "Nomor antrean, A nol nol empat, silakan ke loket lima"
        assert page.locator("[data-wall-offline]").is_hidden()
        page.wait_for_timeout(2500)
        assert wall.get_attribute("data-wall-said-count") == "3"


def test_operator_works_with_the_keyboard_alone(house: TestHouse, office: Office, line: Line, new_page: Any) -> None:
    line("", "")
    person = house.person("sumbawa", "loket@sumbawa.example", roles=["antrean.operator"])
    with house.serving() as port:
        page = new_page()
        home = f"http://sumbawa.localhost:{port}"
        page.context.add_cookies([{"name": "lumbung_sid", "value": house.token("sumbawa", person), "url": home}])
        page.goto(f"{home}/antrean/loket/pilih")
        page.get_by_role("button", name="Duduk di sini").first.click()
        page.wait_for_url("**/antrean/loket")
        for key, shown in (
            ("b", "Dipanggil"),
            ("m", "Dilayani"),
            ("b", "A002"),
            ("m", "Dilayani"),
            ("s", "Loket ini siap"),
        ):
            page.wait_for_load_state()
            page.keyboard.press(key)
            page.locator(".antrean-here", has_text=shown).wait_for()
    with office.inside():
        assert set(session.scalars(select(Ticket.state))) == {"done"}
