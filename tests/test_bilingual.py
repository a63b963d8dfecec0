"""A text in both languages, made where no page is shown."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lumbung.bilingual import Bilingual, Catalogue

PO = """
msgid ""
msgstr ""
"Language: en\\n"
"Content-Type: text/plain; charset=utf-8\\n"

#, python-format
msgid "Nomor %(number)s dipanggil"
msgstr "Number %(number)s is called"

msgid "Loket"
msgstr "Counter"
"""


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The words of a package that was compiled a moment ago."""
    folder = tmp_path / "lumbung_kata" / "translations" / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (tmp_path / "lumbung_kata" / "__init__.py").touch()
    (folder / "kata.po").write_text(PO)
    compile_ = (sys.executable, "-m", "babel.messages.frontend", "-q", "compile", "-D", "kata", "-d")
    subprocess.run([*compile_, str(folder.parents[1])], check=True)
    monkeypatch.syspath_prepend(tmp_path)
    return Catalogue("lumbung_kata.services").both


def test_a_text_is_filled_in_in_both_languages(both) -> None:
    assert both("Nomor %(number)s dipanggil", number="A001") == Bilingual(
        "Nomor A001 dipanggil", "Number A001 is called"
    )


def test_values_are_put_into_each_language(both) -> None:
    def written(value: object) -> Bilingual:
        return both("Nomor %(number)s dipanggil", number=value)

    noon = datetime(2026, 8, 17, 12, 5, tzinfo=ZoneInfo("Asia/Makassar"))
    assert written(both("Loket")) == Bilingual("Nomor Loket dipanggil", "Number Counter is called")
    assert written(date(2026, 8, 17)) == Bilingual("Nomor 17 Agustus 2026 dipanggil", "Number 17 August 2026 is called")
    assert written(time(8, 42)) == Bilingual("Nomor 08.42 dipanggil", "Number 08:42 is called")
    assert written(noon) == Bilingual("Nomor 17 Agu 2026 12.05 dipanggil", "Number 17 Aug 2026 12:05 is called")


def test_what_nobody_translated_is_said_in_indonesian(both) -> None:
    assert both("Belum ada 100% terjemahan") == Bilingual("Belum ada 100% terjemahan", "Belum ada 100% terjemahan")
    assert Catalogue("lumbung_tidak_ada").both("Loket").en == "Loket"


def test_any_other_language_reads_indonesian() -> None:
    words = Bilingual("Loket", "Counter")
    assert (words("id"), words("en"), words("fr")) == ("Loket", "Counter", "Loket")
