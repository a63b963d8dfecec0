"""Who may call a view is written above it, and holds over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from lumbung.testing import TestHouse
from lumbung.web.access import Access, AccessUndeclared, public, refuse_undeclared, requires, signed_in

INIT = """
from flask import Blueprint
from lumbung.sdk import current_person, hookimpl, public, requires, signed_in, staff
blueprint = Blueprint("ruang", __name__)
@blueprint.route("/publik", methods=["GET", "POST"])
@public
def for_all():
    return "isi"
@blueprint.route("/warga", methods=["GET", "POST"])
@signed_in
def for_citizens():
    return "isi"
@blueprint.route("/petugas", methods=["GET", "POST"])
@staff
def for_staff():
    return "isi"
@blueprint.route("/layan", methods=["GET", "POST"])
@requires("ruang.serve")
def for_servers():
    return "isi"
@hookimpl
def routes():
    return [blueprint]
"""

RIGHTS = """
[[permissions]]
name = "ruang.serve"
title = {id = "Melayani", en = "Serve"}
[[permissions]]
name = "ruang.read"
title = {id = "Membaca", en = "Read"}
[[roles]]
name = "server"
title = {id = "Pelayan", en = "Server"}
permissions = ["ruang.serve"]
[[roles]]
name = "reader"
title = {id = "Pembaca", en = "Reader"}
permissions = ["ruang.read"]
"""


def test_each_rule_lets_in_whom_it_names_and_nobody_else(house: TestHouse, gift: Any) -> None:
    gift("ruang", init=INIT, more=RIGHTS)
    house.unit("sumbawa", "DINKES")
    people = {
        "visitor": None,
        "citizen": house.person("sumbawa", "warga@contoh.id"),
        "reader": house.person("sumbawa", "baca@contoh.id", roles=["ruang.reader"]),
        "server": house.person("sumbawa", "layan@contoh.id", roles=[("ruang.server", "DINKES")]),
        "officer": house.person("sumbawa", "petugas@contoh.id", roles=["officer"]),
        "admin": house.person("sumbawa", "admin@contoh.id", roles=["admin"]),
        "operator": house.person("sumbawa", "operator@contoh.id", operator=True),
    }
    may = {
        "publik": set(people),
        "warga": set(people) - {"visitor"},
        "petugas": set(people) - {"visitor", "citizen"},
        "layan": {"server", "admin"},
    }
    for who, person in people.items():
        for page, welcome in may.items():
            client = house.client("sumbawa", person)
            token = {"X-CSRFToken": client.csrf_token() if person is None else ""}
            read = client.get(f"/ruang/{page}")
            written = (
                client.post(f"/ruang/{page}", headers=token) if person is None else client.post_form(f"/ruang/{page}")
            )
            if who in welcome:
                assert (read.text, written.text) == ("isi", "isi"), (who, page)
            else:
                assert "isi" not in (read.text, written.text), (who, page)
                assert written.status_code == (401 if person is None else 403), (who, page)
                assert read.status_code == (302 if person is None else 403), (who, page)


def test_a_visitor_is_led_to_sign_in_and_back(house: TestHouse, gift: Any) -> None:
    gift("ruang", init=INIT, more=RIGHTS)
    house.person("sumbawa", "warga@contoh.id", password="kuda laut biru")
    client = house.client()
    answer = client.get("/ruang/warga?x=1&y=%2F%2Fz")
    assert answer.headers["Location"].startswith("/masuk?next=%2Fruang%2Fwarga%3Fx%3D1")
    form = {"email": "warga@contoh.id", "password": "kuda laut biru", "next": "/ruang/warga?x=1"}
    answer = client.post_form("/masuk", form, page="/masuk")
    assert answer.headers["Location"] == "/ruang/warga?x=1"
    assert client.get("/ruang/warga").text == "isi"


def test_a_role_is_worth_nothing_where_the_plugin_is_off(house: TestHouse, gift: Any) -> None:
    gift("ruang", init=INIT, more=RIGHTS, tenants=("sumbawa",))
    person = house.person("sumbawabarat", "layan@contoh.id", roles=["ruang.server"])
    assert not person.can("ruang.serve")
    assert house.client("sumbawabarat", person).get("/ruang/layan").status_code == 404


def test_an_app_with_a_view_that_has_no_rule_is_refused_by_name() -> None:
    app = Flask("x", static_folder=None)
    app.add_url_rule("/baik", "good", public(lambda: "x"))
    app.add_url_rule("/lupa", "forgotten", lambda: "x")
    with pytest.raises(AccessUndeclared, match=r"forgotten \(/lupa\) of ruang has no access rule"):
        refuse_undeclared(app, frozenset(), "ruang")


def test_an_app_that_asks_for_an_undeclared_permission_is_refused() -> None:
    app = Flask("x", static_folder=None)
    app.add_url_rule("/x", "x", requires("ruang.serve")(lambda: "x"))
    with pytest.raises(AccessUndeclared, match=r"'ruang.serve', which is not declared"):
        refuse_undeclared(app, frozenset({"ruang.read"}), "ruang")
    refuse_undeclared(app, frozenset({"ruang.serve"}), "ruang")


def test_nobody_passes_a_rule_but_public_without_signing_in() -> None:
    assert Access("public").allows(None)
    for rule in ("signed-in", "staff", "ruang.serve", ""):
        assert not Access(rule).allows(None)
    assert signed_in(lambda: 1).__lumbung_access__ == Access("signed-in")  # type: ignore[attr-defined]
