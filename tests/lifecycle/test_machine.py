"""One operation at a time; undone in reverse when a step fails; nothing said twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import LumbungError, Sentence
from lumbung.lifecycle import machine
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.machine import Busy, Listener, Step, Work, alone, begin, carry_out
from lumbung.lifecycle.operations import install_wheel, resume
from lumbung.lifecycle.states import MOVES, move
from lumbung.registry.models import PluginRow
from lumbung.testing import TestHouse, make_wheel

Gift = Callable[..., Path]


def steps(done: list[str], *, fails: str = "", stuck: str = "") -> Callable[[Work], list[Step]]:
    def do(name: str) -> Callable[[Work], None]:
        def act(work: Work) -> None:
            done.append(name)
            if name == fails:
                raise LumbungError("Sengaja.")
            work.keep(**{name: True})

        return act

    def undo(name: str) -> Callable[[Work], None]:
        def act(work: Work) -> None:
            if name == stuck:
                raise OSError("disk penuh")
            done.append(f"-{name}")

        return act

    return lambda _work: [Step(name, do(name), undo(name)) for name in ("satu", "dua", "tiga")]


def operations(as_owner: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = as_owner("SELECT state, steps, message FROM lumbung_operation ORDER BY asked_at")
    return found


def test_steps_are_done_in_order_and_told(house: TestHouse, as_owner: Any) -> None:
    class Heard(Listener):
        def __init__(self) -> None:
            self.all: list[object] = []

        def begun(self, step: str) -> None:
            self.all.append(step)

        def noted(self, words: Sentence) -> None:
            self.all.append(str(words))

        def progressed(self, done: int, total: int) -> None:
            self.all.append((done, total))

        def ended(self, step: str, state: str) -> None:
            self.all.append((step, state))

    def long(work: Work) -> None:
        work.note(Sentence("%(count)s rows", count=7))
        work.progress(3, 7)

    heard = Heard()
    with alone(house.kernel):
        carry_out(house.kernel, begin(house.kernel, "x", by="siti"), lambda _work: [Step("lama", long)], tell=heard)
    assert heard.all == ["lama", "7 rows", (3, 7), ("lama", "done")]
    [(state, kept, message)] = operations(as_owner)
    assert (state, message) == ("done", None)
    assert kept[0]["progress"] == [3, 7]
    assert Sentence.from_json(kept[0]["note"]) == "7 rows"


def test_what_was_done_is_undone_in_reverse_and_the_reason_kept(house: TestHouse, as_owner: Any) -> None:
    done: list[str] = []
    with pytest.raises(LumbungError, match="Sengaja"), alone(house.kernel):
        carry_out(house.kernel, begin(house.kernel, "x", by="siti"), steps(done, fails="dua"))
    assert done == ["satu", "dua", "-dua", "-satu"]
    [(state, kept, message)] = operations(as_owner)
    assert (state, Sentence.from_json(message)) == ("failed", "Sengaja.")
    assert [(one["step"], one["state"]) for one in kept] == [("satu", "undone"), ("dua", "failed")]


def test_a_way_back_that_fails_is_stuck_and_tried_again_by_whoever_asks(house: TestHouse, as_owner: Any) -> None:
    done: list[str] = []
    operation = begin(house.kernel, "x", by="siti")
    with pytest.raises(LumbungError, match="The way back failed at the step satu"), alone(house.kernel):
        carry_out(house.kernel, operation, steps(done, fails="tiga", stuck="satu"))
    assert [row[0] for row in operations(as_owner)] == ["stuck"]
    with alone(house.kernel):
        assert carry_out(house.kernel, operation, steps(done)) is None  # nobody asked for it again
    as_owner("UPDATE lumbung_operation SET state = 'returning'")
    done.clear()
    with alone(house.kernel):
        carry_out(house.kernel, operation, steps(done))
    assert done == ["-tiga", "-satu"]  # dua was undone already
    assert [row[0] for row in operations(as_owner)] == ["failed"]


def test_only_one_at_a_time_and_a_switch_says_what_it_waited_for(
    house: TestHouse, gift: Gift, monkeypatch: pytest.MonkeyPatch, as_owner: Any
) -> None:
    gift(tenants=())
    begin(house.kernel, "upgrade", plugin="contoh", by="siti")
    monkeypatch.setattr(machine, "WAIT_ON_A_PAGE", "20ms")
    here = house.kernel.tenant("sumbawa")
    with alone(house.kernel):
        assert resume(house.kernel) == 0
        with pytest.raises(Busy, match="upgrade of contoh, asked for by siti"), alone(house.kernel, wait=False):
            pass
        with pytest.raises(Busy, match="try again when it is done"):
            enable(house.kernel, "contoh", here, by="test")
    assert as_owner("SELECT count(*) FROM lumbung_enabled") == [(0,)]
    assert enable(house.kernel, "contoh", here, by="test")


def test_two_installs_at_the_same_moment_take_turns(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    wheels = [make_wheel(tmp_path, name) for name in ("satu", "dua")]
    threads = [threading.Thread(target=install_wheel, args=(house.kernel, one), kwargs={"by": "t"}) for one in wheels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert as_owner("SELECT name, state FROM lumbung_plugin ORDER BY name") == [
        ("dua", "installed"),
        ("satu", "installed"),
    ]
    house.kernel.state.forget()
    assert set(house.kernel.snapshot().plugins) == {"satu", "dua"}


KILL_ME = """
import os, signal, sys
from pathlib import Path
from lumbung.kernel import Kernel
from lumbung.lifecycle import packages
from lumbung.lifecycle.operations import install_wheel
from lumbung.settings import Settings
packages.switch_to = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
kernel = Kernel(Settings(home=Path(sys.argv[1])), sys.argv[2], migrator_url=sys.argv[3])
install_wheel(kernel, Path(sys.argv[4]), by="siti")
"""


def test_a_process_that_is_killed_leaves_its_lock_and_its_work_to_the_next(
    house: TestHouse, tmp_path: Path, as_owner: Any
) -> None:
    wheel = make_wheel(tmp_path)
    arguments = [str(house.settings.home), house.urls.app, house.urls.migrator, str(wheel)]
    done = subprocess.run([sys.executable, "-c", KILL_ME, *arguments], check=False, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    assert [row[0] for row in operations(as_owner)] == ["running"]
    wheel.unlink()  # it was kept
    assert resume(house.kernel) == 1
    assert as_owner("SELECT name, state FROM lumbung_plugin") == [("contoh", "installed")]


def test_the_database_knows_the_same_moves_as_the_code(house: TestHouse, gift: Gift, as_owner: Any) -> None:
    gift()
    states = list(MOVES)
    for before in states:
        for after in states:
            if before == after:
                continue
            as_owner("ALTER TABLE lumbung_plugin DISABLE TRIGGER lumbung_plugin_moves")
            as_owner("UPDATE lumbung_plugin SET state = :state", state=before)
            as_owner("ALTER TABLE lumbung_plugin ENABLE TRIGGER lumbung_plugin_moves")
            if after in MOVES[before]:
                as_owner("UPDATE lumbung_plugin SET state = :state", state=after)
            else:
                with pytest.raises(Exception, match=f"that is {before} cannot become {after}"):
                    as_owner("UPDATE lumbung_plugin SET state = :state", state=after)


def test_a_move_that_there_is_not_is_refused_before_the_database(house: TestHouse, gift: Gift) -> None:
    gift()
    with house.kernel.database.new_session(None) as session:
        row = session.get_one(PluginRow, "contoh")
        with pytest.raises(LumbungError, match="contoh is installed and cannot become purged"):
            move(session, row, "purged")
