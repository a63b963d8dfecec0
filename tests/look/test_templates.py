"""The furniture of lumbung/ui.html, rendered alone; and what every template, of core or gift, must keep."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from wtforms import (
    BooleanField,
    FieldList,
    FileField,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    widgets,
)
from wtforms.validators import DataRequired

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "core" / "lumbung" / "templates"
ALL_TEMPLATES = sorted([*TEMPLATES.rglob("*.html"), *ROOT.glob("plugins/*/*/templates/**/*.html")])
ICONS = {
    line.strip()
    for line in (ROOT / "core/lumbung/static_src/icons.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
}


class Hours(Form):
    opens = TimeField("Buka", [DataRequired("Isi jam buka.")])


class Sample(Form):
    secret = HiddenField()
    name = StringField("Nama", [DataRequired("Isi nama Anda.")], description="Seperti di KTP.")
    quota = IntegerField("Kuota")
    service = SelectField("Layanan", choices=[SelectChoice("a", "KTP-el")])
    group = RadioField(
        "Golongan",
        choices=[SelectChoice("u", "Umum"), SelectChoice("l", "Lansia")],
        validators=[DataRequired("Pilih.")],
    )
    days = SelectMultipleField(
        "Hari",
        choices=[SelectChoice("1", "Senin")],
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    note = TextAreaField("Catatan")
    letter = FileField("Surat")
    agree = BooleanField("Setuju")
    hours = FormField(Hours, "Jam")
    phones = FieldList(StringField("Nomor"), "Telepon", min_entries=1)


def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    house = SimpleNamespace(asset=lambda name: f"/_static/{name}?v=1")
    environment.globals.update(
        house=house,
        t=lambda text, **values: text % values if values else text,
        csrf_token=lambda: "token",
        once_field=lambda: "",
        get_flashed_messages=lambda with_categories=False: [("baik", "Tersimpan.")],
    )
    environment.filters.update(dict.fromkeys(("date", "time", "datetime", "number", "rupiah"), str))
    return environment


def render(source: str, **context: Any) -> str:
    start = '{% import "lumbung/ui.html" as ui with context %}'
    return _environment().from_string(start + source).render(**context)


def failed_form() -> Sample:
    form = Sample()
    assert not form.validate()
    return form


@pytest.mark.parametrize("path", ALL_TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_an_exception_from_the_content_security_policy(path: Path) -> None:
    source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"<[^>]*\sstyle\s*=", source)
    assert not re.search(r"<style\b", source)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", source)
    assert not re.search(r"<[^>]*\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=", source)
    assert "javascript:" not in source


@pytest.mark.parametrize("path", ALL_TEMPLATES, ids=lambda path: path.name)
def test_every_icon_named_is_in_the_sprite(path: Path) -> None:
    named = set(re.findall(r"\bicon\(\s*\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8")))
    assert named <= ICONS


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_every_template_of_the_house_compiles(path: Path) -> None:
    environment = _environment()
    assert environment.parse(path.read_text(encoding="utf-8"))


def test_the_sprite_holds_every_icon_of_the_list() -> None:
    sprite = (ROOT / "core/lumbung/static/vendor/icons.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite)) == ICONS


MANIFESTS = sorted(ROOT.glob("plugins/*/*/plugin.toml"))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_a_gift_names_icons_that_exist(manifest: Path) -> None:
    named = set(re.findall(r'\bicon\s*=\s*"([^"]+)"', manifest.read_text(encoding="utf-8")))
    assert named <= ICONS


def test_a_field_names_its_help_and_its_error_to_a_screen_reader() -> None:
    html = render("{{ ui.field(form.name) }}", form=failed_form())
    assert 'aria-describedby="name-hint name-error"' in html
    assert 'aria-invalid="true"' in html
    assert re.search(r'id="name-error".*Isi nama Anda\.', html, re.DOTALL)
    assert '<label class="form-label" for="name">' in html


def test_a_field_without_fault_says_nothing_of_faults() -> None:
    html = render("{{ ui.field(form.name) }}", form=Sample())
    assert "aria-invalid" not in html
    assert "lb-field-error" not in html


def test_every_kind_of_field_gets_a_label_and_the_right_classes() -> None:
    html = render("{{ ui.fields(form) }}", form=Sample())
    assert 'class="form-select"' in html
    assert html.count('class="form-check-input"') == 4
    assert html.count("<fieldset") == 4
    assert "<textarea" in html and 'rows="4"' in html
    assert 'type="file"' in html and "data-lb-upload-progress" in html
    assert 'id="secret"' not in html
    for identifier in re.findall(r"<(?:input|select|textarea)[^>]*\sid=\"([^\"]+)\"", html):
        assert f'for="{identifier}"' in html


def test_the_error_summary_links_to_each_field_nested_ones_too() -> None:
    html = render("{{ ui.error_summary(form) }}", form=failed_form())
    assert 'href="#name"' in html
    assert 'href="#group-0"' in html
    assert 'href="#hours-opens"' in html
    assert 'role="alert"' in html


def test_the_error_summary_is_silent_when_nothing_is_wrong() -> None:
    assert render("{{ ui.error_summary(form) }}", form=Sample()).strip() == ""


def test_a_post_button_is_a_form_with_its_token() -> None:
    html = render('{{ ui.post_button("/hapus", "Hapus", "trash", "gawat", confirm="Hapus?", data={"id": 3}) }}')
    assert '<form method="post" action="/hapus"' in html
    assert 'name="csrf_token" value="token"' in html
    assert 'name="id" value="3"' in html
    assert 'data-lb-confirm="Hapus?"' in html


def test_a_state_is_never_colour_alone() -> None:
    html = render('{{ ui.status("Dilayani", "padi") }}')
    assert "Dilayani" in html and "<svg" in html


def test_what_people_write_is_escaped() -> None:
    nasty = "<script>alert(1)</script>"
    html = render(
        "{{ ui.status(x) }}{{ ui.empty(x, x) }}{{ ui.definitions([(x, x)]) }}"
        "{{ ui.notice(x) }}{{ ui.qr(x, x) }}"
        '{{ ui.post_button("/", x, confirm=x) }}{{ ui.confirm_typing("/", x, x, x) }}'
        '{{ ui.search_box("/", x, x) }}',
        x=nasty,
    )
    assert "<script>" not in html
    assert "<svg" in render("{{ ui.qr(svg) }}", svg=Markup("<svg></svg>"))


def test_pages_in_the_middle_are_folded_away() -> None:
    page = SimpleNamespace(number=5, pages=20, has_prev=True, has_next=True, total=400)
    html = render("{{ ui.pagination(page, url) }}", page=page, url=lambda n: f"?page={n}")
    assert html.count("…") == 2
    assert 'aria-current="page"' in html
    assert "?page=12" not in html


def test_one_page_needs_no_pagination() -> None:
    page = SimpleNamespace(number=1, pages=1, has_prev=False, has_next=False, total=3)
    assert render("{{ ui.pagination(page, url) }}", page=page, url=str).strip() == ""


@pytest.mark.parametrize("host", [None, "toko.contoh.id", "<b>"])
def test_the_page_for_an_unknown_host_needs_no_house(host: str | None) -> None:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    html = environment.get_template("lumbung/unknown_host.html").render(**({"host": host} if host else {}))
    assert "Alamat ini belum dikenal" in html
    assert "/_static/css/lumbung.css" in html
    assert "<b>" not in html
