"""The words of a search: what a citizen typed, made small enough to look for, and shown where it was found."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

LONGEST = 100  # letters of a search; the rest is cut
MOST = 8  # words
SHORTEST = 2  # letters of a word

# Said around a wish, found in nothing: "cara membuat ktp" looks for "ktp".
_FILLERS = frozenset(
    """ada apa atau bagaimana bikin buat cara dan dari di dimana gimana how ingin ini itu kami ke mana mau membuat
    mengurus minta mohon pada perlu saya the to untuk urus yang""".split()  # noqa: SIM905  (a list to read)
)
_EDGE = re.compile(r"^[^\w]+|[^\w]+$")


def words_of(typed: str) -> list[str]:
    """Return the words to look for, in small letters: at most eight, no single letters, no fillers unless alone."""
    stripped = (_EDGE.sub("", word) for word in typed[:LONGEST].casefold().split())
    words = list(dict.fromkeys(word for word in stripped if len(word) >= SHORTEST))
    return ([word for word in words if word not in _FILLERS] or words)[:MOST]


def highlighted(text: str, words: list[str]) -> Markup:
    """Return ``text`` escaped, with every occurrence of the words marked."""
    if not words:
        return escape(text)
    found = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    parts, end = [], 0
    for match in found.finditer(text):
        parts += [escape(text[end : match.start()]), Markup("<mark>{}</mark>").format(match[0])]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def around(text: str, words: list[str], most: int = 160) -> str:
    """Return the piece of a long text in which the first of the words stands, on one line."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    places = [place for place in (line.casefold().find(word) for word in words) if place >= 0]
    start = max(0, min(places, default=0) - most // 3)
    start = line.find(" ", start) + 1 if start else 0
    piece = line[start : start + most]
    if start + most < len(line):
        piece = piece.rsplit(" ", 1)[0] + "…"
    return ("…" if start else "") + piece
