"""``lumbung plugin settings``, ``set`` and ``unset``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lumbung import sdk
from lumbung.testing import TestHouse

Gift = Callable[..., object]
SETTINGS = """
[[settings]]
name = "fee"
type = "rupiah"
title = { id = "Retribusi", en = "Fee" }
scopes = ["platform", "tenant", "unit"]
default = 5000
[[settings]]
name = "token"
type = "secret"
title = { id = "Kunci", en = "Key" }
scopes = ["platform", "tenant"]
[[settings]]
name = "office"
type = "unit"
title = { id = "Kantor", en = "Office" }
"""


def ask(house: TestHouse, name: str, **where: Any) -> Any:
    house.kernel.state.forget()
    with house.scope(plugin="contoh"):
        return sdk.setting(name, **where)


def test_settings_are_listed_set_and_taken_away(lumbung: Any, house: TestHouse, gift: Gift) -> None:
    gift(more=SETTINGS)
    unit = house.unit("sumbawa", "DINKES")
    assert lumbung("plugin", "settings", "contoh").out == "fee\t5.000\tdefault\ntoken\t-\tdefault\n"
    assert (
        lumbung("plugin", "set", "contoh", "fee", "1.250.000").out
        == "fee of contoh is now set for the whole platform.\n"
    )
    at = ("--tenant", "sumbawa")
    assert "now set for sumbawa" in lumbung("plugin", "set", "contoh", "fee", "7500", *at).out
    assert "already set" in lumbung("plugin", "set", "contoh", "fee", "7.500", *at).out
    assert "DINKES of sumbawa" in lumbung("plugin", "set", "contoh", "fee", "0", *at, "--unit", "DINKES").out
    assert (ask(house, "fee"), ask(house, "fee", unit=unit)) == (7500, 0)
    assert lumbung("plugin", "set", "contoh", "office", "dinkes", *at).code == 0
    assert ask(house, "office") == unit
    said = lumbung("plugin", "set", "contoh", "token", "-", *at, stdin="kunci-rahasia\n")
    assert said.code == 0 and "kunci-rahasia" not in said.out + said.err
    assert ask(house, "token") == "kunci-rahasia"
    listed = lumbung("plugin", "settings", "contoh", *at)
    assert "token\t***\ttenant" in listed.out and "office\tDINKES\ttenant" in listed.out
    rows = {row["name"]: row for row in json.loads(lumbung("plugin", "settings", "contoh", *at, "--json").out)}
    assert (rows["fee"]["value"], rows["fee"]["set_here"]) == (7500, True)
    assert (rows["token"]["value"], rows["token"]["set"]) == (None, True)
    assert "no longer set for sumbawa" in lumbung("plugin", "unset", "contoh", "fee", *at).out
    assert "not set for sumbawa" in lumbung("plugin", "unset", "contoh", "fee", *at).out
    assert ask(house, "fee") == 1250000


def test_what_cannot_be_set_is_refused_in_a_sentence(lumbung: Any, house: TestHouse, gift: Gift) -> None:
    gift(more=SETTINGS)
    for words, said in (
        (("settings", "tiada"), "Plugin tiada is not installed"),
        (("set", "contoh", "fees", "1"), "declares no setting 'fees'; there are: fee, token, office"),
        (("set", "contoh", "fee", "seribu"), "fee: it must be an amount of Rupiah"),
        (("set", "contoh", "fee", "1", "--unit", "DINKES"), "give --tenant too"),
        (("set", "contoh", "fee", "1", "--tenant", "bali"), "no tenant 'bali'"),
        (("set", "contoh", "fee", "1", "--tenant", "sumbawa", "--unit", "TIADA"), "no unit with the code 'TIADA'"),
        (("set", "contoh", "office", "TIADA", "--tenant", "sumbawa"), "office: there is no such unit"),
        (("set", "contoh", "office", "TIADA"), "office: there is no such unit"),
        (("set", "contoh", "token", "rahasia"), "token is a secret"),
        (("unset", "contoh", "fees"), "declares no setting"),
    ):
        assert said in lumbung("plugin", *words).refused(), words
    assert (ask(house, "fee"), ask(house, "token")) == (5000, None)
