"""``lumbung plugin instances``, ``log``, ``start``, ``stop`` and ``restart``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import Sentence
from lumbung.instances import orders, rows
from lumbung.instances.instance import Instance, instance_of
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

PROCESS = """
[process]
stack = "command"
command = ["sleep", "60"]
[[access]]
path = "/"
rule = "public"
"""
AT = ("--tenant", "sumbawa")


@pytest.fixture
def antrian(house: TestHouse, tmp_path: Path) -> Instance:
    plain = MANIFEST.format(name="antrian", version="1.0.0").replace('hooks = ["routes"]', 'runtime = "process"')
    files = {"lumbung_antrian/source/run.txt": "x", "lumbung_antrian/__init__.py": ""}
    install_wheel(house.kernel, make_wheel(tmp_path / "w", "antrian", manifest=plain + PROCESS, files=files), by="test")
    enable(house.kernel, "antrian", house.kernel.tenant("sumbawa"), by="test")
    house.kernel.state.forget()
    return instance_of(house.settings, house.kernel.snapshot().plugins["antrian"], house.kernel.tenant("sumbawa"))


def test_instances_are_listed_with_their_state_and_reason(lumbung: Any, house: TestHouse, antrian: Instance) -> None:
    assert "antrian/sumbawa\tnew\t-\thttp://antrian.sumbawa.localhost:8000" in lumbung("plugin", "instances").out
    rows.set_state(house.kernel, antrian, "failed", reason=Sentence("Its port did not open within %(n)s s.", n=60))
    said = lumbung("plugin", "instances", "antrian", *AT)
    assert "\tfailed\t" in said.out and "! Its port did not open within 60 s." in said.out
    assert "keeper" in said.err
    [row] = json.loads(lumbung("plugin", "instances", "--json").out)
    assert (row["plugin"], row["tenant"], row["state"], row["halted_by"]) == ("antrian", "sumbawa", "failed", None)
    assert json.loads(lumbung("plugin", "instances", "--tenant", "sumbawabarat", "--json").out) == []


def test_the_log_is_printed_and_searched_without_passwords(lumbung: Any, house: TestHouse, antrian: Instance) -> None:
    assert "printed nothing" in lumbung("plugin", "log", "antrian", *AT).err
    secret = rows.secrets_of(house.kernel, antrian)["secret"]
    antrian.log.parent.mkdir(parents=True)
    antrian.log.with_name("app.log.1").write_text("2026-11-24T18:15:49Z Galat lama\n")
    antrian.log.write_text(f"2026-11-24T18:15:50Z kunci {secret}\n2026-11-24T18:15:51Z galat baru\n")
    assert lumbung("plugin", "log", "antrian", *AT, "--lines", "2").out.splitlines() == [
        "2026-11-24T18:15:50Z kunci *****",
        "2026-11-24T18:15:51Z galat baru",
    ]
    found = lumbung("plugin", "log", "antrian", *AT, "--find", "GALAT").out
    assert found == "2026-11-24T18:15:49Z Galat lama\n2026-11-24T18:15:51Z galat baru\n"


def test_orders_go_to_the_keeper_and_a_failure_shows_the_last_lines(
    lumbung: Any, antrian: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "keeper of applications does not answer" in lumbung("plugin", "start", "antrian", *AT).refused()
    asked: list[dict[str, Any]] = []
    answer: dict[str, Any] = {"state": "running", "at": "127.0.0.1:20001"}
    monkeypatch.setattr(orders, "ask", lambda _settings, **question: asked.append(question) or answer)
    assert lumbung("plugin", "start", "antrian", *AT).out == "antrian/sumbawa is running at 127.0.0.1:20001.\n"
    assert "lumbung plugin start antrian --tenant sumbawa" in lumbung("plugin", "stop", "antrian", *AT).out
    assert [one["do"] for one in asked] == ["resume", "open", "halt"]
    assert "@console" in asked[-1]["by"]
    answer |= {"state": "failed", "reason": Sentence("It ended by itself.").as_json(), "log": ["no module flask"]}
    said = lumbung("plugin", "restart", "antrian", *AT)
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == ["  | no module flask", "lumbung: antrian/sumbawa is failed. It ended by itself."]
    answer["state"] = "halted"
    assert "stopped by hand: start it instead" in lumbung("plugin", "restart", "antrian", *AT).refused()


def test_what_is_no_instance_is_refused(lumbung: Any, antrian: Instance, gift: Any) -> None:
    gift("contoh")
    assert "Plugin tiada is not installed" in lumbung("plugin", "log", "tiada", *AT).refused()
    assert "Plugin tiada is not installed" in lumbung("plugin", "instances", "tiada").refused()
    assert "does not run as a process" in lumbung("plugin", "start", "contoh", *AT).refused()
    assert "say whose it is" in lumbung("plugin", "log", "antrian").refused()
    assert "no tenant 'bali'" in lumbung("plugin", "stop", "antrian", "--tenant", "bali").refused()
