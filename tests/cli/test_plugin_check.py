"""`lumbung plugin check`: what an install would say, and nothing of what it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lumbung.testing import TestHouse, make_wheel


def untouched(house: TestHouse, as_owner: Callable[..., Any]) -> bool:
    kept = [path for path in house.settings.home.rglob("*") if path.suffix in (".py", ".whl")]
    return not kept and as_owner("SELECT 1 FROM lumbung_operation") == []


def test_a_wheel_with_a_conflict_is_told_in_a_line_each(
    lumbung: Callable[..., Any], house: TestHouse, tmp_path: Path, as_owner: Callable[..., Any]
) -> None:
    said = lumbung("plugin", "check", str(make_wheel(tmp_path, requires=("flask>=3", "click<1"))))
    assert said.code == 1
    assert "ok  lumbung-contoh needs flask>=3" in said.out
    assert "NO  lumbung-contoh needs click<1" in said.out
    assert "needs click<1; this platform has version" in said.err
    assert untouched(house, as_owner)


@pytest.mark.probed
def test_a_wheel_whose_code_is_not_fit_is_told_in_json(
    lumbung: Callable[..., Any], house: TestHouse, tmp_path: Path, as_owner: Callable[..., Any]
) -> None:
    wheel = make_wheel(tmp_path, files={"lumbung_contoh/nanti.py": "print('halo')\nraise SystemExit(3)"})
    said = lumbung("plugin", "check", str(wheel), "--json")
    found = json.loads(said.out)
    assert [(one["name"], one["ok"]) for one in found["checks"]] == [("manifest", True), ("import", False)]
    assert "lumbung_contoh/nanti.py:2" in found["checks"][1]["words"]
    assert "halo" in found["output"]
    assert said.code == 1
    assert "SystemExit: 3" in said.err
    assert untouched(house, as_owner)
