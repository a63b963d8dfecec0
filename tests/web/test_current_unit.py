"""The unit one works in: chosen among one's own, remembered by the browser, checked at every request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from lumbung.identity import people
from lumbung.identity.models import PersonRow
from lumbung.identity.person import Person
from lumbung.sdk import current_unit, current_units
from lumbung.testing import HouseClient, TestHouse

SHELF = """
from flask import Blueprint
from lumbung.sdk import current_unit, current_units, hookimpl, requires, units

blueprint = Blueprint("rak", __name__)

@blueprint.get("/")
@requires("rak.read")
def shelf():
    here, narrowed = current_unit(), current_units()
    codes = sorted(unit.code for unit in units.all() if narrowed is not None and unit.id in narrowed)
    return f"{here.code if here else 'semua'}: {' '.join(codes) if narrowed is not None else '*'}"

@blueprint.get("/diam")
@requires("rak.read")
def quiet():
    return "diam"

@hookimpl
def routes():
    return [blueprint]
"""
RIGHTS = """
[[permissions]]
name = "rak.read"
title = {id = "Membaca", en = "Read"}
[[roles]]
name = "reader"
title = {id = "Pembaca", en = "Reader"}
permissions = ["rak.read"]
"""


@pytest.fixture
def shelf(house: TestHouse, gift: Any) -> dict[str, UUID]:
    """Two units of which one has a clinic below it, and a plugin that says where one works."""
    gift("rak", init=SHELF, more=RIGHTS)
    return {
        "DINKES": house.unit("sumbawa", "DINKES"),
        "PKM": house.unit("sumbawa", "PKM", parent="DINKES"),
        "DISHUB": house.unit("sumbawa", "DISHUB"),
    }


def reader(house: TestHouse, *units: str | None, email: str = "a@contoh.id") -> tuple[Person, HouseClient]:
    person = house.person("sumbawa", email, roles=[("rak.reader", unit) for unit in units])
    return person, house.client("sumbawa", person)


def work_in(client: HouseClient, unit: object, **more: str) -> Any:
    return client.post_form("/meja/unit", {"unit": str(unit), **more}, page="/meja/unit")


@pytest.mark.usefixtures("shelf")
def test_units_come_from_permissions_of_applications_and_not_from_those_of_the_core(house: TestHouse) -> None:
    ids = {code: house.unit("sumbawa", code) for code in ("DINKES", "PKM", "DISHUB")}
    assert reader(house, "DINKES")[0].units == {ids["DINKES"], ids["PKM"]}
    assert reader(house, "DISHUB", None, email="b@contoh.id")[0].units is None
    assert house.person("sumbawa", "op@contoh.id", operator=True).units == frozenset()
    assert house.person("sumbawa", "w@contoh.id").units == frozenset()
    assert house.person("sumbawa", "adm@contoh.id", roles=["admin"]).units is None


def test_a_choice_takes_in_the_units_below_and_is_remembered(house: TestHouse, shelf: dict[str, UUID]) -> None:
    _person, client = reader(house, None)
    assert client.get("/rak/").text == "semua: *"
    answer = work_in(client, shelf["DINKES"], next="/rak/")
    assert (answer.status_code, answer.location) == (303, "/rak/")
    assert client.get("/rak/").text == "DINKES: DINKES PKM"
    assert client.get("/rak/").text == "DINKES: DINKES PKM"
    assert work_in(client, "", next="https://jauh.example/").location == "/meja/"
    assert client.get("/rak/").text == "semua: *"


def test_one_unit_needs_no_choice(house: TestHouse, shelf: dict[str, UUID]) -> None:
    _person, client = reader(house, "DISHUB")
    assert client.get("/rak/").text == "DISHUB: DISHUB"
    bar = client.get("/meja/").text.partition("</header>")[0]
    assert "Unit DISHUB" in bar
    assert "/meja/unit" not in bar


def test_a_unit_that_is_not_mine_is_refused_and_changes_nothing(house: TestHouse, shelf: dict[str, UUID]) -> None:
    _person, client = reader(house, "DINKES")
    work_in(client, shelf["PKM"])
    abroad = house.unit("sumbawabarat", "DINKES")
    for wrong in (shelf["DISHUB"], abroad, uuid4(), "kacau"):
        assert work_in(client, wrong).status_code == 403
        assert client.get("/rak/").text == "PKM: PKM"


def test_a_role_withdrawn_while_its_unit_is_chosen_leaves_nothing_behind(
    house: TestHouse, shelf: dict[str, UUID]
) -> None:
    person, client = reader(house, "DINKES", "DISHUB")
    work_in(client, shelf["DISHUB"])
    assert client.get("/rak/").text == "DISHUB: DISHUB"
    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (person.tenant_id, person.id))
        held = next(grant for grant in row.grants if grant.unit_id == shelf["DISHUB"])
        people.withdraw(scope.session, row, held.id)
    assert client.get("/rak/").text == "semua: *"
    assert "Halaman ini hanya memuat" not in client.get("/meja/").text


def test_citizens_and_visitors_choose_no_unit(house: TestHouse, shelf: dict[str, UUID]) -> None:
    citizen = house.client("sumbawa", house.person("sumbawa", "w@contoh.id"))
    assert citizen.get("/meja/unit").status_code == 403
    assert citizen.post_form("/meja/unit", {"unit": str(shelf["PKM"])}).status_code == 403
    assert house.client().get("/meja/unit").location.startswith("/masuk")


def test_the_bar_offers_few_units_and_many_have_a_page_with_a_search(house: TestHouse, shelf: dict[str, UUID]) -> None:
    _person, client = reader(house, None)
    work_in(client, shelf["DISHUB"])
    bar = client.get("/meja/").text.partition("</header>")[0]
    assert re.search(rf'<option value="{shelf["DISHUB"]}" selected>', bar)
    for number in range(12):
        house.unit("sumbawa", f"KEC-{number}")
    bar = client.get("/meja/").text.partition("</header>")[0]
    assert 'href="/meja/unit?next=/meja/"' in bar
    assert "<option" not in bar
    page = client.get("/meja/unit?q=kec-7").text
    assert page.count('class="lb-pick"') == 1
    assert "Unit KEC-7" in page


def test_a_narrowed_page_says_so_and_leads_to_all(house: TestHouse, shelf: dict[str, UUID]) -> None:
    _person, client = reader(house, None)
    assert "Halaman ini hanya memuat" not in client.get("/meja/").text
    work_in(client, shelf["DINKES"])
    assert "Halaman ini hanya memuat Unit DINKES dan unit di bawahnya." in client.get("/meja/").text
    work_in(client, shelf["PKM"])
    assert "Halaman ini hanya memuat Unit PKM." in client.get("/meja/").text


@pytest.mark.usefixtures("shelf")
def test_a_page_that_does_not_ask_costs_no_query(house: TestHouse, asked_of_units: Callable[[], int]) -> None:
    _person, client = reader(house, None)
    client.get("/rak/diam")
    assert asked_of_units() == 0
    client.get("/rak/")  # nothing was chosen: only the view's own list of units is read
    assert asked_of_units() == 1


@pytest.fixture
def asked_of_units(house: TestHouse) -> Callable[[], int]:
    """Return a function that tells how often all units were read until now."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "ORDER BY lumbung_unit.position" in statement:
            seen.append(statement)

    event.listen(house.kernel.database.engine, "before_cursor_execute", note)
    return lambda: len(seen)


@pytest.mark.usefixtures("shelf")
def test_outside_of_a_request_nothing_is_narrowed(house: TestHouse) -> None:
    person, _client = reader(house, "DISHUB")
    with house.scope(person=person):
        assert current_unit() is None
        assert current_units() is None
