"""Asking plugins: only those enabled that name the hook, each failure apart, loaded once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lumbung.registry.discovery import PluginUnusable
from lumbung.testing import TestHouse

INIT = """
from lumbung.sdk import Affair, current_tenant, hookimpl
@hookimpl
def my_affairs(person):
    return [Affair("{name}", current_tenant().slug, "/")]
@hookimpl
def jobs():
    return {{"sapu": print}}
@hookimpl
def routes():
    return []
"""


def test_only_enabled_plugins_that_name_the_hook_are_asked(house: TestHouse, gift: Any, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    gift("ya", init=INIT.format(name="ya"), hooks=["routes", "my_affairs"])
    gift("diam", init=f"open({str(trace)!r}, 'w').close()\n" + INIT.format(name="diam"), hooks=["routes"])
    gift("jauh", init=INIT.format(name="jauh"), hooks=["routes", "my_affairs"], tenants=("sumbawabarat",))
    tenant = house.kernel.tenant("sumbawa")
    with house.scope("sumbawa"):
        answers = house.kernel.caller.ask_all("my_affairs", house.kernel.snapshot(), tenant.id, person=None)
    assert {name: [one.text for one in said] for name, said in answers.values.items()} == {"ya": ["sumbawa"]}
    assert answers.failures == {}
    assert not trace.exists()


def test_a_plugin_is_imported_once_however_many_ask_at_once(house: TestHouse, gift: Any, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    gift(init=f"with open({str(trace)!r}, 'a') as file:\n    file.write('x')\n" + INIT.format(name="contoh"))
    gate = threading.Barrier(10)

    def ask(_: int) -> Any:
        gate.wait(timeout=10)
        return house.kernel.caller.ask("jobs", "contoh")

    with ThreadPoolExecutor(10) as pool:
        assert all("sapu" in answer for answer in pool.map(ask, range(10)))
    assert trace.read_text() == "x"


def test_one_plugin_that_hangs_when_imported_does_not_stop_another(
    house: TestHouse, gift: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr("builtins.lumbung_test_gate", gate, raising=False)
    gift("lama", init="import builtins\nbuiltins.lumbung_test_gate.wait(20)\n" + INIT.format(name="lama"))
    gift("cepat", init=INIT.format(name="cepat"))
    with ThreadPoolExecutor(1) as pool:
        try:
            waiting = pool.submit(house.kernel.caller.ask, "jobs", "lama")
            assert "sapu" in house.kernel.caller.ask("jobs", "cepat")
            assert not waiting.done()
        finally:
            gate.set()
        assert "sapu" in waiting.result(10)


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ("@hookimpl\ndef rutes():\n    return []", "'rutes' that does not exist; there are:"),
        ("@hookimpl\ndef jobs(rahasia):\n    return {}", "rahasia"),
    ],
)
def test_a_hook_spelled_or_called_wrong_makes_the_plugin_unusable_each_time(
    house: TestHouse, gift: Any, hook: str, said: str
) -> None:
    gift(init=f"from lumbung.sdk import hookimpl\n{hook}\n")
    for _ in range(2):
        with pytest.raises(PluginUnusable, match="Plugin contoh") as refused:
            house.kernel.caller.load("contoh")
        assert said in str(refused.value)


def test_a_hook_that_a_plugin_does_not_have_is_answered_with_nothing(house: TestHouse, gift: Any) -> None:
    gift()
    assert house.kernel.caller.ask("jobs", "contoh") is None
