"""A newer wheel over a plugin in use: each process of a running site takes it in, and no request is lost."""

from __future__ import annotations

from pathlib import Path

import psutil

from lumbung.testing.running import Visitor, environment, free_port, lumbung, running, wait_until
from lumbung.testing.wheels import INIT, make_wheel

IN_A_ROW = 40  # answers that must all be the new one: two web workers take turns


def wheel(folder: Path, version: str) -> Path:
    text = INIT.format(name="contoh").replace("halo dari contoh", f"versi {version}")
    return make_wheel(folder, "contoh", version=version, files={"lumbung_contoh/__init__.py": text})


def worker_of(site: int) -> psutil.Process | None:
    for child in psutil.Process(site).children():
        if child.cmdline()[-1:] == ["worker"]:
            return child
    return None


def test_every_process_of_a_running_site_takes_in_an_upgrade(tmp_path):
    env = environment(tmp_path / "home")

    def command(*arguments: str) -> None:
        done = lumbung(*arguments, env=env)
        assert done.returncode == 0, done.stderr

    command("tenant", "add", "sumbawa", "--name", "Kabupaten Sumbawa", "--host", "sumbawa.localhost")
    command("plugin", "install", str(wheel(tmp_path, "1.0.0")))
    command("plugin", "enable", "contoh", "--tenant", "sumbawa")
    port = free_port()
    with running("serve", env=env, port=port) as site:
        visitor, statuses = Visitor("sumbawa.localhost", port), set()

        def says(words: str) -> bool:
            answer = visitor.get("/contoh/")
            statuses.add(answer.status)
            return answer.body == words

        wait_until(lambda: all(says("versi 1.0.0") for _ in range(IN_A_ROW)))
        wait_until(lambda: worker_of(site.pid))
        before = worker_of(site.pid)
        command("plugin", "install", str(wheel(tmp_path, "1.1.0")))
        wait_until(lambda: all(says("versi 1.1.0") for _ in range(IN_A_ROW)), patience=30)
        wait_until(lambda: (worker_of(site.pid) or before) != before, patience=30)
        assert statuses <= {200, 307}  # 307: from a process that leaves to the one that takes its place
        (tmp_path / "home" / "run" / "serve.pid").unlink()  # whoever upgrades now finds nobody to tell
        command("plugin", "install", str(wheel(tmp_path, "1.2.0")))
        wait_until(lambda: all(says("versi 1.2.0") for _ in range(IN_A_ROW)), patience=30)
        assert statuses <= {200, 307}
