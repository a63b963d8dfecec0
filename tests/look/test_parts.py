"""Charts, calendars, ways and maps as ui.html draws them: with words, with their numbers, and safe."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from wtforms import DecimalField, FileField, Form, MultipleFileField

from lumbung.web import charts
from lumbung.web.calendars import Day, month

TEMPLATES = Path(__file__).resolve().parents[2] / "core" / "lumbung" / "templates"
NASTY = "<script>alert(1)</script>"


class Sample(Form):
    latitude = DecimalField("Lintang")
    longitude = DecimalField("Bujur")
    photo = FileField("Foto")
    files = MultipleFileField("Berkas")


def translate(text: str, **values: Any) -> str:
    return Markup(text) % values if values else text  # noqa: S704 - what Flask-Babel's filter does


def render(source: str, **context: Any) -> str:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    asked: set[str] = set()
    house = SimpleNamespace(
        asset=lambda name: f"/_static/{name}",
        charts=charts,
        zone="WITA",
        map_tiles=context.pop("tiles", None),
        first=lambda need: not (need in asked or asked.add(need)),
    )
    environment.globals.update(house=house, t=translate)
    environment.globals.update(csrf_token=lambda: "token", once_field=lambda: "")
    environment.filters.update(
        date=lambda value, form="": str(value), datetime=str, number=lambda value: f"{value:,}".replace(",", ".")
    )
    return environment.from_string('{% import "lumbung/ui.html" as ui with context %}' + source).render(**context)


CHARTS = {
    "bar": "{{ ui.bar_chart('Judul', rows) }}",
    "upright": "{{ ui.bar_chart('Judul', rows, upright=True) }}",
    "line": "{{ ui.line_chart('Judul', rows | map('first') | list, [('Deret', rows | map('last') | list)]) }}",
    "share": "{{ ui.share_bar('Judul', rows) }}",
}
ROWS = {
    "some": [("a", 3), ("b", 1200), ("c", 7)],
    "one": [("a", 5)],
    "equal": [("a", 4), ("b", 4)],
    "nothing but zero": [("a", 0), ("b", 0)],
    "a year": [(str(day), day % 9) for day in range(365)],
    "gaps": [("a", None), ("b", 2), ("c", None)],
}


@pytest.mark.parametrize("kind", CHARTS)
@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_a_chart_has_a_title_words_a_picture_and_its_numbers(kind: str, rows: Any) -> None:
    html = render(CHARTS[kind], rows=rows)
    assert html.count("Judul") >= 2
    assert re.search(r'role="img" aria-label="Judul\. [^"]{3,}"', html)
    assert html.count("<tr>") == len(rows) + 1
    assert "Lihat angkanya" in html
    assert "nan" not in html.lower() and "inf" not in html.replace("info", "")
    for share in re.findall(r'(?:width|height|[xy][12]?)="(-?[\d.e+-]+)%"', html):
        assert -0.01 <= float(share) <= 100.01


@pytest.mark.parametrize("kind", CHARTS)
def test_a_chart_without_numbers_says_so_and_draws_nothing(kind: str) -> None:
    html = render(CHARTS[kind], rows=[])
    assert "Belum ada angka." in html
    assert "<svg" not in html and "<table" not in html


def test_bars_below_zero_can_be_drawn_and_are_told_apart_without_colour() -> None:
    for upright in (True, False):
        html = render("{{ ui.bar_chart('x', [('a', 4), ('b', -2)], upright=upright) }}", upright=upright)
        assert html.count('fill="url(#lb-pattern-2)"') == 1
        assert ">-2<" in html


def test_series_differ_by_mark_and_dash_and_have_a_legend() -> None:
    html = render("{{ ui.line_chart('x', ['a', 'b'], [('Satu', [1, 2]), ('Dua', [2, 1]), ('Tiga', [3, 3])]) }}")
    assert {"lb-line-1", "lb-line-2", "lb-line-3"} <= set(re.findall(r"lb-line-\d", html))
    assert html.count("lb-mark-2") == 3  # two points and the legend
    assert "Satu" in html.split("lb-legend")[1]


def test_patterns_are_written_once_a_page() -> None:
    html = render("{{ ui.bar_chart('x', [('a', 1)]) }}{{ ui.share_bar('y', [('a', 1), ('b', 2)]) }}")
    assert html.count('id="lb-pattern-2"') == 1


def test_a_spark_is_read_as_its_numbers() -> None:
    assert 'aria-label="Pekan ini: 3, –, 5 menit"' in render("{{ ui.spark([3, none, 5], 'Pekan ini', unit='menit') }}")
    assert "belum ada angka" in render("{{ ui.spark([], 'Pekan ini') }}")


def test_a_calendar_says_today_and_holidays_by_word() -> None:
    grid = month(2026, 11, {date(2026, 11, 3): Day("Keliling", "/k")}, holidays={date(2026, 11, 25): "Hari Guru"},
                 today=date(2026, 11, 24))  # fmt: skip
    html = render("{{ ui.calendar(m, url) }}", m=grid, url=lambda year, number: f"?bulan={year}-{number}")
    assert html.count('<th scope="col">') == 7
    assert html.count("<td") == 7 * len(grid.weeks)
    assert html.count('aria-current="date"') == 1 and "hari ini" in html
    assert "Libur: Hari Guru" in html
    assert '<a class="lb-calendar-entry lb-laut" href="/k">Keliling</a>' in html
    assert 'rel="prev" href="?bulan=2026-10"' in html and 'rel="next" href="?bulan=2026-12"' in html


def test_the_way_of_an_application_is_told_by_word() -> None:
    steps = [
        {"title": "Masuk", "state": "done", "at": date(2026, 11, 18)},
        {"title": "Diperiksa", "state": "refused", "text": "Alamat salah."},
        {"title": "Diambil", "state": "next"},
    ]
    html = render("{{ ui.status_steps(steps) }}", steps=steps)
    assert "Selesai" in html and "Ditolak" in html and "Belum" in html
    assert 'datetime="2026-11-18"' in html
    assert "aria-current" not in html
    assert 'aria-current="step"' in render("{{ ui.status_steps([{'title': 'x', 'state': 'now'}]) }}")


def test_a_timeline_names_its_zone() -> None:
    entry = {"at": datetime(2026, 11, 24, 8, 42, tzinfo=UTC), "title": "Disetujui", "who": "Ani"}
    html = render("{{ ui.timeline([entry]) }}", entry=entry)
    assert 'datetime="2026-11-24T08:42:00+00:00"' in html
    assert "WITA" in html and "Ani" in html


def test_a_map_is_a_list_of_links_and_asks_for_its_sheet_once() -> None:
    point = {"lat": -8.5, "lon": 117.4, "title": "Kantor", "url": "/kantor"}
    html = render("{{ ui.map([p]) }}{{ ui.map([p]) }}{{ ui.map_field(f.latitude, f.longitude) }}", p=point, f=Sample())
    assert html.count("leaflet.css") == 1
    assert html.count('<a href="/kantor">Kantor</a>') == 2
    assert "data-tiles" not in html
    assert "Belum ada tempat" in render("{{ ui.map([]) }}")
    tiles = SimpleNamespace(address="/peta/{z}/{x}/{y}", credit="Peta kita")
    assert 'data-tiles="/peta/{z}/{x}/{y}" data-credit="Peta kita"' in render("{{ ui.map([p]) }}", p=point, tiles=tiles)


def test_an_upload_says_what_may_be_sent() -> None:
    html = render("{{ ui.upload(f.files, kinds=('jpg', 'pdf'), limit_mb=5, most=3) }}", f=Sample())
    assert "JPG, PDF." in html and "Paling besar 5 MB." in html and "Paling banyak 3 berkas." in html
    assert 'accept=".jpg,.pdf"' in html and " multiple" in html
    assert 'aria-describedby="files-rules"' in html
    camera = render("{{ ui.upload(f.photo, camera=True) }}", f=Sample())
    assert 'capture="environment"' in camera and " multiple" not in camera


def test_what_people_write_is_escaped() -> None:
    point = {"lat": NASTY, "lon": 1, "title": NASTY, "url": NASTY, "text": NASTY, "icon": NASTY, "tone": NASTY}
    entry = {"at": date(2026, 1, 1), "title": NASTY, "text": NASTY, "who": NASTY, "url": NASTY, "state": NASTY}
    html = render(
        "{{ ui.bar_chart(x, [(x, 1)], text=x, unit=x) }}{{ ui.line_chart(x, [x, x], [(x, [1, 2])], unit=x) }}"
        "{{ ui.share_bar(x, [(x, 1)], unit=x) }}{{ ui.spark([1], x, unit=x) }}{{ ui.copy(x, x) }}"
        "{{ ui.timeline([entry], label=x) }}{{ ui.status_steps([entry]) }}{{ ui.map([point], x) }}"
        "{{ ui.tab_panels([('a', x, x)], label=x) }}{{ ui.calendar(m, none, x) }}"
        "{% call ui.dialog('d', x, x) %}{% endcall %}{% call ui.help(x) %}{% endcall %}",
        x=NASTY,
        entry=entry,
        point=point,
        m=month(2026, 11, {date(2026, 11, 3): Day(NASTY, NASTY, NASTY)}, holidays={date(2026, 11, 4): NASTY}),
    )
    assert "<script>" not in html
