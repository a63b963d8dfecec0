"""Every answer carries its policy, and no redirect that a visitor can influence leaves the host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response

from lumbung.database.roles import DatabaseUrls
from lumbung.settings import Settings
from lumbung.testing import TestHouse
from lumbung.web.security import CONTENT_SECURITY_POLICY, add_headers


def test_signing_in_leads_nowhere_but_this_host(house: TestHouse) -> None:
    house.person("sumbawa", "warga@contoh.id", password="kuda laut biru")
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        client = house.client()
        form = {"email": "warga@contoh.id", "password": "kuda laut biru", "next": target}
        answer = client.post_form("/masuk", form, page="/masuk")
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/"
        assert client.get("/masuk", query_string={"next": target}).headers["Location"] == "/"


def test_every_page_carries_the_policy_errors_included(house: TestHouse, gift: Any) -> None:
    gift("contoh")
    gift("buruk", init="raise ValueError")
    visitor, citizen = house.client(), house.client("sumbawa", house.person("sumbawa", "warga@contoh.id"))
    asked = [
        visitor.get("/"),
        visitor.get("/masuk"),
        visitor.get("/daftar"),
        visitor.get("/akun"),
        visitor.get("/tidak-ada"),
        visitor.post("/masuk"),
        visitor.open("/masuk", method="PATCH"),
        visitor.get("/?q=%00"),
        visitor.get("/contoh/"),
        visitor.get("/contoh"),
        visitor.get("/contoh/tidak-ada"),
        visitor.get("/buruk/"),
        visitor.get("/_health/live"),
        visitor.get("/_health/ready"),
        visitor.get("/_static/css/lumbung.css", buffered=True),
        visitor.get("/_static/tidak-ada"),
        citizen.get("/"),
        citizen.get("/akun"),
        citizen.get("/admin/"),
    ]
    for answer in asked:
        where = f"{answer.request.method} {answer.request.path} {answer.status_code}"
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, where
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert answer.headers["Referrer-Policy"] == "same-origin", where
        assert "Server" not in answer.headers, where


def test_no_page_of_the_portal_holds_what_the_policy_forbids(house: TestHouse) -> None:
    citizen = house.client("sumbawa", house.person("sumbawa", "warga@contoh.id"))
    for path in ("/", "/akun", "/tidak-ada", "/masuk", "/daftar"):
        client = house.client() if path in ("/masuk", "/daftar") else citizen
        page = client.get(path).text
        assert "<style" not in page, path
        assert " style=" not in page, path
        assert "javascript:" not in page, path
        assert "<script>" not in page, path
        assert " onclick=" not in page, path


def test_a_page_of_somebody_signed_in_is_kept_by_no_cache(house: TestHouse) -> None:
    citizen = house.client("sumbawa", house.person("sumbawa", "warga@contoh.id"))
    answer = citizen.get("/")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in answer.headers["Vary"]
    assert "Cookie" in house.client().get("/").headers["Vary"]
    hashed = citizen.get("/_static/css/lumbung.css?v=abc", buffered=True)
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "Set-Cookie" not in hashed.headers


def test_what_a_visitor_writes_is_shown_as_text(house: TestHouse) -> None:
    planted = "<script>alert(1)</script>"
    person = house.person("sumbawa", "x@contoh.id", name=planted)
    client = house.client("sumbawa", person)
    assert planted not in client.get("/").text
    assert planted not in client.get("/akun").text
    assert planted not in client.get("/", query_string={"q": planted}).text
    form = {"email": f"{planted}@contoh.id", "password": "salah sekali", "next": f'/"{planted}'}
    assert planted not in house.client().post_form("/masuk", form, page="/masuk").text


def test_map_tiles_of_another_host_are_the_only_thing_let_in() -> None:
    answer = add_headers(Response(), personal=False, pictures_from="https://tile.peta.example")
    policy = answer.headers["Content-Security-Policy"]
    assert "img-src 'self' https://tile.peta.example data: blob:;" in policy
    assert policy.replace(" https://tile.peta.example", "") == CONTENT_SECURITY_POLICY
    assert add_headers(Response(), personal=False).headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_a_page_of_a_site_with_map_tiles_says_so(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    tiles = "https://tile.peta.example/{z}/{x}/{y}.png"
    house = TestHouse(Settings(home=tmp_path / "home", map_tiles=tiles), database_urls)
    try:
        policy = house.client().get("/").headers["Content-Security-Policy"]
    finally:
        house.close()
    assert "img-src 'self' https://tile.peta.example data: blob:" in policy
