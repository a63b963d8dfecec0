"""Which of our kinds of damage another city's service is most like: by the words of its name, group and keywords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Words of one meaning in the languages in which endpoints speak; the first stands for all of them.
_SAME = (
    "lubang berlubang pothole potholes hole holes",
    "jalan road roads street streets highway carriageway pavement",
    "trotoar sidewalk sidewalks footpath footpaths footway walkway",
    "lampu pju light lights lamp lamps streetlight streetlights lighting penerangan streetlamp",
    "mati padam out outage off broken",
    "saluran drainase got selokan drain drains drainage gully gullies sewer sewers gutter culvert catchbasin",
    "mampet tersumbat blocked clogged blockage clog",
    "banjir genangan tergenang flood flooding flooded ponding",
    "pohon tree trees branch branches ranting dahan",
    "tumbang fallen down roboh",
    "jembatan bridge bridges",
    "rambu sign signs signage signpost",
    "marka marking markings zebra crosswalk",
    "apill traffic signal signals",
    "air pdam water",
    "bocor kebocoran leak leaks leaking leakage",
    "pipa pipe pipes main mains",
    "irigasi irrigation canal",
    "bangunan gedung building buildings facility",
    "longsor landslide slide",
    "sampah trash garbage rubbish litter waste dumping",
    "rusak kerusakan damage damaged defect",
)
_MEANING = {word: words.split()[0] for words in _SAME for word in words.split()}
_NO_MEANING = """
    di ke dan atau yang untuk dengan pada dari the a an of or and in on to for is other others lain lainnya request
    report service public umum publik complaint issue problem 311
"""
_EMPTY = frozenset(_NO_MEANING.split())
_NAME, _REST = 3, 1


@dataclass(frozen=True)
class Kind:
    """A kind of damage as its words tell: the name weighs more than keywords, group and description."""

    key: str
    name: frozenset[str]
    rest: frozenset[str]

    @classmethod
    def of(cls, key: str, names: Iterable[str], rest: Iterable[str] = ()) -> Kind:
        """Read the words of names and of all else that is known."""
        found = meanings(names)
        return cls(key, found, meanings(rest) - found)


def meanings(texts: Iterable[str]) -> frozenset[str]:
    """Return what the words of texts mean, those left out that every service has."""
    words = (word for text in texts for word in re.findall(r"[^\W_]+", text.lower()))
    return frozenset(_MEANING.get(word, word) for word in words if word not in _EMPTY and len(word) > 1)


def suggest(theirs: Kind, ours: Iterable[Kind]) -> str:
    """Return the key of the kind that is most like theirs, empty when none has a word of its name in common."""
    scored = [(_likeness(theirs, one), one.key) for one in ours]
    best, key = max(scored, default=(0, ""), key=lambda pair: pair[0])
    return key if best > 0 else ""


def suggestions(theirs: Mapping[str, Kind], ours: list[Kind]) -> dict[str, str]:
    """Return a suggestion for each of their services."""
    return {code: suggest(kind, ours) for code, kind in theirs.items()}


def _likeness(one: Kind, other: Kind) -> float:
    both = len(one.name & other.name) * _NAME + len(one.name & other.rest) * 1.5 + len(one.rest & other.name) * _REST
    return both - 0.1 * len(one.name ^ other.name) if both >= _NAME else 0
