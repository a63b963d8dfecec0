"""A view for programs: no cookie is read, so no other site can act for somebody, and every site may read."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.testing import TestHouse

INIT = """
from flask import Blueprint, request
from flask_login import current_user
from lumbung.sdk import current_person, hookimpl, machine, public
blueprint = Blueprint("mesin", __name__)
@blueprint.route("/tanya", methods=["GET", "POST"])
@machine
def ask():
    who = current_person().name if current_person() else "nobody"
    return f"{request.method} {who} {request.form.get('lb_once', '')} {current_user.is_authenticated}"
@blueprint.route("/halaman", methods=["GET", "POST"])
@public
def page():
    return "isi"
@hookimpl
def routes():
    return [blueprint]
"""


@pytest.fixture
def programs(gift: Any) -> None:
    gift("mesin", init=INIT)


@pytest.mark.usefixtures("programs")
def test_a_program_posts_without_a_token_and_is_nobody_though_a_cookie_came_along(house: TestHouse) -> None:
    person = house.person("sumbawa", "admin@sumbawa.example", roles=["admin"])
    client = house.client("sumbawa", person)
    answer = client.post("/mesin/tanya", data={"lb_once": "x"})
    assert (answer.status_code, answer.text) == (200, "POST nobody x False")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers
    again = client.post("/mesin/tanya", data={"lb_once": "x"})
    assert again.status_code == 200, "the key of a page's form means nothing here"


@pytest.mark.usefixtures("programs")
def test_a_page_beside_it_still_wants_a_token_and_is_read_by_its_own_site_alone(house: TestHouse) -> None:
    client = house.client("sumbawa")
    assert client.post("/mesin/halaman").status_code == 400
    assert "Access-Control-Allow-Origin" not in client.get("/mesin/halaman").headers


@pytest.mark.usefixtures("programs")
def test_nothing_is_served_at_a_regency_that_has_it_off(house: TestHouse) -> None:
    assert house.client("sumbawabarat").post("/mesin/tanya").status_code == 404
