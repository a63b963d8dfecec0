"""The ledger of consents: which words were agreed to, when, and when it ended; nothing in it is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError

from lumbung.bilingual import Bilingual
from lumbung.events import EventRow
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.privacy import consents, requests
from lumbung.privacy.models import Consent, ConsentText, DataRequest
from lumbung.testing import HouseClient, TestHouse, make_wheel
from lumbung.testing.wheels import INIT, MANIFEST

PAGE, DESK = "/akun/data/persetujuan/", "/admin/data-pribadi/persetujuan/"
CODE = consents.ACCOUNT

ASKS = """
[[consents]]
code = "contoh.kabar"
title = {{ id = "Kabar lewat WhatsApp", en = "News by WhatsApp" }}
text = {{ id = "Saya setuju dikirimi kabar lewat WhatsApp.", en = "I agree to news by WhatsApp." }}
version = {version}
"""
LISTENS = """
[events]
listens = ["core.consent_given", "core.consent_withdrawn"]
"""
HEARS = """

from lumbung.sdk import current_person, give_consent, has_consent, signed_in

heard = []

@blueprint.post("/setuju")
@signed_in
def agree():
    give_consent("contoh.kabar")
    return "ya" if has_consent(current_person().id, "contoh.kabar") else "tidak"

@blueprint.post("/milik-orang")
@signed_in
def agree_to_others():
    give_consent("core.account")
    return "ya"

@hookimpl
def on_event(event):
    heard.append((event.name, event.data["code"], has_consent(event.data["person"], "contoh.kabar")))
"""


@pytest.fixture
def citizen(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "w@a.id"))


@pytest.fixture
def officer(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "pdp@a.id", roles=["admin"]))


def ledger(house: TestHouse) -> list[tuple[str, int, str | None]]:
    with house.scope() as scope:
        rows = scope.session.scalars(select(Consent).order_by(Consent.given_at, Consent.version))
        return [(row.code, row.version, row.why_ended) for row in rows]


def write_text(officer: HouseClient, words: str):
    form = {"title": "Akun", "text": words, "title_en": "Account", "text_en": f"{words} (en)"}
    return officer.post_form(f"{DESK}{CODE}/baru", form, page=f"{DESK}{CODE}/baru")


def test_a_new_wording_stands_beside_the_old_one_and_is_asked_for_again(house, citizen, officer):
    assert citizen.post_form(f"{PAGE}{CODE}/beri", {"version": 1}, page=PAGE).status_code == 303
    citizen.post_form(f"{PAGE}{CODE}/beri", {"version": 1}, page=PAGE)
    assert ledger(house) == [(CODE, 1, None)]
    assert write_text(officer, "Teks yang baru sekali").status_code == 303
    refused = write_text(officer, "Teks yang baru sekali")
    assert refused.status_code == 422  # word by word the same
    assert "perbarui persetujuan" in citizen.get("/akun/data").get_data(as_text=True).lower()
    citizen.post_form(f"{PAGE}{CODE}/beri", {"version": 1}, page=PAGE)  # the page stood open since before
    assert ledger(house) == [(CODE, 1, None)]
    citizen.post_form(f"{PAGE}{CODE}/beri", {"version": 2}, page=PAGE)
    assert ledger(house) == [(CODE, 1, "renewed"), (CODE, 2, None)]
    page = officer.get(DESK).get_data(as_text=True)
    assert "Teks yang baru sekali" in page
    assert "nama, alamat surel, dan nomor ponsel saya disimpan" in page
    with house.scope() as scope:
        for row in scope.session.scalars(select(ConsentText)):
            assert row.hash == consents.text_hash(row.code, row.version, row.title, row.text)
    assert consents_elsewhere(house) == 0


def consents_elsewhere(house: TestHouse) -> int:
    with house.scope("sumbawabarat") as scope:
        assert consents.asked(scope.session, CODE).version == 1
        return len(scope.session.scalars(select(ConsentText)).all())


def test_the_account_cannot_be_without_its_consent_so_withdrawing_it_asks_for_the_end(house, citizen, officer):
    assert citizen.post_form(f"{PAGE}{CODE}/tarik", page=PAGE).status_code == 404  # none was given
    citizen.post_form(f"{PAGE}{CODE}/beri", {"version": 1}, page=PAGE)
    answer = citizen.post_form(f"{PAGE}{CODE}/tarik", page=PAGE)
    assert "/akun/data/permintaan/" in answer.location
    assert ledger(house) == [(CODE, 1, "withdrawn")]
    with house.scope() as scope:
        asked = scope.session.scalars(select(DataRequest)).one()
        assert (asked.kind, asked.consent_code) == (requests.WITHDRAWAL, CODE)
    officer.post_form(f"{PAGE}{CODE}/beri", {"version": 1}, page=PAGE)
    officer.post_form(f"{PAGE}{CODE}/tarik", page=PAGE)
    assert ledger(house)[-1] == (CODE, 1, None)  # an officer's account rests on their duty


def test_the_ledger_only_grows(house, citizen):
    citizen.post_form(f"{PAGE}{CODE}/beri", {"version": 1}, page=PAGE)
    for statement in (
        text("DELETE FROM lumbung_consent"),
        text("DELETE FROM lumbung_consent_text"),
        update(ConsentText).values(text={"id": "lain", "en": "other"}),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), house.scope() as scope:
            scope.session.execute(statement)


def test_texts_are_written_by_whoever_may_and_only_those_of_the_core(house, citizen, officer):
    assert citizen.get(DESK).status_code == 403
    assert write_text(citizen, "Teks yang jahat").status_code == 403
    assert officer.get(f"{DESK}antrean.apa/baru").status_code == 404
    for words in ("", "pendek"):
        assert write_text(officer, words).status_code == 422
    with pytest.raises(consents.UnknownConsent), house.scope() as scope:
        consents.write_version(scope.session, "contoh.kabar", Bilingual("a", "b"), Bilingual("a", "b"), by="x")
    assert citizen.post_form(f"{PAGE}tidak.ada/beri", page=PAGE).status_code == 404
    with house.scope() as scope:
        assert scope.session.scalars(select(ConsentText)).all() == []


def test_a_plugin_asks_hears_of_a_withdrawal_and_cannot_agree_for_others(house, citizen, tmp_path):
    install_gift(house, tmp_path, version=1)
    agreed = citizen.post_form("/contoh/setuju", page="/akun/nama-dan-surel")
    assert agreed.get_data(as_text=True) == "ya"
    assert citizen.post_form("/contoh/milik-orang", page="/akun/nama-dan-surel").status_code == 500
    assert ledger(house) == [("contoh.kabar", 1, None)]
    assert "Kabar lewat WhatsApp" in citizen.get(PAGE).get_data(as_text=True)
    citizen.post_form(f"{PAGE}contoh.kabar/tarik", page=PAGE)
    assert ledger(house) == [("contoh.kabar", 1, "withdrawn")]
    house.work()
    import lumbung_contoh

    assert lumbung_contoh.heard == [
        ("core.consent_given", "contoh.kabar", False),
        ("core.consent_withdrawn", "contoh.kabar", False),
    ]
    with house.scope() as scope:
        assert {row.plugin for row in scope.session.scalars(select(EventRow))} == {None}


def install_gift(house: TestHouse, folder, *, version: int) -> None:
    manifest = MANIFEST.format(name="contoh", version="1.0.0").replace('["routes"]', '["routes", "on_event"]')
    files = {"lumbung_contoh/__init__.py": INIT.format(name="contoh") + HEARS}
    wheel = make_wheel(folder, manifest=manifest + ASKS.format(version=version) + LISTENS, files=files)
    install_wheel(house.kernel, wheel, by="test")
    enable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
