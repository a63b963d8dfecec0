"""Who may open which room of the desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.routing import AnyConverter, Rule

from lumbung.testing import HouseClient, TestHouse
from lumbung.web.access import rule_of

ROOMS = {
    "/admin/": {"admin", "operator"},
    "/admin/plugin/": {"admin", "operator"},
    "/admin/orang/": {"admin"},
    "/admin/orang/tambah": {"admin"},
    "/admin/unit/": {"admin"},
    "/admin/unit/tambah": {"admin"},
    "/admin/wilayah/": {"admin"},
    "/admin/daerah/": {"admin"},
    "/admin/jejak/": {"admin"},
    "/admin/jejak/?unduh=csv": {"admin"},
    "/admin/tenant/": {"operator"},
    "/admin/tenant/tambah": {"operator"},
    "/admin/tenant/sumbawabarat/": {"operator"},
}
WHO = ("admin", "operator", "officer", "citizen")


def visitor(house: TestHouse, role: str) -> HouseClient:
    roles = [role] if role in ("admin", "officer") else []
    person = house.person("sumbawa", f"{role}@a.id", roles=roles, operator=role == "operator")
    return house.client("sumbawa", person)


@pytest.mark.parametrize("role", WHO)
def test_each_room_opens_to_its_roles_and_to_nobody_else(house: TestHouse, role: str) -> None:
    client = visitor(house, role)
    got = {path: client.get(path).status_code for path in ROOMS}
    assert got == {path: 200 if role in allowed else 403 for path, allowed in ROOMS.items()}


def test_a_visitor_is_asked_to_sign_in_and_brought_back(house: TestHouse) -> None:
    for path in ROOMS:
        answer = house.client("sumbawa").get(path)
        assert answer.status_code == 302
        assert answer.location.startswith("/masuk?next=%2Fadmin%2F")


def test_a_session_of_another_tenant_opens_nothing_here(house: TestHouse) -> None:
    other = house.person("sumbawabarat", "admin@b.id", roles=["admin"])
    client = house.client("sumbawa")
    client.set_cookie("lumbung_sid", house.token("sumbawabarat", other), domain="sumbawa.localhost")
    assert client.get("/admin/orang/").status_code == 302


def changing_routes(house: TestHouse) -> Iterator[str]:
    """Yield the address of every desk page that changes something, with ids that do not exist."""
    with house.app.test_request_context():
        for rule in house.app.url_map.iter_rules():
            if rule.rule.startswith("/admin/") and "POST" in (rule.methods or ()):
                values = {name: value_for(rule, name) for name in rule.arguments}
                yield house.app.url_map.bind("sumbawa.localhost").build(rule.endpoint, values, method="POST")


def value_for(rule: Rule, name: str) -> str:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)[0]
    return "00000000-0000-4000-8000-000000000000" if name.endswith("_id") else "sumbawabarat"


@pytest.mark.parametrize("role", ["officer", "citizen"])
def test_no_change_at_the_desk_is_open_to_others(house: TestHouse, role: str) -> None:
    client = visitor(house, role)
    routes = list(changing_routes(house))
    assert len(routes) > 20
    assert {path: client.post_form(path).status_code for path in routes} == dict.fromkeys(routes, 403)


def test_a_visitor_changes_nothing(house: TestHouse) -> None:
    client = house.client("sumbawa")
    for path in changing_routes(house):
        assert client.post_form(path, page="/masuk").status_code == 401


def test_every_view_of_the_desk_asks_for_a_role(house: TestHouse) -> None:
    for rule in house.app.url_map.iter_rules():
        if rule.rule.startswith("/admin"):
            access = rule_of(house.app, rule.endpoint)
            assert access is not None
            assert access.permission not in ("public", "signed-in"), rule.rule


def test_a_change_without_its_token_is_refused(house: TestHouse) -> None:
    client = visitor(house, "admin")
    assert client.post("/admin/orang/tambah", data={"name": "X Y", "email": "x@a.id"}).status_code == 400
