"""A newer wheel over a plugin in use: each process of a running site takes it in, and no request is lost."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from lumbung.testing.running import PATIENCE, Visitor, environment, free_port, lumbung, running, wait_until
from lumbung.testing.wheels import INIT, make_wheel

IN_A_ROW = 40  # answers that must all be the new one: two web workers take turns


ASK_AS_A_PAGE_DOES = """
import sys, time
from uuid import UUID
from lumbung.cli import open_kernel
from lumbung.lifecycle.operations import ask
from lumbung.registry.models import OperationRow

with open_kernel() as kernel:
    with kernel.scope(actor="operator"):
        operation = ask("upgrade", plugin="contoh", argument=sys.argv[1], by="operator")
    state = "waiting"
    while state in ("waiting", "running", "returning"):
        time.sleep(0.1)
        with kernel.database.new_session(None) as session:
            state = session.get_one(OperationRow, operation).state
    print(state)
"""


def wheel(folder: Path, version: str, *, failing: bool = False) -> Path:
    text = INIT.format(name="contoh").replace("halo dari contoh", f"versi {version}")
    if failing:
        text = text.replace('return "', '1 / 0; return "')
    return make_wheel(folder, "contoh", version=version, files={"lumbung_contoh/__init__.py": text})


def worker_of(site: int) -> psutil.Process | None:
    for child in psutil.Process(site).children():
        if child.cmdline()[-1:] == ["worker"]:
            return child
    return None


def isolated_in(site: int) -> bool:
    """Whether a process of the site runs a plugin alone."""
    for one in psutil.Process(site).children(recursive=True):
        with suppress(psutil.Error):  # it ends at this moment
            if "lumbung.serving.isolated:application" in one.cmdline():
                return True
    return False


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

        served_by = worker_of(site.pid)
        asked = [sys.executable, "-c", ASK_AS_A_PAGE_DOES, str(wheel(tmp_path, "1.1.1", failing=True))]
        done = subprocess.run(asked, env=env, capture_output=True, text=True, timeout=PATIENCE, cwd="/")
        assert done.stdout.split() == ["failed"], done.stderr
        wait_until(lambda: (worker_of(site.pid) or served_by) != served_by, patience=30)
        wait_until(lambda: all(says("versi 1.1.0") for _ in range(IN_A_ROW)), patience=30)
        assert statuses <= {200, 307}
        said = Path(env["LUMBUNG_HOME"]).with_suffix(".log").read_text()
        assert said.count("The job worker takes in new code.") == 2, "once for each upgrade, at its end"
        assert said.count("The web workers take in new code.") == 3, "the new version, and back"

        (tmp_path / "home" / "run" / "serve.pid").unlink()  # whoever upgrades now finds nobody to tell
        command("plugin", "install", str(wheel(tmp_path, "1.2.0")))
        wait_until(lambda: all(says("versi 1.2.0") for _ in range(IN_A_ROW)), patience=30)
        assert statuses <= {200, 307}
        command("plugin", "isolate", "contoh")
        wait_until(lambda: says("versi 1.2.0") and isolated_in(site.pid), patience=30)
        assert all(says("versi 1.2.0") for _ in range(IN_A_ROW))
        command("plugin", "install", str(wheel(tmp_path, "1.3.0")))
        wait_until(lambda: all(says("versi 1.3.0") for _ in range(IN_A_ROW)), patience=30)
        command("plugin", "join", "contoh")
        wait_until(lambda: says("versi 1.3.0") and not isolated_in(site.pid), patience=30)
