"""What the portal's search finds here: kinds of damage that can be reported, and reports by their number."""

from __future__ import annotations

from collections.abc import Sequence

from lumbung.sdk import SearchHit

from ..models import Category, Report
from ..rules import states
from ..rules.contacts import tidy_number
from ..rules.kinds import GROUPS
from ..words import _
from . import places

MOST = 10
OURS = "lapor laporan aduan kerusakan rusak infrastruktur pupr report damage broken"

# What people also call a thing, by its group.
ALSO_CALLED = {
    "jalan": "lubang berlubang aspal retak longsor pothole road street",
    "jembatan": "gorong-gorong bridge",
    "drainase": "got selokan parit banjir mampet tersumbat drain flood",
    "irigasi": "sawah bendung pintu air irrigation",
    "pju": "lampu jalan gelap mati pju listrik lamp light dark",
    "rambu": "marka cermin lampu merah traffic sign",
    "pohon": "tumbang dahan ranting tree fallen",
    "air_bersih": "pdam pipa bocor air leden water pipe leak",
    "bangunan": "halte taman gedung toilet building",
    "lain": "other",
}


def hits(words: Sequence[str]) -> list[SearchHit]:
    """Return what can be reported and is known by all the words, and the report whose number one of them is."""
    numbered = [report for word in words if (number := tidy_number(word)) and (report := places.public_report(number))]
    kinds = [
        category
        for _group, categories in places.open_categories()
        for category in categories
        if all(word.casefold() in _known_by(category) for word in words)
    ]
    kinds.sort(key=lambda category: not any(word.casefold() in category.name.casefold() for word in words))
    return [*map(_report_hit, numbered), *map(_hit, kinds)][:MOST]


def _known_by(category: Category) -> str:
    text = f"{category.name} {category.name_en} {category.description} {category.keywords} {GROUPS[category.group]}"
    return f"{text} {ALSO_CALLED.get(category.group, '')} {OURS}".casefold()


def _hit(category: Category) -> SearchHit:
    return SearchHit(
        title=category.title,
        text=category.about or _("Laporkan, lalu ikuti perbaikannya."),
        url=f"/infrastruktur/lapor?kategori={category.code}",
        kind=_("Lapor kerusakan"),
        icon=category.icon,
    )


def _report_hit(report: Report) -> SearchHit:
    return SearchHit(
        title=f"{report.number} · {report.category.title}",
        text=" · ".join(part for part in (states.title(report.state), places.place_words(report)) if part),
        url=f"/infrastruktur/laporan/{report.number}",
        kind=_("Laporan kerusakan"),
        icon="road",
    )
