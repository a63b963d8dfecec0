"""A newcomer is looked at together with everything that is here: who wants what, and whether it is there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import LumbungError
from lumbung.lifecycle.full_set import full_set, refuse_conflicts
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.lifecycle.operations import install_wheel
from lumbung.testing import TestHouse, make_wheel

Distribution = Callable[..., None]
OFFER = "process of its own with its own packages"


@pytest.fixture
def distribution(house: TestHouse, tmp_path: Path) -> Distribution:
    """Return a function that puts a distribution into the environment, without any code."""
    site = tmp_path / "site-packages"
    site.mkdir()
    sys.path.insert(0, str(site))  # the house puts the path back, after its own folder was taken off it

    def put(name: str, version: str = "1.0", requires: tuple[str, ...] = (), extras: tuple[str, ...] = ()) -> None:
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {one}" for one in requires] + [f"Provides-Extra: {one}" for one in extras]
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("\n".join([*lines, ""]))

    return put


def refusal(house: TestHouse, wheel: Path) -> str:
    with pytest.raises(LumbungError) as refused:
        install_wheel(house.kernel, wheel, by="test")
    assert not (house.settings.home / "wheels").exists()
    assert not list(house.settings.plugin_folder.glob("[0-9]*"))
    return str(refused.value)


def test_a_library_in_another_version_is_refused_with_who_needs_this_one(house: TestHouse, tmp_path: Path) -> None:
    said = refusal(house, make_wheel(tmp_path, requires=("flask<1",)))
    assert "needs flask<1; this platform has version 3." in said
    assert "which others need: " in said
    assert "lumbung flask<4,>=3.1" in said
    assert OFFER in said


def test_a_library_that_is_not_here_is_refused_with_what_to_ask_for(house: TestHouse, tmp_path: Path) -> None:
    said = refusal(house, make_wheel(tmp_path, requires=("paket-yang-tidak-ada>=1",)))
    assert "needs the package paket-yang-tidak-ada>=1, which this platform does not have" in said
    assert OFFER in said


def test_requirements_of_other_systems_and_of_extras_nobody_asks_for_do_not_count(
    house: TestHouse, tmp_path: Path
) -> None:
    requires = ("pywin32; sys_platform == 'win32'", "flask>=3", "x; extra == 'dev'")
    plan = refuse_conflicts(house.kernel, inspect_wheel(make_wheel(tmp_path, requires=requires)))
    assert [(one.wanted, one.met) for one in plan.of_the_candidate] == [("flask>=3", True)]


def test_an_extra_is_followed_to_what_it_needs(house: TestHouse, tmp_path: Path, distribution: Distribution) -> None:
    distribution(
        "pustaka", requires=("tidak-ada>=2; extra == 'cepat'", "flask; extra == 'web'"), extras=("cepat", "web")
    )
    assert refuse_conflicts(house.kernel, inspect_wheel(make_wheel(tmp_path / "a", requires=("pustaka[web]",))))
    said = refusal(house, make_wheel(tmp_path / "b", requires=("pustaka[web,cepat]>=1",)))
    assert "asks for pustaka with extras that need tidak-ada>=2; this platform has none" in said
    assert "needs pustaka[lambat]" in refusal(house, make_wheel(tmp_path / "c", requires=("pustaka[lambat]",)))


def test_an_upgrade_that_others_cannot_live_with_is_refused(
    house: TestHouse, tmp_path: Path, distribution: Distribution
) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path / "1"), by="test")
    distribution("laporan", requires=("lumbung-contoh<2",))
    distribution("rekap", requires=("lumbung-contoh==1.*",))
    with pytest.raises(LumbungError) as refused:
        install_wheel(house.kernel, make_wheel(tmp_path / "2", version="2.0.0"), by="test")
    said = str(refused.value)
    assert "laporan, which is installed, needs lumbung-contoh<2" in said
    assert "version 2.0.0 in its place. It would break as well: rekap." in said
    assert house.kernel.snapshot().plugins["contoh"].version == "1.0.0"
    install_wheel(house.kernel, make_wheel(tmp_path / "3", version="1.1.0"), by="test")


def test_what_did_not_fit_before_is_no_reason_but_is_shown(
    house: TestHouse, tmp_path: Path, distribution: Distribution
) -> None:
    distribution("rusak", requires=("tidak-ada", "flask<1", "???"))
    plan = refuse_conflicts(house.kernel, inspect_wheel(make_wheel(tmp_path)))
    assert {"tidak-ada", "flask<1"} <= {one.wanted for one in plan.unmet if one.by == "rusak"}


def test_the_plan_can_be_shown(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path, requires=("flask>=3",)), by="test")
    plan = full_set(house.kernel).as_json()
    named = {one["name"]: one for one in plan["packages"]}
    assert (named["lumbung"]["part"], named["flask"]["part"]) == ("core", "library")
    assert named["lumbung-contoh"] == {"name": "lumbung-contoh", "version": "1.0.0", "part": "plugin"}
    assert {"by": "lumbung-contoh", "wants": "flask>=3", "here": named["flask"]["version"], "met": True} in plan[
        "requirements"
    ]
    [(steps,)] = as_owner("SELECT steps FROM lumbung_operation WHERE kind = 'install'")
    note = next(step["note"] for step in steps if step["step"] == "plan")
    assert "requirements of" in note


def test_a_package_that_would_hide_another_is_refused(house: TestHouse, tmp_path: Path) -> None:
    (tmp_path / "own" / "lumbung_contoh").mkdir(parents=True)
    (tmp_path / "own" / "lumbung_contoh" / "__init__.py").touch()
    sys.path.insert(0, str(tmp_path / "own"))
    assert "would hide the package lumbung_contoh" in refusal(house, make_wheel(tmp_path / "w"))


class TestNames:
    def test_a_name_whose_tables_are_there_already_is_taken(
        self, house: TestHouse, tmp_path: Path, as_owner: Any
    ) -> None:
        """Such as antrean_plus beside antrean, when antrean has a table antrean_plus_x."""
        as_owner("CREATE TABLE contoh_plus_x (id integer)")
        said = refusal(house, make_wheel(tmp_path, "contoh_plus"))
        assert "The name contoh_plus is taken: contoh_plus_x in the database" in said
        as_owner("DROP TABLE contoh_plus_x")
        install_wheel(house.kernel, make_wheel(tmp_path, "contoh_plus"), by="test")
        install_wheel(house.kernel, make_wheel(tmp_path, "contoh"), by="test")

    def test_a_plugin_makes_no_table_in_the_name_of_another(
        self, house: TestHouse, tmp_path: Path, as_owner: Any
    ) -> None:
        """The other's tables are looked at when the other is migrated: this one would escape the look."""
        head = 'from alembic import op\nimport sqlalchemy as sa\nrevision = "1"\ndown_revision = None\ndef upgrade():\n'
        good = head + '    op.create_tenant_table("contoh_plus_y", sa.Column("x", sa.Text))\n'
        bad = head + '    op.create_table("contoh_plus_x", sa.Column("id", sa.Integer, primary_key=True))\n'
        plus = make_wheel(tmp_path, "contoh_plus", files={"lumbung_contoh_plus/migrations/0001_x.py": good})
        install_wheel(house.kernel, plus, by="test")
        with pytest.raises(LumbungError, match="its name is that of the plugin contoh_plus"):
            wheel = make_wheel(tmp_path, "contoh", files={"lumbung_contoh/migrations/0001_x.py": bad})
            install_wheel(house.kernel, wheel, by="test")
        assert as_owner("SELECT to_regclass('contoh_plus_x')") == [(None,)]
        assert "contoh" not in house.kernel.snapshot().plugins
