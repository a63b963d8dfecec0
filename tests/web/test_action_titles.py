"""The audit trail in words: every action that the code writes down has a title."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lumbung.registry.manifest import read_manifest
from lumbung.testing import TestHouse
from lumbung.web.action_titles import action_title, core_actions, detail_words

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = sorted(ROOT.glob("plugins/*/*/plugin.toml"))
ACTIONS = """
[[actions]]
name = "contoh.line.add"
title = {id = "Menambah baris", en = "Added a line"}
"""


def written(folder: Path, *calls: str) -> Iterator[str]:
    """Patterns of the actions that code in ``folder`` writes down by calling one of ``calls``."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in calls and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield re.escape(first.value)
                elif isinstance(first, ast.JoinedStr):
                    parts = (re.escape(p.value) if isinstance(p, ast.Constant) else "[a-z_]+" for p in first.values)
                    yield "".join(str(part) for part in parts)


def readings(folder: Path) -> Iterator[str]:
    """The codes under which code in ``folder`` records that personal data were read; a list adds two of its own."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "note_reading":
                yield re.escape(str(ast.literal_eval(node.args[1])))
            elif isinstance(node, ast.keyword) and node.arg == "reading":
                code = re.escape(str(ast.literal_eval(node.value)))
                yield from (f"{code}\\.list", f"{code}\\.export")


@pytest.mark.parametrize("manifest", PLUGINS, ids=lambda path: path.parent.name)
def test_every_action_of_a_gift_is_declared_and_none_besides(manifest: Path) -> None:
    declared = {action.name for action in read_manifest(manifest).actions}
    patterns = {*written(manifest.parent, "audit"), *readings(manifest.parent)}
    assert {one for one in patterns if not any(re.fullmatch(one, name) for name in declared)} == set()
    assert {name for name in declared if not any(re.fullmatch(one, name) for one in patterns)} == set()


def test_every_action_of_the_core_has_a_title(house: TestHouse) -> None:
    with house.scope():
        titles = core_actions()
    core = ROOT / "core" / "lumbung"
    assert {one for one in written(core, "audit.record", "_note") if one.replace("\\", "") not in titles} == set()


def test_a_gift_says_what_its_actions_are_called_and_an_unknown_one_stays_a_code(house: TestHouse, gift: Any) -> None:
    gift(more=ACTIONS, tenants=())
    house.kernel.state.forget()
    with house.scope():
        assert action_title("contoh.line.add") == "Menambah baris"
        assert action_title("person.add") == "Menambah akun"
        for unknown in ("contoh.line.lost", "hantu.act", "tanpa"):
            assert action_title(unknown) == unknown


def test_details_are_told_in_words(house: TestHouse) -> None:
    with house.scope():
        told = detail_words({"role": "officer", "open": True, "unit": None, "by": "Ani", "umur": [1, 2]}, "Ani")
    assert told == "peran: Petugas, buka: ya, umur: 1 2"
