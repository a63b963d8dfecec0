"""One's own data: all of it, from every application, nobody else's; a copy as JSON and as PDF."""

from __future__ import annotations

import json
from datetime import time

import pytest
from sqlalchemy import select

from lumbung.audit import AuditRow
from lumbung.errors import LumbungError
from lumbung.hooks import DataSection, Erased
from lumbung.identity.models import PersonRow
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.sdk import Bilingual
from lumbung.testing import HouseClient, TestHouse, make_wheel
from lumbung.testing.pdf_text import pdf_text
from lumbung.testing.wheels import INIT, MANIFEST

DECLARES = """
[[personal_data]]
name = "Nama"
purpose = { id = "Menyapa", en = "To greet" }
basis = "UU 27/2022"
where = "contoh_tamu.name"
"""
HOOKS = """

from lumbung.sdk import DataSection, Erased

@hookimpl
def export_person(person):
    return [DataSection("tamu", "Tamu", {"name": "Nama"}, [{"name": "*Siti* #evil[]"}])]

@hookimpl
def erase_person(person):
    return []
"""


@pytest.fixture
def person(house: TestHouse):
    return house.person("sumbawa", "w@a.id", name="Siti")


@pytest.fixture
def citizen(house: TestHouse, person) -> HouseClient:
    return house.client("sumbawa", person)


def gift(house: TestHouse, folder, code: str, hooks: str = '["routes", "export_person", "erase_person"]') -> None:
    manifest = MANIFEST.format(name="contoh", version="1.0.0").replace('["routes"]', hooks)
    files = {"lumbung_contoh/__init__.py": INIT.format(name="contoh") + code}
    install_wheel(house.kernel, make_wheel(folder, manifest=manifest + DECLARES, files=files), by="test")
    enable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")


def test_the_copy_holds_what_the_core_and_each_application_hold(house, person, citizen, tmp_path):
    gift(house, tmp_path, HOOKS)
    house.person("sumbawa", "lain@a.id", name="Orang Lain")
    page = citizen.get("/akun/data").get_data(as_text=True)
    assert "*Siti* #evil[]" in page
    assert "Menyapa" in page
    answer = citizen.get("/akun/data.json")
    data = json.loads(answer.get_data(as_text=True))
    held = {one["application"]: one["sections"] for one in data["held"]}
    assert held["core"]["account"]["rows"][0]["email"] == "w@a.id"
    assert set(held["core"]) == {
        "account", "roles", "posts", "consents", "requests", "applications", "identities", "sessions", "browsers",
        "factors", "notifications",
    }  # fmt: skip
    assert len(held["core"]["sessions"]["rows"]) > 0
    assert held["contoh"]["tamu"]["rows"] == [{"name": "*Siti* #evil[]"}]
    assert data["silent"] == []
    printed = pdf_text(citizen.get("/akun/data.pdf").data)
    assert "*Siti* #evil[]" in printed
    for copy in (page, answer.get_data(as_text=True), printed):
        assert "Orang Lain" not in copy
        assert "lain@a.id" not in copy
    with house.scope() as scope:
        noted = select(AuditRow.thing).where(AuditRow.action == "data.copy", AuditRow.about == person.id)
        assert sorted(scope.session.scalars(noted)) == ["json", "pdf"]
    assert house.client("sumbawa").get("/akun/data.pdf").status_code == 302


def test_an_application_that_cannot_answer_is_named_and_the_rest_is_given(house, citizen, tmp_path):
    gift(house, tmp_path, HOOKS.replace("return [DataSection", "1 / 0; return [DataSection"))
    page = citizen.get("/akun/data").get_data(as_text=True)
    assert "Yang sedang tidak dapat menjawab: Contoh" in page
    assert "w@a.id" in page
    data = json.loads(citizen.get("/akun/data.json").get_data(as_text=True))
    assert data["silent"] == ["Contoh"]
    printed = pdf_text(citizen.get("/akun/data.pdf").data)
    assert "Contoh sedang tidak dapat menjawab" in printed.replace("\n", " "), printed


def test_copies_are_limited(citizen):
    answers = [citizen.get("/akun/data.json").status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]


@pytest.mark.parametrize(
    ("hooks", "code", "missing"),
    [
        ('["routes"]', HOOKS, "export_person, erase_person"),
        ('["routes", "export_person"]', HOOKS, "erase_person"),
        ('["routes", "export_person", "erase_person"]', "", "export_person, erase_person"),
    ],
)
def test_who_holds_personal_data_and_cannot_hand_out_and_erase_is_not_switched_on(
    house, citizen, tmp_path, hooks, code, missing
):
    with pytest.raises(LumbungError, match=f"does not implement {missing};"):
        gift(house, tmp_path, code, hooks)
    assert citizen.get("/contoh/").status_code == 404


def test_a_number_that_was_not_proven_opens_nobodys_data(house, person, citizen):
    from lumbung_antrean.rules.visitors import visitor
    from lumbung_antrean.services import booking, opening_hours, setup

    from lumbung.sdk import today

    with house.scope(plugin="antrean") as scope:
        place = setup.save_location(None, name="Disdukcapil", address="Jalan Bungur")
        service = setup.save_service(place, None, letter="A", name="KTP", minutes=6)
        setup.add_slots(service, range(7), time(0, 1), time(23, 58), quota=40)
        slot = opening_hours.open_day(service, today()).slots[0].slot
        booking.book(slot, today(), visitor("Tetangga Sebelah", phone="081237001199", nik="5204084107900001"))
        row = scope.session.get_one(PersonRow, (person.tenant_id, person.id))
        row.phone = "0812 3700 1199"  # whoever typed a neighbour's number into their account
    assert "Tetangga" not in citizen.get("/akun/data").get_data(as_text=True)
    with house.scope() as scope:
        scope.session.get_one(PersonRow, (person.tenant_id, person.id)).phone_verified_at = house.kernel.tenant(
            "sumbawa"
        ).now()
    assert "Tetangga" in citizen.get("/akun/data").get_data(as_text=True)


def test_what_a_plugin_answers_is_checked():
    with pytest.raises(ValueError, match="no column 'b'"):
        DataSection("a", "A", {"a": "A"}, [{"b": 1}])
    with pytest.raises(TypeError, match="is list"):
        DataSection("a", "A", {"a": "A"}, [{"a": [1]}])  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="which law"):
        Erased(Bilingual("Surat", "Letters"), 1, "kept")
    with pytest.raises(ValueError, match="not 'lost'"):
        Erased(Bilingual("Surat", "Letters"), 1, "lost")  # type: ignore[arg-type]
