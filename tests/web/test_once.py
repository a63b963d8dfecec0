"""A form counts once, however often it is sent; a changed one is a new form."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lumbung.testing import HouseClient, TestHouse

GUESTS = """
from flask import Blueprint, redirect, render_template_string, request
from lumbung.sdk import hookimpl, public, session
from sqlalchemy import text

blueprint = Blueprint("tamu", __name__)
PAGE = '{% import "lumbung/ui.html" as ui %}{% call ui.form(None) %}{% endcall %}'

@blueprint.get("/")
@public
def index():
    return render_template_string(PAGE)

@blueprint.post("/")
@public
def add():
    name = request.form["name"]
    if not name:
        return "Tulis nama.", 422
    session.execute(text("INSERT INTO tamu_guest (name) VALUES (:name)"), {"name": name})
    if request.form.get("stay"):
        return "Tercatat."
    return redirect(f"/tamu/{name}", 303)

@hookimpl
def routes():
    return [blueprint]
"""

TABLES = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_tenant_table("tamu_guest", sa.Column("name", sa.Text, nullable=False))
"""


@pytest.fixture(autouse=True)
def tamu(gift: Any) -> None:
    gift("tamu", init=GUESTS, files={"lumbung_tamu/migrations/0001_x.py": TABLES})


def filled(client: HouseClient, **values: str) -> dict[str, str]:
    """Return the form as a browser would send it: its hidden fields, and what was typed."""
    page = client.get("/tamu/").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', page))
    assert set(hidden) == {"csrf_token", "lb_once"}
    return {**hidden, **values}


def guests(as_owner: Any) -> list[str]:
    return sorted(str(name) for (name,) in as_owner("SELECT name FROM tamu_guest"))


def test_a_second_press_is_led_to_where_the_first_one_went(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    form = filled(client, name="Siti")
    first, second = client.post("/tamu/", data=form), client.post("/tamu/", data=form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"] == "/tamu/Siti"
    assert guests(as_owner) == ["Siti"]


def test_twins_at_the_same_moment_count_once(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    form = filled(client, name="Siti")
    cookie = client.get_cookie("lumbung", domain="sumbawa.localhost")
    assert cookie is not None

    def send(_number: int) -> int:
        same_browser = house.client()
        same_browser.set_cookie("lumbung", cookie.value, domain="sumbawa.localhost")
        return int(same_browser.post("/tamu/", data=form).status_code)

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(6))) == {303}
    assert guests(as_owner) == ["Siti"]


def test_a_refused_form_may_be_sent_again(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    form = filled(client, name="")
    assert client.post("/tamu/", data=form).status_code == 422
    assert client.post("/tamu/", data=form).status_code == 422
    assert client.post("/tamu/", data={**form, "name": "Siti"}).status_code == 303
    assert guests(as_owner) == ["Siti"]


def test_what_was_changed_before_sending_again_is_a_new_form(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    form = filled(client, name="Siti")
    client.post("/tamu/", data=form)
    assert client.post("/tamu/", data={**form, "name": "Budi"}).headers["Location"] == "/tamu/Budi"
    assert guests(as_owner) == ["Budi", "Siti"]


def test_another_file_of_the_same_name_is_a_new_form(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    form = filled(client, name="Siti")
    for contents in (b"satu", b"dua", b"dua"):
        answer = client.post("/tamu/", data={**form, "foto": (io.BytesIO(contents), "foto.jpg")})
        assert answer.status_code == 303
    assert guests(as_owner) == ["Siti", "Siti"]


def test_a_form_that_led_nowhere_says_that_it_was_taken_in(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    form = filled(client, name="Siti", stay="1")
    assert client.post("/tamu/", data=form).text == "Tercatat."
    again = client.post("/tamu/", data=form)
    assert again.status_code == 409
    assert "sudah kami terima" in again.text
    assert guests(as_owner) == ["Siti"]


def test_the_same_form_opened_anew_counts_anew(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    for _time in range(2):
        assert client.post("/tamu/", data=filled(client, name="Siti")).status_code == 303
    assert guests(as_owner) == ["Siti", "Siti"]


def test_a_token_says_nothing_of_another_visitor_or_page(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    form = filled(client, name="Siti")
    client.post("/tamu/", data=form)
    person = house.client("sumbawa", house.person("sumbawa", "warga@sumbawa.example"))
    theirs = {**filled(person, name="Siti"), "lb_once": form["lb_once"]}
    assert person.post("/tamu/", data=theirs).status_code == 303
    assert guests(as_owner) == ["Siti", "Siti"]
