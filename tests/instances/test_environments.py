"""Environments of Python: made once, shared, made anew when cut off, removed when nobody uses them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lumbung.errors import LumbungError
from lumbung.instances import environments
from lumbung.instances.environments import DONE, ensure_python, environment_of, find_php, find_python, forget_unused
from lumbung.testing import TestHouse, make_wheel

PYTHON = 'stack = "python"\ncommand = ["python", "-c", "1"]\nrequirements = "requirements.txt"'


@pytest.fixture(autouse=True)
def away_from_the_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let pip find the one small package that these tests make, and no index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "found"))
    (tmp_path / "found").mkdir()


def test_an_environment_is_made_once_whatever_went_wrong_before(house: TestHouse, foreign, tmp_path: Path) -> None:
    one = foreign(PYTHON, {"requirements.txt": "-r more.txt\n", "more.txt": "lumbung-kecil==1.0.0\n"})
    one.source.mkdir(parents=True)
    told: list[str] = []
    with pytest.raises(LumbungError, match=r"(?s)environment of hadiah cannot be made.*lumbung-kecil==1\.0\.0"):
        ensure_python(house.settings, one, told.append)
    assert not (environment_of(house.settings, one) / DONE).exists()
    with pytest.raises(LumbungError, match="no environment yet"):
        environments.python_of(house.settings, one)

    make_wheel(tmp_path / "found", "kecil")
    python = ensure_python(house.settings, one, told.append)
    known = "import importlib.util as u; print(u.find_spec('lumbung_kecil'))"
    shown = subprocess.run([python, "-c", known], capture_output=True, text=True, check=True).stdout
    assert str(python.parent.parent) in shown
    without = subprocess.run([python, "-c", "import flask"], capture_output=True, text=True)
    assert "ModuleNotFoundError" in without.stderr  # nothing of the platform's own
    assert any("lumbung-kecil" in line or "lumbung_kecil" in line for line in told)
    made = python.lstat().st_mtime_ns
    assert ensure_python(house.settings, one, told.append) == python and python.lstat().st_mtime_ns == made

    assert python.parent.parent.parent == house.settings.home / "environments" / "hadiah"
    forget_unused(house.settings, "hadiah", [python.parent.parent])
    assert python.exists()
    forget_unused(house.settings, "hadiah", [])
    assert not python.exists()


def test_another_text_or_another_python_is_another_environment(house: TestHouse, foreign) -> None:
    one = foreign(PYTHON, {"requirements.txt": "-r more.txt\n", "more.txt": "a\n"})
    first = environment_of(house.settings, one)
    other = foreign(PYTHON, {"requirements.txt": "-r more.txt\n", "more.txt": "b\n"}, version="2.0.0")
    assert environment_of(house.settings, other) != first
    assert environment_of(house.settings, replace(other, tenant=None)) == environment_of(house.settings, other)
    lost = foreign(PYTHON, {"requirements.txt": "-r lost.txt\n"}, version="3.0.0")
    with pytest.raises(LumbungError, match=r"requirements lost\.txt"):
        environment_of(house.settings, lost)


def test_a_missing_interpreter_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = f"3.{sys.version_info.minor}"
    assert find_python("hadiah", own).path == Path(sys.executable)
    with pytest.raises(LumbungError, match=r"no python3\.2 on this machine"):
        find_python("hadiah", "3.2")
    lying = tmp_path / "python3.3"  # such as the shim of a version manager, which has none
    lying.write_text("#!/bin/sh\nexit 127\n")
    lying.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LumbungError, match=r"no python3\.3 on this machine"):
        find_python("hadiah", "3.3")
    with pytest.raises(LumbungError, match="no php on this machine"):
        find_php("hadiah")
