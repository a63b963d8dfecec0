"""Where an application's own login is filled in: after the ticket, and when somebody comes to its login page."""

from __future__ import annotations

from typing import Any

import pytest
from tests.runtimes.foreign.conftest import HOST, NAME, Browser

from lumbung.identity.person import Person
from lumbung.runtimes import form_filling
from lumbung.runtimes.form_filling import SignInRefused

FORM = """
[sign_in]
way = "form"
account = "account.sql"
[sign_in.form]
path = "/login"
"""
APP = "antrian-kota.sumbawa.localhost"


def test_a_login_page_is_filled_in(
    gift: Any, foreign: Any, browser: Browser, siti: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered: list[tuple[str, str]] = []

    def enter(scope: Any, instance: Any, at: str, _environ: Any) -> list[str]:
        entered.append((instance.label, scope.person.name))
        return ["ci_session=theirs; Path=/panel; Domain=sumbawa.localhost", "lumbung_app=forged"]

    monkeypatch.setattr(form_filling, "enter", enter)
    foreign(FORM)
    browser.sign_in(siti)
    assert browser.follow(f"{HOST}/warga/1")[-1].status_code == 200
    assert entered == [(f"{NAME}/sumbawa", "Siti Aminah")]
    theirs = browser.get_cookie("ci_session", domain=APP)
    assert theirs and theirs.path == "/" and theirs.origin_only and browser.visit() != "forged"
    assert browser.get("/login").headers["Location"] == "/" and len(entered) == 2

    def refuse(*_given: Any) -> list[str]:
        raise SignInRefused("The application shows its login page again after signing in.")

    monkeypatch.setattr(form_filling, "enter", refuse)
    page = browser.get("/login")
    assert page.status_code == 502 and "Belum dapat masuk" in page.text
