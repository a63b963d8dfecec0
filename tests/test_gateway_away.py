"""The gate while the database cannot be reached: every answer comes at once, helps, and gives nothing away."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.test import Client

from lumbung.app import create_app
from lumbung.kernel import Kernel
from lumbung.registry.faults import record_fault
from lumbung.settings import Settings

DEAD = "postgresql+psycopg://nobody:nothing@127.0.0.1:1/nowhere"


def test_without_a_database_pages_say_503_at_once_and_liveness_stays(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    kernel = Kernel(settings, DEAD)
    client = Client(create_app(settings, kernel=kernel).wsgi_app)
    began = time.monotonic()
    try:
        for path in ("/", "/masuk", "/contoh/", "/_health/ready"):
            answer = client.get(path, base_url="http://sumbawa.localhost")
            assert answer.status_code == 503, path
            assert answer.headers["Retry-After"] == "5"
            assert "127.0.0.1" not in answer.text
            assert "nothing" not in answer.text
        assert client.get("/_health/live").status_code == 200
    finally:
        kernel.close()
    assert time.monotonic() - began < 5


def test_without_a_database_a_browser_gets_a_page_with_its_look_and_a_program_gets_json(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    kernel = Kernel(settings, DEAD)
    client = Client(create_app(settings, kernel=kernel).wsgi_app)
    try:
        page = client.get("/antrean/", base_url="http://sumbawa.localhost", headers={"Accept": "text/html,*/*;q=0.8"})
        assert page.mimetype == "text/html"
        assert "Layanan sedang tidak dapat dijangkau" in page.text
        assert "The service cannot be reached right now." in page.text
        assert "Sumbawa" not in page.text
        files = set(re.findall(r"(?:src|href)=\"(/_static/[^\"]+)\"", page.text))
        assert any("js/offline.js" in file for file in files), "it looks by itself whether the house is back"
        for file in files:
            assert client.get(file, base_url="http://sumbawa.localhost", buffered=True).status_code == 200, file
        sent = client.post("/antrean/", base_url="http://sumbawa.localhost")
        assert "belum tersimpan" in sent.text
        assert "offline.js" not in sent.text, "what was sent is not sent again by itself"
        told = client.get("/", base_url="http://sumbawa.localhost", headers={"Accept": "application/json"})
        assert told.status_code == 503
        assert told.get_json() == {"error": 503, "message": "database unavailable"}
    finally:
        kernel.close()


def test_many_who_wait_for_a_dead_database_do_not_queue_behind_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home")
    kernel = Kernel(settings, DEAD)
    tried: list[float] = []
    real = kernel.database.engine.connect
    monkeypatch.setattr(kernel.database.engine, "connect", lambda: tried.append(time.monotonic()) or real())
    app = create_app(settings, kernel=kernel)
    with ThreadPoolExecutor(8) as pool:
        codes = list(
            pool.map(lambda _: Client(app.wsgi_app).get("/", base_url="http://a.localhost").status_code, range(40))
        )
    kernel.close()
    assert codes == [503] * 40
    assert len(tried) < 8


def test_a_fault_that_cannot_be_written_down_is_not_another_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kernel = Kernel(Settings(home=tmp_path / "home"), DEAD)
    with kernel.scope():
        record_fault("contoh", "open", "apa saja")
    kernel.close()
    assert "a fault of plugin contoh could not be written down" in caplog.text
