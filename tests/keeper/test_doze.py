"""The keeper where there is nothing to keep."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.keeper.conftest import Site

from lumbung.keeper import doze as doze_room
from lumbung.keeper import keeper as keeper_room
from lumbung.keeper.doze import Look
from lumbung.keeper.keeper import Keeper

WAKES = "import os, socket; door = socket.socket(fileno=int(os.environ['DOOR'])); door.accept()[0].sendall(b'awake')"


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def test_it_dozes_when_nothing_runs_as_a_process_and_hands_its_socket_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_room, "DOZES_AFTER", -1.0)
    door = asyncio.run(
        Keeper(site.house.kernel, start_of=site.start_of, make=site.make, may_doze=True).run(),
    )
    assert door is not None
    with socket.socket(fileno=door) as listener, socket.socket(socket.AF_UNIX) as visitor:
        visitor.connect(str(site.house.settings.home / "run" / "keeper.sock"))
        listener.accept()[0].close()


def test_it_finds_an_application_that_is_installed_and_waits_while_the_database_is_away(site: Site) -> None:
    look = Look(plain(site.house.urls.app))
    assert not look.finds_something()
    site.app("contoh", tenants=())
    assert look.finds_something()
    assert not Look("postgresql://nobody@127.0.0.1:9/nothing").finds_something()
    assert look._connection
    look._connection.close()


def test_who_asks_wakes_it_and_is_answered() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as door:
        place = str(Path(folder) / "keeper.sock")
        door.bind(place)
        door.listen()
        told = {"database": "postgresql://nobody@127.0.0.1:9/nothing", "keeper": ["-c", WAKES], "door": "DOOR"}
        dozing = subprocess.Popen(
            [sys.executable, "-P", doze_room.__file__, str(door.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[door.fileno()],
        )
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.settimeout(10)
            visitor.connect(place)
            assert dozing.stdin
            with dozing.stdin as line:
                line.write(json.dumps(told).encode())
            assert visitor.recv(10) == b"awake"
        assert dozing.wait(10) == 0
