"""One bad gift is nobody else's trouble: it may fail when imported, opened, asked or in the middle of an answer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lumbung.runtimes import inline
from lumbung.testing import TestHouse


def view(body: str) -> str:
    """Return a plugin with one public page that does this."""
    return f"""
from flask import Blueprint
from lumbung.sdk import hookimpl, public, requires, signed_in
blueprint = Blueprint("buruk", __name__)
@blueprint.get("/")
@public
def index():
{body}
@hookimpl
def routes():
    return [blueprint]
"""


BAD = {
    "raises when imported": "raise RuntimeError('rusak sejak awal')",
    "exits when imported": "import sys; sys.exit(3)",
    "raises GeneratorExit when imported": "raise GeneratorExit",
    "does not compile": "def (",
    "imports what is not there": "import no_such_module_anywhere",
    "has no routes": "x = 1",
    "returns nothing from routes": "from lumbung.sdk import hookimpl\n@hookimpl\ndef routes():\n    return []",
    "returns nonsense from routes": "from lumbung.sdk import hookimpl\n@hookimpl\ndef routes():\n    return [5]",
    "spells a hook wrong": view("    return 'x'") + "\n@hookimpl\ndef rutes():\n    return []\n",
    "asks a hook for what it is not given": view("    return 'x'") + "\n@hookimpl\ndef jobs(secret):\n    return {}\n",
    "uses an endpoint twice": view("    return 'x'")
    + "\n@blueprint.get('/lain', endpoint='index')\n@public\ndef other():\n    return 'y'\n",
    "has a view without an access rule": view("    return 'x'")
    + "\n@blueprint.get('/lain')\ndef other():\n    return 'y'\n",
    "asks for a permission nobody declared": view("    return 'x'")
    + "\n@blueprint.get('/lain')\n@requires('contoh.rahasia')\ndef other():\n    return 'y'\n",
    "asks for the core's own permission": view("    return 'x'")
    + "\n@blueprint.get('/lain')\n@requires('core.people')\ndef other():\n    return 'y'\n",
}


def test_plugins_that_cannot_be_opened_are_the_only_ones_that_do_not_answer(
    house: TestHouse, gift: Any, as_owner: Any
) -> None:
    for number, init in enumerate(BAD.values()):
        gift(f"buruk{number}", init=init)
    gift("contoh")
    for number, kind in enumerate(BAD):
        answer = house.client().get(f"/buruk{number}/")
        assert answer.status_code == 503, kind
        assert int(answer.headers["Retry-After"]) > 0
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "Traceback" not in answer.text
    assert house.client().get("/contoh/").text == "halo dari contoh"
    assert house.client().get("/").status_code == 200
    faults = as_owner("SELECT plugin, place FROM lumbung_fault WHERE message <> '' ORDER BY id")
    assert faults == [(f"buruk{number}", "open") for number in range(len(BAD))]


def test_a_plugin_that_failed_is_tried_again_only_after_a_while(house: TestHouse, gift: Any, as_owner: Any) -> None:
    gift("buruk", init=BAD["raises when imported"])
    for _ in range(5):
        assert house.client().get("/buruk/").status_code == 503
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(1,)]


def test_a_plugin_that_hangs_when_imported_keeps_one_thread_and_nobody_else(
    house: TestHouse, gift: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = "import builtins\nbuiltins.lumbung_test_gate.wait(20)\n" + view("    return 'akhirnya'")
    gift("buruk", init=init)
    gift("contoh")
    gate = threading.Event()
    monkeypatch.setattr("builtins.lumbung_test_gate", gate, raising=False)
    monkeypatch.setattr(inline, "WAIT_FOR_OPENING", 0.05)
    with ThreadPoolExecutor(1) as pool:
        try:
            first = pool.submit(lambda: house.client().get("/buruk/").text)
            deadline = time.monotonic() + 10
            while house.client().get("/buruk/").status_code != 503:
                assert time.monotonic() < deadline
            assert house.client().get("/contoh/").text == "halo dari contoh"
        finally:
            gate.set()
        assert first.result(10) in ("akhirnya", "") or "layanan" in first.result(0).lower()
    assert house.client().get("/buruk/").text == "akhirnya"


FAILING = {
    "SystemExit": "    raise SystemExit(4)",
    "KeyError": "    raise KeyError('NIK 5204')",
    "ZeroDivisionError": "    return 1 / 0",
    "TemplateNotFound": "    from flask import render_template\n    return render_template('buruk/none.html')",
    "MemoryError": "    raise MemoryError",
    "TypeError": "    return None",
}


def test_a_view_that_fails_costs_one_request_and_is_written_down(house: TestHouse, gift: Any, as_owner: Any) -> None:
    pages = "".join(
        f"\n@blueprint.get('/{number}')\n@public\ndef view_{number}():\n{body}\n"
        for number, body in enumerate(FAILING.values())
    )
    gift("buruk", init=view("    return 'baik'") + pages)
    for number, named in enumerate(FAILING):
        answer = house.client().get(f"/buruk/{number}")
        assert answer.status_code == 500, named
        assert named not in answer.text
        assert "NIK" not in answer.text
        assert house.client().get("/buruk/").text == "baik"
        [(plugin, message)] = as_owner("SELECT plugin, message FROM lumbung_fault ORDER BY id DESC LIMIT 1")
        assert plugin == "buruk"
        assert str(message).startswith(named)
        assert str(message).rpartition("(")[2].strip(")") in answer.text  # the reference ties the two together


@pytest.mark.parametrize("error", ["SystemExit(3)", "ValueError('putus')"])
def test_an_answer_that_breaks_off_ends_itself_and_not_the_worker(
    house: TestHouse, gift: Any, as_owner: Any, error: str
) -> None:
    body = f"""
    def pieces():
        yield "awal"
        raise {error}
    from flask import Response
    return Response(pieces())"""
    gift("buruk", init=view(body))
    with pytest.raises(Exception, match="broke off its answer") as caught:
        house.client().get("/buruk/", buffered=True)
    assert not isinstance(caught.value, SystemExit)
    assert as_owner("SELECT plugin, place FROM lumbung_fault") == [("buruk", "request")]


AFFAIRS = """
from lumbung.sdk import Affair, hookimpl
@hookimpl
def my_affairs(person):
{body}
@hookimpl
def routes():
    return []
"""


HOOKS_THAT_FAIL = (
    "    raise ValueError('hook rusak')",
    "    raise SystemExit(1)",
    "    return 7",
    "    return ['bukan urusan']",
    "    yield Affair('a', 'b', '/')\n    raise ValueError('setengah jalan')",
    "    from lumbung.sdk import session\n    from sqlalchemy import text\n    session.execute(text('SELECT nope'))",
)


def test_hooks_that_fail_are_left_out_and_named_and_the_page_stands(house: TestHouse, gift: Any, as_owner: Any) -> None:
    for number, body in enumerate(HOOKS_THAT_FAIL):
        gift(f"buruk{number}", init=AFFAIRS.format(body=body), hooks=["routes", "my_affairs"])
    good = AFFAIRS.format(body="    yield Affair('Urusan baik', 'Besok pukul 08.00', '/baik/')")
    gift("baik", init=good, hooks=["routes", "my_affairs"])
    citizen = house.person("sumbawa", "warga@contoh.id")
    answer = house.client("sumbawa", citizen).get("/")
    assert answer.status_code == 200
    assert "Urusan baik" in answer.text
    faults = as_owner("SELECT plugin, place FROM lumbung_fault ORDER BY plugin")
    assert faults == [(f"buruk{number}", "hook my_affairs") for number in range(len(HOOKS_THAT_FAIL))]


def test_an_affair_that_leads_elsewhere_is_not_shown(house: TestHouse, gift: Any) -> None:
    body = "\n".join(
        f"    yield Affair('Urusan {number}', 'x', {url!r})"
        for number, url in enumerate(["javascript:alert(1)", "//evil.example", "https://evil.example", "/contoh/"])
    )
    gift(init=AFFAIRS.format(body=body), hooks=["routes", "my_affairs"])
    page = house.client("sumbawa", house.person("sumbawa", "warga@contoh.id")).get("/").text
    assert "Urusan 3" in page
    assert not [number for number in range(3) if f"Urusan {number}" in page]


def test_a_manifest_that_this_core_cannot_read_any_more_closes_that_plugin_alone(
    house: TestHouse, gift: Any, as_owner: Any
) -> None:
    gift("buruk")
    gift("contoh")
    admin = house.person("sumbawa", "admin@contoh.id", roles=["admin"])
    as_owner("UPDATE lumbung_plugin SET manifest = manifest - 'title' WHERE name = 'buruk'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    house.kernel.state.forget()
    client = house.client("sumbawa", admin)
    assert client.get("/").status_code == 200
    assert client.get("/contoh/").status_code == 200
    assert client.get("/buruk/").status_code == 503


def test_a_plugin_cannot_replace_the_house_s_templates(house: TestHouse, gift: Any) -> None:
    init = view("    from flask import render_template\n    return render_template('lumbung/error.html', code=404)")
    gift("buruk", init=init, files={"lumbung_buruk/templates/lumbung/error.html": "DIGANTI"})
    gift("contoh", files={"lumbung_contoh/templates/buruk/x.html": "TETANGGA"})
    assert "DIGANTI" not in house.client().get("/buruk/").text
    assert "DIGANTI" not in house.client().get("/contoh/tidak-ada").text


def test_a_plugin_s_hooks_of_its_app_touch_no_other_page(house: TestHouse, gift: Any) -> None:
    init = (
        view("    return 'x'")
        + """
@blueprint.before_app_request
def everywhere():
    return "DIBAJAK"
@blueprint.app_errorhandler(404)
def mine(error):
    return "DIBAJAK", 404
"""
    )
    gift("buruk", init=init)
    gift("contoh")
    assert house.client().get("/buruk/").text == "DIBAJAK"
    assert "DIBAJAK" not in house.client().get("/contoh/").text
    assert "DIBAJAK" not in house.client().get("/tidak-ada").text
    assert "DIBAJAK" not in house.client().get("/").text
