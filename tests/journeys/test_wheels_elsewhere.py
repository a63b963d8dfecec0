"""The product as it is handed over: two wheels, installed away from the repository, and an office that sets up.

A new environment gets the locked packages and the wheel of the core. The queue's wheel is then a file, as a donor
sends it: installed into a fresh data folder, enabled for one of two tenants, set up on its pages by that tenant's
administrator, it gives a citizen a ticket, and the neighbours a 404.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lumbung.testing.running import Visitor, environment, free_port, lumbung, running, wait_until

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
PASSWORD = "padi menguning di sawah"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of the core and of the queue, by distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    for project in (ROOT, ROOT / "plugins" / "antrean"):
        run(UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--out-dir", folder, project, cwd=ROOT)
    return {path.name.partition("-")[0]: path for path in folder.glob("*.whl")}


@pytest.fixture(scope="module")
def program(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """``lumbung`` in an environment that knows nothing of the repository."""
    venv = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(UV, "venv", "--quiet", "--python", sys.executable, venv)
    python = venv / "bin" / "python"
    lock = ROOT / "requirements.lock"
    run(UV, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock)
    run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", wheels["lumbung"])
    return str(venv / "bin" / "lumbung")


def run(*command: object, cwd: Path = Path("/")) -> None:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_wheels_hold_what_they_need_and_no_more(wheels):
    with zipfile.ZipFile(wheels["lumbung"]) as core, zipfile.ZipFile(wheels["lumbung_antrean"]) as queue:
        core_files, queue_files = core.namelist(), queue.namelist()
    assert "lumbung/_migrations/env.py" in core_files
    assert "lumbung/templates/lumbung/base.html" in core_files
    assert "lumbung/static/vendor/tabler.min.css" in core_files
    assert "lumbung/translations/en/LC_MESSAGES/lumbung.mo" in core_files
    assert {name.partition("/")[0] for name in core_files} == {"lumbung", "lumbung-0.1.0.dist-info"}
    assert "lumbung_antrean/plugin.toml" in queue_files
    assert "lumbung_antrean/translations/en/LC_MESSAGES/antrean.mo" in queue_files
    assert not [name for name in queue_files if "tests" in name.split("/")]


def test_a_donated_wheel_becomes_a_citizens_ticket_in_one_regency_only(wheels, program, tmp_path):
    env = environment(tmp_path / "home")

    def command(*arguments: str) -> str:
        done = lumbung(*arguments, env=env, program=program)
        assert done.returncode == 0, done.stderr
        return done.stdout

    command("plugin", "install", str(wheels["lumbung_antrean"]))
    for slug, region in (("utara", "52.08"), ("selatan", "52.04")):
        command("tenant", "add", slug, "--name", f"Kabupaten {slug}", "--host", f"{slug}.localhost", "--region", region)
    command(
        "user", "add", "kepala@utara.example", "--tenant", "utara", "--name", "Kepala", "--role", "admin",
        "--password", PASSWORD,
    )  # fmt: skip
    command("plugin", "enable", "antrean", "--tenant", "utara")
    listed = json.loads(command("plugin", "list", "--json"))
    assert [(row["name"], row["state"], row["tenants"]) for row in listed] == [("antrean", "installed", ["utara"])]

    port = free_port()
    with running("serve", env=env, port=port, program=program):
        service = set_up(Visitor("utara.localhost", port))
        ticket = book(Visitor("utara.localhost", port), service)
        assert re.search(r"A\s?0*1\b", ticket), ticket
        for path in ("/antrean/", f"/antrean/ambil/{service}", "/antrean/static/wall.js"):
            assert Visitor("selatan.localhost", port).get(path).status == 404
        command("plugin", "disable", "antrean", "--tenant", "utara")
        wait_until(lambda: Visitor("utara.localhost", port).get("/antrean/").status == 404, patience=2)


def set_up(office: Visitor) -> str:
    """Do what an administrator does on the first day, on the pages; return the id of the service."""
    office.sign_in("kepala@utara.example", PASSWORD)
    settings = "/antrean/pengaturan"
    place = {"name": "Disdukcapil", "recall_after": "5", "recall_times": "2", "regular_per_priority": "2", "open": "y"}
    where = location_of(office.submit(f"{settings}/lokasi/baru", {**place, "unit": ""}))
    service = {"letter": "A", "name": "KTP elektronik", "minutes": "6", "horizon_days": "7", "cutoff_minutes": "60"}
    what = location_of(office.submit(f"{where}/layanan/baru", {**service, "walk_in": "y", "open": "y"}))
    hours = {"starts": "00:00", "ends": "23:59", "quota": "40", "weekdays": ["0", "1", "2", "3", "4", "5", "6"]}
    location_of(office.submit(f"{what}/sesi/baru", hours))
    return what.rpartition("/")[2]


def book(citizen: Visitor, service: str) -> str:
    """Take a number as a citizen does and return the ticket's page."""
    tomorrow = datetime.now(ZoneInfo("Asia/Makassar")).date().toordinal() + 1
    day = datetime.fromordinal(tomorrow).date().isoformat()
    form = location_of(citizen.get(f"/antrean/ambil/{service}/{day}"))
    visitor = {"name": "Siti Hawa", "phone": "0812 3456 7890", "priority": "", "consent": "y"}
    ticket = location_of(citizen.submit(form, visitor))
    page = citizen.get(ticket)
    assert page.status == 200
    assert "Siti Hawa" in page.body
    return page.body


def location_of(answer) -> str:
    assert answer.status in (302, 303), answer.body
    return answer.headers["Location"]
