"""Every message of the core and of each plugin stands in its English catalogue, translated and compiled."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
import wtforms
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = [ROOT / "core" / "lumbung", *sorted(ROOT.glob("plugins/*/lumbung_*"))]
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **{"t": None, "nt": (1, 2), "both": None, "_l": None, "_n": (1, 2), "lazy_gettext": None, "lazy_ngettext": (1, 2)},
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def catalogue_of(package: Path) -> tuple[Catalog, Path]:
    name = package.name.removeprefix("lumbung_")
    path = package / "translations" / "en" / "LC_MESSAGES" / f"{name}.po"
    with path.open("rb") as file:
        return read_po(file), path


def messages_in(package: Path) -> set[str]:
    found = extract_from_dir(package, METHODS, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_catalogue_holds_today_s_messages_and_no_others(package):
    catalogue, _ = catalogue_of(package)
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue if message.id}
    today = messages_in(package)
    assert len(today) > 100
    assert today - known == set(), "run 'make translations'"
    assert known - today == set(), "run 'make translations'"
    assert not catalogue.obsolete, "take the obsolete messages out"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_message_is_translated_with_the_same_placeholders(package):
    catalogue, _ = catalogue_of(package)
    for message in catalogue:
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        translations = [message.string] if isinstance(message.string, str) else list(message.string)
        if not originals[0]:
            continue
        assert not message.fuzzy, originals
        assert all(translations), originals
        wanted = {name for text in originals for name in PLACEHOLDER.findall(text)}
        assert {name for text in translations for name in PLACEHOLDER.findall(text)} <= wanted, originals
        assert set(PLACEHOLDER.findall(translations[-1])) == set(PLACEHOLDER.findall(originals[-1])), originals


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_compiled_catalogue_is_the_written_one(package):
    catalogue, path = catalogue_of(package)
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogue:
        if isinstance(message.id, str) and message.id:
            assert compiled.gettext(message.id) == message.string
        for plural, text in enumerate(message.string) if not isinstance(message.id, str) else ():
            assert compiled.ngettext(*message.id, 1 if plural == 0 else 2) == text


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_head_of_the_catalogue_names_a_language_and_nobody_s_address(package):
    catalogue, path = catalogue_of(package)
    head = dict(catalogue.mime_headers)
    assert head["Language"] == "en"
    assert catalogue.num_plurals == 2
    assert "@" not in path.read_text(encoding="utf-8").partition("\n\nmsgid")[0]


def test_what_wtforms_itself_says_is_said_in_indonesian():
    with (Path(wtforms.__file__).parent / "locale" / "wtforms.pot").open("rb") as file:
        said = {message.id for message in read_po(file) if message.id}
    folder = ROOT / "core/lumbung/translations/id/LC_MESSAGES"
    with (folder / "wtforms.po").open("rb") as file:
        catalogue = read_po(file, locale="id")
    assert {message.id for message in catalogue if message.id} == said
    with (folder / "wtforms.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogue:
        if message.id:
            originals = [message.id] if isinstance(message.id, str) else list(message.id)
            string = message.string if isinstance(message.string, str) else message.string[0]
            assert set(PLACEHOLDER.findall(string)) == set(PLACEHOLDER.findall(originals[-1])), originals
            said_now = compiled.gettext(originals[0]) if len(originals) == 1 else compiled.ngettext(*originals, 2)
            assert said_now == string != originals[-1]
