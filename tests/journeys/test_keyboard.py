"""A keyboard alone does it all, and one always sees where one is."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

MOST_STOPS = 90  # more presses of the tab key than any page may ask for

# What the browser tells of the element that has the focus: its name, and whether one sees that it has it.
FOCUSED = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const label = it.labels?.length ? [...it.labels].map((one) => one.innerText).join(" ") : "";
  const box = it.getBoundingClientRect();
  const ring = [it, ...(it.labels ?? [])].some((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 &&
      !style.outlineColor.endsWith(", 0)");
  });
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return {
    name: (it.getAttribute("aria-label") || label || it.innerText || it.value || it.title || "").trim(),
    what: it.outerHTML.slice(0, 160),
    seen: ring && inside && box.width > 0 && box.height > 0,
  };
}"""


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


def follow(page: Page, name: str) -> None:
    """Go to a link or button that leads to another page, press it and arrive."""
    go_to(page, name)
    enter(page)


def enter(page: Page) -> None:
    """Press the enter key and arrive where it leads."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page: Page, name: str, text: str) -> None:
    """Go to a field and type."""
    go_to(page, name)
    page.keyboard.type(text)


def test_a_citizen_takes_a_number_with_the_keyboard_alone(demo_regency: str, new_page: Callable[..., Page]) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto(demo_regency)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Langsung ke isi")).to_be_focused()
    page.keyboard.press("Enter")
    follow(page, r"^Antrean Daring")
    follow(page, r"Perekaman KTP-el")
    follow(page, r"Selasa, 24 November")
    follow(page, r"^10\.00 sampai")
    write(page, "Nama lengkap", "Siti Aminah")
    write(page, "Nomor ponsel", "0812 3700 4455")
    follow(page, "^Ambil nomor$")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    press(page, "Beri tanda setuju")
    agree = page.get_by_label(re.compile("Saya setuju"))
    expect(agree).to_be_focused()
    page.keyboard.press("Space")
    expect(agree).to_be_checked()
    follow(page, "^Ambil nomor$")
    expect(page.get_by_role("img", name=re.compile("Kode QR")).first).to_be_visible()


def test_an_officer_signs_in_and_calls_with_the_keyboard_alone(
    demo_regency: str, password: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto(f"{demo_regency}/masuk?next=/antrean/loket/pilih")
    write(page, "Alamat surel", "loket1@sumbawa.example")
    write(page, "Kata sandi", password)
    enter(page)
    follow(page, r"^Duduk di sini")
    follow(page, r"anggil berikutnya")
    expect(page.locator(".antrean-here-number")).to_be_visible()


def test_a_menu_and_a_question_are_left_with_escape(
    demo_regency: str, password: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto(f"{demo_regency}/masuk?next=/akun")
    write(page, "Alamat surel", "warga@sumbawa.example")
    write(page, "Kata sandi", password)
    enter(page)
    press(page, "Muhammad Jafar")
    menu = page.locator("details[data-lb-menu][open]")
    expect(menu).to_have_count(1)
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    assert "Muhammad Jafar" in page.evaluate(FOCUSED)["name"]
