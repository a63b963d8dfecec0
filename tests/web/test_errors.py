"""When something goes wrong: what happened, what is kept, what to do, in a page or, for a program, in JSON."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from lumbung.errors import DatabaseUnavailable
from lumbung.testing import HouseClient, TestHouse, frozen_clock
from lumbung.web import errors
from lumbung.web.limits import rate_limit

JSON = {"Accept": "application/json"}

BROKEN = """
from flask import Blueprint, abort, request
from lumbung.sdk import DomainError, hookimpl, public, rate_limit, requires

blueprint = Blueprint("contoh", __name__)

@blueprint.get("/<kind>")
@public
def answer(kind):
    if kind == "often":
        rate_limit("contoh", times=1, seconds=600)
        return "ok"
    if kind == "rule":
        raise DomainError("Kuota habis.")
    if kind == "exit":
        raise SystemExit(1)
    if kind.isdigit():
        abort(int(kind))
    raise ValueError("pecah")

@hookimpl
def routes():
    return [blueprint]
"""


@pytest.fixture
def contoh(gift: Any) -> None:
    gift("contoh", init=BROKEN)


def test_a_page_that_is_not_there_offers_a_search_and_the_way_home(house: TestHouse) -> None:
    answer = house.client().get("/tidak-ada")
    assert answer.status_code == 404
    assert '<form method="get" action="/cari" role="search"' in answer.text
    assert 'name="q"' in answer.text
    assert 'href="/">Ke beranda' in answer.text


@pytest.fixture
def officer(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "loket@a.id", name="Syamsul Bahri", roles=["officer"]))


def test_who_may_not_is_told_as_whom_they_are_here_and_may_come_as_another(
    house: TestHouse, officer: HouseClient
) -> None:
    answer = officer.get("/admin/tenant/?halaman=2")
    assert answer.status_code == 403
    assert "Anda masuk sebagai Syamsul Bahri (loket@a.id)." in answer.text
    assert 'href="/meja/"' in answer.text
    form = re.search(r'<form method="post" action="/keluar".*?</form>', answer.text, re.DOTALL)
    assert form
    values = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    assert values["next"] == "/masuk?next=/admin/tenant/%3Fhalaman%3D2"
    gone = officer.post("/keluar", data=values)
    assert gone.status_code == 303
    assert gone.headers["Location"] == values["next"]
    assert officer.get("/akun").status_code == 302, "signed out"
    assert 'value="/admin/tenant/?halaman=2"' in officer.get(values["next"]).text


def test_a_citizen_is_led_home_and_not_to_a_desk(house: TestHouse) -> None:
    citizen = house.client("sumbawa", house.person("sumbawa", "warga@a.id"))
    answer = citizen.get("/admin/")
    assert answer.status_code == 403
    assert 'href="/meja/"' not in answer.text
    assert 'href="/">Ke beranda' in answer.text


def test_signing_out_leads_nowhere_else(house: TestHouse, officer: HouseClient) -> None:
    for wanted in ("//evil.example", "https://evil.example/", "/\\evil.example"):
        assert officer.post_form("/keluar", {"next": wanted}, page="/").headers["Location"] == "/"


@pytest.mark.usefixtures("contoh")
def test_too_often_says_when_to_try_again(house: TestHouse) -> None:
    client = house.client()
    with frozen_clock("2026-11-24T08:03:20+08:00"):
        assert client.get("/contoh/often").status_code == 200
        answer = client.get("/contoh/often")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "400"
    assert "Coba lagi dalam 7 menit." in answer.text


def test_the_last_seconds_of_a_window_are_a_minute_in_words(house: TestHouse) -> None:
    with frozen_clock("2026-11-24T08:00:55+08:00"), house.scope():
        rate_limit("a", times=1, seconds=60)
        with pytest.raises(errors.TooMany, match=r"dalam 1 menit\.") as refused:
            rate_limit("a", times=1, seconds=60)
    assert refused.value.seconds == 5


@pytest.mark.usefixtures("contoh")
def test_a_fault_has_a_number_that_can_be_copied(house: TestHouse) -> None:
    answer = house.client().get("/contoh/pecah")
    assert answer.status_code == 500
    number = re.search(r"nomor kejadian ([0-9A-F]{8})", answer.text)
    assert number
    assert f'data-lb-copy="{number[1]}"' in answer.text
    assert 'href="/contoh/pecah">Coba lagi' in answer.text
    assert "pecah</" not in answer.text.replace('href="/contoh/pecah"', "")


@pytest.mark.usefixtures("contoh")
def test_what_even_flask_does_not_catch_has_a_page_with_a_number(house: TestHouse) -> None:
    client = house.client()
    answer = client.get("/contoh/exit")
    assert answer.status_code == 500
    assert re.search(r"[0-9A-F]{8}", answer.text)
    assert "<!doctype html>" in answer.text


@pytest.mark.usefixtures("contoh")
@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 413, 429, 500, 503])
def test_every_refusal_says_what_happened_what_is_kept_and_what_to_do(house: TestHouse, code: int) -> None:
    answer = house.client().get(f"/contoh/{code}")
    assert answer.status_code == code
    assert answer.text.count("<dt>") == 2
    assert f"Kode {code}" in answer.text


@pytest.mark.usefixtures("contoh")
def test_a_program_gets_short_json(house: TestHouse) -> None:
    client = house.client()
    assert client.get("/tidak-ada", headers=JSON).get_json() == {"error": 404}
    assert client.get("/contoh/rule", headers=JSON).get_json() == {"error": 409, "message": "Kuota habis."}
    fault = client.get("/contoh/pecah", headers=JSON)
    assert fault.status_code == 500
    assert set(fault.get_json()) == {"error", "reference"}
    for accept in ("text/html,application/xhtml+xml,*/*;q=0.8", "*/*", ""):
        assert client.get("/tidak-ada", headers={"Accept": accept}).mimetype == "text/html"


@pytest.mark.parametrize("away", [DatabaseUnavailable("away"), OperationalError("x", None, Exception("secret"))])
def test_a_page_whose_database_goes_away_says_so_without_asking_it_again(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    client = house.client("sumbawa", house.person("sumbawa", "warga@a.id"))
    client.get("/")

    def fail(*_: object, **__: object) -> None:
        raise away

    monkeypatch.setattr("lumbung.web.house.find_person", fail)
    answer = client.get("/akun")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Layanan sedang tidak dapat dipakai" in answer.text
    assert 'href="/akun">Coba lagi' in answer.text
    assert "secret" not in answer.text


def test_when_not_even_the_error_page_can_be_made_another_one_stands_alone(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no templates")

    monkeypatch.setattr(errors, "render_template", fail)
    answer = house.client().get("/tidak-ada")
    assert answer.status_code == 404
    assert "Layanan ini mengalami gangguan" in answer.text
    assert "no templates" not in answer.text
