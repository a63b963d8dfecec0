"""The fault matrix of a bad plugin, line by line: the others answer, the operator's page and the doctor name it.

Elsewhere, since they need a server or never get in:
what ends, starves or hangs a process (os._exit, segmentation fault, loop, hog, threads, signal) `test_deadly_gifts`;
what is refused at the door (duplicate names of entry points, addresses, tables and templates, wrong core version,
a Flask patched at import) `tests/lifecycle/test_inspection.py` and `test_probe.py`; a migration that fails
`tests/lifecycle/test_install.py`; each way of failing in detail `test_bad_gifts`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import flask
import pytest

from lumbung.doctor.examination import examine
from lumbung.doctor.findings import Asked, Severity
from lumbung.lifecycle import suspending
from lumbung.lifecycle.operations import uninstall
from lumbung.registry import faults
from lumbung.registry.discovery import forget
from lumbung.registry.faults import Fault
from lumbung.testing import TestHouse

GOOD = """
from flask import Blueprint, render_template
from lumbung.sdk import Affair, hookimpl, public
blueprint = Blueprint("{name}", __name__)
@blueprint.get("/")
@public
def index():
    {body}
@hookimpl
def my_affairs(person):
    {affairs}
@hookimpl
def routes():
    {routes}
    return [blueprint]
"""


def code(
    name: str, *, first: str = "", body: str = "return 'baik'", affairs: str = "return []", routes: str = ""
) -> str:
    return first + GOOD.format(name=name, body=body, affairs=affairs, routes=routes or "pass")


# What is wrong, the plugin's code, the kind of fault, a word of the reason that the operator reads.
MATRIX: dict[str, tuple[Callable[[str], str], str, str]] = {
    "import error": (lambda n: code(n, first="import tidak_ada_sama_sekali\n"), "open", "tidak_ada_sama_sekali"),
    "SystemExit at import": (lambda n: code(n, first="import sys; sys.exit(3)\n"), "open", "SystemExit"),
    "monkeypatch of Flask": (
        lambda n: code(n, first="import flask\nflask.Flask.full_dispatch_request = lambda self: 'DIBAJAK'\n"),
        "open",
        "flask.app.Flask.full_dispatch_request",
    ),
    "monkeypatch when opened": (
        lambda n: code(n, routes="import flask; flask.Flask.process_response = lambda self, r: 'DIBAJAK'"),
        "open",
        "flask.app.Flask.process_response",
    ),
    "duplicate endpoint": (
        lambda n: code(n, routes="blueprint.add_url_rule('/2', 'index', public(lambda: 'x'))"),
        "open",
        "endpoint",
    ),
    "exception in a hook": (lambda n: code(n, affairs="raise ValueError('kait rusak')"), "hook", "kait rusak"),
    "template error": (lambda n: code(n, body="return render_template('tidak-ada.html')"), "request", "tidak-ada.html"),
    "exception in a request": (lambda n: code(n, body="raise KeyError('halaman rusak')"), "request", "halaman rusak"),
    "no memory": (lambda n: code(n, body="raise MemoryError('habis')"), "memory", "habis"),
}


@pytest.fixture
def bad(gift: Any) -> dict[str, str]:
    """Every bad gift by its line of the matrix, and a good one."""
    names = {line: f"buruk{number}" for number, line in enumerate(MATRIX)}
    for line, name in names.items():
        gift(name, init=MATRIX[line][0](name), hooks=["routes", "my_affairs"])
    gift(
        "baik",
        init=code("baik", affairs="return [Affair('Urusan baik', 'x', '/baik/')]"),
        hooks=["routes", "my_affairs"],
    )
    return names


def from_a_thread(house: TestHouse, path: str, person: Any) -> Any:
    """Ask as gunicorn does: requests are not served by the main thread, where a signal's handler could be set."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: house.client("sumbawa", person).get(path)).result()


def test_each_bad_gift_is_named_with_its_reason_and_nobody_else_notices(
    house: TestHouse, bad: dict[str, str], as_owner: Any
) -> None:
    dispatch = flask.Flask.full_dispatch_request
    citizen = house.person("sumbawa", "warga@contoh.id")
    operator = house.client("sumbawa", house.person("sumbawa", "operator@contoh.id", operator=True))
    house.client("sumbawa", citizen).get("/")
    for line, name in bad.items():
        answer = from_a_thread(house, f"/{name}/", citizen)
        assert answer.status_code == {"hook": 200, "open": 503}.get(MATRIX[line][1], 500), line
        assert "DIBAJAK" not in answer.text
        assert house.client().get("/baik/").text == "baik", line
    assert flask.Flask.full_dispatch_request is dispatch
    home = house.client("sumbawa", citizen).get("/")
    assert (home.status_code, "Urusan baik" in home.text) == (200, True)
    assert not as_owner("SELECT 1 FROM lumbung_fault WHERE plugin = 'baik'")
    told = {one.what.en for one in examine(Asked(house.settings, house.kernel, quick=True)) if one.check == "faults"}
    for line, name in bad.items():
        _, kind, word = MATRIX[line]
        assert (kind,) in as_owner("SELECT kind FROM lumbung_fault WHERE plugin = :p", p=name), line
        page = operator.get(f"/admin/plugin/{name}/").text
        assert word in page.replace("<wbr>", ""), line
        assert any(name in words for words in told), line


def test_past_its_budget_it_is_closed_for_everyone_and_removing_it_needs_no_repair(
    house: TestHouse, gift: Any, as_owner: Any
) -> None:
    gift("buruk", init=MATRIX["import error"][0]("buruk"))
    gift("baik")
    for place in ("open", "lain", "lagi", "akhir"):
        for _ in range(5):
            faults.write(house.kernel, Fault("buruk", place, "No module named x", "open"))
    house.kernel.state.forget()
    for tenant in ("sumbawa",):
        answer = house.client(tenant).get("/buruk/")
        assert (answer.status_code, "dihentikan sementara" in answer.text) == (503, True)
    [told] = [one for one in examine(Asked(house.settings, house.kernel, quick=True)) if one.check == "suspended"]
    assert (told.severity, told.mend) == (Severity.BAD, "lumbung plugin resume buruk")
    assert suspending.what_happened(house.kernel, "buruk")[0].count == 5
    uninstall(house.kernel, "buruk", by="test")
    forget()
    house.kernel.state.forget()
    assert house.client().get("/buruk/").status_code == 404
    assert house.client().get("/baik/").status_code == 200
    gift("buruk")
    assert house.client().get("/buruk/").status_code == 503, "what it did is not forgotten by installing it anew"
    assert suspending.resume(house.kernel, "buruk", by="test")
    assert house.client().get("/buruk/").text == "halo dari buruk"


def test_a_gift_that_leaves_threads_behind_keeps_no_place_on_the_board(house: TestHouse, gift: Any) -> None:
    gift("contoh")
    before = threading.active_count()
    for _ in range(20):
        thread = threading.Thread(target=lambda: house.client().get("/contoh/"))
        thread.start()
        thread.join()
    assert threading.active_count() == before
