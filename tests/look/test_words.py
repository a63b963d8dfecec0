"""Nothing is said to a reader that cannot be said in their language: texts of templates and views go through gettext.

That each of them then has its English is held by tests/test_catalogues.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "lumbung"
TEMPLATES = sorted([*CORE.glob("templates/**/*.html"), *ROOT.glob("plugins/*/*/templates/**/*.html")])
VIEWS = sorted([*CORE.rglob("*.py"), *ROOT.glob("plugins/*/lumbung_*/**/*.py")])

BILINGUAL = {"unknown_host.html", "away.html", "broken.html"}  # shown where no tenant, hence no language, is known
NAMES = {"Lumbung", "WITA", "PDF", "XLSX", "CSV", "QR", "Rp", "SHA", "btn"}
READ_ALOUD = {"alt", "title", "placeholder", "aria-label", "aria-description", "aria-roledescription"}
SILENT = {"script", "style", "code", "kbd", "pre", "samp", "svg"}
A_WORD = re.compile(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])")
SETTINGS = re.compile(r"\{% block (?:room|theme) %\}.*?\{% endblock %\}", re.DOTALL)

SAYS = {  # who talks to readers, and which of its arguments are texts
    "flash": (0,),
    "abort": (1,),
    "ValidationError": (0,),
    "DomainError": (0,),
    "TooMany": (0,),
    "InputRequired": (0,),
    "DataRequired": (0,),
    "Length": (),
    "NumberRange": (),
    "Regexp": (),
    "FileRequired": (),
    "Link": (0,),
    "ListColumn": (1,),
}


class Texts(HTMLParser):
    """Collects what a reader sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        self.found += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def untranslated_in_page(source: str) -> list[str]:
    """Return what stands in a template as it is, outside of every expression."""
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", SETTINGS.sub("", source), flags=re.DOTALL)
    bare = re.sub(r"\{\{.*?\}\}", " ", bare, flags=re.DOTALL)
    texts = Texts()
    texts.feed(bare)
    texts.close()
    return [word for text in texts.found for word in A_WORD.findall(text) if word not in NAMES]


def untranslated_in_code(source: str) -> Iterator[str]:
    """Yield texts that a view or form says without asking the translator."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in SAYS and not re.fullmatch(r"[A-Z]\w*Field", name):
            continue
        given = [node.args[at] for at in SAYS.get(name, (0,)) if at < len(node.args)]
        given += [word.value for word in node.keywords if word.arg in ("message", "label", "description")]
        for value in given:
            if isinstance(value, ast.JoinedStr):
                yield f"{name}: {ast.unparse(value)}"
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and A_WORD.search(value.value):
                yield f"{name}: {value.value}"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_says_nothing_that_has_no_translation(template: Path) -> None:
    if template.name in BILINGUAL:
        return
    assert untranslated_in_page(template.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", VIEWS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_view_says_nothing_that_has_no_translation(module: Path) -> None:
    assert list(untranslated_in_code(module.read_text(encoding="utf-8"))) == []


def test_these_tests_can_fail() -> None:
    page = '<p title="Hapus baris">{{ name }}</p>{# Ini catatan #}<b>{% if x %}Simpan{% endif %}</b><code>kode</code>'
    assert untranslated_in_page(page) == ["Hapus", "baris", "Simpan"]
    code = 'flash("Tersimpan.", "baik")\nStringField(_("Nama"), description="Seperti di KTP.")\nflash(_("Ya"))'
    assert list(untranslated_in_code(code)) == ["flash: Tersimpan.", "StringField: Seperti di KTP."]
