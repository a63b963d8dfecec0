"""Killed at every note that it makes, an upgrade arrives where it was going or where it began."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle import health, instance_steps, machine, upgrade
from lumbung.lifecycle.operations import finish_left_behind, install_wheel, run
from lumbung.lifecycle.way_back import RETURN
from lumbung.testing import TestHouse


def unwell(*_given: Any) -> int:
    """Be a check that fails."""
    raise LumbungError("tidak sehat")


def killed_again_and_again(house: TestHouse, log: Path, begin: Callable[[Kernel], object]) -> list[str]:
    """Do an operation in processes each of which is killed just before a note that it would make, every note once.

    Return at which.
    """
    log.touch()
    for attempt in range(100):
        child = os.fork()
        if child == 0:
            _doomed(house, log, begin if attempt == 0 else go_on)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != -signal.SIGKILL:
            assert status == 0, (log.parent / "error").read_text()
            return log.read_text().splitlines()
    raise AssertionError("there was no end to it")


def go_on(kernel: Kernel) -> None:
    """Take up what was left behind, once the database let go of the dead."""
    with machine.alone(kernel):
        finish_left_behind(kernel)


def _doomed(house: TestHouse, log: Path, do: Callable[[Kernel], object]) -> None:
    """Be a process of its own, with connections of its own, that dies at the first note nobody died at yet."""
    save = machine.Work._save

    def die_before(work: machine.Work) -> None:
        last = work.steps[-1] if work.steps else {}
        told = last.get("note") or last.get("progress")
        if not told and (last.get("state"), len(work.facts)) == ("begun", die_before.facts):
            return save(work)  # nothing was done since the note before
        die_before.facts = len(work.facts)
        undone = [one["step"] for one in work.steps if one["state"] == "undone"]
        words = (
            last.get("step"),
            last.get("state"),
            bool(last.get("note")),
            last.get("progress"),
            len(work.facts),
            len(undone),
        )
        note = " ".join(map(str, words))
        if note not in log.read_text().splitlines():
            with log.open("a") as file:
                file.write(f"{note}\n")
            os.kill(os.getpid(), signal.SIGKILL)
        save(work)

    die_before.facts = -1  # type: ignore[attr-defined]
    machine.Work._save = die_before  # type: ignore[method-assign]
    try:
        do(Kernel(house.settings, house.urls.app, migrator_url=house.urls.migrator))
    except LumbungError:
        pass
    except BaseException as error:
        (log.parent / "error").write_text(repr(error))
        os._exit(1)
    os._exit(0)


def own_steps(steps: Any) -> set[str]:
    """Return the names of those steps that a plugin without instances goes through."""
    return {step.name for step in steps} - instance_steps.NAMES


def test_killed_at_every_note_an_upgrade_arrives_and_its_return_too(house: TestHouse, tmp_path: Path, lab: Any) -> None:
    before, wheel = lab.everything(), lab.newer()
    killed = killed_again_and_again(house, tmp_path / "log", lambda kernel: install_wheel(kernel, wheel, by="test"))
    assert len(killed) > 20
    assert {line.split()[0] for line in killed} == own_steps(upgrade.UPGRADE)
    assert lab.operation().state == "done"
    after = lab.everything()
    assert after["plugin"][:3] == ("1.1.0", "lumbung_contoh", "installed")
    assert [digest["rows"] for digest in after["rows"].values()] == [3, 1]
    assert any("more text" in line for line in after["layout"])
    assert (after["schemas"], after["kept"]) == (["lumbung_back_contoh"], [("contoh", "1.0.0")])
    (house.settings.home / "files" / "contoh" / "surat.txt").write_text("berubah")
    killed = killed_again_and_again(
        house, tmp_path / "log-return", lambda kernel: run(kernel, "return", plugin="contoh", by="test")
    )
    assert {line.split()[0] for line in killed} == own_steps(RETURN)
    assert lab.operation().state == "done"
    assert lab.everything() == before


def test_killed_at_every_note_an_upgrade_that_fails_at_the_end_is_as_if_it_had_never_been(
    house: TestHouse, tmp_path: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, wheel = lab.everything(), lab.newer()
    monkeypatch.setattr(health, "visit", unwell)
    killed = killed_again_and_again(house, tmp_path / "log", lambda kernel: install_wheel(kernel, wheel, by="test"))
    assert sum(not line.endswith(" 0") for line in killed) >= 5
    assert lab.operation().state == "failed"
    assert "tidak sehat" in (lab.operation().message or "")
    assert lab.everything() == before
    lab.write("empat")
