"""The command line, typed at a site of our own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lumbung.cli import main
from lumbung.testing import TestHouse


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    def refused(self) -> str:
        """Return the one sentence of a refusal; fail when it was none."""
        assert self.code == 1, self
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("lumbung: ")
        assert "Traceback" not in self.err
        return self.err.removeprefix("lumbung: ").strip()


Type = Callable[..., Said]


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Type:
    """Return a function that types a command line and returns what it said."""

    def run(*words: str, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["lumbung", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capfd.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def lumbung(house: TestHouse, monkeypatch: pytest.MonkeyPatch, type_in: Type) -> Type:
    """As `type_in`, at the site of the house."""
    monkeypatch.setenv("LUMBUNG_HOME", str(house.settings.home))
    monkeypatch.setenv("LUMBUNG_DATABASE_MIGRATOR_URL", house.urls.migrator)
    monkeypatch.setenv("LUMBUNG_DATABASE_APP_URL", house.urls.app)
    monkeypatch.setenv("LUMBUNG_DATABASE_READER_URL", house.urls.reader)
    return type_in
