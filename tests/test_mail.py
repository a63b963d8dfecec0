"""Sending mail: what the server hears, what its refusals mean, and the twin that sends nothing."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lumbung.mail import Letter, MailDelayed, MailRefused, NullMailer, SmtpMailer, mailer_for
from lumbung.settings import Settings
from lumbung.testing import frozen_clock
from lumbung.testing.mail_server import FakeMailServer

LETTER = Letter(
    to="siti@contoh.id",
    to_name="Siti Rahmah",
    from_name="Kabupaten Sumbawa",
    subject="Nomor A001 dipanggil",
    text="Silakan ke Loket 1.\n",
    html="<p>Silakan ke Loket 1.</p>\n",
    key="0f",
    at=datetime(2026, 11, 24, 0, 0, tzinfo=UTC),
)


@pytest.fixture
def server() -> Iterator[FakeMailServer]:
    with FakeMailServer() as server:
        yield server


def settings(port: int, home: Path, **more: object) -> Settings:
    given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "mail_from": "kabar@sumbawa.example"}
    return Settings(home=home, **{**given, **more})


@pytest.fixture
def mailer(server: FakeMailServer, tmp_path: Path) -> SmtpMailer:
    return SmtpMailer(settings(server.port, tmp_path))


def test_a_letter_arrives_as_text_and_as_html(server: FakeMailServer, mailer: SmtpMailer) -> None:
    assert mailer.send(LETTER) == "250 queued as 1"
    (letter,) = server.letters
    assert letter["From"] == "Kabupaten Sumbawa <kabar@sumbawa.example>"
    assert letter["To"] == "Siti Rahmah <siti@contoh.id>"
    assert letter["Subject"] == "Nomor A001 dipanggil"
    assert letter["Message-ID"] == "<0f@sumbawa.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert letter.get_body(("plain",)).get_content().strip() == "Silakan ke Loket 1."


@pytest.mark.parametrize("evil", ["Siti\r\nBcc: lain@contoh.id", "Siti\nBcc: lain@contoh.id", "Siti\x85Bcc: a@b.c"])
def test_a_name_or_title_cannot_begin_another_header(server: FakeMailServer, mailer: SmtpMailer, evil: str) -> None:
    mailer.send(replace(LETTER, to_name=evil, from_name=evil, subject=evil))
    (letter,) = server.letters
    assert letter["Bcc"] is None
    assert "Bcc" in letter["Subject"]
    assert len(letter.keys()) == len(set(letter.keys()))


@pytest.mark.parametrize(
    ("verb", "answer", "error"),
    [
        ("RCPT", "550 no such user", MailRefused),
        ("RCPT", "451 come back later", MailDelayed),
        ("DATA", "554 looks like spam", MailRefused),
        ("DATA", "452 disk full", MailDelayed),
        ("MAIL", "530 who are you", MailDelayed),
        ("EHLO", "421 going down", MailDelayed),
    ],
)
def test_only_what_lies_in_the_letter_is_refused_for_good(
    server: FakeMailServer, mailer: SmtpMailer, verb: str, answer: str, error: type[Exception]
) -> None:
    server.answers = {verb: answer, "HELO": answer}
    with pytest.raises(error, match=answer[:3]):
        mailer.send(LETTER)
    assert server.letters == []


def test_no_letter_travels_in_the_clear_when_encryption_was_asked_for(server: FakeMailServer, tmp_path: Path) -> None:
    with pytest.raises(MailDelayed, match="STARTTLS"):
        SmtpMailer(settings(server.port, tmp_path, smtp_security="starttls")).send(LETTER)
    with pytest.raises(MailDelayed):
        SmtpMailer(settings(server.port, tmp_path, smtp_security="tls")).send(LETTER)
    assert server.letters == []


def test_a_server_that_is_away_is_left_alone_for_a_minute(tmp_path: Path, server: FakeMailServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]  # nobody listens there once it is closed
    with frozen_clock("2026-11-24T08:00+08:00"):
        mailer = SmtpMailer(settings(port, tmp_path))
        with pytest.raises(MailDelayed, match="refused"):
            mailer.send(LETTER)
        mailer._settings = settings(server.port, tmp_path)
        with pytest.raises(MailDelayed, match="a moment ago"):
            mailer.send(LETTER)
    with frozen_clock("2026-11-24T08:01:01+08:00"):
        mailer.send(LETTER)
    assert len(server.letters) == 1


def test_the_twin_sends_nothing_and_says_so_without_the_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mailer = mailer_for(Settings(home=tmp_path))
    assert isinstance(mailer, NullMailer)
    assert mailer.sends is False
    with caplog.at_level(logging.INFO):
        mailer.send(LETTER)
    assert caplog.messages == ["letter 0f is not sent: smtp_host is not set"]
