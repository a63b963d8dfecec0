"""``lumbung mail test``: what the mail server answered, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lumbung.testing.mail_server import FakeMailServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeMailServer]:
    """A mail server that the settings name."""
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path))
    with FakeMailServer() as server:
        monkeypatch.setenv("LUMBUNG_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("LUMBUNG_SMTP_PORT", str(server.port))
        monkeypatch.setenv("LUMBUNG_SMTP_SECURITY", "none")
        monkeypatch.setenv("LUMBUNG_MAIL_FROM", "kabar@sumbawa.example")
        yield server


def test_it_says_what_the_server_answered(type_in: Any, server: FakeMailServer) -> None:
    said = type_in("mail", "test", "siti@contoh.id")
    assert (said.code, said.out) == (0, "127.0.0.1 took the message to siti@contoh.id: 250 queued as 1.\n")
    (letter,) = server.letters
    assert letter["To"] == "siti@contoh.id"


def test_a_refusal_is_one_sentence(type_in: Any, server: FakeMailServer) -> None:
    server.answers = {"RCPT": "550 no such user"}
    assert type_in("mail", "test", "siti@contoh.id").refused() == "The mail server answered 550 no such user."
    assert "is not an e-mail address" in type_in("mail", "test", "siti").refused()
    assert server.letters == []


def test_a_site_without_a_mail_server_says_so(type_in: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path))
    assert "smtp_host is not set" in type_in("mail", "test", "siti@contoh.id").refused()
