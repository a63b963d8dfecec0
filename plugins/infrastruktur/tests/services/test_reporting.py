"""The one door of reports: place, numbers, photos, what is sent twice; and supports of others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Category, LogEntry, Photo, Report, Support
from lumbung_infrastruktur.rules.answers import AnswersRefused
from lumbung_infrastruktur.services import adding, nearby, places, reporting, supports, workflow
from lumbung_infrastruktur.services.numbering import next_number
from sqlalchemy import func, select

from lumbung.sdk import DomainError, find_or_404, read_picture, session
from lumbung.testing import TestHouse

from ..conftest import PLACE, SEKETENG, Works

Make = Callable[..., UUID]
SQUARE = {  # around Sumbawa Besar
    "type": "Polygon",
    "coordinates": [[[117.3, -8.6], [117.6, -8.6], [117.6, -8.4], [117.3, -8.4], [117.3, -8.6]]],
}
AWAY = {"lat": -6.9, "lon": 107.6}  # Bandung


def one(works: Works, report_id: UUID) -> Report:
    """A report as it stands; read inside of a block."""
    return find_or_404(Report, report_id)


def count(works: Works, model: type = Report) -> int:
    with works.inside():
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


def make(works: Works, **given: Any) -> UUID:
    """Make a report with nothing but what is given."""
    with works.inside():
        category = find_or_404(Category, given.pop("category", works.pothole))
        return reporting.make_report(reporting.NewReport(category=category, **{"description": "Lubang", **given})).id


def test_a_report_gets_number_place_last_day_unit_and_a_line_in_its_log(works: Works) -> None:
    report_id = works.report(village_code=SEKETENG, lat=PLACE[0], lon=PLACE[1], answers={"ukuran": "besar"})
    with works.inside():
        report = one(works, report_id)
        assert (report.number, report.state, report.visibility) == ("L26-000001", "baru", "public")
        assert (report.village_code, report.district_code) == (SEKETENG, SEKETENG[:8])
        assert report.pseudonym == "Warga Seketeng"
        assert report.due_on == date(2026, 12, 14)  # 14 working days
        assert report.unit_id == works.roads
        assert report.answers == {"ukuran": "besar"}
        assert len(report.token) >= 32
        assert [(entry.kind, entry.to_state) for entry in report.log] == [("made", "baru")]


def test_numbers_go_on_without_gaps_and_begin_anew_each_year(works: Works) -> None:
    assert [works.report() and None for _ in range(2)] == [None, None]
    with works.inside():
        assert next_number("laporan", 2026) == "L26-000003"
        assert next_number("laporan", 2027) == "L27-000001"
        assert next_number("kerja", 2026) == "K26-000001"
    with pytest.raises(DomainError), works.inside():
        reporting.make_report(reporting.NewReport(category=find_or_404(Category, works.pothole)))
    with works.inside():
        assert next_number("laporan", 2026) == "L26-000004"


def test_the_same_key_answers_with_the_first_report_even_at_the_same_moment(works: Works) -> None:
    first = works.report(source_key="web:kunci-yang-sama-1")
    assert works.report(source_key="web:kunci-yang-sama-1", description="Lain") == first
    found: list[UUID] = []
    senders = [
        threading.Thread(target=lambda: found.append(works.report(source_key="web:kunci-yang-sama-2")))
        for _ in range(4)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert count(works) == 2


def test_without_any_place_a_report_is_refused(works: Works) -> None:
    with pytest.raises(DomainError, match="Tempatnya belum ada"):
        make(works)
    with pytest.raises(DomainError, match="Desa atau kelurahan itu tidak ada"):
        make(works, village_code="32.73.01.1001")
    with pytest.raises(DomainError, match="Periksa lintang"):
        make(works, lat=float("nan"), lon=1.0)
    assert count(works) == 0


def test_a_village_alone_is_a_place_and_an_address_in_words_when_it_is_said_to_be_one(works: Works) -> None:
    with works.inside():
        village = one(works, make(works, village_code=SEKETENG))
        assert (village.lat, village.place_from, village.district_code) == (None, "village", SEKETENG[:8])
        words = one(works, make(works, address="Depan pasar", place_from="address"))
        assert (words.address, words.district_code, words.pseudonym) == ("Depan pasar", "", "Warga Kabupaten Sumbawa")


def test_outside_of_the_region_is_refused_or_taken_to_be_forwarded(house: TestHouse, works: Works) -> None:
    make(works, **AWAY)  # nobody knows while no boundary is loaded
    house.boundary("52.04", SQUARE)
    with pytest.raises(DomainError, match="di luar Kabupaten Sumbawa"):
        make(works, **AWAY)
    assert count(works) == 1
    house.set_setting("infrastruktur", "outside", "forward")
    with works.inside():
        report = one(works, make(works, **AWAY))
        assert (report.authority, report.unit_id, report.village_code) == ("lain", None, "")


def test_boundaries_win_over_a_village_that_was_chosen(house: TestHouse, works: Works) -> None:
    house.boundary("52.04", SQUARE)
    house.boundary("52.04.08.1004", SQUARE)
    with works.inside():
        report = one(works, make(works, lat=PLACE[0], lon=PLACE[1], village_code="52.04.08.1005"))
        assert report.village_code == SEKETENG


def test_photos_lose_what_they_tell_and_their_place_counts_when_none_was_chosen(works: Works, jpeg: Any) -> None:
    raw = jpeg(lat=PLACE[0], lon=PLACE[1], taken="2026:11:23 17:40:00")
    report_id = make(works, photos=[read_picture(raw), read_picture(raw)])
    with works.inside():
        report = one(works, report_id)
        assert report.place_from == "photo"
        assert (round(report.lat or 0, 3), round(report.lon or 0, 3)) == (round(PLACE[0], 3), round(PLACE[1], 3))
        photo = session.scalars(select(Photo)).one()  # the same photo twice is one
        assert b"Exif" not in photo.content and b"Exif" not in photo.thumbnail
        assert photo.taken_at is not None
        assert not photo.shown
    chosen = make(works, photos=[read_picture(jpeg("#111111", lat=-8.9, lon=117.0))], lat=PLACE[0], lon=PLACE[1])
    with works.inside():
        assert one(works, chosen).lat == PLACE[0]
    elsewhere = make(works, photos=[read_picture(jpeg("#222222", lat=-8.9, lon=117.0))], village_code=SEKETENG)
    with works.inside():
        assert one(works, elsewhere).lat is None  # taken somewhere else than the village that was chosen


def test_photos_and_reports_are_shown_as_the_office_decided(house: TestHouse, works: Works, jpeg: Any) -> None:
    house.set_setting("infrastruktur", "publish_photos", "at_once")
    house.set_setting("infrastruktur", "hold_new", True)
    report_id = works.report(photos=[read_picture(jpeg())])
    with works.inside():
        report = one(works, report_id)
        assert report.visibility == "held"
        assert report.photos[0].shown
        assert places.public_photo(report.photos[0].id, small=False) is None
        assert places.public_report(report.number) is None
        assert places.by_token(report.token) is report


def test_answers_of_another_category_and_closed_categories_are_refused(works: Works) -> None:
    for given in ({"answers": {"ukuran": "kecil"}, "category": works.lamp}, {"answers": {"ukuran": "raksasa"}}):
        with pytest.raises(AnswersRefused):
            works.report(**given)
    with works.inside():
        find_or_404(Category, works.lamp).open = False
        find_or_404(Category, works.drain).needs_photo = True
    with pytest.raises(DomainError, match="tidak dapat dilaporkan"):
        works.report(category=works.lamp)
    with pytest.raises(DomainError, match="Sertakan foto"):
        works.report(category=works.drain)
    works.report(category=works.drain, channel="officer")
    assert count(works) == 1


def test_contacts_are_kept_by_keyed_hashes_and_a_wrong_one_is_refused(works: Works) -> None:
    who = reporting.Reporter(name="Siti", email="Siti@Contoh.id", phone="0812 3456 7890", show_name=True)
    report_id = works.report(reporter=who)
    with works.inside():
        report = one(works, report_id)
        assert report.reporter_phone == "+6281234567890"
        assert places.author(report) == "Siti"
        assert places.by_number_and_contact("l26 1", "siti@contoh.ID") is report
        assert places.by_number_and_contact("L26-000001", "+62 812-3456-7890") is report
        assert places.by_number_and_contact("L26-000001", "siti@lain.id") is None
        assert places.by_number_and_contact("L26-000009", "siti@contoh.id") is None
        report.show_name = False
        assert places.author(report).startswith("Warga ")
    for wrong in ({"email": "siti@"}, {"phone": "12"}):
        with pytest.raises(DomainError):
            works.report(reporter=reporting.Reporter(**wrong))
    assert count(works) == 1


def test_a_report_from_an_event_may_be_older_and_says_so(works: Works) -> None:
    report_id = works.report(reported_at=datetime(2026, 11, 3, 1, tzinfo=UTC), channel="import", source_key="luar:1")
    with works.inside():
        report = one(works, report_id)
        assert report.reported_at.day == 3
        assert report.due_on == date(2026, 11, 23)


def test_open_reports_of_the_kind_within_its_radius_are_similar(works: Works) -> None:
    near = works.report(lat=PLACE[0] + 0.0001, lon=PLACE[1])  # 11 metres
    works.report(lat=PLACE[0] + 0.0009, lon=PLACE[1])  # 100 metres
    works.report(category=works.lamp)
    refused = works.report()
    hidden = works.report()
    with works.inside():
        workflow.refuse(one(works, refused), "Bukan lubang")
        workflow.hide(one(works, hidden), "Menghina")
    with works.inside():
        found = nearby.similar(find_or_404(Category, works.pothole), *PLACE)
        assert [one_.report.id for one_ in found] == [near]
        assert round(found[0].metres) == 11
        assert nearby.similar(find_or_404(Category, works.pothole), None, None) == []


def test_everybody_supports_a_report_once_and_its_reporter_not_at_all(works: Works) -> None:
    report_id = works.report(reporter=reporting.Reporter(email="warga@a.id"))
    citizen = works.person("citizen")

    def say(**who: Any) -> bool:
        with works.inside():
            return supports.support(one(works, report_id), **who) is not None

    assert say(device="ponsel-1")
    assert not say(device="ponsel-1")
    assert say(device="ponsel-2", email="siti@a.id")
    assert not say(device="ponsel-3", email="SITI@a.id")
    assert say(person_id=citizen.id)
    assert not say(person_id=citizen.id, device="ponsel-9")
    assert not say(email="warga@a.id")
    assert say(device="ponsel-1", email="ani@a.id")  # is told from now on, and counted once all the same
    with works.inside():
        assert one(works, report_id).supports == 3
        assert count(works, Support) == 3
        token = session.scalars(select(Support.token).where(Support.email == "siti@a.id")).one()
    with works.inside():
        assert supports.drop(token) is not None
        assert supports.drop(token) is None
    with works.inside():
        assert one(works, report_id).supports == 2


def test_supporting_a_duplicate_supports_the_main_report_and_an_ended_one_nobody(works: Works) -> None:
    main, twin, ended = works.report(), works.report(), works.report()
    with works.inside():
        workflow.merge(one(works, twin), one(works, main))
        workflow.refuse(one(works, ended), "Tidak ditemukan")
    with works.inside():
        before = one(works, main).supports
        assert supports.support(one(works, twin), device="a") is not None
        assert one(works, main).supports == before + 1
    with pytest.raises(DomainError, match="sudah berakhir"), works.inside():
        supports.support(one(works, ended), device="a")
    with pytest.raises(DomainError), works.inside():
        supports.support(one(works, main), email="bukan surel")


def test_the_reporter_adds_words_and_photos_until_the_report_is_closed(works: Works, jpeg: Any) -> None:
    report_id = works.report(photos=[read_picture(jpeg())])
    with works.inside():
        report = one(works, report_id)
        assert adding.add(report, "Makin dalam", [read_picture(jpeg()), read_picture(jpeg("#333333"))]) == 1
        with pytest.raises(DomainError):
            adding.add(report, "  ")
    with works.inside():
        report = one(works, report_id)
        assert [photo.kind for photo in report.photos] == ["report", "more"]
        notes = [entry for entry in report.log if places.is_reporters_own(entry)]
        assert [entry.note for entry in notes] == ["Makin dalam"]
        workflow.refuse(report, "Bukan lubang")
    with pytest.raises(DomainError, match="sudah berakhir"), works.inside():
        adding.add(one(works, report_id), "Masih ada")
    assert count(works, Photo) == 2


def test_the_same_photo_of_the_same_kind_is_known_while_its_report_is_open(works: Works, jpeg: Any) -> None:
    report_id = works.report(photos=[read_picture(jpeg())])
    with works.inside():
        picture = read_picture(jpeg())
        pothole, lamp = find_or_404(Category, works.pothole), find_or_404(Category, works.lamp)
        known = reporting.same_photo(pothole, [picture])
        assert known is not None and known.id == report_id
        assert reporting.same_photo(lamp, [picture]) is None
        assert reporting.same_photo(pothole, []) is None
        workflow.refuse(known, "Bukan lubang")
    with works.inside():
        assert reporting.same_photo(find_or_404(Category, works.pothole), [read_picture(jpeg())]) is None


def test_the_log_of_the_public_holds_nothing_internal(works: Works) -> None:
    report_id = works.report()
    with works.inside():
        workflow.reply(one(works, report_id), "Rahasia", internal=True)
        workflow.reply(one(works, report_id), "Segera kami cek")
    with works.inside():
        notes = [entry.note for entry in places.log_of(one(works, report_id))]
        assert "Segera kami cek" in notes and "Rahasia" not in notes
        assert session.scalar(select(func.count()).select_from(LogEntry)) == 3
