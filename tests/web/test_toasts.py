"""A word in passing travels with the answer to htmx, and waits for the next page otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumbung.testing import TestHouse

SAY = """
from flask import Blueprint, Response, redirect, request
from lumbung.sdk import hookimpl, public, toast

blueprint = Blueprint("sapa", __name__)

@blueprint.post("/")
@public
def say():
    for message in request.form.getlist("message"):
        toast(message, request.form.get("tone", "baik"))
    how = request.form.get("how")
    if how == "moved":
        return redirect("/", 303)
    answer = Response(status=200)
    if how == "hx":
        answer.headers["HX-Redirect"] = "/"
    if how == "named":
        answer.headers["HX-Trigger"] = "selesai, lanjut"
    if how == "json":
        answer.headers["HX-Trigger"] = '{"selesai": {"nomor": 7}}'
    return answer

@hookimpl
def routes():
    return [blueprint]
"""
HTMX = {"HX-Request": "true"}
MESSAGE = "Nomor A007 dipanggil – “silakan”"


@pytest.fixture
def client(house: TestHouse, gift: Any) -> Any:
    gift("sapa", init=SAY)
    return house.client()


def say(client: Any, headers: dict[str, str] | None = None, **data: Any) -> Any:
    form = {"message": MESSAGE, **data}
    return client.post_form("/sapa/", form, page="/masuk", headers=headers or {})


def test_the_answer_to_htmx_carries_it(client: Any) -> None:
    answer = say(client, HTMX, message=["Satu", MESSAGE], tone="padi")
    told = json.loads(answer.headers["HX-Trigger"])
    assert told == {"lb:toast": {"toasts": [{"message": "Satu", "tone": "padi"}, {"message": MESSAGE, "tone": "padi"}]}}
    assert answer.headers["HX-Trigger"].isascii()
    assert MESSAGE not in client.get("/").text


def test_a_plain_request_tells_it_on_the_next_page(client: Any) -> None:
    answer = say(client, tone="gawat")
    assert "HX-Trigger" not in answer.headers
    page = client.get("/").text
    assert MESSAGE in page
    assert "lb-notice lb-gawat" in page
    assert MESSAGE not in client.get("/").text


@pytest.mark.parametrize("how", ["moved", "hx"])
def test_htmx_that_is_led_to_another_page_finds_it_there(client: Any, how: str) -> None:
    assert "HX-Trigger" not in say(client, HTMX, how=how).headers
    assert MESSAGE in client.get("/").text


def test_events_of_the_view_stay(client: Any) -> None:
    named = json.loads(say(client, HTMX, how="named").headers["HX-Trigger"])
    assert set(named) == {"selesai", "lanjut", "lb:toast"}
    given = json.loads(say(client, HTMX, how="json").headers["HX-Trigger"])
    assert given["selesai"] == {"nomor": 7}


def test_nothing_said_is_nothing_sent(client: Any) -> None:
    assert "HX-Trigger" not in say(client, HTMX, message=[]).headers
