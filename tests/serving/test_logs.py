"""Log lines: one shape for every process, and nothing in them that is nobody's business."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from lumbung.serving.logs import configure_logging
from lumbung.settings import load_settings


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def fail(nik: str) -> None:
    try:
        raise ValueError(f"a number of {len(nik)} digits")
    except ValueError:
        logging.getLogger("lumbung.trial").exception("It failed for %s.", "a citizen")


def test_json_lines_hold_time_level_logger_and_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(home=tmp_path, log_format="json"))
    fail("5204010101010001")
    structlog.get_logger("lumbung.other").info("A place was taken.", tenant="sumbawa")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["level"], first["logger"]) == (
        "It failed for a citizen.",
        "error",
        "lumbung.trial",
    )
    assert "ValueError: a number of 16 digits" in first["exception"]
    assert (second["tenant"], second["logger"]) == ("sumbawa", "lumbung.other")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_traceback_never_shows_the_values_of_variables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    configure_logging(load_settings(home=tmp_path, log_format=log_format))
    fail("5204010101010001")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "5204010101010001" not in written


def test_lines_below_the_level_are_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(home=tmp_path, log_level="WARNING"))
    logging.getLogger("lumbung").info("small talk")
    logging.getLogger("lumbung").warning("worth knowing")
    assert "small talk" not in (written := capsys.readouterr().err)
    assert "worth knowing" in written
