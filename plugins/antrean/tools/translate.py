"""Bring the English catalogue up to date with the messages in the code, and say which have no translation.

Run from anywhere: ``python plugins/antrean/tools/translate.py``. What it lists is to be filled in
`translations/en/LC_MESSAGES/antrean.po`; run it again to compile.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent / "lumbung_antrean"
CATALOGUE = PACKAGE / "translations" / "en" / "LC_MESSAGES" / "antrean.po"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {"_": None, "_l": None}
DATE = datetime(2026, 11, 24, tzinfo=UTC)


def messages() -> list[str]:
    """Every message of the code and the templates, in order."""
    found = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS)
    return sorted({str(message) for _file, _line, message, _comments, _context in found})


def current() -> Catalog:
    """The catalogue as it stands in the file."""
    if not CATALOGUE.exists():
        return empty()
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en", domain="antrean")


def empty() -> Catalog:
    """A catalogue with its head only; the dates stand still, so that a run without news changes nothing."""
    return Catalog(
        locale="en",
        domain="antrean",
        project="Antrean Daring",
        version="1",
        header_comment="# English words of Antrean Daring. Made by tools/translate.py; fill in what it lists.",
        msgid_bugs_address="-",
        last_translator="Antrean Daring",
        language_team="English",
        creation_date=DATE,
        revision_date=DATE,
        fuzzy=False,
    )


def missing() -> list[str]:
    """Messages that an English reader would see in Indonesian."""
    known = current()
    return [one for one in messages() if not (known.get(one) and known.get(one).string)]  # type: ignore[union-attr]


def main() -> int:
    """Rewrite the catalogue, compile it, list what is missing."""
    old, new = current(), empty()
    for one in messages():
        entry = old.get(one)
        new.add(one, entry.string if entry else "", flags=["python-format"] if "%(" in one else [])
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, new, width=110, omit_header=False, sort_output=True, no_location=True)
    with CATALOGUE.with_suffix(".mo").open("wb") as file:
        write_mo(file, new)
    for one in missing():
        sys.stderr.write(f"not translated: {one}\n")
    return 1 if missing() else 0


if __name__ == "__main__":
    sys.exit(main())
