"""Bad input: one sentence that says what and where, exit code 1, nothing changed."""

# ruff: noqa: S608  (a statement of table names, which are ours)
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lumbung.testing import TestHouse, make_wheel

PERSON = ("user", "add", "siti@contoh.id", "--tenant", "sumbawa", "--name", "Siti")
TENANT = ("tenant", "add", "dompu", "--name", "Kabupaten Dompu", "--host", "dompu.localhost")

UNDECLARED = """
from flask import Blueprint
from lumbung.sdk import hookimpl
halaman = Blueprint("halaman", __name__)
@halaman.get("/")
def terbuka():
    return "terbuka"
@hookimpl
def routes():
    return [halaman]
"""

REFUSALS: list[tuple[tuple[str, ...], str]] = [
    (("user", "list", "--tenant", "bali"), "no tenant 'bali'; there are: sumbawa, sumbawabarat"),
    (("plugin", "enable", "contoh", "--tenant", "bali"), "no tenant 'bali'"),
    (("plugin", "enable", "hantu", "--tenant", "sumbawa"), "Plugin hantu is not installed; installed are: contoh"),
    (("plugin", "disable", "hantu", "--tenant", "sumbawa"), "Plugin hantu is not installed"),
    (("plugin", "uninstall", "hantu"), "Plugin hantu is not installed"),
    (("plugin", "install", "hantu"), "no plugin package 'hantu' here"),
    (("plugin", "install", "tidak/ada.whl"), "tidak/ada.whl is not a file"),
    (("plugin", "install", "./"), "is not a file"),
    (("plugin", "install", "/etc/passwd"), "passwd is not a wheel"),
    ((*PERSON, "--role", "raja"), "no role 'raja'; there are: admin, citizen"),
    ((*PERSON, "--role", "contoh.raja"), "no role 'contoh.raja'"),
    ((*PERSON, "--role", "officer", "--unit", "HANTU"), "Kabupaten Sumbawa has no unit with the code 'HANTU'"),
    ((*PERSON, "--role", "admin", "--unit", "DINKES"), "for the whole tenant"),
    ((*PERSON, "--password", "pendek"), "10 to 256 characters"),
    ((*PERSON, "--password", ""), "10 to 256 characters"),
    ((*PERSON[:2], "bukan surel", *PERSON[3:]), "is not an e-mail address"),
    ((*PERSON[:2], "ada@contoh.id", *PERSON[3:]), "ada@contoh.id already has an account here"),
    ((*PERSON[:-1], "x" * 200), "1 to 120 letters"),
    ((*PERSON[:-1], " "), "1 to 120 letters"),
    ((*PERSON[:-1], "Siti \udcff"), "not text in UTF-8"),
    ((*TENANT[:2], "Dompu", *TENANT[3:]), "cannot be a slug"),
    ((*TENANT[:2], "dompu\n", *TENANT[3:]), "cannot be a slug"),
    ((*TENANT[:2], "sumbawa", *TENANT[3:]), "a tenant 'sumbawa' already"),
    ((*TENANT, "--host", "sumbawa.localhost"), "belongs to another tenant"),
    ((*TENANT, "--host", "http://x"), "is not a host name"),
    ((*TENANT, "--region", "99.99"), "no region with the code '99.99'"),
    ((*TENANT, "--time-zone", "WITA"), "no time zone 'WITA'"),
    ((*TENANT, "--language", "fr"), "Languages are id and en"),
    ((*TENANT, "--logo", "tidak-ada.png"), "tidak-ada.png cannot be read"),
    ((*TENANT, "--logo", "/etc/passwd"), "not a PNG, JPEG, WebP or GIF picture"),
]

COUNTED = ["tenant", "tenant_host", "person", "grant", "plugin", "enabled", "ledger"]
COUNTS = "SELECT (SELECT value FROM lumbung_generation)" + "".join(
    f", (SELECT count(*) FROM lumbung_{name})" for name in COUNTED
)


def test_bad_input_is_refused_in_a_sentence_and_changes_nothing(
    lumbung: Any, house: TestHouse, gift: Any, as_owner: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gift(tenants=())
    house.unit("sumbawa", "DINKES")
    house.person("sumbawa", "ada@contoh.id")
    before = as_owner(COUNTS)
    wrong = {}
    for words, said in REFUSALS:
        answer = lumbung(*words)
        if answer.code != 1 or said not in answer.refused():
            wrong[words] = answer
        assert as_owner(COUNTS) == before, words
    assert wrong == {}


def test_a_bad_wheel_is_refused_with_nothing_on_disk(lumbung: Any, house: TestHouse, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, manifest="schema = 1\n")
    sentence = lumbung("plugin", "install", str(wheel)).refused()
    assert sentence.startswith(f"{wheel.name}: plugin.toml: name")
    assert not list(house.settings.plugin_folder.rglob("*.py"))


def test_a_migration_that_cannot_be_done_is_a_sentence_too(lumbung: Any, tmp_path: Path) -> None:
    files = {"lumbung_contoh/migrations/0001_x.py": "raise ValueError('tidak\\njadi')"}
    assert "tidak" in lumbung("plugin", "install", str(make_wheel(tmp_path, files=files))).refused()


def test_routes_of_a_plugin_that_cannot_be_opened_say_why_and_show_the_others(lumbung: Any, gift: Any) -> None:
    gift("buruk", init="raise SystemExit('keluar')")
    gift("lupa", init=UNDECLARED)
    gift("contoh")
    rows = json.loads(lumbung("routes", "--json").out)
    closed = {row["plugin"]: row for row in rows if row["permission"] == "closed"}
    assert set(closed) == {"buruk", "lupa"}
    assert "keluar" in closed["buruk"]["refusal"]
    assert "The view halaman.terbuka (/) of lupa has no access rule" in closed["lupa"]["refusal"]
    assert closed["lupa"]["path"] == "/lupa/"
    assert any(row["plugin"] == "contoh" and row["permission"] == "public" for row in rows)
    assert "has no access rule" in lumbung("routes").out


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "bukan alamat", "LUMBUNG_DATABASE_URL is not a database address"),
        ("DATABASE_URL", "mysql://x@h/y", "names mysql; Lumbung needs PostgreSQL"),
        ("DATABASE_URL", "sqlite:///x.db", "names sqlite"),
        ("DATABASE_URL", "postgresql://h:port/x", "is not a database address"),
        ("DATABASE_URL", "postgresql://siti:rahasia@127.0.0.1:1/x", "127.0.0.1:1/x cannot be reached"),
        ("DATABASE_URL", "postgresql://siti:rahasia@tidak-ada.invalid/x", "tidak-ada.invalid/x cannot be reached"),
        ("DATABASE_URL", "postgresql:///x?host=/tidak/ada", "cannot be reached"),
        ("DATABASE_URL", "postgresql://x@127.0.0.1:1/x?sslmode=aneh", "sslmode"),
        ("DATABASE_APP_URL", "postgresql://x@127.0.0.1:1/x", "Set all of LUMBUNG_DATABASE_MIGRATOR_URL"),
        ("PORT", "seribu", "LUMBUNG_PORT"),
        ("SECRET_KEY", "pendek", "LUMBUNG_SECRET_KEY"),
    ],
)
def test_a_setting_that_cannot_work_is_a_sentence(
    type_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(f"LUMBUNG_{name}", value)
    for words in (("tenant", "list"), ("init",), ("db", "status")):
        sentence = type_in(*words).refused()
        assert said in sentence
        assert "rahasia" not in sentence


def test_three_addresses_of_a_server_that_is_away_are_a_sentence(
    type_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path / "home"))
    for role in ("MIGRATOR", "APP", "READER"):
        monkeypatch.setenv(f"LUMBUNG_DATABASE_{role}_URL", "postgresql://x:rahasia@127.0.0.1:1/x")
    for words in (("tenant", "list"), ("init",), ("db", "upgrade"), ("db", "status"), ("routes",), ("worker",)):
        sentence = type_in(*words).refused()
        assert "127.0.0.1:1/x" in sentence, words
        assert "rahasia" not in sentence


def test_a_data_folder_that_cannot_be_is_a_sentence(
    type_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Any
) -> None:
    (tmp_path / "berkas").write_text("x")
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path / "berkas" / "home"))
    monkeypatch.setenv("LUMBUNG_DATABASE_URL", postgres.url())
    assert "berkas" in type_in("init").refused()


def test_a_command_that_does_not_exist_is_a_matter_of_usage(type_in: Any) -> None:
    for words in (("terbang",), ("plugin", "terbang"), ("tenant", "add"), ("plugin", "enable", "contoh")):
        said = type_in(*words)
        assert said.code == 2
        assert "Traceback" not in said.err


def test_a_whole_process_says_it_the_same_way(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LUMBUNG_")},
        "LUMBUNG_HOME": str(tmp_path / "home"),
        "LUMBUNG_DATABASE_URL": "postgresql://x:rahasia@127.0.0.1:1/x",
    }
    done = subprocess.run(
        [sys.executable, "-m", "lumbung.cli", "tenant", "list"], capture_output=True, text=True, env=environment
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "127.0.0.1:1/x cannot be reached" in done.stderr
