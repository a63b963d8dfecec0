"""A request is one transaction: kept when a writing request ends well, undone otherwise."""

from __future__ import annotations

import io
from typing import Any

import pytest

from lumbung.testing import TestHouse

LEDGER = """
from flask import Blueprint, abort, redirect, request
from lumbung.sdk import DomainError, TooMany, hookimpl, public, session
from sqlalchemy import text

blueprint = Blueprint("buku", __name__)

def write():
    session.execute(text("INSERT INTO buku_line (words) VALUES ('x')"))

@blueprint.route("/", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
@public
def line():
    write()
    how = request.args.get("how", "ok")
    if how == "ok":
        return "ok"
    if how == "moved":
        return redirect("/buku/", 303)
    if how == "refused":
        return "periksa", 422
    if how == "rule":
        raise DomainError("Kuota habis.")
    if how == "often":
        raise TooMany("Sabar.")
    if how == "aborted":
        abort(404)
    if how == "broken":
        raise ValueError("pecah")
    if how == "exit":
        raise SystemExit(1)
    if how == "nothing":
        return None
    if how == "late":
        session.execute(text("INSERT INTO buku_child (line_id) VALUES (gen_random_uuid())"))
        return "ok, disimpan"

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
    op.create_tenant_table("buku_line", sa.Column("words", sa.Text, nullable=False))
    op.create_tenant_table("buku_child", references={"line_id": "buku_line"})
    op.execute("ALTER TABLE buku_child ALTER CONSTRAINT fk_buku_child_line_id DEFERRABLE INITIALLY DEFERRED")
"""


@pytest.fixture
def buku(gift: Any) -> None:
    gift("buku", init=LEDGER, files={"lumbung_buku/migrations/0001_x.py": TABLES})


def send(house: TestHouse, method: str, how: str = "ok") -> Any:
    client = house.client()
    token = {"X-CSRFToken": client.csrf_token()}
    return client.open(f"/buku/?how={how}", method=method, headers=token)


def lines(as_owner: Any) -> int:
    [(count,)] = as_owner("SELECT count(*) FROM buku_line")
    return int(count)


@pytest.mark.usefixtures("buku")
def test_reading_never_writes_and_writing_does(house: TestHouse, as_owner: Any) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert send(house, method).status_code == 200
        assert lines(as_owner) == 0, method
    for number, method in enumerate(("POST", "PUT", "PATCH", "DELETE"), start=1):
        assert send(house, method).status_code == 200
        assert lines(as_owner) == number, method
    assert send(house, "POST", "moved").status_code == 303
    assert lines(as_owner) == 5


@pytest.mark.usefixtures("buku")
def test_whatever_ends_badly_leaves_nothing_written(house: TestHouse, as_owner: Any) -> None:
    expected = {
        "refused": 422,
        "rule": 409,
        "often": 429,
        "aborted": 404,
        "broken": 500,
        "exit": 500,
        "nothing": 500,
        "late": 500,
    }
    for how, code in expected.items():
        answer = send(house, "POST", how)
        assert answer.status_code == code, how
        assert lines(as_owner) == 0, how
    assert "Kuota habis." in send(house, "POST", "rule").text
    assert "ok, disimpan" not in send(house, "POST", "late").text


@pytest.mark.usefixtures("buku")
def test_a_form_without_its_token_is_refused_with_a_page_that_helps(house: TestHouse, as_owner: Any) -> None:
    answer = house.client().post("/buku/")
    assert answer.status_code == 400
    assert "muat ulang" in answer.text
    assert lines(as_owner) == 0
    for path in ("/masuk", "/daftar", "/keluar", "/bahasa"):
        assert house.client().post(path).status_code == 400, path


@pytest.mark.usefixtures("buku")
def test_a_token_of_another_visitor_or_another_tenant_does_not_do(house: TestHouse, as_owner: Any) -> None:
    stolen = house.client().csrf_token()
    abroad = house.client("sumbawabarat").csrf_token()
    client = house.client()
    client.csrf_token()
    for token in (stolen, abroad, "x" * 200, ""):
        assert client.post("/buku/", data={"csrf_token": token}).status_code == 400
    assert lines(as_owner) == 0


def test_text_that_cannot_be_stored_is_refused_at_the_door(house: TestHouse) -> None:
    client = house.client()
    token = client.csrf_token()
    for path in ("/?q=%00", "/?%00=1", "/?q=a%00b", "/masuk?next=/%00"):
        assert client.get(path).status_code == 400, path
    for form in (b"email=a%00b&password=x", b"email%00=a", b"email=%ED%A0%80&password=x"):
        answer = client.post(
            "/masuk",
            data=form + b"&csrf_token=" + token.encode(),
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code in (400, 422), form
    upload = {"csrf_token": token, "berkas": (io.BytesIO(b"x"), "a\x00b.whl")}
    assert client.post("/masuk", data=upload, content_type="multipart/form-data").status_code in (400, 422)


def test_a_request_too_large_or_too_odd_is_refused_and_not_a_fault(house: TestHouse) -> None:
    client = house.client()
    token = client.csrf_token()
    big = client.post("/masuk", data={"csrf_token": token, "email": "x" * 3_000_000})
    assert big.status_code == 413
    fields = {"csrf_token": token, **{f"f{n}": "1" for n in range(3000)}}
    many = client.post("/masuk", data=fields, content_type="multipart/form-data")
    assert many.status_code == 413
    assert client.open("/masuk", method="BREW").status_code == 405
    assert client.open("/", method="DELETE").status_code in (400, 405)
    cookies = {"Cookie": "lumbung=\xff.x.y; lumbung_sid=" + "z" * 4000}
    assert client.get("/", headers=cookies).status_code == 200


def test_a_language_is_remembered_and_an_unknown_one_ignored(house: TestHouse) -> None:
    client = house.client()
    client.post_form("/bahasa", {"language": "en", "next": "/masuk"}, page="/masuk")
    assert '<html lang="en"' in client.get("/").text
    client.post_form("/bahasa", {"language": "xx", "next": "/"}, page="/masuk")
    assert '<html lang="en"' in client.get("/").text
    assert '<html lang="id"' in house.client().get("/").text
    away = client.post_form("/bahasa", {"language": "id", "next": "//evil.example"}, page="/masuk")
    assert away.headers["Location"] == "/"
