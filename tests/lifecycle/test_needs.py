"""What plugins need of one another: explained before anything is switched on or off, followed through all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import LumbungError
from lumbung.lifecycle.enable import disable, enable
from lumbung.lifecycle.needs import dependents_of, needs_of
from lumbung.lifecycle.operations import install_wheel, uninstall
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

Gift = Callable[..., Path]


def needing(**ranges: str) -> str:
    return "[dependencies]\n" + "".join(f'{name} = "{wanted}"\n' for name, wanted in ranges.items())


@pytest.fixture
def house_of_four(house: TestHouse, gift: Gift) -> TestHouse:
    """Roof needs wall and beam, both need the ground; none is on."""
    gift("tanah", tenants=[])
    gift("dinding", more=needing(tanah=">=1"), tenants=[])
    gift("balok", more=needing(tanah=">=1,<2"), tenants=[])
    gift("atap", more=needing(dinding=">=1", balok=">=1"), tenants=[])
    return house


def on(house: TestHouse) -> set[str]:
    house.kernel.state.forget()
    return {one.name for one in house.kernel.snapshot().enabled_for(house.kernel.tenant("sumbawa").id)}


def test_all_that_is_needed_is_named_in_the_order_to_switch_it_on(house_of_four: TestHouse) -> None:
    house, here = house_of_four, house_of_four.kernel.tenant("sumbawa")
    needs = needs_of(house.kernel.snapshot(), "atap", here.id)
    assert [(one.name, one.state) for one in needs] == [("tanah", "off"), ("balok", "off"), ("dinding", "off")]
    with pytest.raises(LumbungError, match="atap needs tanah, balok, dinding; enable that for sumbawa first"):
        enable(house.kernel, "atap", here, by="test")
    assert on(house) == set()
    enable(house.kernel, "tanah", here, by="test")
    with pytest.raises(LumbungError, match="atap needs balok, dinding; enable"):
        enable(house.kernel, "atap", here, by="test")
    assert enable(house.kernel, "atap", here, by="test", with_needed=True)
    assert on(house) == {"tanah", "dinding", "balok", "atap"}


def test_all_or_nothing_when_one_of_them_cannot_be_switched_on(house_of_four: TestHouse, as_owner: Any) -> None:
    house, here = house_of_four, house_of_four.kernel.tenant("sumbawa")
    as_owner(
        """UPDATE lumbung_plugin SET manifest = jsonb_set(manifest, '{personal_data}',
        '[{"name": "NIK", "purpose": {"id": "a", "en": "a"}, "basis": "b", "where": "c.d"}]') WHERE name = 'balok'"""
    )
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    with pytest.raises(LumbungError, match="balok declares personal data"):
        enable(house.kernel, "atap", here, by="test", with_needed=True)
    assert on(house) == set()


def test_what_would_break_is_named_through_all_of_them(house_of_four: TestHouse) -> None:
    house, here = house_of_four, house_of_four.kernel.tenant("sumbawa")
    enable(house.kernel, "atap", here, by="test", with_needed=True)
    assert dependents_of(house.kernel.snapshot(), "tanah", here.id) == ["atap", "dinding", "balok"]
    with pytest.raises(LumbungError, match="tanah is needed by atap, dinding, balok for sumbawa"):
        disable(house.kernel, "tanah", here, by="test")
    with pytest.raises(LumbungError, match="tanah is needed by"):
        uninstall(house.kernel, "tanah", by="test")
    for name in ("atap", "balok", "dinding", "tanah"):
        assert disable(house.kernel, name, here, by="test")
    assert on(house) == set()


def test_a_version_that_would_break_another_is_refused_before_anything_is_touched(
    house_of_four: TestHouse, tmp_path: Path, as_owner: Any
) -> None:
    newer = make_wheel(tmp_path, "tanah", version="2.0.0")
    with pytest.raises(LumbungError, match=r"balok, which is installed, needs tanah >=1,<2; version 2\.0\.0 would"):
        install_wheel(house_of_four.kernel, newer, by="test")
    assert as_owner("SELECT version FROM lumbung_plugin WHERE name = 'tanah'") == [("1.0.0",)]


def test_what_is_missing_or_of_another_version_by_now_is_told_when_enabling(
    house_of_four: TestHouse, as_owner: Any
) -> None:
    house, here = house_of_four, house_of_four.kernel.tenant("sumbawa")
    as_owner("UPDATE lumbung_plugin SET version = '3.0' WHERE name = 'tanah'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    with pytest.raises(LumbungError, match=r"balok needs tanah >=1,<2; 3\.0 is installed"):
        enable(house.kernel, "atap", here, by="test", with_needed=True)
    as_owner("UPDATE lumbung_plugin SET state = 'uninstalled' WHERE name = 'tanah'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    with pytest.raises(LumbungError, match="needs the plugin tanah"):
        enable(house.kernel, "atap", here, by="test", with_needed=True)
    assert on(house) == set()


def test_two_that_need_each_other_end_nobody_s_patience(house: TestHouse, gift: Gift, as_owner: Any) -> None:
    gift("ayam", tenants=[])
    gift("telur", more=needing(ayam=">=1"), tenants=[])
    as_owner(
        "UPDATE lumbung_plugin SET manifest = jsonb_set(manifest, '{dependencies}', '{\"telur\": \">=1\"}') "
        "WHERE name = 'ayam'"
    )
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    house.kernel.state.forget()
    here = house.kernel.tenant("sumbawa")
    assert [one.name for one in needs_of(house.kernel.snapshot(), "ayam", here.id)] == ["telur"]
    assert enable(house.kernel, "ayam", here, by="test", with_needed=True)
    assert dependents_of(house.kernel.snapshot(), "ayam", here.id) == ["telur"]


def test_a_plugin_cannot_need_itself(house: TestHouse, tmp_path: Path) -> None:
    manifest = MANIFEST.format(name="aku", version="1.0.0") + needing(aku=">=1")
    with pytest.raises(LumbungError):
        install_wheel(house.kernel, make_wheel(tmp_path, "aku", manifest=manifest), by="test")
