"""Letters to people without an account: once, in their language, and nobody learns the address or the link from us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.clock import utc_now
from lumbung.housekeeping import sweep_all
from lumbung.identity.models import PersonRow
from lumbung.notifications.models import VisitorLetter
from lumbung.notifications.visitor_letters import KEEP, MOST_A_DAY
from lumbung.privacy.erasure import _delete_what_goes_along
from lumbung.sdk import Bilingual, post_letter
from lumbung.testing import TestHouse, frozen_clock
from lumbung.testing.mail_server import FakeMailServer

TITLE = Bilingual("Laporan L26-000001 diterima", "Report L26-000001 was received")
TEXT = Bilingual("Terima kasih, <Anda>.", "Thank you, <you>.")
PATH = "/infrastruktur/ikuti/rahasia-sekali"


def post(house: TestHouse, to: str = "siti@a.id", **more: str) -> bool:
    with house.scope("sumbawa"):
        return post_letter(to, TITLE, TEXT, PATH, **more)


def letters(house: TestHouse) -> list[VisitorLetter]:
    with house.scope("sumbawa") as scope:
        return list(scope.session.scalars(select(VisitorLetter)))


def test_without_a_mail_server_nothing_is_done(house: TestHouse) -> None:
    assert post(house) is False
    assert letters(house) == []


def test_the_letter_says_what_was_told_and_leads_to_the_page(
    house_with_mail: TestHouse, mail_server: FakeMailServer
) -> None:
    assert post(house_with_mail, name="Siti\r\nBcc: x@y.id") is True
    house_with_mail.work()
    (letter,) = mail_server.letters
    assert letter["Subject"] == "Laporan L26-000001 diterima"
    assert letter["To"] == '"Siti Bcc: x@y.id" <siti@a.id>'
    assert letter["Bcc"] is None
    text, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in (text, html):
        assert f"http://sumbawa.localhost:8000{PATH}" in part
        assert "keamanan akun" not in part  # they have none
    assert "Terima kasih, <Anda>." in text
    assert "Terima kasih, &lt;Anda&gt;." in html
    assert [one.sent_at is not None for one in letters(house_with_mail)] == [True]


def test_it_is_in_the_language_that_they_read(house_with_mail: TestHouse, mail_server: FakeMailServer) -> None:
    post(house_with_mail, language="en")
    house_with_mail.work()
    assert mail_server.letters[0]["Subject"] == "Report L26-000001 was received"
    assert "Thank you, <you>." in mail_server.letters[0].get_body(("plain",)).get_content()


def test_neither_table_nor_queue_tells_the_address_or_the_link(house_with_mail: TestHouse, as_owner: Any) -> None:
    post(house_with_mail, name="Siti Rahmah")
    kept = as_owner("SELECT t.*::text FROM lumbung_visitor_letter t") + as_owner(
        "SELECT args::text FROM procrastinate_jobs"
    )
    for secret in ("siti@a.id", "rahasia-sekali", "Siti Rahmah"):
        assert secret not in str(kept)
        assert secret.encode().hex() not in str(kept)


def test_a_job_that_runs_again_sends_nothing_twice(
    house_with_mail: TestHouse, mail_server: FakeMailServer, as_owner: Any
) -> None:
    post(house_with_mail)
    house_with_mail.work()
    as_owner("UPDATE procrastinate_jobs SET status = 'todo' WHERE task_name = 'lumbung.visitor_letter'")
    house_with_mail.work()
    assert len(mail_server.letters) == 1


def test_what_was_rolled_back_is_not_sent(house_with_mail: TestHouse, mail_server: FakeMailServer) -> None:
    with pytest.raises(ZeroDivisionError), house_with_mail.scope("sumbawa"):
        post_letter("siti@a.id", TITLE, TEXT, PATH)
        raise ZeroDivisionError
    house_with_mail.work()
    assert (mail_server.letters, letters(house_with_mail)) == ([], [])


def test_an_address_gets_so_many_a_day_however_it_is_written(house_with_mail: TestHouse) -> None:
    for number in range(MOST_A_DAY):
        assert post(house_with_mail, "SITI@a.id" if number % 2 else "siti@A.id ") is True
    assert post(house_with_mail) is False
    assert len(letters(house_with_mail)) == MOST_A_DAY
    assert post(house_with_mail, "budi@a.id") is True
    with frozen_clock(utc_now() + timedelta(days=1, minutes=1)):
        assert post(house_with_mail) is True


@pytest.mark.parametrize("to", ["", "siti", "siti@a.id, budi@a.id", "Siti <siti@a.id>", "siti@a.id\nBcc: x@y.id"])
def test_what_is_no_address_is_refused(house_with_mail: TestHouse, to: str) -> None:
    with pytest.raises(ValueError, match="address") as refused:
        post(house_with_mail, to)
    assert "siti" not in str(refused.value)
    assert letters(house_with_mail) == []


def test_a_letter_leads_here_and_says_something(house_with_mail: TestHouse) -> None:
    with house_with_mail.scope("sumbawa"):
        for path in ("https://evil.example/", "//evil.example", "ikuti"):
            with pytest.raises(ValueError, match="path"):
                post_letter("siti@a.id", TITLE, TEXT, path)
        with pytest.raises(ValueError, match="letters"):
            post_letter("siti@a.id", Bilingual("", ""), TEXT, PATH)
    assert letters(house_with_mail) == []


def test_a_refusal_for_good_names_no_address(
    house_with_mail: TestHouse, mail_server: FakeMailServer, as_owner: Any
) -> None:
    mail_server.answers = {"RCPT": "550 siti@a.id unknown"}
    post(house_with_mail)
    house_with_mail.work()
    assert as_owner("SELECT status::text FROM procrastinate_jobs WHERE task_name = 'lumbung.visitor_letter'") == [
        ("failed",)
    ]
    assert "siti" not in str(as_owner("SELECT * FROM lumbung_fault"))


def test_letters_are_swept_away_after_a_month(house_with_mail: TestHouse) -> None:
    post(house_with_mail)
    with frozen_clock(utc_now() + KEEP - timedelta(minutes=1)):
        sweep_all(house_with_mail.kernel)
        assert len(letters(house_with_mail)) == 1
    with frozen_clock(utc_now() + KEEP + timedelta(minutes=1)):
        sweep_all(house_with_mail.kernel)
    assert letters(house_with_mail) == []


def test_whoever_has_their_data_erased_has_no_letters_left(house_with_mail: TestHouse) -> None:
    person = house_with_mail.person("sumbawa", "siti@a.id")
    post(house_with_mail, "Siti@a.id")
    post(house_with_mail, "budi@a.id")
    with house_with_mail.scope("sumbawa") as scope:
        row = scope.session.scalars(select(PersonRow).where(PersonRow.id == person.id)).one()
        _delete_what_goes_along(scope.session, row)
    assert [letter.email for letter in opened(house_with_mail)] == ["budi@a.id"]


def opened(house: TestHouse) -> list[Any]:
    with house.scope("sumbawa") as scope:
        return list(scope.session.execute(select(VisitorLetter.email)))
