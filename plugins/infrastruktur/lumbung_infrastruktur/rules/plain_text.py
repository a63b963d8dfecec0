"""Plain text out of what programs send as a description: without HTML, without what no eye sees."""

from __future__ import annotations

import re
from html import unescape

_UNSEEN_PARTS = re.compile(r"<(script|style|head)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.I | re.S)
_LINE_ENDS = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>", re.I)
_TAG = re.compile(r"</?[a-z][a-z0-9:-]*(?:\s[^<>]*)?/?>|<![a-z][^<>]*>", re.I)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def plain(text: str) -> str:
    """Return a text without HTML. A bare "<" between numbers stays: only what looks like a tag goes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for _turn in range(2):  # what was escaped may be HTML in its turn, as some endpoints send it
        text = unescape(_TAG.sub("", _LINE_ENDS.sub("\n", _UNSEEN_PARTS.sub(" ", text))))
    text = _SPACES.sub(" ", _CONTROLS.sub("", _TAG.sub("", text)))
    lines = (line.strip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def one_line(text: str, longest: int) -> str:
    """Return a text without HTML on one line, cut where it gets too long."""
    text = " ".join(plain(text).split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
