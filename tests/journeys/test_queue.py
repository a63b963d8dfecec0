"""A morning at the office, in a real browser: a citizen books, an operator calls, the wall shows and speaks."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from lumbung.demo.load import demo_password
from lumbung.testing import TestHouse, frozen_clock

MORNING = "2026-11-24T08:05+08:00"  # a Tuesday, in WITA


@pytest.fixture
def house(own_demo_house: TestHouse) -> TestHouse:
    return own_demo_house


@pytest.fixture
def regency(house: TestHouse):
    """The demo regency, served on a free port, on a Tuesday morning; yields the address of Sumbawa."""
    with frozen_clock(MORNING):
        house.kernel.state.forget()
        with house.serving() as port:
            yield f"http://sumbawa.localhost:{port}"


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/masuk")
    page.get_by_label("Alamat surel").fill(email)
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("main").get_by_role("button", name="Masuk", exact=True).click()
    expect(page.get_by_text("Keluar")).to_have_count(1)


def refuse_barriers(page: Page) -> None:
    """Fail on anything that keeps people with a disability out (axe)."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def book(page: Page, address: str, name: str) -> str:
    """Take a number for today as a citizen does; return it."""
    page.goto(address)
    page.get_by_role("link", name="Antrean Daring").first.click()
    page.get_by_role("link", name=re.compile("Perekaman KTP-el")).first.click()
    refuse_barriers(page)
    page.get_by_role("link", name=re.compile("Selasa, 24 November,")).click()
    page.get_by_role("main").get_by_role("link", name=re.compile(r"^10\.00 sampai")).first.click()
    page.get_by_label("Nama lengkap").fill(name)
    page.get_by_label("Nomor ponsel").fill("0812 3700 4455")
    page.get_by_role("button", name="Ambil nomor").click()
    expect(page.get_by_text("Beri tanda setuju supaya nomor dapat diambil.").first).to_be_visible()
    expect(page.get_by_label("Nama lengkap")).to_have_value(name)
    page.get_by_label(re.compile("Saya setuju")).check()
    page.get_by_role("button", name="Ambil nomor").click()
    expect(page.get_by_role("img", name=re.compile("Kode QR")).first).to_be_visible()
    refuse_barriers(page)
    number = re.search(r"A\d{3}", page.get_by_role("main").inner_text())
    assert number, page.get_by_role("main").inner_text()
    return number[0]


def test_a_citizen_books_an_operator_calls_and_the_wall_shows_and_speaks(house, regency, new_page):
    password = demo_password(house.settings)
    phone, desk, wall = new_page(width=390, height=844), new_page(), new_page(width=1920, height=1080)

    number = book(phone, regency, "Siti Aminah")
    phone.get_by_role("button", name="Saya sudah tiba").click()
    expect(phone.get_by_role("main")).to_contain_text("Menunggu")

    phone.goto(f"{regency}/antrean/")
    phone.get_by_role("link", name="Antrean langsung").first.click()
    wall.goto(phone.url.replace("/langsung/", "/layar/"))
    wall.get_by_role("button", name="Aktifkan suara").click()
    refuse_barriers(wall)

    sign_in(desk, regency, "loket1@sumbawa.example", password)
    desk.goto(f"{regency}/antrean/loket/pilih")
    take_a_seat(desk)
    called = call_until(desk, number)
    expect(wall.locator("[data-wall-number]")).to_have_text(number, timeout=6000)
    spoken = f"Nomor antrean, {spell(number)}, silakan ke loket"
    said = re.compile(re.escape(spoken))
    expect(wall.locator("[data-wall]")).to_have_attribute("data-wall-said", said, timeout=60_000)
    assert called >= 1

    desk.keyboard.press("m")
    expect(desk.get_by_text("Dilayani").first).to_be_visible()
    desk.keyboard.press("s")
    expect(desk.get_by_role("button", name=re.compile("Panggil berikutnya"))).to_be_visible()


def take_a_seat(desk: Page) -> None:
    row = desk.get_by_role("row").filter(has_text="Perekaman").first
    row.get_by_role("button").click()
    if desk.get_by_role("dialog").is_visible():
        desk.get_by_role("dialog").get_by_role("button", name="Ya").click()
    expect(desk).to_have_url(re.compile("/antrean/loket"))


def call_until(desk: Page, number: str) -> int:
    """Call, begin and finish whoever waits before; return how many calls it took until ``number`` was called."""
    for calls in range(1, 30):
        button = desk.get_by_role("button", name=re.compile("anggil berikutnya"))
        if not button.is_visible():
            desk.get_by_role("button", name=re.compile("Mulai layani")).click()
        button.click()
        here = desk.locator(".antrean-here-number")
        expect(here).to_be_visible()
        if here.inner_text() == number:
            return calls
    raise AssertionError(f"{number} was never called")


def spell(number: str) -> str:
    digits = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"]
    return " ".join(digits[int(letter)] if letter.isdigit() else letter for letter in number)
