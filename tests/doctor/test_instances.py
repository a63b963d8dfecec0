"""The doctor sees which foreign applications do not run, and what this machine lacks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lumbung.doctor import instances as room
from lumbung.doctor.findings import Asked, Finding
from lumbung.errors import LumbungError, Sentence
from lumbung.instances import rows
from lumbung.instances.instance import Instance, instance_of
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

PROCESS = """
[process]
stack = "php"
[process.database]
engine = "mysql"
[[access]]
path = "/"
rule = "public"
"""


@pytest.fixture
def antrian(house: TestHouse, tmp_path: Path) -> Instance:
    plain = MANIFEST.format(name="antrian", version="1.0.0").replace('hooks = ["routes"]', 'runtime = "process"')
    files = {"lumbung_antrian/source/index.php": "x", "lumbung_antrian/__init__.py": ""}
    install_wheel(house.kernel, make_wheel(tmp_path / "w", "antrian", manifest=plain + PROCESS, files=files), by="test")
    enable(house.kernel, "antrian", house.kernel.tenant("sumbawa"), by="test")
    house.kernel.state.forget()
    return instance_of(house.settings, house.kernel.snapshot().plugins["antrian"], house.kernel.tenant("sumbawa"))


def ask(house: TestHouse, check: Any, *, tenant: str | None = None) -> list[Finding]:
    whose = house.kernel.tenant(tenant) if tenant else None
    return list(check(Asked(house.settings, house.kernel, house.urls, whose, quick=False)))


def test_what_does_not_start_is_named_with_its_reason(house: TestHouse, antrian: Instance) -> None:
    assert [one.severity for one in ask(house, room.instances)] == ["good"]
    rows.set_state(house.kernel, antrian, "failed", reason=Sentence("No port."))
    [found] = ask(house, room.instances)
    assert (found.severity, found.what.id) == ("bad", "antrian/sumbawa gagal menyala: No port.")
    assert found.mend == "lumbung plugin log antrian --tenant sumbawa"
    assert ask(house, room.instances, tenant="sumbawabarat") == []
    rows.set_state(house.kernel, antrian, "waiting", restarts=1)
    assert [one.severity for one in ask(house, room.instances)] == ["good"], "it died once, a moment ago"
    for state, restarts in (("waiting", 5), ("halted", 0)):
        rows.set_state(house.kernel, antrian, state, restarts=restarts)
        assert [one.severity for one in ask(house, room.instances)] == ["warning"], state


def test_the_keeper_is_missed_while_the_site_is_served(house: TestHouse, antrian: Instance, as_owner: Any) -> None:
    assert ask(house, room.keeper) == []
    as_owner("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    [found] = ask(house, room.keeper)
    assert found.severity == "bad"
    assert "Penjaga aplikasi tidak menjawab" in found.what.id


def test_a_program_that_is_missing_is_named(
    house: TestHouse, antrian: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*names: str) -> Any:
        raise LumbungError("There is no %(name)s here.", name=names[0])

    monkeypatch.setattr(room, "find_php", missing)
    monkeypatch.setattr(room, "find_program", missing)
    assert [one.severity for one in ask(house, room.tools)] == ["bad", "bad"]
    monkeypatch.setattr(room, "find_php", lambda _plugin: None)
    house.settings = house.settings.model_copy(update={"mysql_url": "mysql://x"})
    assert [one.severity for one in ask(house, room.tools)] == ["good"]


def test_environments_that_nobody_uses_and_large_folders_are_told(
    house: TestHouse, antrian: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = house.settings.home / "environments/antrian/0123456789abcdef"
    old.mkdir(parents=True)
    [found] = ask(house, room.environments)
    assert found.mend == f"rm -r {old}"
    antrian.data.mkdir(parents=True)
    (antrian.data / "unggahan").write_bytes(b"x" * 2000)
    assert ask(house, room.space) == []
    monkeypatch.setattr(room, "LARGE", 1000)
    assert [one.severity for one in ask(house, room.space)] == ["warning"]
