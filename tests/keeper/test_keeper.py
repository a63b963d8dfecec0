"""The keeper with real processes, asked over its socket as the gate asks."""

from __future__ import annotations

import http.client
import socket
import stat
import threading
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy.orm import Session
from tests.keeper.conftest import Site, alive, is_away, until

from lumbung.errors import DatabaseUnavailable, LumbungError, Sentence
from lumbung.instances.asking import ask, socket_of
from lumbung.instances.instance import Instance
from lumbung.instances.rows import set_state
from lumbung.keeper import child as child_room
from lumbung.keeper import kept as kept_room
from lumbung.keeper import printed as printed_room
from lumbung.lifecycle.enable import disable
from lumbung.migrate import as_migrator
from lumbung.registry.models import PluginRow
from lumbung.registry.state import bump
from lumbung.testing import TestHouse


def get(at: str, path: str) -> int:
    connection = http.client.HTTPConnection(at, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def reason(answer: dict[str, Any]) -> str:
    return str(Sentence.from_json(answer["reason"]))


def test_several_who_ask_at_once_get_one_start_and_its_address(site: Site) -> None:
    site.app("contoh", "tells")
    answers: list[dict[str, Any]] = []
    with site.kept():
        askers = [threading.Thread(target=lambda: answers.append(site.ask("open", "contoh"))) for _ in range(5)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert {answer["state"] for answer in answers} == {"running"}
        assert len({answer["at"] for answer in answers}) == 1
        assert get(answers[0]["at"], "/") == 200
        assert len(site.pids("contoh")) == 1
        assert site.made == ["contoh/sumbawa 1.0.0"]
        until(lambda: site.row("contoh").address == answers[0]["at"])
        (line,) = site.ask("status")["instances"]
        assert (line["plugin"], line["tenant"], line["state"]) == ("contoh", "sumbawa", "running")
        printed = " ".join(site.ask("stop", "contoh")["log"])
    assert f"['LANG', 'NAME', 'NOTES', 'PASSWORD', 'PATH'] {site.notes} True True" in printed
    assert site.row("contoh").state == "stopped"


def test_command_that_dies_at_once_fails_with_its_last_lines_and_without_passwords(
    site: Site,
) -> None:
    site.app("contoh", "dies")
    with site.kept():
        answer = site.ask("open", "contoh")
        assert answer["state"] == "failed"
        assert reason(answer) == "The application ended by itself (status 3)."
        printed = next(line for line in answer["log"] if line.startswith("no database for ***** xxx"))
        assert len(printed) < 2100
        assert site.faults("contoh") == [("process", "The application ended by itself (status 3).")]
        assert site.ask("open", "contoh")["state"] == "failed", "who asks again at once is told the same"
        assert len(site.pids("contoh")) == 1
        site.ways["contoh"] = "serves"
        assert site.ask("restart", "contoh")["state"] == "running"
    log = site.house.settings.home / "instances" / "contoh" / "sumbawa" / "log" / "app.log"
    assert "rahasia" not in log.read_text()
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_port_that_never_opens_is_said_and_the_process_stopped(site: Site) -> None:
    site.app("contoh", "never", within=1)
    with site.kept():
        answer = site.ask("open", "contoh")
        assert (answer["state"], reason(answer)) == ("failed", "Its port did not open within 1 seconds.")
        assert not any(map(alive, site.pids("contoh")))


@pytest.mark.parametrize("way", ["deaf", "leaves"])
def test_nothing_of_an_application_outlives_it(site: Site, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    site.app("contoh", way)
    with site.kept() as keeper:
        keeper.grace = 0.3
        state = site.ask("open", "contoh")["state"]
        assert state == ("running" if way == "deaf" else "failed")
        assert site.pids("contoh", "worker")
        site.ask("stop", "contoh")
        assert not any(map(alive, site.pids("contoh") + site.pids("contoh", "worker")))


def test_application_that_crashes_is_started_again_after_a_pause(site: Site) -> None:
    site.app("contoh")
    with site.kept():
        at = site.ask("open", "contoh")["at"]
        with suppress(http.client.HTTPException, OSError):
            get(at, "/exit")
        until(lambda: len(site.pids("contoh")) == 2)
        assert site.ask("open", "contoh")["state"] == "running"
        assert site.faults("contoh") == [("process", "The application ended by itself (status 5).")]
        until(lambda: (site.row("contoh").state, site.row("contoh").restarts) == ("running", 1))


def test_memory_beyond_the_limit_fails_inside_the_application(site: Site) -> None:
    site.app("contoh")
    with site.kept():
        at = site.ask("open", "contoh")["at"]
        assert get(at, "/hog") == 507
        assert get(at, "/") == 200


def test_flood_of_lines_fills_no_disk_and_the_application_serves(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.app("contoh", "floods")
    monkeypatch.setattr(child_room, "PRINTS_A_SECOND", 1_000_000)
    monkeypatch.setattr(printed_room, "LARGEST_FILE", 200_000)
    with site.kept():
        answer = site.ask("open", "contoh")
        assert answer["state"] == "running"
    logs = list((site.house.settings.home / "instances" / "contoh" / "sumbawa" / "log").iterdir())
    assert len(logs) == 5
    assert sum(file.stat().st_size for file in logs) < 1_100_000


def test_halted_stays_halted_until_it_is_resumed_also_for_the_next_keeper(site: Site) -> None:
    site.app("contoh", more='start = "boot"')
    with site.kept():
        until(lambda: site.state() == "running")
        assert site.ask("halt", "contoh", by="kepala dinas")["state"] == "halted"
        assert site.ask("open", "contoh")["state"] == "halted"
    with site.kept():
        answer = site.ask("open", "contoh")
        assert (answer["state"], answer["halted_by"]) == ("halted", "kepala dinas")
        assert len(site.pids("contoh")) == 1
        site.ask("resume", "contoh")
        assert site.ask("open", "contoh")["state"] == "running"
    assert site.row("contoh").halted_by is None


def test_idle_one_is_stopped_and_started_by_the_next_visitor(site: Site) -> None:
    site.app("contoh", more="idle_minutes = 1")
    with site.kept():
        at = site.ask("open", "contoh")["at"]
        host, port = at.split(":")
        with socket.create_connection((host, int(port))):
            until(lambda: site.ask("status")["instances"][0]["idle"] > 0.4)  # half a second is a minute here
            until(lambda: site.ask("status")["instances"][0]["idle"] < 0.2)
            assert site.state() == "running", "somebody is connected"
        until(lambda: site.state() == "stopped")
        assert site.ask("open", "contoh")["state"] == "running"
        assert len(site.pids("contoh")) == 2
        assert len(site.made) == 1


def test_what_is_switched_off_is_stopped_and_what_is_unknown_is_said(site: Site) -> None:
    site.app("contoh", more='start = "boot"')
    with site.kept():
        until(lambda: site.state() == "running")
        disable(site.house.kernel, "contoh", site.house.kernel.tenant("sumbawa"), by="test")
        until(lambda: site.ask("status")["instances"] == [])
        assert not any(map(alive, site.pids("contoh")))
        answer = site.ask("open", "contoh")
        assert answer["state"] == "removed"
        assert reason(answer).startswith("There is no instance of contoh to run for sumbawa:")
    assert site.row("contoh").state == "stopped"


def test_upgrade_stops_it_makes_it_anew_and_starts_it_again(site: Site) -> None:
    site.app("contoh")
    with site.kept():
        assert site.ask("open", "contoh")["state"] == "running"
        hold(site, "upgrading")
        until(lambda: not any(map(alive, site.pids("contoh"))))
        answer = site.ask("open", "contoh", wait=0)
        assert (answer["state"], reason(answer)) == ("stopped", "It is being upgraded.")
        hold(site, "installed", version="1.1.0")
        until(lambda: site.state() == "running")
        assert site.made == ["contoh/sumbawa 1.0.0", "contoh/sumbawa 1.1.0"]


def hold(site: Site, state: str, version: str = "1.0.0") -> None:
    with as_migrator(site.house.urls.migrator) as engine, Session(engine) as session, session.begin():
        row = session.get_one(PluginRow, "contoh")
        row.state, row.version = state, version
        bump(session)


def test_making_that_is_refused_is_said_and_tried_again_when_asked(site: Site) -> None:
    site.app("contoh")

    def refuse(_instance: object) -> None:
        raise LumbungError("The dump breaks off in line %(line)s.", line=7)

    site.making = refuse
    with site.kept():
        answer = site.ask("open", "contoh")
        assert (answer["state"], reason(answer)) == ("failed", "The dump breaks off in line 7.")
        site.making = lambda _instance: None
        assert site.ask("restart", "contoh")["state"] == "running"


def test_garbage_is_answered_with_an_error_and_nobody_else_may_ask(site: Site) -> None:
    path = socket_of(site.house.settings)
    path.parent.mkdir(parents=True)
    path.touch()  # left by one that was killed
    with site.kept():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for line in (b"halo\n", b"[1]\n", b"\xff\n", b"{" * 40_000 + b"\n", b'{"do": ["open"]}\n', b""):
            with socket.socket(socket.AF_UNIX) as door:
                door.connect(str(path))
                door.sendall(line)
                door.shutdown(socket.SHUT_WR)
                assert b'"error"' in door.makefile("rb").readline()
        assert ask(site.house.settings, do="open", plugin=["x"], tenant={}, wait="x")["state"] == "removed"
        with pytest.raises(LumbungError, match="Another keeper"), site.kept():
            pass
        assert ask(site.house.settings, do="status") == {"instances": []}
    assert is_away(site.house.settings)


def test_safe_mode_runs_nothing(site: Site, house: TestHouse) -> None:
    site.app("contoh", more='start = "boot"')
    house.kernel.state._safe = True
    house.kernel.state._snapshot = None
    with site.kept():
        assert site.ask("open", "contoh")["state"] == "removed"
        assert site.pids("contoh") == []


def test_while_the_database_is_away_what_runs_goes_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.app("contoh")
    with site.kept():
        at = site.ask("open", "contoh")["at"]
        asked = threading.Event()

        def away() -> None:
            asked.set()
            raise DatabaseUnavailable("The database does not answer.")

        monkeypatch.setattr(site.house.kernel, "snapshot", away)
        assert asked.wait(5)
        assert site.ask("open", "contoh")["at"] == at
        assert get(at, "/") == 200
        assert "The database" in reason(site.ask("open", "entah"))
        monkeypatch.undo()


def test_next_keeper_starts_what_ran_when_the_one_before_was_killed(site: Site) -> None:
    site.app("contoh")
    site.app("lama", tenants=())
    kernel = site.house.kernel
    for name in ("contoh", "lama"):
        one = Instance(site.house.settings.home, kernel.snapshot().plugins[name], kernel.tenant("sumbawa"))
        set_state(kernel, one, "running", address="127.0.0.1:9")
    with site.kept():
        until(lambda: site.state() == "running")
        assert (site.row("lama").state, site.row("lama").address) == ("stopped", None)


def test_hung_application_is_started_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.app("contoh")
    monkeypatch.setattr(kept_room, "LOOK_AGAIN", 0.05)
    with site.kept() as keeper:
        site.ask("open", "contoh")
        monkeypatch.setattr(kept_room.Visit, "complaint", lambda _visit: Sentence("It hangs."))
        until(lambda: site.faults("contoh"))
        monkeypatch.undo()
        until(lambda: len(site.pids("contoh")) == 2)
        assert keeper.kept
        assert site.faults("contoh")[0] == ("process", "It hangs.")
