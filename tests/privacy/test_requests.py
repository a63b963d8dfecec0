"""What a data subject asks for: 72 calendar hours, each step told, nobody else's, nothing changed by a refusal."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from lumbung.audit import AuditRow
from lumbung.notifications.models import Notification
from lumbung.privacy import clocks, requests
from lumbung.privacy.models import DataRequest
from lumbung.testing import HouseClient, TestHouse, frozen_clock
from lumbung.testing.pdf_text import pdf_text

PASSWORD = "sawah hijau di kaki bukit"
MINE, DESK = "/akun/data/permintaan", "/admin/data-pribadi"
FRIDAY = "2026-12-24T16:30+08:00"  # the eve of a holiday and a weekend


@pytest.fixture
def citizen(house: TestHouse) -> HouseClient:
    person = house.person("sumbawa", "w@a.id", name="Siti Aminah", password=PASSWORD)
    return house.client("sumbawa", person)


@pytest.fixture
def officer(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "pdp@a.id", roles=["admin"], name="Pak Petugas"))


def made(house: TestHouse, tenant: str = "sumbawa") -> list[DataRequest]:
    with house.scope(tenant) as scope:
        rows = list(scope.session.scalars(select(DataRequest).order_by(DataRequest.number)))
        scope.session.expunge_all()
        return rows


def ask(client: HouseClient, kind: str = "correction", **form: str):
    return client.post_form(f"{MINE}/baru/{kind}", {"text": "Alamat saya salah", **form}, page=f"{MINE}/baru/{kind}")


def test_a_request_goes_its_way_and_each_step_is_told(house, citizen, officer):
    assert ask(citizen).status_code == 303
    [row] = made(house)
    mine, desk = f"{MINE}/{row.id}", f"{DESK}/{row.id}"
    assert "Siti Aminah" in officer.get(f"{DESK}/").get_data(as_text=True)
    assert officer.post_form(f"{desk}/jawab", {"answer": "Sudah"}, page=f"{desk}/").status_code == 422
    assert made(house)[0].state == "received"  # who asks was not verified yet
    assert officer.post_form(f"{desk}/verifikasi", {"how": ""}, page=f"{desk}/").status_code == 422
    assert officer.post_form(f"{desk}/verifikasi", {"how": "KTP asli"}, page=f"{desk}/").status_code == 303
    assert officer.post_form(f"{desk}/kerjakan", page=f"{desk}/").status_code == 303
    assert citizen.get(f"{mine}/jawaban.pdf").status_code == 404
    assert officer.post_form(f"{desk}/jawab", {"answer": "Alamat #diperbaiki"}, page=f"{desk}/").status_code == 303
    page = citizen.get(f"{mine}/").get_data(as_text=True)
    assert "Alamat #diperbaiki" in page
    letter = pdf_text(citizen.get(f"{mine}/jawaban.pdf").data)
    assert "Alamat #diperbaiki" in letter
    assert "Pak Petugas" in letter
    with house.scope() as scope:
        told = scope.session.scalars(select(Notification.title)).all()
        assert sum("PDP-0001" in one["id"] for one in told) == 5  # four to the citizen, one to the officer
        trail = scope.session.scalars(select(AuditRow.action).where(AuditRow.about == row.id)).all()
        assert {"data.request", "data.verified", "data.working", "data.done"} <= set(trail)


def test_a_refusal_says_why_and_by_which_law(house, citizen, officer):
    ask(citizen)
    [row] = made(house)
    desk = f"{DESK}/{row.id}"
    assert officer.post_form(f"{desk}/tolak", {"reason": "Tidak"}, page=f"{desk}/").status_code == 422
    assert made(house)[0].state == "received"
    form = {"reason": "Data itu diminta pengadilan", "legal_basis": "UU 27/2022 pasal 15"}
    assert officer.post_form(f"{desk}/tolak", form, page=f"{desk}/").status_code == 303
    page = citizen.get(f"{MINE}/{row.id}/").get_data(as_text=True)
    assert "diminta pengadilan" in page
    assert "pasal 15" in page
    again = officer.post_form(f"{desk}/tolak", form, page=f"{desk}/")
    assert again.status_code == 422


def test_the_clock_is_72_calendar_hours_over_holiday_and_weekend(house):
    def at_work(email: str, **given) -> HouseClient:
        return house.client("sumbawa", house.person("sumbawa", email, **given))  # a session of that very moment

    with frozen_clock(FRIDAY):
        citizen = at_work("w@a.id")
        at_work("pdp@a.id", roles=["admin"])
        ask(citizen)
        [row] = made(house)
        assert row.due_at.astimezone(house.kernel.tenant("sumbawa").now().tzinfo).isoformat() == (
            "2026-12-27T16:30:00+08:00"
        )
        assert "sisa 72 jam" in citizen.get(f"{MINE}/").get_data(as_text=True)
    for moment, words, stage in (
        ("2026-12-26T16:29+08:00", "sisa 25 jam", 0),
        ("2026-12-26T16:31+08:00", "sisa 24 jam", 1),
        ("2026-12-27T16:29+08:00", "sisa 1 jam", 1),
        ("2026-12-27T16:31+08:00", "lewat 1 jam", 2),
        ("2026-12-28T16:31+08:00", "lewat 25 jam", 2),
    ):
        with frozen_clock(moment):
            assert words in at_work("pdp@a.id").get(f"{DESK}/").get_data(as_text=True)
            clocks.remind_everywhere(house.kernel)
            clocks.remind_everywhere(house.kernel)  # told once, however often the clock is looked at
            assert made(house)[0].reminded == stage
    with house.scope() as scope:
        told = select(func.count()).where(Notification.title["id"].astext.op("~")("(hampir|lewat)"))
        assert scope.session.scalar(told) == 2


def test_a_person_has_one_open_request_of_a_kind_and_may_take_it_back(house, citizen):
    assert ask(citizen).status_code == 303
    again = ask(citizen, text="Sekali lagi")
    assert again.status_code == 422
    assert "Sekali lagi" in again.get_data(as_text=True)
    [row] = made(house)
    citizen.post_form(f"{MINE}/{row.id}/batalkan", page=f"{MINE}/{row.id}/")
    assert made(house)[0].state == "cancelled"
    assert ask(citizen).status_code == 303
    assert [one.number for one in made(house)] == [1, 2]
    assert ask(citizen, "objection", text="").status_code == 422
    assert citizen.get(f"{MINE}/baru/withdrawal").status_code == 404
    assert citizen.get(f"{MINE}/baru/apa").status_code == 404


def test_an_erasure_is_asked_for_with_the_password(house, citizen):
    for password in ("", "salah sekali ini"):
        assert ask(citizen, "erasure", current=password).status_code == 422
    assert made(house) == []
    assert ask(citizen, "erasure", current=PASSWORD).status_code == 303
    worker = house.person("sumbawa", "petugas@a.id", roles=["officer"], password=PASSWORD)
    client = house.client("sumbawa", worker)
    refused = ask(client, "erasure", current=PASSWORD)
    assert refused.status_code == 422
    assert "Serahkan dulu" in refused.get_data(as_text=True)
    assert len(made(house)) == 1


def test_nobody_sees_a_request_of_somebody_else_or_of_another_tenant(house, citizen, officer):
    ask(citizen)
    [row] = made(house)
    other = house.client("sumbawa", house.person("sumbawa", "lain@a.id"))
    away = house.client("sumbawabarat", house.person("sumbawabarat", "pdp@b.id", roles=["admin"]))
    for path in (f"{MINE}/{row.id}/", f"{MINE}/{row.id}/jawaban.pdf"):
        assert other.get(path).status_code == 404
    assert other.post_form(f"{MINE}/{row.id}/batalkan").status_code == 404
    for path in ("/", "/jawaban.pdf", "/berita-acara.pdf"):
        assert away.get(f"{DESK}/{row.id}{path}").status_code == 404
        assert citizen.get(f"{DESK}/{row.id}{path}").status_code == 403
    for act in ("verifikasi", "kerjakan", "jawab", "tolak", "salinan", "hapus"):
        form = {"how": "KTP", "answer": "ya", "reason": "tidak", "legal_basis": "UU", "erase-konfirmasi": "PDP-0001"}
        assert away.post_form(f"{DESK}/{row.id}/{act}", form).status_code == 404
        assert other.post_form(f"{DESK}/{row.id}/{act}", form).status_code == 403
    assert made(house)[0].state == "received"
    assert made(house, "sumbawabarat") == []


def test_an_officer_writes_down_what_somebody_without_an_account_asks(house, officer):
    for form in ({"kind": "copy"}, {"kind": "copy", "email": "tidak@ada.id"}, {"kind": "withdrawal", "name": "Budi"}):
        assert officer.post_form(f"{DESK}/baru", form, page=f"{DESK}/baru").status_code == 422
    assert made(house) == []
    form = {"kind": "copy", "name": "Budi <b>", "contact": "0812", "text": "\x00Minta"}
    assert officer.post_form(f"{DESK}/baru", {**form, "text": "Minta"}, page=f"{DESK}/baru").status_code == 303
    [row] = made(house)
    assert (row.applicant, row.received_by, row.person_id) == ("Budi <b>", "Pak Petugas", None)
    desk = f"{DESK}/{row.id}"
    assert officer.post_form(f"{desk}/salinan", page=f"{desk}/").status_code == 422  # nobody was identified yet
    officer.post_form(f"{desk}/verifikasi", {"how": "KTP asli"}, page=f"{desk}/")
    assert officer.post_form(f"{desk}/salinan", {"copy-nik": "12"}, page=f"{desk}/").status_code == 422
    copy = officer.post_form(f"{desk}/salinan", {"copy-nik": "5204084107900001"}, page=f"{desk}/")
    assert "Budi <b>" in pdf_text(copy.data)


def test_two_that_answer_at_once_answer_once(house, citizen):
    ask(citizen)
    [row] = made(house)
    with house.scope() as scope:
        mine = scope.session.get(DataRequest, (row.tenant_id, row.id))
        requests.verify(scope.session, mine, how="KTP", by="A")
    with house.scope() as scope, pytest.raises(requests.WrongState):
        late = scope.session.get(DataRequest, (row.tenant_id, row.id))
        requests.verify(scope.session, late, how="KTP", by="B")
    assert made(house)[0].handled_by == "A"
