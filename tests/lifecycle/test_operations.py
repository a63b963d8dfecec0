"""Installing from a page: asked for by a web process, done by the worker, told step by step, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from lumbung.lifecycle import operations, packages
from lumbung.lifecycle.install import INSTALL
from lumbung.lifecycle.machine import Unexpected
from lumbung.lifecycle.operations import ask, carry_out, receive_wheel, resume
from lumbung.registry.models import OperationRow
from lumbung.testing import TestHouse, make_wheel


def asked(house: TestHouse, kind: str, **given: Any) -> UUID:
    with house.kernel.scope():
        return ask(kind, by="siti", **given)


def upload(house: TestHouse, tmp_path: Path, **given: Any) -> Path:
    wheel = make_wheel(tmp_path, **given)
    with wheel.open("rb") as stream:
        return receive_wheel(house.kernel, stream, wheel.name)


def row_of(house: TestHouse, operation: UUID) -> OperationRow:
    with house.kernel.database.new_session(None) as session:
        return session.get_one(OperationRow, operation)


def test_an_install_is_queued_done_and_told_step_by_step(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    path = upload(house, tmp_path)
    operation = asked(house, "install", argument=str(path))
    assert row_of(house, operation).state == "waiting"
    assert as_owner("SELECT task_name, lock FROM procrastinate_jobs") == [("lumbung.operate", "lifecycle")]
    carry_out(house.kernel, operation)
    row = row_of(house, operation)
    assert (row.state, row.plugin, row.message) == ("done", "contoh", None)
    assert [step["step"] for step in row.steps] == [
        "inspect",
        "plan",
        "unpack",
        "probe",
        "migrate",
        "switch",
        "register",
        "renew",
    ]
    assert row.ended_at is not None
    assert not path.parent.exists()
    assert "contoh" in house.kernel.snapshot().plugins
    removal = asked(house, "uninstall", plugin="contoh")
    carry_out(house.kernel, removal)
    assert row_of(house, removal).state == "done"
    assert "contoh" not in house.kernel.snapshot().plugins


def test_a_question_that_was_rolled_back_is_neither_kept_nor_queued(house: TestHouse, as_owner: Any) -> None:
    with pytest.raises(ZeroDivisionError), house.kernel.scope():
        ask("uninstall", plugin="contoh", by="siti")
        raise ZeroDivisionError
    assert as_owner("SELECT count(*) FROM procrastinate_jobs") == [(0,)]
    assert as_owner("SELECT count(*) FROM lumbung_operation") == [(0,)]


def test_a_failure_says_why_and_keeps_no_upload(house: TestHouse, tmp_path: Path) -> None:
    code = {"lumbung_contoh/migrations/0001_x.py": "raise ValueError('tidak jadi')"}
    path = upload(house, tmp_path, files=code)
    operation = asked(house, "install", argument=str(path))
    carry_out(house.kernel, operation)
    row = row_of(house, operation)
    assert row.state == "failed"
    assert "tidak jadi" in (row.message or "")
    assert not path.parent.exists()
    for kind, given in (("uninstall", {"plugin": "hantu"}), ("adopt", {"plugin": "hantu"}), ("terbang", {})):
        other = asked(house, kind, **given)
        carry_out(house.kernel, other)
        assert row_of(house, other).state == "failed"
        assert row_of(house, other).message


def test_doing_it_twice_does_it_once(house: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    operation = asked(house, "install", argument=str(upload(house, tmp_path)))
    carry_out(house.kernel, operation)
    before = row_of(house, operation)
    monkeypatch.setattr(packages, "prepare", lambda *_, **__: pytest.fail("it ran again"))
    carry_out(house.kernel, operation)
    assert row_of(house, operation).ended_at == before.ended_at
    carry_out(house.kernel, uuid4())  # one that nobody knows is nobody's


def test_one_that_was_killed_is_taken_up_by_the_next_worker_with_its_upload(
    house: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    path = upload(house, tmp_path)
    operation = asked(house, "install", argument=str(path))
    with monkeypatch.context() as patch:
        patch.setattr(packages, "switch_to", killed)
        patch.setattr(operations, "_throw_away_upload", lambda *_: None)  # a killed process runs nothing more
        with pytest.raises(Killed):
            carry_out(house.kernel, operation)
    assert row_of(house, operation).state == "running"
    assert path.exists()
    assert resume(house.kernel) == 1
    row = row_of(house, operation)
    assert (row.state, row.message) == ("done", None)
    assert [one["state"] for one in row.steps] == ["done"] * len(INSTALL)
    assert not path.parent.exists()


def test_an_unexpected_fault_is_told_without_its_details(
    house: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = upload(house, tmp_path)
    operation = asked(house, "install", argument=str(path))
    monkeypatch.setattr(packages, "prepare", lambda *_, **__: {}["rahasia"])
    with pytest.raises(Unexpected, match="the log has the details"):
        carry_out(house.kernel, operation)
    row = row_of(house, operation)
    assert row.state == "failed"
    assert "rahasia" not in (row.message or "")


def test_a_path_outside_of_the_uploads_is_never_removed(house: TestHouse, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "milik-operator")
    operation = asked(house, "install", argument=str(wheel))
    carry_out(house.kernel, operation)
    assert row_of(house, operation).state == "done"
    assert wheel.exists()
