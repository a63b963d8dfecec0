"""``make demo`` as a newcomer meets it: one command, a running regency, Ctrl-C, and the same again."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from lumbung.testing.running import Visitor, environment, free_port, is_ready, lumbung, running, wait_until


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that the demo fills; the tests below run it again and again."""
    return tmp_path_factory.mktemp("demo") / "home"


def postgres_of(home: Path) -> list[psutil.Process]:
    folder = str((home / "postgres").resolve())
    return [process for process in psutil.process_iter(["cmdline"]) if folder in (process.info["cmdline"] or [])]


@pytest.fixture(scope="module")
def known(home):
    """What ``demo.json`` said while the demo ran; every promise about the running demo is checked here once."""
    port = free_port()
    with running("demo", env=environment(home), port=port) as process:
        wait_until((home / "demo.json").exists)
        known = json.loads((home / "demo.json").read_text())
        known["health"] = {name: Visitor("anything", port).get(f"/_health/{name}").status for name in ("live", "ready")}
        known["pages"] = {tenant["slug"]: Visitor(tenant["host"], port).get("/").body for tenant in known["tenants"]}
        known["gates"] = {
            tenant["slug"]: [
                Visitor(tenant["host"], port).get(path).status for path in ("/antrean/", "/antrean/static/wall.js")
            ]
            for tenant in known["tenants"]
        }
        known["stranger"] = Visitor("nobody.example", port).get("/")
        known["signed_in"] = []
        for account in known["accounts"]:
            host = next(tenant["host"] for tenant in known["tenants"] if tenant["slug"] == account["tenant"])
            visitor = Visitor(host, port)
            visitor.sign_in(account["email"], account["password"])
            known["signed_in"].append((account["role"], visitor.get("/akun").status))
        known["children"] = psutil.Process(process.pid).children(recursive=True)
    return known


def test_the_demo_says_whom_it_serves(known):
    assert [(tenant["slug"], tenant["host"]) for tenant in known["tenants"]] == [
        ("sumbawa", "sumbawa.localhost"),
        ("sumbawabarat", "sumbawabarat.localhost"),
    ]
    assert {account["role"] for account in known["accounts"]} == {"operator", "admin", "officer", "citizen"}


def test_it_answers_alive_and_ready(known):
    assert known["health"] == {"live": 200, "ready": 200}


def test_every_account_signs_in(known):
    assert known["signed_in"], "no accounts"
    assert all(status == 200 for _, status in known["signed_in"]), known["signed_in"]


def test_the_queue_is_open_in_sumbawa_and_nowhere_else(known):
    assert known["gates"] == {"sumbawa": [200, 200], "sumbawabarat": [404, 404]}


def test_each_tenant_sees_its_own_name(known):
    assert "Kabupaten Sumbawa Barat" in known["pages"]["sumbawabarat"]
    assert "Kabupaten Sumbawa Barat" not in known["pages"]["sumbawa"]


def test_an_unknown_host_learns_nothing_of_any_tenant(known):
    assert known["stranger"].status == 404
    assert "Sumbawa" not in known["stranger"].body


def test_the_keys_are_readable_by_their_owner_alone(known, home):
    assert (home / "demo.json").stat().st_mode & 0o077 == 0
    assert (home / "secrets").stat().st_mode & 0o077 == 0


def test_ctrl_c_stops_everything(known, home):
    assert [child for child in known["children"] if child.is_running()] == []
    assert postgres_of(home) == []


def test_a_second_run_picks_up_after_a_kill(known, home):
    port = free_port()
    with running("demo", env=environment(home), port=port) as process:
        children = [
            child for child in psutil.Process(process.pid).children(recursive=True) if "postgres" not in child.name()
        ]
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    wait_until(lambda: not any(child.is_running() for child in children))
    with running("demo", env=environment(home), port=port):
        assert Visitor("sumbawa.localhost", port).get("/antrean/").status == 200
    assert postgres_of(home) == []


def test_a_second_demo_on_an_occupied_port_is_told_so(home):
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        refused = lumbung("demo", env=environment(home, LUMBUNG_PORT=str(port)))
    assert refused.returncode == 1
    assert refused.stderr.strip().count("\n") == 0, refused.stderr
    assert str(port) in refused.stderr
    assert not is_ready(port)
