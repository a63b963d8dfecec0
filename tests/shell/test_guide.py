"""The style guide: complete, true to its sources, sound, and for operators only."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lumbung.shell.examples import FRAMES, GROUPS
from lumbung.testing import TestHouse

TEMPLATES = Path(__file__).resolve().parents[2] / "core" / "lumbung" / "templates"
SHOWN = sorted((TEMPLATES / "shell" / "parts").rglob("*.html"))
ADDRESSES = [
    "/_shell/",
    "/_shell/jam",
    *(f"/_shell/{group.name}/" for group in GROUPS),
    *(f"/_shell/bingkai/{frame.name}" for frame in FRAMES),
]
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Reader(HTMLParser):
    """Reads a page as strictly as we write: each tag closed in order, each id once, each reference met."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if len(given) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice: {attrs}")
        if "style" in given or any(name.startswith("on") for name in given):
            self.faults.append(f"<{tag}> has a style or a handler of its own")
        if tag == "img" and "alt" not in given:
            self.faults.append("<img> without alt")
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
            self.named += (given.get(name) or "").split()
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")


def faults_of(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    twice = {name for name in reader.ids if reader.ids.count(name) > 1}
    lost = set(reader.named) - set(reader.ids)
    return [*reader.faults, *(f"id {name} twice" for name in twice), *(f"no element {name}" for name in lost)]


@pytest.fixture
def operator(house: TestHouse) -> Any:
    return house.client(person=house.person("sumbawa", "operator@contoh.id", operator=True))


def test_every_macro_of_the_house_stands_in_an_example() -> None:
    macros = set(re.findall(r"set ([a-z]\w+) =", (TEMPLATES / "lumbung/ui.html").read_text()))
    used = {name for path in SHOWN for name in re.findall(r"\bui\.(\w+)", path.read_text())}
    assert macros - used == set()


def test_every_example_is_in_the_guide_and_every_entry_has_its_template() -> None:
    entered = {group.template(example) for group in GROUPS for example in group.examples}
    assert entered == {str(path.relative_to(TEMPLATES)) for path in SHOWN}
    assert {frame.template for frame in FRAMES} == {
        str(path.relative_to(TEMPLATES)) for path in (TEMPLATES / "shell/frames").iterdir()
    }


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_page_is_shown_in_both_languages_and_is_sound(house: TestHouse, operator: Any, language: str) -> None:
    house.unit("sumbawa", "DINKES")
    operator.post_form("/bahasa", {"language": language, "next": "/"})
    for address in ADDRESSES:
        answer = operator.get(address)
        assert answer.status_code == 200, address
        assert faults_of(answer.text) == [], address
        if address != "/_shell/jam":
            assert f'<html lang="{language}"' in answer.text


def test_the_source_beside_an_example_is_the_file_that_was_rendered(operator: Any) -> None:
    page = operator.get("/_shell/dasar/").text
    assert "{{ ui.button(&#34;#&#34;, _(&#34;Ambil nomor&#34;), &#34;ticket&#34;, &#34;laut&#34;) }}" in page
    assert '<a class="btn btn-primary" href="#">' in page


def test_the_guide_is_for_operators(house: TestHouse) -> None:
    admin = house.person("sumbawa", "admin@contoh.id", roles=["core.admin"])
    citizen = house.person("sumbawa", "warga@contoh.id")
    for address in [*ADDRESSES, "/_shell/tiada/", "/_shell/bingkai/tiada"]:
        visited = house.client().get(address)
        assert visited.status_code == 302, address
        assert visited.headers["Location"].startswith("/masuk?next="), address
        for person in (admin, citizen):
            assert house.client(person=person).get(address).status_code == 403, address
    for person in (admin, citizen):
        for address in ("/_shell/formulir/isian", "/_shell/sapa"):
            assert house.client(person=person).post_form(address).status_code == 403
    assert "/_shell/" not in house.client(person=admin).get("/admin/").text


def test_an_operator_finds_it_in_the_menu(operator: Any) -> None:
    assert 'href="/_shell/"' in operator.get("/admin/").text


@pytest.mark.parametrize("address", ["tiada/", "bingkai/tiada", "_page/", "parts/", "bingkai/..%2f_page"])
def test_what_is_not_in_the_guide_is_not_found(operator: Any, address: str) -> None:
    answer = operator.get(f"/_shell/{address}")
    assert answer.status_code == 404
    assert "shell/" not in answer.text.replace("/_shell/", "")


def test_a_form_of_the_guide_is_checked_for_real(operator: Any) -> None:
    answer = operator.post_form("/_shell/formulir/isian", {"name": "<Ani>", "people": "99"}, page="/_shell/formulir/")
    assert answer.status_code == 422
    assert "Isi 1 sampai 20 orang." in answer.text
    assert 'value="&lt;Ani&gt;"' in answer.text
    assert faults_of(answer.text) == []


def test_a_form_that_is_right_is_thanked_and_nothing_is_kept(house: TestHouse, operator: Any, as_owner: Any) -> None:
    before = as_owner("SELECT count(*) FROM lumbung_audit")
    right = {"name": "Ani", "people": "2", "service": "ktp", "agree": "y"}
    answer = operator.post_form("/_shell/formulir/isian", right, page="/_shell/formulir/", follow_redirects=True)
    assert answer.status_code == 200
    assert "tidak ada yang disimpan" in answer.text
    assert "Ani" not in answer.text.split("lb-flashes")[1].split("</div>")[0]
    assert as_owner("SELECT count(*) FROM lumbung_audit") == before
    assert operator.post_form("/_shell/formulir/tiada", right).status_code == 404


def test_a_place_beyond_the_earth_is_refused(operator: Any) -> None:
    wrong = {"letak-latitude": "-95", "letak-longitude": "117.4"}
    answer = operator.post_form("/_shell/formulir/letak", wrong, page="/_shell/formulir/")
    assert answer.status_code == 422
    assert "Lintang −90 sampai 90." in answer.text


def test_a_month_that_no_calendar_has_shows_this_one(operator: Any) -> None:
    for month in ("2026-13", "9999-01", "x", ""):
        assert operator.get(f"/_shell/grafik/?bulan={month}").status_code == 200
    assert "Februari 2027" in operator.get("/_shell/grafik/?bulan=2027-02").text


def test_icons_are_found_by_name(operator: Any) -> None:
    found = operator.get("/_shell/ikon/?q=map").text
    assert "<code>map-pin</code>" in found
    assert "<code>ticket</code>" not in found
    assert "Tidak ada ikon dengan nama itu" in operator.get("/_shell/ikon/?q=tiada").text
