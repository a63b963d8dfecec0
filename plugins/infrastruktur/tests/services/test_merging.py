"""Duplicates become one report; nobody who cared for any of them is lost, and a split gives them back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Report, Support
from lumbung_infrastruktur.rules.states import ENDED, State
from lumbung_infrastruktur.services import workflow
from sqlalchemy import func, select

from lumbung.sdk import DomainError, find_or_404, session

from .made import at, audited, events, followers, log, made, read, steps, supported, told


def merge(works: Any, report_id: UUID, into_id: UUID) -> UUID:
    with works.inside(works.person("verifier")):
        return workflow.merge(find_or_404(Report, report_id), find_or_404(Report, into_id)).id


def split(works: Any, report_id: UUID) -> None:
    with works.inside(works.person("verifier")):
        workflow.split(find_or_404(Report, report_id), "Dua lubang")


def counted(works: Any, *ids: UUID) -> list[int]:
    """How many support each report; what the report says and what the table holds are the same."""
    found = []
    for report_id in ids:
        with works.inside():
            rows = session.scalar(select(func.count()).where(Support.report_id == report_id))
        assert read(works, report_id).supports == rows
        found.append(int(rows or 0))
    return found


def test_reporter_and_followers_of_a_duplicate_follow_the_main_report(works: Any) -> None:
    a = made(works, reporter_email="a@example.com")
    b = made(works, reporter_email="b@example.com")
    supported(works, a, "one@example.com", "two@example.com")
    supported(works, b, "three@example.com")
    assert merge(works, a, b) == b
    assert followers(works, b) == {"a@example.com", "one@example.com", "two@example.com", "three@example.com"}
    assert counted(works, a, b) == [0, 4]
    duplicate = read(works, a)
    assert (duplicate.state, duplicate.duplicate_of_id) == (State.DUPLICATE, b)
    assert duplicate.closed_at == at("2026-11-24T08:00")
    with works.inside():
        came = session.scalars(select(Support.came_from_id).where(Support.report_id == b)).all()
        assert sorted(map(str, came)) == sorted([str(a)] * 3 + ["None"])


def test_both_logs_tell_of_it_and_the_house_hears_which_one_is_left(works: Any) -> None:
    citizen = works.person("citizen")
    a, b = made(works, person_id=citizen.id), made(works)
    merge(works, a, b)
    assert steps(works, a) == [(State.NEW, State.DUPLICATE)] and steps(works, b) == []
    assert read(works, b).number in log(works, a)[0].note and read(works, a).number in log(works, b)[0].note
    ((name, data),) = events(works)
    assert (name, data["number"], data["into"]) == ("merged", read(works, a).number, read(works, b).number)
    assert audited(works, "infrastruktur.report.merge") == 2
    assert told(works, citizen)[0][1] == f"/infrastruktur/ikuti/{read(works, a).token}"
    with works.inside(works.person("verifier")):
        workflow.verify(find_or_404(Report, b))
    assert told(works, citizen)[1][1] == f"/infrastruktur/laporan/{read(works, b).number}"


def test_who_follows_both_already_counts_once_and_loses_nothing(works: Any) -> None:
    a = made(works, reporter_email="same@example.com")
    b = made(works, reporter_email="owner@example.com")
    supported(works, a, "one@example.com", "owner@example.com")
    supported(works, b, "one@example.com", "same@example.com")
    merge(works, a, b)
    assert followers(works, b) == {"one@example.com", "same@example.com"}
    assert counted(works, a, b) == [2, 2]
    split(works, a)
    assert followers(works, a) == {"one@example.com", "owner@example.com"}
    assert counted(works, a, b) == [2, 2]


def test_who_reported_the_same_twice_is_no_supporter_of_their_own_report(works: Any) -> None:
    a, b = (made(works, reporter_email="siti@example.com") for _time in range(2))
    merge(works, a, b)
    c = made(works, reporter_phone="+62811", phone_key="k")
    d = made(works, reporter_phone="+62811", phone_key="k")
    merge(works, c, d)
    assert counted(works, b, d) == [0, 0]


def test_reporters_without_name_or_address_count_each(works: Any) -> None:
    main = made(works)
    for _report in range(3):
        merge(works, made(works), main)
    assert counted(works, main) == [3]


@pytest.mark.parametrize("order", ["inner first", "outer first"])
def test_a_chain_ends_in_its_last_report_whichever_comes_first(works: Any, order: str) -> None:
    a, b, c = (made(works, reporter_email=f"{name}@example.com") for name in "abc")
    supported(works, a, "one@example.com")
    supported(works, b, "two@example.com")
    if order == "inner first":
        merge(works, a, b)
        merge(works, b, c)
    else:
        merge(works, b, c)
        assert merge(works, a, b) == c  # led on
    assert {read(works, a).duplicate_of_id, read(works, b).duplicate_of_id} == {c}
    assert followers(works, c) == {"a@example.com", "b@example.com", "one@example.com", "two@example.com"}
    assert counted(works, a, b, c) == [0, 0, 4]


def test_a_split_gives_back_its_own_people_and_leaves_the_others(works: Any) -> None:
    a, b, c = (made(works, reporter_email=f"{name}@example.com") for name in "abc")
    supported(works, a, "one@example.com")
    supported(works, b, "two@example.com")
    merge(works, a, b)
    merge(works, b, c)
    split(works, b)
    assert (read(works, b).state, read(works, b).duplicate_of_id) == (State.REOPENED, None)
    assert (followers(works, b), followers(works, c)) == ({"two@example.com"}, {"a@example.com", "one@example.com"})
    split(works, a)
    assert (followers(works, a), followers(works, c)) == ({"one@example.com"}, set())
    assert counted(works, a, b, c) == [1, 1, 0]
    assert read(works, b).reopened == 0
    assert read(works, b).due_on is not None and read(works, b).closed_at is None


def test_what_was_split_off_can_be_merged_again(works: Any) -> None:
    a, b = (made(works, reporter_email=f"{name}@example.com") for name in "ab")
    for _time in range(2):
        merge(works, a, b)
        assert counted(works, a, b) == [0, 1]
        split(works, a)
        assert counted(works, a, b) == [0, 0]


def test_reopening_a_duplicate_is_a_split(works: Any) -> None:
    a, b = made(works, reporter_email="a@example.com"), made(works)
    merge(works, a, b)
    with works.inside(works.person("verifier")):
        workflow.reopen(find_or_404(Report, a), "Dua lubang")
    assert counted(works, a, b) == [0, 0]
    assert read(works, a).duplicate_of_id is None


def test_itself_its_own_duplicate_and_what_ended_are_refused(works: Any) -> None:
    a, b = made(works), made(works)
    merge(works, b, a)
    for report_id, into, words in ((a, a, "dirinya sendiri"), (a, b, "duplikat dari laporan ini"), (b, a, "Duplikat")):
        with pytest.raises(DomainError, match=words if words != "Duplikat" else "sedang berstatus duplikat"):
            merge(works, report_id, into)
    for state in ENDED - {State.DUPLICATE}:
        ended = made(works, state=state)
        with pytest.raises(DomainError, match="sudah berakhir"):
            merge(works, a, ended)
    assert (read(works, a).state, counted(works, a)) == (State.NEW, [1])
    with pytest.raises(DomainError, match="bukan duplikat"):
        split(works, a)


@pytest.mark.parametrize("held_before", [False, True], ids=["as found", "already locked by the page"])
def test_two_officers_who_merge_crosswise_end_with_one_report(works: Any, held_before: bool) -> None:
    works.person("verifier")
    a, b = (made(works, reporter_email=f"{name}@example.com") for name in "ab")

    def press(pair: tuple[UUID, UUID]) -> bool:
        try:
            with works.inside(works.person("verifier")):
                report = find_or_404(Report, pair[0], lock=held_before)
                workflow.merge(report, find_or_404(Report, pair[1]))
        except DomainError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, [(a, b), (b, a)])) == [False, True]
    states = sorted(read(works, one).state for one in (a, b))
    assert states == [State.NEW, State.DUPLICATE]
    main = a if read(works, a).state == State.NEW else b
    assert counted(works, main) == [1]


def test_many_merges_at_once_end_in_one_main_report_with_everybody(works: Any) -> None:
    works.person("verifier")
    ids = [made(works, reporter_email=f"{number}@example.com") for number in range(5)]

    def press(pair: tuple[UUID, UUID]) -> None:
        with suppress(DomainError):
            merge(works, *pair)

    pairs = [(one, other) for one in ids for other in ids if one != other]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(press, pairs))
    main = [one for one in ids if read(works, one).state == State.NEW]
    assert len(main) == 1
    assert {read(works, one).duplicate_of_id for one in ids} == {main[0], None}
    assert counted(works, main[0]) == [4]


def test_whoever_supports_a_duplicate_supports_the_main_report(works: Any) -> None:
    a, b = made(works), made(works)
    merge(works, a, b)
    supported(works, a, "late@example.com")
    assert followers(works, b) >= {"late@example.com"}
    assert counted(works, a, b) == [0, 2]
