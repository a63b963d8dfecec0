"""A keyboard alone does it all, and one always sees where one is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from lumbung.demo.load import demo_password, load_demo
from lumbung.testing import TestHouse, frozen_clock

MORNING = "2026-11-24T08:05+08:00"  # a Tuesday, in WITA
MOST_STOPS = 90  # more presses of the tab key than any page may ask for

# What the browser tells of the element that has the focus: its name, and whether one sees that it has it.
FOCUSED = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const label = it.labels?.length ? [...it.labels].map((one) => one.innerText).join(" ") : "";
  const box = it.getBoundingClientRect();
  const ring = [it, ...(it.labels ?? [])].some((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return {
    name: (it.getAttribute("aria-label") || label || it.innerText || it.value || it.title || "").trim(),
    what: it.outerHTML.slice(0, 160),
    seen: ring && inside && box.width > 0 && box.height > 0,
  };
}"""


@pytest.fixture
def regency(house: TestHouse) -> Iterator[str]:
    """The demo regency on a Tuesday morning; yields its address."""
    with frozen_clock(MORNING):
        load_demo(house.settings, house.urls, tell=lambda step: None)
        house.kernel.state.forget()
        with house.serving() as port:
            yield f"http://sumbawa.localhost:{port}"


def go_to(page: Page, name: str) -> None:
    """Press the tab key until the thing of that name has the focus; every stop on the way has to be seen."""
    wanted, passed = re.compile(name), []
    for _press in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here is None:
            continue
        assert here["seen"], f"one does not see the focus on {here['what']}"
        passed.append(here["name"])
        if wanted.search(here["name"]):
            return
    raise AssertionError(f"no key leads to {name!r}; the way went over {passed}")


def press(page: Page, name: str) -> None:
    """Go to a link or button and press it."""
    go_to(page, name)
    page.keyboard.press("Enter")


def write(page: Page, name: str, text: str) -> None:
    """Go to a field and type."""
    go_to(page, name)
    page.keyboard.type(text)


def test_a_citizen_takes_a_number_with_the_keyboard_alone(regency: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(regency)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Langsung ke isi")).to_be_focused()
    page.keyboard.press("Enter")
    press(page, r"^Antrean Daring")
    page.wait_for_url("**/antrean/")
    press(page, r"Perekaman KTP-el")
    press(page, r"Selasa, 24 November")
    press(page, r"^10\.00 sampai")
    page.get_by_label("Nama lengkap").wait_for()
    write(page, "Nama lengkap", "Siti Aminah")
    write(page, "Nomor ponsel", "0812 3700 4455")
    press(page, "^Ambil nomor$")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    press(page, "Beri tanda setuju")
    agree = page.get_by_label(re.compile("Saya setuju"))
    expect(agree).to_be_focused()
    page.keyboard.press("Space")
    expect(agree).to_be_checked()
    press(page, "^Ambil nomor$")
    expect(page.get_by_role("img", name=re.compile("Kode QR")).first).to_be_visible()


def test_an_officer_signs_in_and_calls_with_the_keyboard_alone(
    house: TestHouse, regency: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(f"{regency}/masuk?next=/antrean/loket/pilih")
    write(page, "Alamat surel", "loket1@sumbawa.example")
    write(page, "Kata sandi", demo_password(house.settings))
    page.keyboard.press("Enter")
    page.wait_for_url("**/antrean/loket/pilih")
    press(page, "(Duduk|Tempati|Buka|Ambil alih|Pakai)")
    dialog = page.get_by_role("dialog")
    if dialog.is_visible():
        press(page, "^Ya|Ambil alih")
    page.wait_for_url(re.compile(r"/antrean/loket/?$"))
    press(page, r"anggil berikutnya")
    expect(page.locator(".antrean-here-number")).to_be_visible()


def test_a_menu_and_a_question_are_left_with_escape(
    house: TestHouse, regency: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(f"{regency}/masuk?next=/akun")
    write(page, "Alamat surel", "warga@sumbawa.example")
    write(page, "Kata sandi", demo_password(house.settings))
    page.keyboard.press("Enter")
    page.wait_for_url("**/akun")
    press(page, "Muhammad Jafar")
    menu = page.locator("details[data-lb-menu][open]")
    expect(menu).to_have_count(1)
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    assert "Muhammad Jafar" in page.evaluate(FOCUSED)["name"]
