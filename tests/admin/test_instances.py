"""Administrators see how the processes of a foreign application fare, read their logs, and have the keeper act."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import Sentence
from lumbung.instances import rows
from lumbung.instances.asking import socket_of
from lumbung.instances.instance import Instance, instance_of
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.testing import TestHouse, make_wheel

PAGE = "/admin/plugin/antrian/proses/"
MANIFEST = """
schema = 1
name = "antrian"
version = "1.0.0"
runtime = "process"
licence = "MIT"
[title]
id = "Antrian"
en = "Queue"
[summary]
id = "Aplikasi contoh."
en = "A sample application."
[donor]
name = "Kota Bandung"
[core]
requires = ">=0.1"
[process]
stack = "command"
command = ["sleep", "60"]
tenancy = "{tenancy}"
[process.environment]
KUNCI_RAHASIA = "isi-yang-tidak-boleh-tampil"
[process.health]
expect = "Selamat datang"
[[access]]
path = "/"
rule = "public"
"""
LINES = """2026-11-24T18:15:49Z [lumbung] Version 1.0.0 is started on port 20001.
2026-11-24T18:15:50Z GET /tiket?a=<script> 200
2026-11-24T18:15:51Z connecting with {secret}
"""


@pytest.fixture
def antrian(house: TestHouse, tmp_path: Path) -> Instance:
    return install(house, tmp_path)


def install(house: TestHouse, folder: Path, tenancy: str = "each") -> Instance:
    files = {"lumbung_antrian/source/run.txt": "x", "lumbung_antrian/__init__.py": ""}
    wheel = make_wheel(folder / "w", "antrian", manifest=MANIFEST.format(tenancy=tenancy), files=files)
    install_wheel(house.kernel, wheel, by="test")
    for slug in ("sumbawa", "sumbawabarat"):
        enable(house.kernel, "antrian", house.kernel.tenant(slug), by="test")
    house.kernel.state.forget()
    one = instance_of(house.settings, house.kernel.snapshot().plugins["antrian"], house.kernel.tenant("sumbawa"))
    one.log.parent.mkdir(parents=True)
    one.log.write_text(LINES.format(secret=rows.secrets_of(house.kernel, one)["database_password"]))
    return one


class Keeper:
    """Stands in for the keeper: remembers what it was asked."""

    def __init__(self, house: TestHouse) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {"state": "starting"}
        path = socket_of(house.settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.door.bind(str(path))
        self.door.listen()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self.door.accept()
            except OSError:
                return
            with line, line.makefile("rb") as file:
                question = json.loads(file.readline())
                self.asked.append(question)
                answer = {"instances": []} if question["do"] == "status" else self.answer
                line.sendall(json.dumps(answer).encode() + b"\n")

    def orders(self) -> list[tuple[str, str]]:
        return [(one["do"], one["tenant"]) for one in self.asked if one["do"] != "status"]


@pytest.fixture
def keeper(house: TestHouse) -> Iterator[Keeper]:
    keeper = Keeper(house)
    yield keeper
    keeper.door.shutdown(socket.SHUT_RDWR)
    keeper.door.close()


def administrator(house: TestHouse, **more: Any) -> Any:
    return house.client("sumbawa", house.person("sumbawa", "admin@contoh.id", **({"roles": ["admin"]} | more)))


def test_an_administrator_sees_their_own_instance_and_nobody_elses(house: TestHouse, antrian: Instance) -> None:
    rows.set_state(house.kernel, antrian, "failed", reason=Sentence("Its port did not open within 60 seconds."))
    client = administrator(house)
    assert client.get(PAGE).headers["Location"].endswith("/antrian/proses/sumbawa/")
    page = client.get(f"{PAGE}sumbawa/").text
    for words in ("Gagal menyala", "antrian.sumbawa.localhost", "Selamat datang", "Penjaga aplikasi sedang tidak"):
        assert words in page
    assert "KUNCI_RAHASIA" in page
    assert "isi-yang-tidak-boleh-tampil" not in page
    assert client.get(f"{PAGE}sumbawabarat/").status_code == 404
    assert "Gagal menyala" in client.get("/admin/plugin/antrian/").text
    operator = house.client("sumbawa", house.person("sumbawa", "op@contoh.id", operator=True))
    assert "Belum disiapkan" in operator.get(PAGE).text
    assert operator.get(f"{PAGE}sumbawabarat/").status_code == 200
    citizen = house.client("sumbawa", house.person("sumbawa", "warga@contoh.id", roles=["citizen"]))
    assert citizen.get(f"{PAGE}sumbawa/log.txt").status_code in (403, 404)


def test_the_log_is_shown_searched_and_taken_home_without_passwords(
    house: TestHouse, antrian: Instance, as_owner: Any
) -> None:
    client = administrator(house)
    secret = rows.secrets_of(house.kernel, antrian)["database_password"]
    page = client.get(f"{PAGE}sumbawa/").text
    assert "GET /tiket?a=&lt;script&gt; 200" in page
    assert "02.15.50" in page, "the moment is that of the tenant"
    found = client.get(f"{PAGE}sumbawa/", query_string={"q": "TIKET"}).text
    assert "Ditemukan 1 baris" in found
    assert "connecting" not in found
    assert "Tidak ditemukan" in client.get(f"{PAGE}sumbawa/", query_string={"q": secret[:12]}).text
    file = client.get(f"{PAGE}sumbawa/log.txt")
    assert as_owner("SELECT thing FROM lumbung_audit WHERE action = 'instance.log'") == [("antrian",)]
    assert "connecting with *****" in file.text
    assert "attachment" in file.headers["Content-Disposition"]
    for text in (page, found, file.text):
        assert secret not in text


def test_buttons_ask_the_keeper_and_stand_in_the_trail(
    house: TestHouse, antrian: Instance, keeper: Keeper, as_owner: Any
) -> None:
    client = administrator(house)
    page = f"{PAGE}sumbawa/"
    for act in ("hentikan", "nyalakan", "mulai-ulang"):
        assert client.post_form(f"{page}{act}", page=page).status_code == 303
    assert keeper.orders() == [
        (do, "sumbawa") for do in ("halt", "resume", "open", "restart")
    ]  # fmt: skip
    assert "admin@contoh.id" in next(one["by"] for one in keeper.asked if one["do"] == "halt")
    written = as_owner("SELECT action FROM lumbung_audit WHERE action LIKE 'instance.%' ORDER BY at")
    assert [row[0] for row in written] == ["instance.halt", "instance.resume", "instance.restart"]
    keeper.answer = {"state": "removed", "reason": Sentence("No such instance.").as_json()}
    client.post_form(f"{page}hentikan", page=page)
    assert "Tidak ada yang berubah. No such instance." in client.get(page).text
    assert client.post_form(f"{PAGE}sumbawabarat/hentikan", page=page).status_code == 404
    assert client.post(f"{page}hentikan").status_code == 400, "without a token"


def test_when_the_keeper_is_away_nothing_changes(house: TestHouse, antrian: Instance, as_owner: Any) -> None:
    client = administrator(house)
    page = f"{PAGE}sumbawa/"
    assert client.post_form(f"{page}hentikan", page=page).status_code == 303
    assert "Penjaga aplikasi sedang tidak menjawab, jadi tidak ada yang berubah" in client.get(page).text
    assert as_owner("SELECT count(*) FROM lumbung_audit WHERE action = 'instance.halt'") == [(0,)]


def test_what_all_tenants_share_is_the_operators(house: TestHouse, tmp_path: Path, keeper: Keeper) -> None:
    shared = install(house, tmp_path, "shared")
    assert shared.tenant is None
    client = administrator(house)
    page = client.get(f"{PAGE}_bersama/").text
    assert "hanya untuk operator platform" in page
    assert "GET /tiket" not in page
    assert client.get(f"{PAGE}_bersama/log.txt").status_code == 403
    assert client.post_form(f"{PAGE}_bersama/hentikan").status_code == 403
    assert keeper.orders() == []
    operator = house.client("sumbawa", house.person("sumbawa", "op@contoh.id", operator=True))
    assert "GET /tiket" in operator.get(f"{PAGE}_bersama/").text
    assert "GET /tiket" not in client.get(f"{PAGE}_bersama/log").text


def test_every_state_has_words(house: TestHouse, antrian: Instance) -> None:
    client = administrator(house)
    for state in sorted(rows.STATES - {"removed"}):
        rows.set_state(house.kernel, antrian, state)
        assert f"</svg>{state}</span>" not in client.get(f"{PAGE}sumbawa/bagian").text
    assert client.get(f"{PAGE}bagian").status_code == 200
