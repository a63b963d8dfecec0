"""Fewer bytes on the way, and no word less: packed for whoever can unpack it, left alone where it must be."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest

from lumbung.testing import TestHouse
from lumbung.web import compression
from lumbung.web.compression import gzip_blurred

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
SHEET = "/_static/css/lumbung.css?v=1"

GIFT = """
from flask import Blueprint, Response, jsonify, request, stream_with_context
from lumbung.sdk import hookimpl, public

blueprint = Blueprint("contoh", __name__)

@blueprint.get("/<kind>")
@public
def answer(kind):
    if kind == "json":
        return jsonify(rows=["baris"] * 500)
    if kind == "short":
        return "pendek"
    if kind == "stream":
        return Response((b"data: x\\n\\n" for _ in range(500)), content_type="text/event-stream")
    if kind == "pieces":
        return Response((b"baris\\n" for _ in range(500)), content_type="text/plain")
    if kind == "packed":
        return Response(b"x" * 5000, content_type="text/plain", headers={"Content-Encoding": "br"})
    if kind == "as-is":
        return Response("x" * 5000, content_type="text/plain", headers={"Cache-Control": "no-transform"})
    if kind == "picture":
        return Response(b"x" * 5000, content_type="image/png")
    if kind == "tagged":
        response = Response("x" * 5000, content_type="text/plain")
        response.set_etag("abc")
        return response.make_conditional(request)

@hookimpl
def routes():
    return [blueprint]
"""


@pytest.fixture
def contoh(gift: Any) -> None:
    gift("contoh", init=GIFT, files={"lumbung_contoh/static/gaya.css": "a { color: red }\n" * 200})


def test_a_page_is_packed_for_whoever_can_unpack_it(house: TestHouse) -> None:
    client = house.client()
    plain = client.get("/masuk")
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"] and "Cookie" in plain.headers["Vary"]
    packed = client.get("/masuk", headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    unpacked = gzip.decompress(packed.data).decode()
    assert unpacked.startswith("<!doctype html>") and unpacked.endswith("</html>")


@pytest.mark.parametrize("accept", ["", "identity", "br", "gzip;q=0", "gzip;q=0, *;q=0"])
def test_whoever_cannot_unpack_gets_it_plain(house: TestHouse, accept: str) -> None:
    for path in ("/masuk", SHEET):
        with house.client().get(path, headers={"Accept-Encoding": accept}) as answer:
            assert "Content-Encoding" not in answer.headers
            assert answer.text


def test_a_static_file_is_packed_once_and_kept_for_ever(house: TestHouse) -> None:
    client = house.client()
    compression._gzip_file.cache_clear()
    with client.get(SHEET) as plain:
        content, tag = plain.data, plain.headers["ETag"]
    assert not tag.startswith("W/")
    for _ in range(3):
        packed = client.get(SHEET, headers=GZIP)
        assert gzip.decompress(packed.data) == content
        assert packed.headers["ETag"] == f"W/{tag}"
        assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert packed.headers["Vary"] == "Accept-Encoding"
    assert compression._gzip_file.cache_info().misses == 1


def test_a_static_file_that_changed_is_packed_anew(tmp_path: Any) -> None:
    path = tmp_path / "a.css"
    path.write_text("a" * 2000)
    first = compression._gzip_file(path, path.stat().st_mtime_ns, path.stat().st_size)
    path.write_text("b" * 2001)
    second = compression._gzip_file(path, path.stat().st_mtime_ns, path.stat().st_size)
    assert gzip.decompress(first) != gzip.decompress(second)


def test_who_has_the_file_already_is_not_sent_it_again(house: TestHouse) -> None:
    client = house.client()
    tag = client.get(SHEET, headers=GZIP).headers["ETag"]
    with client.get(SHEET, headers={**GZIP, "If-None-Match": tag}) as again:
        assert again.status_code == 304
        assert again.data == b""
        assert again.headers["ETag"] == tag
        assert "immutable" in again.headers["Cache-Control"]


def test_head_tells_what_get_would_send(house: TestHouse) -> None:
    client = house.client()
    got = client.get(SHEET, headers=GZIP)
    told = client.head(SHEET, headers=GZIP)
    assert told.data == b""
    for name in ("Content-Length", "Content-Encoding", "ETag", "Vary"):
        assert told.headers[name] == got.headers[name]
    assert client.head("/masuk", headers=GZIP).headers["Content-Encoding"] == "gzip"


def test_a_part_of_a_file_is_a_part_of_the_file_itself(house: TestHouse) -> None:
    with house.client().get(SHEET, headers={**GZIP, "Range": "bytes=0-9"}) as part:
        assert part.status_code == 206
        assert "Content-Encoding" not in part.headers
        assert part.data == b"/* The loo"


def test_pictures_and_fonts_are_packed_already(house: TestHouse) -> None:
    with house.client().get("/_static/vendor/plus-jakarta-sans.woff2?v=1", headers=GZIP) as font:
        assert "Content-Encoding" not in font.headers
        assert "Accept-Encoding" not in font.headers.get("Vary", "")


@pytest.mark.usefixtures("contoh")
def test_a_plugin_s_answers_are_packed_where_it_helps(house: TestHouse) -> None:
    client = house.client()
    packed = client.get("/contoh/json", headers=GZIP)
    assert gzip.decompress(packed.data).count(b"baris") == 500
    for kind in ("short", "stream", "pieces", "as-is", "picture"):
        answer = client.get(f"/contoh/{kind}", headers=GZIP)
        assert "Content-Encoding" not in answer.headers, kind
        assert answer.data, kind
    assert client.get("/contoh/packed", headers=GZIP).headers["Content-Encoding"] == "br"
    assert gzip.decompress(client.get("/contoh/static/gaya.css", headers=GZIP).data).startswith(b"a { color")


@pytest.mark.usefixtures("contoh")
def test_a_tag_of_a_packed_page_is_weak_and_still_recognised(house: TestHouse) -> None:
    client = house.client()
    assert client.get("/contoh/tagged", headers=GZIP).headers["ETag"] == 'W/"abc"'
    again = client.get("/contoh/tagged", headers={**GZIP, "If-None-Match": 'W/"abc"'})
    assert (again.status_code, again.data) == (304, b"")


def test_a_refusal_is_packed_too(house: TestHouse) -> None:
    answer = house.client().get("/tidak-ada", headers=GZIP)
    assert answer.status_code == 404
    assert "tidak ditemukan" in gzip.decompress(answer.data).decode()


def test_the_length_of_a_page_does_not_tell_what_is_in_it() -> None:
    data = b"<html>" + b"x" * 2000
    lengths = {len(gzip_blurred(data)) for _ in range(60)}
    assert len(lengths) > 10
    assert max(lengths) - min(lengths) <= 100
    assert gzip.decompress(gzip_blurred(data)) == data


@pytest.mark.usefixtures("contoh")
def test_a_plugin_names_its_own_files_by_their_hash(house: TestHouse, gift: Any) -> None:
    gift(
        "rapi",
        init=(
            "from flask import Blueprint, render_template\n"
            "from lumbung.sdk import hookimpl, public\n"
            "blueprint = Blueprint('rapi', __name__)\n"
            "@blueprint.get('/')\n@public\ndef index():\n    return render_template('rapi/index.html')\n"
            "@hookimpl\ndef routes():\n    return [blueprint]\n"
        ),
        files={
            "lumbung_rapi/static/rapi.css": "a { color: red }\n",
            "lumbung_rapi/templates/rapi/index.html": (
                "{{ house.own_asset('rapi.css') }} {{ house.own_asset('no.css') }}"
            ),
        },
    )
    client = house.client()
    own, missing = client.get("/rapi/").text.split()
    assert re.fullmatch(r"/rapi/static/rapi\.css\?v=[0-9a-f]{12}", own)
    assert missing == "/rapi/static/no.css?v="
    with client.get(own) as served:
        assert "immutable" in served.headers["Cache-Control"]
