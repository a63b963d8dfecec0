"""Text as an officer types it, made into HTML: paragraphs, lists, links. Nothing that is typed becomes a tag."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from jinja2.utils import urlize
from markupsafe import Markup

_BULLET = re.compile(r"^[ \t]*[-*•][ \t]+")
_NUMBER = re.compile(r"^[ \t]*\d{1,3}[.)][ \t]+")
_ITEM = re.compile(r"(?:^|\n)[ \t]*[-*•][ \t]+")
_LISTS = {"ul": (_BULLET, Markup("<ul>{}</ul>")), "ol": (_NUMBER, Markup("<ol>{}</ol>"))}
_SPACE = re.compile(r"\s+")


def as_html(text: str) -> Markup:
    """Return the text with paragraphs at empty lines, lists at ``-`` or ``1.``, and addresses as links."""
    blocks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip())
    return Markup("\n").join(part for block in blocks for part in _parts(block.split("\n")))


def one_line(text: str) -> str:
    """Return the text on one line, the items of its lists set off by dots."""
    return _SPACE.sub(" ", _ITEM.sub(" · ", text)).strip(" ·")


def beginning(text: str, most: int = 160) -> str:
    """Return the first words of a text on one line, cut at a space, with an ellipsis when something is left out."""
    line = one_line(text)
    if len(line) <= most:
        return line
    return line[: most + 1].rsplit(" ", 1)[0][:most].rstrip(",.;:") + "…"


def _parts(lines: Sequence[str]) -> Iterator[Markup]:
    for kind, run in groupby((line for line in lines if line.strip()), _kind):
        if kind == "p":
            yield Markup("<p>{}</p>").format(Markup("<br>").join(_linked(line.strip()) for line in run))
        else:
            start, frame = _LISTS[kind]
            items = Markup("").join(Markup("<li>{}</li>").format(_linked(start.sub("", line))) for line in run)
            yield frame.format(items)


def _kind(line: str) -> str:
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBER.match(line) else "p"


def _linked(line: str) -> Markup:
    """Escape a line and link what is an address of the web or of e-mail; other schemes stay text."""
    return Markup(urlize(line, rel="noopener nofollow"))  # noqa: S704  (urlize escapes what it is given)
