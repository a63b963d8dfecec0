"""What is printed for a data subject and for the file: the copy, the answer, the record of an erasure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.context import current_tenant
from lumbung.documents.pdf import facts, heading, pdf, signature, table, text
from lumbung.hooks import DataSection, Plain
from lumbung.privacy import requests
from lumbung.privacy.clocks import code_of
from lumbung.privacy.models import DataRequest
from lumbung.privacy.subject import Kept

MOST_COLUMNS = 5  # what has more is set as facts, one row after the other

_catalogue = Catalogue("lumbung")
both = _catalogue.both


def shown(value: Plain, language: str) -> str:
    """Return a value as people of this language write it, moments in the tenant's time; nothing is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return (both("ya") if value else both("tidak"))(language)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(current_tenant().now().tzinfo)
    return _catalogue.say(language, "%(value)s", value=value)


def copy_of(kept: Kept, name: str, language: str) -> bytes:
    """Return all that is held of somebody as a PDF."""
    blocks = [text(both(
        "Salinan semua data pribadi %(name)s yang disimpan di situs ini (UU 27/2022 pasal 7).", name=name
    )(language))]  # fmt: skip
    for title in kept.silent:
        missing = both("%(title)s sedang tidak dapat menjawab; datanya tidak ada di sini.", title=title)
        blocks.append(text(missing(language)))
    for one in kept.held:
        blocks.append(heading(one.title))
        blocks += [text(_purpose(purpose, language), small=True) for purpose in one.purposes]
        for section in one.sections:
            blocks += _section(section, language)
    return pdf("document", {"title": both("Salinan data pribadi")(language), "blocks": blocks}, language=language)


def answer_to(row: DataRequest, language: str) -> bytes:
    """Return the letter that answers a request: what was asked, what was done or why not, and by which law."""
    refused = row.state == requests.REFUSED
    blocks = [
        facts(_facts(row, language)),
        heading((both("Alasan penolakan") if refused else both("Jawaban"))(language)),
        text(row.answer or both("Belum dijawab.")(language)),
    ]
    if row.legal_basis:
        blocks.append(facts([(both("Dasar hukum")(language), row.legal_basis)]))
    if refused:
        objection = both(
            "Bila Anda tidak setuju, Anda dapat mengajukan keberatan kepada kami atau mengadu kepada lembaga "
            "pelindungan data pribadi."
        )
        blocks.append(text(objection(language), small=True))
    blocks.append(_signed(row, language))
    title = both("Jawaban atas permintaan data pribadi %(code)s", code=code_of(row))
    return pdf("document", {"title": title(language), "blocks": blocks}, language=language)


def record_of_erasure(row: DataRequest, language: str) -> bytes:
    """Return the record of an erasure (berita acara): what became of which data, without a word of whose."""
    named = (both("Aplikasi"), both("Data"), both("Jumlah"), both("Tindakan"), both("Alasan"))
    headings = [one(language) for one in named]
    blocks = [
        facts(_facts(row, language)),
        heading(both("Yang dilakukan")(language)),
        table(headings, [_outcome(one, language) for one in row.outcome]),
        text(both(
            "Penghapusan ini sekaligus pemusnahan: tidak ada salinan yang disisihkan. Cadangan basis data berisi "
            "data lama sampai masa simpannya habis, dan tidak dipakai untuk hal lain."
        )(language), small=True),
        _signed(row, language),
    ]  # fmt: skip
    title = both("Berita acara penghapusan data pribadi %(code)s", code=code_of(row))
    return pdf("document", {"title": title(language), "blocks": blocks}, language=language)


def how_title(how: str) -> Bilingual:
    """Return what became of data, in a word."""
    return {
        "deleted": both("dihapus"),
        "anonymised": both("dianonimkan"),
        "kept": both("disimpan"),
    }[how]


def _outcome(one: Mapping[str, Any], language: str) -> list[str]:
    said = [Bilingual(**one[part])(language) if one[part] else "" for part in ("application", "what", "why")]
    return [said[0], said[1], str(one["count"]), how_title(one["how"])(language), said[2]]


def _facts(row: DataRequest, language: str) -> list[tuple[str, str]]:
    name = row.person.name if row.person else row.applicant
    return [
        (both("Nomor")(language), code_of(row)),
        (both("Permintaan")(language), requests.kind_title(row.kind)(language)),
        (both("Pemohon")(language), name),
        (both("Diterima")(language), shown(row.received_at, language)),
        (both("Batas 3x24 jam")(language), shown(row.due_at, language)),
        (both("Selesai")(language), shown(row.ended_at, language)),
    ]


def _signed(row: DataRequest, language: str) -> dict[str, Any]:
    place = f"{current_tenant().name}, {shown((row.ended_at or row.received_at), language)}"
    return signature(place, both("Petugas pelindungan data pribadi")(language), row.handled_by or "–")


def _purpose(purpose: Any, language: str) -> str:
    kept = both("disimpan %(days)s hari", days=purpose.retention_days) if purpose.retention_days else None
    parts = [purpose.name(language), purpose.purpose(language), purpose.basis(language)]
    return "; ".join(parts + ([kept(language)] if kept else [])) + "."


def _section(section: DataSection, language: str) -> Sequence[dict[str, Any]]:
    blocks = [heading(section.title, 3)]
    if not section.rows:
        return [*blocks, text(both("Tidak ada.")(language), small=True)]
    lines = [[shown(row.get(key), language) for key in section.columns] for row in section.rows]
    titles = list(section.columns.values())
    if len(titles) <= MOST_COLUMNS and len(lines) > 1:
        return [*blocks, table(titles, lines)]
    for line in lines:
        blocks.append(facts(list(zip(titles, line, strict=True))))
        blocks.append(text(" ", small=True))
    return blocks[:-1]
