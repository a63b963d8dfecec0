"""The gate: which host is whose, which path is a plugin's, and that one bad gift is nobody else's trouble."""

from __future__ import annotations

import importlib
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from lumbung.app import create_app
from lumbung.gateway import host_of, split_path
from lumbung.kernel import Kernel
from lumbung.lifecycle.enable import disable, enable
from lumbung.runtimes import inline
from lumbung.testing import TestHouse
from lumbung.testing.house import HouseClient
from lumbung.testing.wheels import INIT

NOTES = """
from flask import Blueprint, request
from lumbung.sdk import current_tenant, hookimpl, public, session
from sqlalchemy import text

blueprint = Blueprint("catatan", __name__)

@blueprint.get("/")
@public
def index():
    rows = session.execute(text("SELECT words FROM catatan_note ORDER BY words")).scalars()
    return current_tenant().slug + ": " + ", ".join(rows)

@blueprint.post("/")
@public
def add():
    session.execute(text("INSERT INTO catatan_note (words) VALUES (:words)"), {"words": request.form["words"]})
    return "ok"

@hookimpl
def routes():
    return [blueprint]
"""

NOTES_TABLE = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

def upgrade():
    op.create_tenant_table("catatan_note", sa.Column("words", sa.Text, nullable=False))
"""


class Answer(Response):
    """An answer, with its text as the client's answers have it."""

    @property
    def text(self) -> str:
        return self.get_data(as_text=True)


def ask(app: Any, path: str = "/", **environ: Any) -> Answer:
    """Ask with a WSGI environment of our own making: hosts and paths that no client library would send."""
    given = EnvironBuilder(path="/", base_url="http://sumbawa.localhost").get_environ()
    given.update(PATH_INFO=path, **environ)
    pieces, status, headers = run_wsgi_app(app.wsgi_app, given, buffered=True)
    return Answer(b"".join(pieces), status, headers)


# Hosts


def test_a_tenant_answers_to_its_host_however_it_is_spelled(house: TestHouse) -> None:
    for host in (
        "sumbawa.localhost",
        "sumbawa.localhost:8000",
        "SUMBAWA.LocalHost",
        "sumbawa.localhost.",
        "sumbawa.localhost.:81",
    ):
        answer = ask(house.app, HTTP_HOST=host)
        assert answer.status_code == 200, host
        assert "Kabupaten Sumbawa" in answer.text, host


STRANGERS = (
    "",
    "localhost",
    "127.0.0.1:8000",
    "[::1]:8000",
    "evil.example",
    "sumbawa.localhost.evil.example",
    "evil.example/sumbawa.localhost",
    "evil.example@sumbawa.localhost",
    "sumbawa.localhost\n",
    "sumbawa.localhost\x00",
    "sumbawa.localhost:80:80",
    "sumbawa.localhost:80a",
    "..",
    "-",
    "a" * 5000,
    "<script>alert(1)</script>",
    "\xff\xfe",
)


def test_an_unknown_host_gets_a_plain_page_that_names_no_tenant(house: TestHouse) -> None:
    for host in STRANGERS:
        answer = ask(house.app, HTTP_HOST=host, SERVER_NAME="elsewhere")
        assert answer.status_code == 404, host
        assert "belum dikenal" in answer.text, host
        assert "Sumbawa" not in answer.text, host
        assert "<script>alert" not in answer.text
        assert "Set-Cookie" not in answer.headers
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_an_unknown_host_reaches_no_page_but_the_house_s_static_files(house: TestHouse, gift: Any) -> None:
    gift()
    stranger = HouseClient(house, "x.localhost")
    stranger.base_url = "http://stranger.example"
    for path in ("/masuk", "/daftar", "/admin/", "/contoh/", "/contoh/static/x.css", "/_tenant/logo"):
        assert "belum dikenal" in stranger.get(path).text
        assert stranger.post(path).status_code == 404
    assert stranger.get("/_static/css/lumbung.css", buffered=True).status_code == 200
    for path in ("/_static/../settings.py", "/_static/no-such-file", "/_static/%2e%2e/settings.py", "/_static/"):
        assert ask(house.app, path, HTTP_HOST="stranger.example").status_code == 404


def test_a_single_tenant_site_answers_for_host_names_that_nobody_registered(house: TestHouse) -> None:
    alone = house.settings.model_copy(update={"single_tenant": "sumbawa"})
    kernel = Kernel(alone, house.urls.app)
    app = create_app(alone, kernel=kernel)
    try:
        assert "Kabupaten Sumbawa" in ask(app, HTTP_HOST="10.0.0.5").text
        assert "Sumbawa Barat" in ask(app, HTTP_HOST="sumbawabarat.localhost").text
        for host in ("not a host", "", "sumbawa\n"):
            assert "Sumbawa" not in ask(app, HTTP_HOST=host, SERVER_NAME="").text
    finally:
        kernel.close()


def test_a_single_tenant_setting_that_names_nobody_shows_nobody(house: TestHouse) -> None:
    alone = house.settings.model_copy(update={"single_tenant": "dompu"})
    kernel = Kernel(alone, house.urls.app)
    try:
        answer = ask(create_app(alone, kernel=kernel), HTTP_HOST="10.0.0.5")
        assert answer.status_code == 404
        assert "Sumbawa" not in answer.text
    finally:
        kernel.close()


def test_forwarded_headers_are_believed_only_behind_a_trusted_proxy(house: TestHouse) -> None:
    spoofed = {"HTTP_X_FORWARDED_HOST": "sumbawabarat.localhost", "HTTP_X_FORWARDED_FOR": "9.9.9.9"}
    assert "Sumbawa Barat" not in ask(house.app, **spoofed).text
    behind = house.settings.model_copy(update={"trusted_proxies": 1})
    kernel = Kernel(behind, house.urls.app)
    try:
        assert "Sumbawa Barat" in ask(create_app(behind, kernel=kernel), HTTP_HOST="inside", **spoofed).text
    finally:
        kernel.close()


def test_a_tenant_that_was_closed_is_an_unknown_host(house: TestHouse, as_owner: Any) -> None:
    assert house.client("sumbawabarat").get("/").status_code == 200
    as_owner("UPDATE lumbung_tenant SET active = false WHERE slug = 'sumbawabarat'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    house.kernel.state.forget()
    answer = house.client("sumbawabarat").get("/")
    assert answer.status_code == 404
    assert "Sumbawa" not in answer.text


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/antrean/ambil", ("antrean", "/ambil")),
        ("/antrean", ("antrean", "")),
        ("/antrean/", ("antrean", "/")),
        ("/", ("", "")),
        ("", ("", "")),
        ("//antrean", ("", "/antrean")),
    ],
)
def test_the_first_segment_names_the_plugin(path: str, parts: tuple[str, str]) -> None:
    assert split_path(path) == parts


def test_a_host_that_is_no_text_is_no_host() -> None:
    assert host_of({}) is None
    assert host_of({"SERVER_NAME": "Example.COM"}) == "example.com"


# Plugins


def test_a_plugin_that_is_not_enabled_is_not_there_static_files_included(house: TestHouse, gift: Any) -> None:
    gift(files={"lumbung_contoh/static/gaya.css": "body{}"})
    here, elsewhere = house.client("sumbawa"), house.client("sumbawabarat")
    assert here.get("/contoh/").text == "halo dari contoh"
    assert here.get("/contoh/static/gaya.css", buffered=True).text == "body{}"
    for path in ("/contoh", "/contoh/", "/contoh/static/gaya.css", "/contoh/static/"):
        assert elsewhere.get(path).status_code == 404
    disable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
    for path in ("/contoh", "/contoh/", "/contoh/static/gaya.css"):
        assert here.get(path).status_code == 404


def test_a_plugin_s_name_without_a_slash_leads_to_its_first_page_with_the_query(house: TestHouse, gift: Any) -> None:
    gift()
    answer = house.client().get("/contoh?lokasi=mpp&x=%0d%0aSet-Cookie:a")
    assert answer.status_code == 308
    assert answer.headers["Location"] == "/contoh/?lokasi=mpp&x=%0d%0aSet-Cookie:a"


def test_no_odd_spelling_of_a_plugin_leads_to_another_host(house: TestHouse, gift: Any) -> None:
    gift()
    for path in (
        "//contoh",
        "//contoh/",
        "///contoh",
        "/CONTOH/",
        "/contoh\x00/",
        "/ contoh/",
        "/./contoh/",
    ):
        answer = ask(house.app, path)
        assert answer.status_code in (301, 308, 404), path
        assert not answer.headers.get("Location", "").startswith("//"), path
        assert "halo" not in answer.text, path


def test_a_plugin_s_static_file_is_a_page_under_the_same_policy(house: TestHouse, gift: Any) -> None:
    gift(files={"lumbung_contoh/static/x.svg": "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"})
    answer = house.client().get("/contoh/static/x.svg", buffered=True)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert house.client().get("/contoh/static/../plugin.toml").status_code == 404
    assert house.client().get("/contoh/static/%2e%2e/plugin.toml").status_code == 404


def test_twenty_first_requests_of_two_tenants_make_one_app_and_share_no_data(
    house: TestHouse, gift: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = tmp_path / "imported"
    init = f"with open({str(counter)!r}, 'a') as file:\n    file.write('x')\n" + NOTES
    gift(
        "catatan",
        init=init,
        files={"lumbung_catatan/migrations/0001_notes.py": NOTES_TABLE},
        tenants=("sumbawa", "sumbawabarat"),
    )
    made: list[str] = []
    build = inline.build_app
    monkeypatch.setattr(inline, "build_app", lambda *given: made.append("app") or build(*given))
    for slug in ("sumbawa", "sumbawabarat"):
        with house.scope(slug) as scope:
            scope.session.connection().exec_driver_sql(
                f"INSERT INTO catatan_note (words) VALUES ('milik {slug}')"  # noqa: S608
            )
    gate = threading.Barrier(20)

    def visit(number: int) -> str:
        slug = ("sumbawa", "sumbawabarat")[number % 2]
        client = house.client(slug)
        gate.wait(timeout=10)
        return client.get("/catatan/").text

    assert not counter.exists()
    with ThreadPoolExecutor(20) as pool:
        answers = Counter(pool.map(visit, range(20)))
    assert answers == {"sumbawa: milik sumbawa": 10, "sumbawabarat: milik sumbawabarat": 10}
    assert made == ["app"]
    assert counter.read_text() == "x"


# The database away


def test_health_says_alive_and_ready(house: TestHouse) -> None:
    client = house.client()
    assert client.get("/_health/live").get_json() == {"status": "alive"}
    ready = client.get("/_health/ready")
    assert ready.status_code == 200
    assert ready.get_json()["status"] == "ready"
    assert client.get("/_health/").status_code == 404
    assert client.get("/_health/../live").status_code == 404


def test_a_database_that_goes_away_in_the_middle_is_a_503_and_heals_by_itself(house: TestHouse, gift: Any) -> None:
    gift("catatan", init=NOTES, files={"lumbung_catatan/migrations/0001_notes.py": NOTES_TABLE})
    client = house.client()
    assert client.get("/catatan/").status_code == 200
    with house.kernel.database.engine.connect() as killer:
        killer.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
    answers = [client.get("/catatan/").status_code for _ in range(12)]
    assert set(answers) <= {200, 503}
    assert answers[-1] == 200


def test_enabling_reaches_a_second_process_within_a_second(house: TestHouse, gift: Any) -> None:
    gift(tenants=())
    other = Kernel(house.settings, house.urls.app)
    app = create_app(house.settings, kernel=other)
    try:
        visitor = Client(app.wsgi_app)

        def answers() -> int:
            return visitor.get("/contoh/", base_url="http://sumbawa.localhost").status_code

        assert answers() == 404
        for switch, wanted in ((enable, 200), (disable, 404)):
            switch(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
            deadline = time.monotonic() + 1.0
            while answers() != wanted:
                assert time.monotonic() < deadline, "not visible within a second"
    finally:
        other.close()


def test_nothing_of_a_plugin_is_imported_before_it_is_asked_for(house: TestHouse, gift: Any, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    gift(init=f"open({str(trace)!r}, 'w').close()\n" + INIT.format(name="contoh"))
    client = house.client()
    for path in ("/", "/masuk", "/tidak-ada", "/_health/ready"):
        client.get(path)
    house.client("sumbawabarat").get("/contoh/")
    assert not trace.exists()
    client.get("/contoh/")
    assert trace.exists()
    assert json.dumps(client.get("/_health/ready").get_json())
    assert importlib.import_module("lumbung_contoh")


def test_a_plugin_without_pages_has_none(house: TestHouse, gift: Any) -> None:
    gift("diam", init="from lumbung.sdk import hookimpl\n@hookimpl\ndef jobs():\n    return {}\n", hooks=["jobs"])
    for path in ("/diam", "/diam/", "/diam/static/x.css"):
        assert house.client().get(path).status_code == 404
    assert "/diam/" not in house.client().get("/").text
