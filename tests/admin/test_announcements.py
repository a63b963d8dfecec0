"""The desk of announcements."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from lumbung.announcements.models import Announcement
from lumbung.audit import AuditRow
from lumbung.testing import HouseClient, TestHouse, frozen_clock

HERE = "/admin/pengumuman"
FORM = {
    "title": "Loket tutup",
    "text": "Sampai siang.",
    "title_en": "",
    "text_en": "",
    "weight": "plain",
    "unit": "",
    "shown_from": "",
    "shown_until": "",
    "act": "publish",
}


@pytest.fixture
def desk(house: TestHouse) -> HouseClient:
    editor = house.person("sumbawa", "humas@a.id", roles=["editor"], name="Humas Sumbawa")
    return house.client("sumbawa", editor)


def send(desk: HouseClient, path: str = "/tulis", **values: str):  # type: ignore[no-untyped-def]
    return desk.post_form(HERE + path, {**FORM, **values})


def rows(house: TestHouse, tenant: str = "sumbawa") -> list[Announcement]:
    with house.scope(tenant) as scope:
        return list(scope.session.scalars(select(Announcement)))


def only(house: TestHouse) -> Announcement:
    (row,) = rows(house)
    return row


def test_one_is_written_and_citizens_see_it_at_once(house: TestHouse, desk: HouseClient) -> None:
    unit = house.unit("sumbawa", "DINKES")
    answer = send(desk, title="  Loket \n tutup ", title_en="Closed", text_en="Until noon.", unit=str(unit))
    assert (answer.status_code, answer.location) == (303, f"{HERE}/")
    row = only(house)
    assert (row.title, row.text) == (
        {"id": "Loket tutup", "en": "Closed"},
        {"id": "Sampai siang.", "en": "Until noon."},
    )
    assert (row.written_by, row.unit_id, row.state) == ("Humas Sumbawa", unit, "now")
    assert "Loket tutup" in house.client("sumbawa").get("/").get_data(as_text=True)


def test_times_are_those_of_the_tenants_clock_and_come_back_as_they_were(house: TestHouse, desk: HouseClient) -> None:
    with frozen_clock("2026-11-24T08:00+08:00"):
        token = desk.csrf_token("/akun")
        typed = {**FORM, "shown_from": "2026-11-25T07:30", "shown_until": "2026-11-30T12:00", "csrf_token": token}
        assert desk.post(f"{HERE}/tulis", data=typed).status_code == 303
        row = only(house)
        assert row.shown_from == datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
        assert row.state == "planned"
        page = desk.get(f"{HERE}/{row.id}/").get_data(as_text=True)
        assert 'value="2026-11-25T07:30"' in page
        assert "WITA" in page
        assert "25 Nov 2026 07.30" in desk.get(f"{HERE}/?keadaan=planned").get_data(as_text=True)


def test_a_draft_is_looked_at_as_citizens_would_and_then_published(house: TestHouse, desk: HouseClient) -> None:
    answer = send(desk, act="draft", weight="urgent")
    row = only(house)
    assert answer.location == f"{HERE}/{row.id}/pratinjau"
    shown = desk.get(answer.location).get_data(as_text=True)
    assert "Ini masih konsep" in shown
    assert "<p>Sampai siang.</p>" in shown
    assert "Darurat:" in shown
    assert "Loket tutup" not in house.client("sumbawa").get("/").get_data(as_text=True)
    assert send(desk, f"/{row.id}/").status_code == 303
    assert only(house).state == "now"


def test_it_is_ended_and_deleted(house: TestHouse, desk: HouseClient) -> None:
    send(desk)
    row = only(house)
    assert desk.post_form(f"{HERE}/{row.id}/akhiri").status_code == 303
    assert only(house).state == "ended"
    assert "tidak tampil lagi" in desk.get(f"{HERE}/").get_data(as_text=True)
    desk.post_form(f"{HERE}/{row.id}/akhiri", {"again": "1"})
    assert "memang sedang tidak tampil" in desk.get(f"{HERE}/").get_data(as_text=True)
    assert desk.post_form(f"{HERE}/{row.id}/hapus").status_code == 303
    assert rows(house) == []
    with house.scope("sumbawa") as scope:
        trail = scope.session.scalars(select(AuditRow.action).where(AuditRow.thing == "Loket tutup")).all()
    assert sorted(trail) == ["announcement.add", "announcement.delete", "announcement.end"]


def test_a_word_of_one_that_is_over_may_be_mended(house: TestHouse, desk: HouseClient) -> None:
    send(desk)
    row = only(house)
    desk.post_form(f"{HERE}/{row.id}/akhiri")
    before = only(house)
    page = desk.get(f"{HERE}/{row.id}/").get_data(as_text=True)
    moments = {
        name: page.split(f'name="{name}"')[1].split('value="')[1].split('"')[0]
        for name in ("shown_from", "shown_until")
    }
    assert send(desk, f"/{row.id}/", title="Loket tertutup", **moments).status_code == 303
    after = only(house)
    assert after.title == {"id": "Loket tertutup"}
    assert (after.shown_from, after.shown_until) == (before.shown_from, before.shown_until)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("title", {"title": "  "}),
        ("title", {"title": "x" * 121}),
        ("text", {"text": ""}),
        ("text", {"text": "x" * 8001}),
        ("title_en", {"text_en": "Only the text"}),
        ("text_en", {"title_en": "Only the title"}),
        ("weight", {"weight": "loud"}),
        ("weight", {"weight": ""}),
        ("unit", {"unit": "bukan-id"}),
        ("shown_from", {"shown_from": "besok pagi"}),
        ("shown_from", {"shown_from": "2026-13-45T99:99"}),
        ("shown_from", {"shown_from": "0001-01-01T00:00"}),
        ("shown_until", {"shown_until": "9999-12-31T23:59"}),
        ("shown_until", {"shown_until": "2020-01-01T08:00"}),
        ("shown_until", {"shown_from": "2090-01-02T08:00", "shown_until": "2090-01-01T08:00"}),
        ("shown_until", {"shown_from": "2090-01-02T08:00", "shown_until": "2090-01-02T08:00"}),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field_and_nothing_is_kept(
    house: TestHouse, desk: HouseClient, field: str, values: dict[str, str]
) -> None:
    answer = send(desk, **{"text": "Isi yang panjang", **values})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in page
    assert "Not a valid" not in page
    assert rows(house) == []


def test_what_was_typed_stays_in_a_refused_form(desk: HouseClient) -> None:
    page = send(desk, title="<b>Judul</b>", text="").get_data(as_text=True)
    assert 'value="&lt;b&gt;Judul&lt;/b&gt;"' in page


def test_a_change_that_is_refused_changes_nothing(house: TestHouse, desk: HouseClient) -> None:
    send(desk)
    row = only(house)
    assert send(desk, f"/{row.id}/", title="").status_code == 422
    assert only(house).title == {"id": "Loket tutup"}


@pytest.mark.parametrize("roles", [[], ["officer"]])
def test_whoever_may_not_announce_gets_no_further(house: TestHouse, desk: HouseClient, roles: list[str]) -> None:
    send(desk)
    row = only(house)
    other = house.client("sumbawa", house.person("sumbawa", "o@a.id", roles=roles))
    for path in ("/", "/tulis", f"/{row.id}/", f"/{row.id}/pratinjau"):
        assert other.get(HERE + path).status_code == 403
    for path in ("/tulis", f"/{row.id}/", f"/{row.id}/akhiri", f"/{row.id}/hapus"):
        assert send(other, path, title="Diganti").status_code == 403
    assert house.client("sumbawa").get(f"{HERE}/").status_code == 302
    assert (only(house).title, only(house).state) == ({"id": "Loket tutup"}, "now")


def test_one_of_another_tenant_is_not_found(house: TestHouse, desk: HouseClient) -> None:
    neighbour = house.client("sumbawabarat", house.person("sumbawabarat", "humas@b.id", roles=["editor"]))
    send(neighbour)
    (row,) = rows(house, "sumbawabarat")
    for path in (f"/{row.id}/", f"/{row.id}/pratinjau", f"/{uuid4()}/"):
        assert desk.get(HERE + path).status_code == 404
    for path in (f"/{row.id}/", f"/{row.id}/akhiri", f"/{row.id}/hapus"):
        assert send(desk, path, title="Diganti").status_code == 404
    assert "Loket tutup" not in desk.get(f"{HERE}/").get_data(as_text=True)
    assert rows(house, "sumbawabarat")[0].title == {"id": "Loket tutup"}


def test_a_unit_of_another_tenant_cannot_be_the_author(house: TestHouse, desk: HouseClient) -> None:
    foreign = house.unit("sumbawabarat", "SETDA")
    assert send(desk, unit=str(foreign)).status_code == 422
    assert rows(house) == []


def test_the_list_is_narrowed_by_state_and_nonsense_narrows_nothing(desk: HouseClient) -> None:
    assert "Belum ada pengumuman" in desk.get(f"{HERE}/").get_data(as_text=True)
    send(desk, title="Yang tampil")
    send(desk, title="Yang konsep", act="draft")
    now = desk.get(f"{HERE}/?keadaan=now").get_data(as_text=True)
    assert "Yang tampil" in now and "Yang konsep" not in now
    both = desk.get(f"{HERE}/?keadaan=zzz").get_data(as_text=True)
    assert "Yang tampil" in both and "Yang konsep" in both
    assert "Tidak ada pengumuman dalam keadaan ini" in desk.get(f"{HERE}/?keadaan=ended").get_data(as_text=True)


def test_the_menu_leads_there_for_those_who_may(house: TestHouse, desk: HouseClient) -> None:
    assert f'href="{HERE}/"' in desk.get(f"{HERE}/").get_data(as_text=True)


def test_a_unit_in_whose_name_something_is_announced_stays(house: TestHouse, desk: HouseClient) -> None:
    unit = house.unit("sumbawa", "DINKES")
    send(desk, unit=str(unit))
    admin = house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))
    answer = admin.post_form(f"/admin/unit/{unit}/hapus")
    assert answer.status_code == 422
    assert "pengumuman" in answer.get_data(as_text=True)
    assert house.unit("sumbawa", "DINKES") == unit
