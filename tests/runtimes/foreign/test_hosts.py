"""Which host is an application's, and what one learns at a host that is none."""

from __future__ import annotations

from typing import Any

from tests.runtimes.foreign.conftest import NAME, Browser, Keeper

from lumbung.lifecycle.enable import disable
from lumbung.registry.state import bump
from lumbung.testing import TestHouse

HOST = "http://antrian-kota.sumbawa.localhost"


def test_an_application_answers_on_its_own_host_alone(foreign: Any, browser: Browser, house: TestHouse) -> None:
    foreign()
    told = browser.get("/x?a=1").json or {}
    assert told["path"] == "/x?a=1" and told["headers"]["Host"] == "antrian-kota.sumbawa.localhost"
    led = house.client().get("/antrian_kota/loket/a%20b?c=d")
    assert (led.status_code, led.headers["Location"]) == (302, f"{HOST}/loket/a%20b?c=d")
    assert house.client().get("/antrian_kota").headers["Location"] == f"{HOST}/"
    led = house.client().get("/antrian_kota/", base_url="http://sumbawa.localhost:8001")
    assert led.headers["Location"] == "http://antrian-kota.sumbawa.localhost:8001/"
    assert house.client().post("/antrian_kota/x").status_code in (400, 404)
    assert f'href="{HOST}:8000/"' in house.client().get("/layanan/").text


def test_a_host_without_an_application_is_any_strangers(foreign: Any, browser: Browser, house: TestHouse) -> None:
    foreign()
    strange = browser.get("/", base_url="http://antrian-kota.jauh.localhost")
    assert strange.status_code == 404
    others = ("lain.sumbawa", "antrian-kota.sumbawabarat", "x.antrian-kota.sumbawa", "antrian.sumbawa", "core.sumbawa")
    disable(house.kernel, NAME, house.kernel.tenant("sumbawa"), by="test")
    for label in (*others, "antrian-kota.sumbawa"):
        answer = browser.get("/", base_url=f"http://{label}.localhost")
        assert answer.status_code == 404, label
        same = strange.text.replace("antrian-kota.jauh", label)
        assert answer.text == same and "Sumbawa" not in answer.text
        assert dict(answer.headers) == {**dict(strange.headers), "Content-Length": answer.headers["Content-Length"]}


def test_a_closed_application_is_told_of_politely(
    foreign: Any, browser: Browser, house: TestHouse, as_owner: Any, keeper: Keeper
) -> None:
    foreign()
    as_owner("INSERT INTO lumbung_suspension (plugin, since, reason) VALUES (:name, now(), 'x')", name=NAME)
    with house.scope() as scope:
        bump(scope.session)
    house.kernel.state.forget()
    page = browser.get("/")
    assert page.status_code == 503 and "sedang tidak dapat dipakai" in page.text
    assert 'href="http://sumbawa.localhost/"' in page.text and '"/_static/' not in page.text
    style = browser.get("/_lumbung/_static/css/lumbung.css", buffered=True)
    assert style.status_code == 200 and style.mimetype == "text/css"
    assert "pwa.js" not in page.text and keeper.asked == []
    assert house.client().get("/antrian_kota/").status_code == 503


def test_an_application_that_starts_or_fails(foreign: Any, browser: Browser, keeper: Keeper) -> None:
    foreign()
    keeper.answer = {"state": "starting"}
    page = browser.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 503 and "sedang dinyalakan" in page.text
    assert (page.headers["Retry-After"], page.headers["Refresh"]) == ("3", "3")
    told = browser.get("/", headers={"Accept": "application/json"})
    assert told.json["error"] == 503 and "Refresh" not in told.headers
    keeper.answer = {"state": "failed", "reason": "x"}
    page = browser.get("/")
    assert page.status_code == 503 and "sedang tidak dapat dipakai" in page.text
    keeper.answer = {"state": "running", "at": "127.0.0.1:9"}
    count = len(keeper.asked)
    assert browser.get("/").status_code == 503
    assert len(keeper.asked) == count + 2, "asked once more where it is"


def test_a_remote_application_is_led_to(gift: Any, house: TestHouse, keeper: Keeper) -> None:
    gift(
        "lapor", init="", hooks=(), plain='runtime = "remote"', more='[remote]\naddress = "https://lapor.example/id"\n'
    )
    led = house.client().get("/lapor/a?b=c")
    assert (led.status_code, led.headers["Location"]) == (302, "https://lapor.example/id/a?b=c")
    page = house.client().get("/layanan/").text
    assert 'href="https://lapor.example/id/"' in page and "Di situs lain" in page
    led = house.client().get("/", base_url="http://lapor.sumbawa.localhost")
    assert led.headers["Location"] == "https://lapor.example/id/"
