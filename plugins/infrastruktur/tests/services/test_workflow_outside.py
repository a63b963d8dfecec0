"""Forwarding to another authority: a tracked note, a letter with the public page, and what they answer."""

from __future__ import annotations

from typing import Any

import pytest
from lumbung_infrastruktur.models import Destination, Report
from lumbung_infrastruktur.rules.states import State
from lumbung_infrastruktur.services import telling, workflow
from sqlalchemy import select

from lumbung.sdk import DomainError, find_or_404, session
from lumbung.testing import VisitorLetter

from .made import events, log, made, read, told


@pytest.fixture
def mail(works: Any) -> None:
    """The site has a mail server; what is written waits in the table."""
    kernel = works.house.kernel
    kernel.settings = kernel.settings.model_copy(update={"smtp_host": "mail.example"})


def letters(works: Any) -> list[tuple[str, str, str]]:
    """The letters that wait: to whom, which title, which path."""
    with works.house.scope():
        return [(row.email, row.title["id"], row.path) for row in session.scalars(select(VisitorLetter))]


def forward(works: Any, report_id: Any, note: str = "", reference: str = "") -> bool:
    with works.inside(works.person("verifier")):
        report = find_or_404(Report, report_id)
        return workflow.forward(report, find_or_404(Destination, works.national), note, reference)


def test_forwarding_leaves_a_note_with_number_and_writes_to_the_authority(works: Any, mail: None) -> None:
    citizen = works.person("citizen")
    report_id = made(works, person_id=citizen.id)
    assert forward(works, report_id, "Ruas 052.11", "600/17/PUPR")
    report = read(works, report_id)
    assert (report.state, report.authority, report.forwarded_to) == (
        State.ELSEWHERE, "nasional", "BPJN Nusa Tenggara Barat",
    )  # fmt: skip
    assert (report.forward_reference, report.destination_id) == ("600/17/PUPR", works.national)
    assert report.closed_at is not None and report.due_on is None
    ((to, title, path),) = letters(works)
    assert (to, path) == ("bpjn@example.go.id", f"/infrastruktur/laporan/{report.number}")
    assert report.number in title
    (line,) = log(works, report_id)
    assert (line.kind, line.internal) == ("forward", False)
    assert "600/17/PUPR" in line.note and "surel terkirim" in line.note and "Ruas 052.11" in line.note
    assert "diteruskan" in told(works, citizen)[0][0]
    assert events(works)[-1][1]["destination"] == "BPJN Nusa Tenggara Barat"


def test_without_mail_it_is_forwarded_all_the_same_and_says_that_nobody_was_written_to(works: Any) -> None:
    report_id = made(works)
    assert not forward(works, report_id)
    assert read(works, report_id).state == State.ELSEWHERE
    assert "surel" not in log(works, report_id)[0].note


def test_nobody_outside_is_led_to_a_hidden_report(works: Any, mail: None) -> None:
    report_id = made(works, visibility="hidden")
    assert not forward(works, report_id)
    assert letters(works) == []


def test_a_destination_that_is_closed_is_refused(works: Any) -> None:
    report_id = made(works)
    with works.inside():
        find_or_404(Destination, works.national).open = False
    with pytest.raises(DomainError, match="tidak menerima penerusan"):
        forward(works, report_id)
    assert read(works, report_id).state == State.NEW


def test_what_the_authority_answers_is_told_and_moves_nothing(works: Any) -> None:
    citizen = works.person("citizen")
    report_id = made(works, person_id=citizen.id)
    with works.inside(works.person("verifier")), pytest.raises(DomainError, match="tidak sedang diteruskan"):
        workflow.outside_answer(find_or_404(Report, report_id), "Ya")
    forward(works, report_id)
    with works.inside(works.person("verifier")):
        workflow.outside_answer(find_or_404(Report, report_id), "Diperbaiki minggu depan", "B-12")
    report = read(works, report_id)
    assert (report.state, report.forward_reference) == (State.ELSEWHERE, "B-12")
    assert log(works, report_id)[-1].note == "Jawaban BPJN Nusa Tenggara Barat: Diperbaiki minggu depan"
    assert "menjawab" in told(works, citizen)[-1][0]


def test_who_left_an_address_gets_letters_in_their_language_to_their_own_page(works: Any, mail: None) -> None:
    report_id = made(works, reporter_email="siti@example.com", reporter_name="Siti", language="en")
    with works.inside():
        telling.made(find_or_404(Report, report_id))
    with works.inside(works.person("verifier")):
        workflow.verify(find_or_404(Report, report_id))
    token = read(works, report_id).token
    assert [(to, path) for to, _title, path in letters(works)] == [
        ("siti@example.com", f"/infrastruktur/ikuti/{token}")
    ] * 2
    with works.house.scope():
        rows = session.scalars(select(VisitorLetter)).all()
        assert {row.language for row in rows} == {"en"}
        assert all("Siti" not in str(row.title) + str(row.text) for row in rows)


def test_a_letter_that_fails_to_be_written_undoes_nothing_but_says_so(works: Any, mail: None) -> None:
    """An address of the setup that is none after all: the report is forwarded, the office has to call."""
    report_id = made(works)
    with works.inside():
        find_or_404(Destination, works.national).email = "bukan surel"
    assert not forward(works, report_id)
    assert read(works, report_id).state == State.ELSEWHERE
