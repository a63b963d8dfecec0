"""The steps of a report: which are allowed, and what each leaves behind in log, trail, events and messages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from lumbung_infrastruktur.models import Destination, Photo, Report
from lumbung_infrastruktur.rules.states import TRANSITIONS, State
from lumbung_infrastruktur.services import workflow

from lumbung.sdk import DomainError, find_or_404, now, session
from lumbung.testing import frozen_clock

from .made import at, audited, events, log, made, read, steps, told

S = State
MORNING = at("2026-11-24T08:00")


def do(works: Any, who: str | None, report_id: Any, act: Callable[[Report], Any]) -> Any:
    """Do something to a report as somebody of the office, or as the clock."""
    with works.inside(works.person(who) if who else None):
        return act(find_or_404(Report, report_id))


def refused(works: Any, who: str | None, report_id: Any, act: Callable[[Report], Any], words: str) -> None:
    """It is refused with these words, and the report stays as it was."""
    before = read(works, report_id)
    lines = len(log(works, report_id))
    with pytest.raises(DomainError, match=words):
        do(works, who, report_id, act)
    after = read(works, report_id)
    assert (after.state, after.updated_at, after.unit_id) == (before.state, before.updated_at, before.unit_id)
    assert len(log(works, report_id)) == lines


def test_from_report_to_rating_each_step_is_logged_audited_and_told(works: Any) -> None:
    citizen = works.person("citizen")
    report_id = made(works, person_id=citizen.id, unit_id=None)
    do(works, "verifier", report_id, workflow.verify)
    do(works, "verifier", report_id, lambda report: workflow.route(report, works.roads, "Segera"))
    do(works, "roads", report_id, workflow.start)
    do(works, "roads", report_id, lambda report: workflow.finish(report, "Sudah ditambal"))
    do(works, "citizen", report_id, lambda report: workflow.rate(report, 5, "Cepat"))
    assert steps(works, report_id) == [
        (S.NEW, S.VERIFIED), (S.VERIFIED, S.ROUTED), (S.ROUTED, S.WORKING), (S.WORKING, S.DONE), (S.DONE, S.CLOSED),
    ]  # fmt: skip
    assert [line.by_name for line in log(works, report_id)] == ["Verifier", "Verifier", "Roads", "Roads", ""]
    names = [name for name, _data in events(works)]
    assert names == ["verified", "routed", "started", "finished", "closed"]
    for action in ("verify", "route", "start", "finish", "rate"):
        assert audited(works, f"infrastruktur.report.{action}") == 1
    titles = [title for title, _url in told(works, citizen)]
    assert len(titles) == 4 and all(read(works, report_id).number in title for title in titles)
    report = read(works, report_id)
    assert (report.rating, report.rating_note, report.state_note) == (5, "Cepat", "Sudah ditambal")
    stamps = (report.answered_at, report.verified_at, report.routed_at, report.started_at, report.closed_at)
    assert all(stamp is not None for stamp in stamps)


ACTS: dict[State, Callable[[Any], Callable[[Report], Any]]] = {
    S.VERIFIED: lambda works: workflow.verify,
    S.ROUTED: lambda works: lambda report: workflow.route(report, works.lamps),
    S.WORKING: lambda works: workflow.start,
    S.DONE: lambda works: lambda report: workflow.finish(report, "Beres"),
    S.CLOSED: lambda works: workflow.close,
    S.REFUSED: lambda works: lambda report: workflow.refuse(report, "Bukan kerusakan"),
    S.ELSEWHERE: lambda works: lambda report: workflow.forward(report, find_or_404(Destination, works.national)),
    S.POSTPONED: lambda works: lambda report: workflow.postpone(report, "2027-Q1", "Anggaran"),
}


@pytest.mark.parametrize("target", ACTS, ids=str)
def test_only_the_ways_of_the_table_are_open(works: Any, target: State) -> None:
    act = ACTS[target](works)
    for before in State:
        report_id = made(works, state=before)
        if target in TRANSITIONS[before]:
            do(works, "verifier", report_id, act)
            assert read(works, report_id).state == target, before
        else:
            refused(works, "verifier", report_id, act, "sedang berstatus")


def test_an_event_says_what_and_where_but_not_who(works: Any) -> None:
    report_id = made(works, reporter_name="Siti", reporter_email="siti@example.com", reporter_phone="+628123")
    do(works, "verifier", report_id, lambda report: workflow.route(report, works.roads))
    verified, routed = events(works)
    assert (verified[0], routed[0]) == ("verified", "routed")
    data = routed[1]
    assert data["category"] == "jalan_berlubang" and data["group"] == "jalan"
    assert data["unit"] == "PUPR" and data["state"] == "didisposisi" and data["district"] == "52.04.08"
    assert (data["lat"], data["lon"]) == (-8.4936, 117.4207)
    assert data["due_on"] == "2026-12-14"
    assert "siti" not in str(data).lower() and "628123" not in str(data) and "token" not in str(data)


def test_the_first_answer_counts_and_later_ones_do_not_move_it(works: Any) -> None:
    report_id = made(works)
    do(works, "verifier", report_id, lambda report: workflow.reply(report, "Cek dulu", internal=True))
    assert read(works, report_id).answered_at is None
    do(works, "verifier", report_id, lambda report: workflow.reply(report, "Terima kasih, kami periksa."))
    first = read(works, report_id).answered_at
    with frozen_clock(at("2026-11-25T09:00")):
        do(works, "verifier", report_id, workflow.verify)
    assert read(works, report_id).answered_at == first == at("2026-11-24T08:00")


@pytest.mark.parametrize("act", ["verify", "route", "refuse", "forward", "reply", "merge"])
def test_whatever_the_office_does_first_answers(works: Any, act: str) -> None:
    report_id, other = made(works), made(works)
    acts: dict[str, Callable[[Report], Any]] = {
        "verify": workflow.verify,
        "route": lambda report: workflow.route(report, works.roads),
        "refuse": lambda report: workflow.refuse(report, "Tidak ada"),
        "forward": lambda report: workflow.forward(report, find_or_404(Destination, works.national)),
        "reply": lambda report: workflow.reply(report, "Ya"),
        "merge": lambda report: workflow.merge(report, find_or_404(Report, other)),
    }
    do(works, "verifier", report_id, acts[act])
    assert read(works, report_id).answered_at == at("2026-11-24T08:00")


def test_two_officers_who_route_at_once_hand_it_over_once(works: Any) -> None:
    works.person("verifier")
    report_id = made(works)

    def press(_number: int) -> bool:
        try:
            do(works, "verifier", report_id, lambda report: workflow.route(report, works.roads))
        except DomainError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(press, range(4))) == [False, False, False, True]
    assert steps(works, report_id) == [(S.NEW, S.ROUTED)]
    assert [name for name, _data in events(works)] == ["verified", "routed"]


def test_two_officers_who_route_to_different_units_both_stand_in_the_log(works: Any) -> None:
    works.person("verifier")
    report_id = made(works)

    def press(unit: Any) -> None:
        do(works, "verifier", report_id, lambda report: workflow.route(report, unit))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, (works.roads, works.lamps)))
    assert sorted(steps(works, report_id)) == [(S.NEW, S.ROUTED), (S.ROUTED, S.ROUTED)]
    last = log(works, report_id)[-1].note
    assert ("PUPR" in last) == (read(works, report_id).unit_id == works.roads)


def test_a_unit_that_does_not_exist_is_refused(works: Any) -> None:
    report_id = made(works)
    refused(works, "verifier", report_id, lambda report: workflow.route(report, uuid4()), "Unit itu tidak ada")


def test_an_emergency_is_told_to_the_unit_at_once(works: Any) -> None:
    roads, lamps = works.person("roads"), works.person("lamps")
    report_id = made(works, severity="darurat")
    do(works, "verifier", report_id, lambda report: workflow.route(report, works.roads))
    assert told(works, roads)[0][1] == f"/infrastruktur/petugas/laporan/{report_id}"
    assert told(works, lamps) == []


def test_checking_shows_what_was_held_but_no_photo_that_a_moderator_hid(works: Any) -> None:
    report_id = made(works, visibility="held")
    photo: dict[str, Any] = {"report_id": report_id, "content": b"x", "thumbnail": b"x", "width": 1, "height": 1}
    with works.inside():
        for position, checked in enumerate((None, now())):
            session.add(
                Photo(**photo, sha256="0" * 64, added_at=now(), shown=False, checked_at=checked, position=position)
            )
    do(works, "verifier", report_id, workflow.verify)
    with works.inside():
        report = find_or_404(Report, report_id)
        assert report.visibility == "public"
        assert [one.shown for one in report.photos] == [True, False]


def test_photos_stay_unseen_where_the_office_never_shows_them(works: Any) -> None:
    works.house.set_setting("infrastruktur", "publish_photos", "never")
    report_id = made(works)
    with works.inside():
        session.add(
            Photo(
                report_id=report_id, content=b"x", thumbnail=b"x", width=1, height=1, sha256="0" * 64, added_at=now(),
                shown=False,
            )
        )  # fmt: skip
    do(works, "verifier", report_id, workflow.verify)
    with works.inside():
        assert [one.shown for one in find_or_404(Report, report_id).photos] == [False]


def test_a_hidden_report_stays_hidden_whatever_step_it_takes_and_only_its_reporter_hears(works: Any) -> None:
    citizen = works.person("citizen")
    report_id = made(works, person_id=citizen.id)
    do(works, "verifier", report_id, lambda report: workflow.hide(report, "Wajah anak"))
    do(works, "verifier", report_id, lambda report: workflow.route(report, works.roads))
    assert read(works, report_id).visibility == "hidden"
    assert log(works, report_id)[0].internal
    assert [url for _title, url in told(works, citizen)] == [f"/infrastruktur/ikuti/{read(works, report_id).token}"]
    refused(works, "verifier", report_id, lambda report: workflow.hide(report, "Lagi"), "sudah disembunyikan")
    do(works, "verifier", report_id, workflow.show)
    assert read(works, report_id).visibility == "public"
    refused(works, "verifier", report_id, workflow.show, "sudah tampil")


@pytest.mark.parametrize("act", ["refuse", "hide", "reopen", "reply", "postpone"])
def test_what_needs_a_reason_is_refused_without_one(works: Any, act: str) -> None:
    states = {"reopen": S.CLOSED, "postpone": S.VERIFIED}
    report_id = made(works, state=states.get(act, S.NEW))
    acts: dict[str, Callable[[Report], Any]] = {
        "refuse": lambda report: workflow.refuse(report, "  "),
        "hide": lambda report: workflow.hide(report, ""),
        "reopen": lambda report: workflow.reopen(report, "\n"),
        "reply": lambda report: workflow.reply(report, " "),
        "postpone": lambda report: workflow.postpone(report, "2027-Q1", ""),
    }
    refused(works, "verifier", report_id, acts[act], "Tulis")
    refused(works, "verifier", report_id, lambda report: workflow.reply(report, "x" * 2001), "paling banyak 2000")


def test_putting_off_wants_a_quarter_to_come_and_asks_for_a_budget(works: Any) -> None:
    report_id = made(works, state=S.VERIFIED)
    for quarter in ("2027", "2027-Q5", "Q1 2027", ""):
        refused(works, "verifier", report_id, lambda report, q=quarter: workflow.postpone(report, q, "x"), "triwulan")
    refused(works, "verifier", report_id, lambda report: workflow.postpone(report, "2026-Q3", "x"), "sudah lewat")
    do(works, "verifier", report_id, lambda report: workflow.postpone(report, "2026-q4", "Perlu aspal", "U-17"))
    report = read(works, report_id)
    assert (report.planned_quarter, report.budget_reference) == ("2026-Q4", "U-17")
    assert [name for name, _data in events(works)] == ["postponed", "budget_wanted"]
    assert events(works)[1][1] | {"quarter": "2026-Q4", "reference": "U-17"} == events(works)[1][1]


def test_a_report_of_no_unit_is_not_started(works: Any) -> None:
    report_id = made(works, state=S.REOPENED, unit_id=None)
    refused(works, "roads", report_id, workflow.start, "belum didisposisi")


def test_proof_must_be_a_photo_of_this_report(works: Any) -> None:
    report_id, other = made(works, state=S.WORKING), made(works)
    with works.inside():
        photos = [
            Photo(
                report_id=one, content=b"x", thumbnail=b"x", width=1, height=1, sha256="0" * 64, added_at=now(),
                kind="more", shown=False,
            )
            for one in (report_id, other)
        ]  # fmt: skip
        session.add_all(photos)
        session.flush()
        ours, theirs = (photo.id for photo in photos)
    for wrong in ([theirs], [ours, theirs], [uuid4()]):
        refused(works, "roads", report_id, lambda report, ids=wrong: workflow.finish(report, "", photo_ids=ids), "foto")
    do(works, "roads", report_id, lambda report: workflow.finish(report, "", photo_ids=[ours]))
    with works.inside():
        assert [(one.kind, one.shown) for one in find_or_404(Report, report_id).photos] == [("after", True)]


def test_one_rates_once_and_only_what_is_finished(works: Any) -> None:
    report_id = made(works, state=S.DONE, finished_at=at("2026-11-20T09:00"))
    for stars in (0, 6):
        refused(works, None, report_id, lambda report, n=stars: workflow.rate(report, n), "1 sampai 5")
    do(works, None, report_id, lambda report: workflow.rate(report, 2))
    refused(works, None, report_id, lambda report: workflow.rate(report, 5), "tidak dapat dinilai")
    refused(works, None, made(works, state=S.WORKING), lambda report: workflow.rate(report, 5), "tidak dapat dinilai")
    silent = made(works, state=S.CLOSED, closed_at=MORNING)
    do(works, None, silent, lambda report: workflow.rate(report, 4))
    assert (read(works, silent).rating, steps(works, silent)) == (4, [])


def test_the_reporter_reopens_in_time_and_the_unit_hears_it(works: Any) -> None:
    roads = works.person("roads")
    report_id = made(
        works, state=S.CLOSED, closed_at=at("2026-11-01T09:00"), finished_at=at("2026-10-20T09:00"), rating=1,
        escalation=3,
    )  # fmt: skip
    do(works, None, report_id, lambda report: workflow.reopen(report, "Berlubang lagi", by_citizen=True))
    report = read(works, report_id)
    assert (report.state, report.reopened, report.escalation) == (S.REOPENED, 1, 0)
    assert (report.finished_at, report.closed_at, report.rating) == (None, None, None)
    assert report.due_on is not None and report.due_on.isoformat() == "2026-12-14"
    assert log(works, report_id)[-1].by_name == ""
    assert told(works, roads)[0][1] == f"/infrastruktur/petugas/laporan/{report_id}"


def test_too_late_the_reporter_is_told_to_report_anew_while_the_office_may_always(works: Any) -> None:
    report_id = made(works, state=S.CLOSED, closed_at=at("2026-10-20T09:00"))
    again = "Buatlah laporan baru"
    refused(works, None, report_id, lambda report: workflow.reopen(report, "Lagi", by_citizen=True), again)
    for state in (S.REFUSED, S.ELSEWHERE):
        ended = made(works, state=state, closed_at=MORNING)
        refused(works, None, ended, lambda report: workflow.reopen(report, "Lagi", by_citizen=True), again)
    do(works, "verifier", report_id, lambda report: workflow.reopen(report, "Keliru ditutup"))
    assert read(works, report_id).state == S.REOPENED


def test_correcting_says_what_changed_and_nothing_when_nothing_did(works: Any) -> None:
    report_id = made(works)
    assert not do(works, "verifier", report_id, lambda report: workflow.change(report, severity="sedang"))
    assert log(works, report_id) == []
    change = {"severity": "berat", "lat": -8.5, "lon": 117.43, "address": "Jalan Garuda 1"}
    assert do(works, "verifier", report_id, lambda report: workflow.change(report, **change))
    report = read(works, report_id)
    assert (report.severity, report.lat, report.lon, report.address) == ("berat", -8.5, 117.43, "Jalan Garuda 1")
    assert "keparahan" in log(works, report_id)[0].note and "tempat" in log(works, report_id)[0].note
    refused(works, "verifier", report_id, lambda report: workflow.change(report, severity="gawat"), "tidak ada")
    refused(works, "verifier", report_id, lambda report: workflow.change(report, lat=95.0, lon=1.0), "tidak ada")
    refused(
        works, "verifier", report_id, lambda report: workflow.change(report, village_code="51.01.01.2001"), "daerah ini"
    )
    ended = made(works, state=S.CLOSED)
    refused(works, "verifier", ended, lambda report: workflow.change(report, severity="berat"), "sudah berakhir")


def test_a_staff_member_who_reported_acts_as_citizen_on_their_own_page(works: Any) -> None:
    verifier = works.person("verifier")
    report_id = made(works, person_id=verifier.id, state=S.DONE, finished_at=MORNING)
    do(works, "verifier", report_id, lambda report: workflow.rate(report, 4))
    assert log(works, report_id)[0].by_name == ""
    assert told(works, verifier) == []
