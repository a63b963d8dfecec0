"""A notification by e-mail: in the reader's language, once, to whoever wants it, and never lost."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.database.roles import DatabaseUrls
from lumbung.identity.models import PersonRow
from lumbung.jobs import defer_mail
from lumbung.notifications import account_news
from lumbung.notifications.mailing import language_of
from lumbung.notifications.models import Notification
from lumbung.sdk import Bilingual, notify
from lumbung.settings import Settings
from lumbung.tenancy.tenant import Tenant
from lumbung.testing import TestHouse
from lumbung.testing.mail_server import FakeMailServer

TITLE = Bilingual("Nomor A001 dipanggil", "Number A001 is called")
TEXT = Bilingual("Silakan ke Loket <1>.", "Please go to counter <1>.")


@pytest.fixture
def house(house_with_mail: TestHouse) -> TestHouse:
    return house_with_mail


def tell(house: TestHouse, email: str = "siti@a.id", **about: object) -> None:
    """Tell somebody something, in its own transaction."""
    person = house.person("sumbawa", email, name="Siti Rahmah")
    with house.scope("sumbawa") as scope:
        row = scope.session.scalars(select(PersonRow).where(PersonRow.email == email)).one()
        for name, value in about.items():
            setattr(row, name, value)
        notify(person.id, TITLE, TEXT, "/antrean/t/AB12")


def mail_jobs(as_owner: Any) -> list[tuple[object, ...]]:
    return as_owner(
        "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = 'lumbung.mail' ORDER BY id"
    )


def mailed(as_owner: Any) -> list[object]:
    return [at is not None for (at,) in as_owner("SELECT mailed_at FROM lumbung_notification")]


def test_the_letter_says_what_was_told_and_where_to_go_and_how_to_stop_it(
    house: TestHouse, mail_server: FakeMailServer, as_owner: Any
) -> None:
    tell(house)
    house.work()
    (letter,) = mail_server.letters
    text, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert letter["From"] == "Kabupaten Sumbawa <kabar@sumbawa.example>"
    assert letter["Subject"] == "Nomor A001 dipanggil"
    for part in (text, html):
        assert "Halo, Siti Rahmah." in part
        assert "http://sumbawa.localhost:8000/antrean/t/AB12" in part
        assert "http://sumbawa.localhost:8000/akun/pemberitahuan" in part
    assert "Silakan ke Loket <1>." in text
    assert "Silakan ke Loket &lt;1&gt;." in html
    assert mailed(as_owner) == [True]


def test_the_letter_is_in_the_language_of_its_reader(house: TestHouse, mail_server: FakeMailServer) -> None:
    tell(house, language="en")
    house.work()
    (letter,) = mail_server.letters
    assert letter["Subject"] == "Number A001 is called"
    assert letter["Content-Language"] == "en"
    assert "Please go to counter <1>." in letter.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("own", "offered", "expected"),
    [("en", ("id", "en"), "en"), ("en", ("id",), "id"), (None, ("en", "id"), "en"), (None, ("id", "en"), "id")],
)
def test_without_a_language_of_their_own_that_is_offered_people_read_the_tenant_s_first(
    own: str | None, offered: tuple[str, ...], expected: str
) -> None:
    assert language_of(PersonRow(language=own), Tenant(1, "x", "X", languages=offered)) == expected


def test_a_job_that_runs_again_sends_nothing_twice(
    house: TestHouse, mail_server: FakeMailServer, as_owner: Any
) -> None:
    tell(house)
    with house.scope("sumbawa") as scope:
        defer_mail(scope, scope.session.scalars(select(Notification)).one().id)
    house.work()
    assert len(mail_server.letters) == 1
    assert mail_jobs(as_owner) == [("succeeded", 1), ("succeeded", 1)]


@pytest.mark.parametrize("change", [{"mail": False}, {"active": False}])
def test_who_changed_their_mind_or_was_closed_meanwhile_gets_none(
    house: TestHouse, mail_server: FakeMailServer, as_owner: Any, change: dict[str, bool]
) -> None:
    tell(house)
    with house.scope("sumbawa") as scope:
        for name, value in change.items():
            setattr(scope.session.scalars(select(PersonRow)).one(), name, value)
    house.work()
    assert mail_server.letters == []
    assert mailed(as_owner) == [False]
    assert mail_jobs(as_owner) == [("succeeded", 1)]


def test_a_server_that_is_busy_loses_nothing(house: TestHouse, mail_server: FakeMailServer, as_owner: Any) -> None:
    mail_server.answers = {"DATA": "452 disk full"}
    tell(house)
    house.work()
    assert mail_jobs(as_owner) == [("todo", 1)]
    assert mailed(as_owner) == [False]
    mail_server.answers = {}
    as_owner("UPDATE procrastinate_jobs SET scheduled_at = now()")
    house.work()
    assert len(mail_server.letters) == 1
    assert mailed(as_owner) == [True]


def test_a_server_that_is_down_does_not_stop_other_people_s_notifications_from_waiting(
    house: TestHouse, mail_server: FakeMailServer, as_owner: Any
) -> None:
    mail_server.shutdown()
    mail_server.server_close()
    tell(house)
    tell(house, "w@a.id")
    house.work()
    assert mail_jobs(as_owner) == [("todo", 1), ("todo", 1)]
    assert mailed(as_owner) == [False, False]


def test_what_is_refused_for_good_is_not_tried_again_and_names_no_address(
    house: TestHouse, mail_server: FakeMailServer, as_owner: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mail_server.answers = {"RCPT": "550 siti@a.id: no such user"}
    tell(house)
    with caplog.at_level(logging.INFO):
        house.work()
    assert mail_jobs(as_owner) == [("failed", 1)]
    [(plugin, place, message)] = as_owner("SELECT plugin, place, message FROM lumbung_fault")
    assert (plugin, place) == ("-", "mail")
    assert "550" in str(message)
    assert "siti@a.id" not in str(message) + caplog.text
    assert mailed(as_owner) == [False]


def test_a_site_without_a_mail_server_keeps_it_in_the_portal_alone(
    database_urls: DatabaseUrls, tmp_path: Path, as_owner: Any, mail_server: FakeMailServer
) -> None:
    house = TestHouse(Settings(home=tmp_path / "home"), database_urls)
    try:
        tell(house)
        house.work()
    finally:
        house.close()
    assert mail_jobs(as_owner) == [("succeeded", 1)]
    assert mailed(as_owner) == [False]
    assert mail_server.letters == []


def test_news_of_a_new_password_reaches_who_wants_no_mail_and_other_news_does_not(
    house: TestHouse, mail_server: FakeMailServer
) -> None:
    person = house.person("sumbawa", "tanpa@surel.example")
    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (scope.tenant.id, person.id))
        row.mail = False
        scope.session.flush()
        notify(person.id, TITLE, TEXT, "/urusan")
        account_news.password_changed(row)
    house.work()
    assert [str(one["Subject"]) for one in mail_server.letters] == ["Kata sandi Anda diganti"]
