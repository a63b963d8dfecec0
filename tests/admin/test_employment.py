"""Kind, NIP, position and unit of an account, as the desk asks for them and shows them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from lumbung.identity.models import CITIZEN, SERVANT, PersonRow
from lumbung.testing import HouseClient, TestHouse

NIP = "197901012005011001"
ADD = "/admin/orang/tambah"


@pytest.fixture
def desk(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def row_of(house: TestHouse, email: str) -> PersonRow | None:
    with house.scope("sumbawa") as scope:
        return scope.session.scalar(select(PersonRow).where(PersonRow.email == email))


def test_a_civil_servant_is_changed_found_and_shown(house: TestHouse, desk: HouseClient) -> None:
    unit, foreign = house.unit("sumbawa", "DINKES"), house.unit("sumbawabarat", "DINKES")
    siti, budi = house.person("sumbawa", "siti@a.id"), house.person("sumbawa", "budi@a.id", roles=["officer"])
    edit = f"/admin/orang/{siti.id}/ubah"
    whole = {"name": "Siti", "email": "siti@a.id", "kind": SERVANT, "nip": "19790101 200501 1 001"}
    whole |= {"position": "Perawat", "unit_id": str(unit)}
    assert desk.post_form(edit, whole, page=edit).status_code == 303
    row = row_of(house, "siti@a.id")
    assert row is not None
    assert (row.kind, row.nip, row.position, row.unit_id) == (SERVANT, NIP, "Perawat", unit)
    page = desk.get(f"/admin/orang/{siti.id}/").get_data(as_text=True)
    assert "19790101 200501 1 001" in page and "Perawat" in page and "Unit DINKES" in page
    form = desk.get(edit).get_data(as_text=True)
    assert 'value="19790101 200501 1 001"' in form and f'selected value="{unit}"' in form
    assert "siti@a.id" in desk.get(f"/admin/orang/?q={NIP}").get_data(as_text=True).replace("<wbr>", "")
    for field, wrong in (("nip", "1979"), ("unit_id", str(foreign)), ("kind", "raja"), ("position", "x" * 161)):
        refused = desk.post_form(edit, whole | {field: wrong}, page=edit)
        assert refused.status_code == 422 and f'id="{field}-error"' in refused.get_data(as_text=True)
    other = f"/admin/orang/{budi.id}/ubah"
    shown = desk.get(other).get_data(as_text=True)
    assert re.search(r'checked[^>]*id="kind-0"', shown)  # whoever holds a role serves
    for field, wrong in (("nip", NIP), ("kind", CITIZEN)):
        refused = desk.post_form(
            other,
            {"name": "Budi", "email": "budi@a.id", field: wrong} | ({"kind": SERVANT} if field == "nip" else {}),
            page=other,
        )
        assert refused.status_code == 422 and f'id="{field}-error"' in refused.get_data(as_text=True)
    unchanged = row_of(house, "budi@a.id")
    assert unchanged is not None and (unchanged.kind, unchanged.nip) == (CITIZEN, None)
    now = row_of(house, "siti@a.id")
    assert now is not None and (now.kind, now.nip, now.position, now.unit_id) == (SERVANT, NIP, "Perawat", unit)
