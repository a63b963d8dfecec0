"""A plugin that asks for a client has one from the moment it is enabled, and none when it is off."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lumbung.lifecycle.enable import disable, enable
from lumbung.lifecycle.operations import uninstall
from lumbung.openid.models import ClientRow
from lumbung.registry.manifest import ManifestError, parse_manifest
from lumbung.testing import HouseClient, TestHouse
from lumbung.testing.openid import App
from lumbung.testing.wheels import MANIFEST

INIT = """
from flask import Blueprint
from lumbung.sdk import hookimpl, openid_client, public

blueprint = Blueprint("loket", __name__)

@blueprint.get("/")
@public
def index():
    mine = openid_client()
    return {"issuer": mine.issuer, "client_id": mine.client_id, "secret": mine.secret, "shown": repr(mine)}

@hookimpl
def routes():
    return [blueprint]
"""
NEEDS = """
[[permissions]]
name = "loket.serve"
title = { id = "Melayani", en = "Serve" }
[[roles]]
name = "kasir"
title = { id = "Kasir", en = "Cashier" }
permissions = ["loket.serve"]
[openid]
redirect_paths = ["/oidc/callback"]
post_logout_paths = ["/oidc/keluar"]
scopes = ["profile", "roles"]
"""


def test_client_follows_the_plugin(gift: Any, house: TestHouse, as_owner: Any) -> None:
    gift("loket", init=INIT, more=NEEDS)
    told = house.client().get("/loket/").json or {}
    base = f"http://sumbawa.localhost:{house.settings.public_port}"
    assert told["issuer"] == base and told["secret"] not in told["shown"]
    app = App(house, told["client_id"], told["secret"], redirect_uri=f"{base}/loket/oidc/callback")
    person = house.person("sumbawa", "kasir@contoh.id", roles=["loket.kasir", "editor"])
    browser: HouseClient = house.client("sumbawa", person)
    assert app.authorize(browser).status_code == 302, "what its own pages show anyway needs no question"
    assert app.authorize(browser, scope="openid roles").status_code == 200, "more does"
    given = app.tokens(browser, scope="openid profile roles email")
    assert set(given["scope"].split()) == {"openid", "profile", "roles"}, "only what its manifest names"
    info = app.userinfo(given["access_token"]).json or {}
    assert (info["roles"], info["permissions"]) == (["kasir"], ["serve"]), "its own, no other's"
    boss = house.client("sumbawa", house.person("sumbawa", "kepala@contoh.id", roles=["admin"]))
    theirs = app.userinfo(app.tokens(boss, scope="openid roles")["access_token"]).json or {}
    assert (theirs["roles"], theirs["permissions"]) == ([], ["serve"])

    kernel, sumbawa = house.kernel, house.kernel.tenant("sumbawa")
    disable(kernel, "loket", sumbawa, by="test")
    assert app.authorize(browser).status_code == 400
    assert app.userinfo(given["access_token"]).status_code == 401
    enable(kernel, "loket", sumbawa, by="test")
    assert app.userinfo(given["access_token"]).status_code == 401, "the old tokens stay dead"
    again = app.userinfo(app.tokens(browser, scope="openid")["access_token"]).json or {}
    assert again["sub"] == info["sub"]
    assert (house.client().get("/loket/").json or {})["client_id"] == app.client_id

    enable(kernel, "loket", kernel.tenant("sumbawabarat"), by="test")
    other = house.client("sumbawabarat").get("/loket/").json or {}
    assert other["client_id"] != app.client_id and other["secret"] != app.secret
    assert app.exchange("x", client_id=other["client_id"], client_secret=other["secret"]).status_code in (400, 401)
    secrets = as_owner("SELECT secret FROM lumbung_openid_client WHERE secret IS NOT NULL")
    assert len(secrets) == 2 and all(told["secret"].encode() not in bytes(row[0]) for row in secrets)

    uninstall(kernel, "loket", by="test")
    with house.scope() as scope:
        assert scope.session.scalars(select(ClientRow)).all() == []
    gift("loket", init=INIT, more=NEEDS)
    fresh = house.client().get("/loket/").json or {}
    assert fresh["client_id"] != app.client_id
    app.client_id, app.secret = fresh["client_id"], fresh["secret"]
    anew = app.userinfo(app.tokens(browser, scope="openid")["access_token"]).json or {}
    assert anew["sub"] == info["sub"], "people are the same to it as before"


def test_a_plugin_that_is_renewed_with_a_client_has_one_at_once(gift: Any, house: TestHouse) -> None:
    gift("loket", init=INIT)
    with house.scope("sumbawa") as scope:
        assert scope.session.scalars(select(ClientRow).where(ClientRow.plugin == "loket")).all() == []
    gift("loket", init=INIT, more=NEEDS, version="1.1.0", tenants=())
    house.kernel.state.forget()
    assert house.client().get("/loket/").status_code == 200


def test_what_a_manifest_may_not_ask_for_is_named() -> None:
    plain = MANIFEST.format(name="loket", version="1.0.0")
    for wrong in (
        "redirect_paths = []",
        'redirect_paths = ["https://jahat.id/"]',
        'redirect_paths = ["/../admin"]',
        'redirect_paths = ["/cb"]\nscopes = ["nik"]',
        'scopes = ["profile"]',
    ):
        with pytest.raises(ManifestError, match="openid"):
            parse_manifest(f"{plain}\n[openid]\n{wrong}\n", "plugin.toml")
