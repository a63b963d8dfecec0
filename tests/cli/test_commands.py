"""Each command does what it says without asking, and can be repeated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from lumbung.database.roles import connect, prepare
from lumbung.migrate import core_component, head_of
from lumbung.settings import Settings
from lumbung.testing import TestHouse, make_wheel


def test_init_makes_an_empty_database_ready_and_is_harmless_to_repeat(
    postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_in: Any
) -> None:
    name = f"t_init_{os.getpid()}"
    urls = prepare(postgres.url(), Settings(home=tmp_path / "home"), database=name)
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path / "home"))
    for role in ("migrator", "app", "reader"):
        monkeypatch.setenv(f"LUMBUNG_DATABASE_{role.upper()}_URL", getattr(urls, role))
    try:
        before = json.loads(type_in("db", "status", "--json").out)
        assert before == [{"component": "core", "database": None, "code": head_of(core_component())}]
        for _ in range(2):
            said = type_in("init")
            assert (said.code, said.err) == (0, "")
            assert f"the schema is at {head_of(core_component())}" in said.out
        assert type_in("tenant", "list", "--json").out.strip() == "[]"
    finally:
        with connect(make_url(postgres.url())) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            for role in ("migrator", "app", "reader"):
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(f"{name}_{role}")))


def test_the_schema_is_shown_and_brought_up(lumbung: Any, tmp_path: Path) -> None:
    revision = (
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0001'\ndown_revision = None\n"
        "def upgrade():\n    op.create_tenant_table('contoh_note', sa.Column('words', sa.Text))\n"
    )
    wheel = make_wheel(tmp_path, files={"lumbung_contoh/migrations/0001_x.py": revision})
    assert lumbung("plugin", "install", str(wheel)).code == 0
    said = lumbung("db", "upgrade")
    assert said.code == 0
    assert "contoh: 0001" in said.out
    rows = json.loads(lumbung("db", "status", "--json").out)
    assert [(row["component"], row["database"] == row["code"]) for row in rows] == [("core", True), ("contoh", True)]
    assert "up to date" in lumbung("db", "status").out


def test_a_tenant_is_added_and_listed(lumbung: Any, house: TestHouse) -> None:
    said = lumbung(
        *("tenant", "add", "dompu", "--name", "Kabupaten Dompu", "--host", "dompu.localhost"),
        *("--host", "b.dompu.localhost", "--region", "52.05", "--language", "id"),
    )
    assert said.code == 0
    rows = {row["slug"]: row for row in json.loads(lumbung("tenant", "list", "--json").out)}
    assert rows["dompu"] == {
        "slug": "dompu",
        "name": "Kabupaten Dompu",
        "region_code": "52.05",
        "hosts": ["dompu.localhost", "b.dompu.localhost"],
        "time_zone": "Asia/Makassar",
        "languages": ["id"],
    }
    assert "dompu\tKabupaten Dompu" in lumbung("tenant", "list").out
    house.kernel.state.forget()
    assert house.client("dompu").get("/").status_code == 200


def test_a_person_is_added_with_roles_and_can_sign_in(lumbung: Any, house: TestHouse) -> None:
    house.unit("sumbawa", "DINKES")
    said = lumbung(
        *("user", "add", "Siti@Contoh.id", "--tenant", "sumbawa", "--name", "Siti"),
        *("--role", "officer", "--unit", "dinkes", "--password-stdin"),
        stdin="kuda laut biru\n",
    )
    assert (said.code, "kuda" in said.out) == (0, False)
    made = lumbung("user", "add", "op@contoh.id", "--tenant", "sumbawa", "--name", "Op", "--role", "operator")
    password = made.out.rpartition("Password: ")[2].strip()
    assert len(password) >= 12
    form = {"email": "op@contoh.id", "password": password}
    assert house.client().post_form("/masuk", form, page="/masuk").status_code == 303
    rows = json.loads(lumbung("user", "list", "--tenant", "sumbawa", "--json").out)
    assert [(row["email"], row["operator"], row["roles"]) for row in rows] == [
        ("op@contoh.id", True, []),
        ("siti@contoh.id", False, ["officer"]),
    ]
    assert "siti@contoh.id\tSiti\tofficer" in lumbung("user", "list", "--tenant", "sumbawa").out
    assert json.loads(lumbung("user", "list", "--tenant", "sumbawabarat", "--json").out) == []


def test_a_plugin_lives_a_whole_life(lumbung: Any, house: TestHouse, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)

    def listed() -> tuple[Any, ...]:
        rows = json.loads(lumbung("plugin", "list", "--json").out)
        return next(((row["state"], row["version"], row["tenants"]) for row in rows if row["name"] == "contoh"), ())

    def page() -> int:
        house.kernel.state.forget()
        return house.client().get("/contoh/").status_code

    assert listed() == ()
    assert lumbung("plugin", "install", str(wheel)).code == 0
    assert lumbung("plugin", "install", str(wheel)).code == 0
    assert listed() == ("installed", "1.0.0", [])
    assert page() == 404
    assert "now on" in lumbung("plugin", "enable", "contoh", "--tenant", "sumbawa").out
    assert "already on" in lumbung("plugin", "enable", "contoh", "--tenant", "sumbawa").out
    house.unit("sumbawa", "DINKES")
    said = lumbung("plugin", "enable", "contoh", "--tenant", "sumbawa", "--unit", "dinkes")
    assert "already on for sumbawa, run by DINKES." in said.out
    assert "no unit with the code" in lumbung("plugin", "enable", "contoh", "--tenant", "sumbawa", "--unit", "X").err
    assert listed() == ("installed", "1.0.0", ["sumbawa"])
    assert page() == 200
    assert "contoh\t1.0.0\tinstalled\ton for: sumbawa" in lumbung("plugin", "list").out
    assert "now off" in lumbung("plugin", "disable", "contoh", "--tenant", "sumbawa").out
    assert "already off" in lumbung("plugin", "disable", "contoh", "--tenant", "sumbawa").out
    assert page() == 404
    assert lumbung("plugin", "uninstall", "contoh").code == 0
    assert listed()[0] == "uninstalled"


def test_every_route_of_the_house_states_who_may_call_it(lumbung: Any, gift: Any) -> None:
    gift()
    said = lumbung("routes", "--json")
    rows = json.loads(said.out)
    assert all(set(row) == {"path", "methods", "plugin", "permission"} for row in rows)
    assert [row for row in rows if not row["permission"]] == []
    by_path = {(row["path"], tuple(row["methods"])): row for row in rows}
    assert by_path["/contoh/", ("GET",)] == {
        "path": "/contoh/",
        "methods": ["GET"],
        "plugin": "contoh",
        "permission": "public",
    }
    assert by_path["/akun", ("GET", "POST")]["permission"] == "signed-in"
    for path in ("/_health/live", "/_health/ready", "/_static/<path:filename>", "/contoh/static/<path:filename>"):
        assert by_path[path, ("GET",)]["permission"] == "public"
    assert "/masuk\tGET POST\tcore\tpublic" in lumbung("routes").out


def test_help_and_version_need_no_site(tmp_path: Path, type_in: Any) -> None:
    for words in (["--help"], ["--version"], ["plugin", "--help"], ["db", "-h"]):
        assert (type_in(*words).code, type_in(*words).err) == (0, ""), words
    environment = {**os.environ, "LUMBUNG_HOME": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "lumbung.cli", "user", "add", "--help"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "none").exists()


def test_a_plugin_without_pages_adds_no_route_and_stops_no_list(lumbung: Any, gift: Any) -> None:
    gift("diam", init="from lumbung.sdk import hookimpl\n@hookimpl\ndef jobs():\n    return {}\n", hooks=["jobs"])
    gift("contoh")
    rows = json.loads(lumbung("routes", "--json").out)
    assert {row["plugin"] for row in rows} == {None, "contoh"}


def test_who_can_and_what_somebody_can_are_told_with_the_reason(lumbung: Any, house: TestHouse, gift: Any) -> None:
    gift()
    house.person("sumbawa", "admin@a.id", roles=["admin"])
    house.person("sumbawa", "penulis@a.id", roles=["editor"])
    rows = json.loads(lumbung("user", "who", "core.announce", "--tenant", "sumbawa", "--json").out)
    assert [(row["email"], row["role"], row["unit"], row["granted_by"]) for row in rows] == [
        ("admin@a.id", "admin", None, "test"),
        ("penulis@a.id", "editor", None, "test"),
    ]
    said = json.loads(lumbung("user", "can", "Penulis@A.id", "--tenant", "sumbawa", "--json").out)
    assert {row["permission"] for row in said if row["can"]} == {"core.announce"}
    plain = lumbung("user", "can", "penulis@a.id", "--tenant", "sumbawa").out
    assert "core.announce\tyes\twhole tenant\teditor" in plain
    assert "there are: core.announce" in lumbung("user", "who", "raja", "--tenant", "sumbawa").refused()
    assert "nobody with the address" in lumbung("user", "can", "x@a.id", "--tenant", "sumbawa").refused()


def test_an_invitation_prints_a_link_that_makes_the_account(lumbung: Any, house: TestHouse) -> None:
    said = lumbung("user", "invite", "a@a.id", "--tenant", "sumbawa", "--name", "Bu Ani", "--role", "admin")
    assert said.code == 0
    link = said.out.splitlines()[0]
    assert link.startswith("http://sumbawa.localhost:8000/undangan?k=")
    form = {"k": link.partition("k=")[2], "password": "empat kata yang panjang", "again": "empat kata yang panjang"}
    assert house.client().post_form("/undangan", form, page="/daftar").status_code == 303
    for wrong in (("--role", "tidak.ada"), ("--unit", "TIDAKADA"), ("--send",)):
        assert lumbung("user", "invite", "b@a.id", "--tenant", "sumbawa", "--name", "B", *wrong).refused()
    again = lumbung("user", "invite", "a@a.id", "--tenant", "sumbawa", "--name", "Bu Ani")
    assert "already has an account" in again.refused()
