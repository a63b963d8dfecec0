"""The English catalogue is complete, compiled, and keeps every placeholder."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

from babel.messages.mofile import read_mo

PLUGIN = Path(__file__).resolve().parent.parent


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("antrean_translate", PLUGIN / "tools" / "translate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s", text))


def test_every_message_has_english_words() -> None:
    translate = tool()
    assert len(translate.messages()) > 300
    assert translate.missing() == []


def test_translations_keep_their_placeholders_and_are_compiled() -> None:
    catalogue = tool().current()
    with (PLUGIN / "lumbung_antrean/translations/en/LC_MESSAGES/antrean.mo").open("rb") as file:
        compiled = read_mo(file)
    for entry in catalogue:
        if entry.id:
            assert placeholders(entry.id) == placeholders(entry.string), entry.id
            assert compiled.get(entry.id).string == entry.string
