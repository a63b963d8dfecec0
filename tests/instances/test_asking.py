"""Asking the keeper from a deep data folder: a socket has a name of 107 bytes, and no descriptor is left open."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from threading import Thread

import pytest

from lumbung.instances.asking import KeeperAway, ask, socket_of
from lumbung.settings import Settings


def test_a_deep_data_folder_costs_no_descriptor(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / ("dalam" * 20) / "home")
    path = socket_of(settings)
    path.parent.mkdir(parents=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(f"/proc/self/fd/{folder}/{path.name}")
        door.listen()

        def answer() -> None:
            for _ in range(20):
                line, _address = door.accept()
                with line:
                    line.recv(4096)
                    line.sendall(b'{"state": "running"}\n')

        keeper = Thread(target=answer, daemon=True)
        keeper.start()
        before = len(list(Path("/proc/self/fd").iterdir()))
        assert [ask(settings, do="status")["state"] for _ in range(20)] == ["running"] * 20
        keeper.join(10)
        assert len(list(Path("/proc/self/fd").iterdir())) <= before
    os.close(folder)
    with pytest.raises(KeeperAway):
        ask(settings, do="status", timeout=0.5)
