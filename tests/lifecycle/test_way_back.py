"""Returning by hand, returning from what a visitor finds, and what is left when a return fails too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.lifecycle import health, snapshots
from lumbung.lifecycle.operations import install_wheel, resume, run, uninstall
from lumbung.lifecycle.outdated import forget_outdated
from lumbung.registry.models import OperationRow
from lumbung.testing import TestHouse
from lumbung.testing.clocks import frozen_clock

VISIT = health.visit  # as it is outside of tests


def unwell(*_given: Any) -> int:
    """Be a check that fails."""
    raise LumbungError("tidak sehat")


def test_a_return_by_hand_keeps_what_was_written_since_and_its_time_ends(
    house: TestHouse, tmp_path: Path, lab: Any
) -> None:
    before, wheel = lab.everything(), lab.newer()
    with pytest.raises(LumbungError, match="no way back for contoh"):
        run(house.kernel, "return", plugin="contoh", by="test")
    install_wheel(house.kernel, wheel, by="test")
    install_wheel(house.kernel, wheel, by="test")  # the same again: the way back still leads to 1.0.0
    lab.write("empat")
    run(house.kernel, "return", plugin="contoh", by="test")
    [folder] = (house.settings.home / "returned").iterdir()
    assert "empat" in (folder / "contoh_note.csv").read_text()
    after = lab.everything()
    assert {**after, "next": 3} == before
    ledger = text("SELECT by, revision FROM lumbung_ledger ORDER BY id DESC")
    assert lab.ask(lambda one: one.execute(ledger).first()) == ("test (returned)", "0001")
    install_wheel(house.kernel, wheel, by="test")
    assert forget_outdated(house.kernel) == 0
    with frozen_clock(utc_now() + timedelta(days=house.settings.way_back_days, seconds=1)):
        with pytest.raises(LumbungError, match="its time is over"):
            run(house.kernel, "return", plugin="contoh", by="test")
        assert forget_outdated(house.kernel) == 1
    assert (lab.everything()["schemas"], lab.everything()["kept"]) == ([], [])
    assert [path.name for path in (house.settings.home / "wheels").rglob("*.whl")] == [wheel.name]


def test_a_return_that_fails_leaves_the_newer_version_and_the_way_back(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_wheel(house.kernel, lab.newer(), by="test")
    lab.write("empat")
    before = lab.everything()
    monkeypatch.setattr(health, "visit", unwell)
    with pytest.raises(LumbungError, match="tidak sehat"):
        run(house.kernel, "return", plugin="contoh", by="test")
    assert lab.everything() == before


def test_a_way_back_that_fails_too_loses_nothing_and_is_tried_again(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lab.everything()
    with monkeypatch.context() as patch:
        patch.setattr(health, "visit", unwell)
        patch.setattr(snapshots, "exchange", unwell)
        with pytest.raises(LumbungError, match="way back failed at the step migrate"):
            install_wheel(house.kernel, lab.newer(), by="test")
    assert lab.operation().state == "stuck"
    stuck = lab.operation().id
    with pytest.raises(LumbungError, match="did not come back to an end"):
        install_wheel(house.kernel, lab.newer(version="1.2.0"), by="test")
    assert "lumbung_draft_contoh" in lab.everything()["schemas"]
    with house.kernel.database.new_session(None) as session, session.begin():
        session.get_one(OperationRow, stuck).state = "returning"
    assert resume(house.kernel) == 1
    assert lab.everything() == before


def test_tables_kept_from_an_uninstalled_plugin_are_copied_and_come_back_too(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(house.kernel, "contoh", by="test")
    before = lab.everything()
    with monkeypatch.context() as patch:
        patch.setattr(health, "visit", unwell)
        with pytest.raises(LumbungError, match="tidak sehat"):
            install_wheel(house.kernel, lab.newer(), by="test")
    assert lab.everything() == before
    install_wheel(house.kernel, lab.newer(), by="test")
    after = lab.everything()
    assert (after["plugin"][2], after["schemas"], after["kept"]) == ("installed", [], [])


def test_a_version_whose_page_fails_is_sent_back_by_a_visitor_in_a_process_of_its_own(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "visit", VISIT)
    before = lab.everything()
    broken = lab.newer(files={"lumbung_contoh/__init__.py": BROKEN})
    with pytest.raises(LumbungError, match="/contoh/rusak of sumbawa answers 500"):
        install_wheel(house.kernel, broken, by="test")
    assert lab.everything() == before


BROKEN = """
from flask import Blueprint
from lumbung.sdk import hookimpl, public

blueprint = Blueprint("contoh", __name__)

@blueprint.get("/")
@public
def index():
    return "halo"

@blueprint.get("/rusak")
@public
def broken():
    print("ini bukan jawaban")
    return 1 / 0

@hookimpl
def routes():
    return [blueprint]
"""
