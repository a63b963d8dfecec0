"""Who may ask a foreign application for which path, decided before it sees anything of the request.

A path is read twice: as it stands, and as a lenient application might take it, without regard to letters' case and to
``;...`` behind a segment. With PHP, whose frameworks find their pages in several ways, it is also read without its
``index.php``, and as what ``/?/admin`` (CodeIgniter) and ``/?r=admin`` (Yii) name. Each reading has to let somebody in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, unquote_plus

from lumbung.identity.person import Person
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin, Snapshot

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Way = Literal["in", "sign_in", "refused", "absent"]

_ENCODED = re.compile(r"%(?:2f|5c|00)", re.IGNORECASE)  # in the address as it was sent
_ENCODED_TWICE = re.compile(r"%(?:2e|2f|5c|00)", re.IGNORECASE)
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\]")
# What lies in the folders of donated applications and is nobody's page: settings, histories, dumps, databases.
_HIDDEN = re.compile(
    r"\.(?!well-known$).*|.*\.(sql|sql\.(gz|zip|bz2|xz)|dump|sqlite|sqlite3|db|db3|bak|old|orig|swp|inc|env|pem)|.*~"
)


class BadAddress(ValueError):
    """An address that two readers could understand differently; it is answered with 400."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a request: ``in``, led to ``sign_in``, ``refused``, or nothing is there (``absent``).

    ``rule`` is the path of the rule that decided: a name for the page that holds nobody's number.
    """

    way: Way
    rule: str = ""


def path_of(environ: WSGIEnvironment) -> str:
    """Return the path that a request is judged by: decoded once, without ``//``, ``/./`` and ``..``.

    Raises `BadAddress` for one that holds an encoded slash, a backslash or a control character.
    """
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("?")[0]
    path = str(environ.get("PATH_INFO") or "/")
    if not path.startswith("/") or _ENCODED.search(raw) or _ENCODED_TWICE.search(path) or _UNFIT.search(path):
        raise BadAddress("The address cannot be read.")
    return "/" + "/".join(_segments(path.encode("latin-1").decode("utf-8", "surrogateescape")))


def _segments(path: str) -> list[str]:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return kept


def _of_frameworks(loose: list[str], query: str) -> list[list[str]]:
    """Return what else a PHP framework may take a path and its query for."""
    rest = [segment for segment in loose if segment != "index.php"]
    if rest:
        return [rest] if len(rest) < len(loose) and loose[-1] != "index.php" else []
    said = unquote_plus(query, "utf-8", "surrogateescape")
    named = [said.partition("?")[0].partition("&")[0]] if said.startswith("/") else []
    try:
        named += parse_qs(query, max_num_fields=200, errors="surrogateescape").get("r", [])
    except ValueError:  # more fields than any page has
        named.append(said)
    return [_loosely(_segments(name)) for name in named]


def _loosely(segments: list[str]) -> list[str]:
    return [segment.partition(";")[0].casefold() for segment in segments]


class AccessTable:
    """The rules of one manifest, ready to be asked."""

    def __init__(self, manifest: Manifest) -> None:
        self._php = manifest.process is not None and manifest.process.stack == "php"
        self._exact: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        self._loose: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for rule in manifest.access:
            segments = _segments(rule.path)
            self._exact.setdefault(tuple(segments), []).append((rule.path, rule.rule))
            self._loose.setdefault(tuple(_loosely(segments)), []).append((rule.path, rule.rule))
        denied = manifest.process.deny if manifest.process is not None else ()
        self._denied = {tuple(_loosely(_segments(path))) for path in denied}

    def judge(self, path: str, person: Person | None, query: str = "") -> Verdict:
        """Return what becomes of a request for ``path``, one of `path_of`, by this person."""
        segments = _segments(path)
        readings = [_loosely(segments)]
        if self._php:
            readings += _of_frameworks(readings[0], query)
        if any(self._is_hidden(reading) for reading in readings):
            return Verdict("absent")
        found = [self._decide(self._exact, segments, person)]
        found += [self._decide(self._loose, reading, person) for reading in readings]
        return next((one for one in found if one.way != "in"), found[0])

    def _is_hidden(self, segments: list[str]) -> bool:
        if any(_HIDDEN.fullmatch(segment) for segment in segments):
            return True
        return any(tuple(segments[:count]) in self._denied for count in range(len(segments) + 1))

    @staticmethod
    def _decide(
        rules: dict[tuple[str, ...], list[tuple[str, str]]], segments: list[str], person: Person | None
    ) -> Verdict:
        for count in range(len(segments), -1, -1):
            if found := rules.get(tuple(segments[:count])):
                decided = [Verdict(_way(rule, person), path) for path, rule in found]
                return next((one for one in decided if one.way != "in"), decided[0])
        return Verdict("refused")


def _way(rule: str, person: Person | None) -> Way:
    if rule == "public":
        return "in"
    if rule == "closed":
        return "refused"
    if person is None:
        return "sign_in"
    return "in" if rule == "signed_in" or person.can(rule) else "refused"


def table_of(plugin: InstalledPlugin, snapshot: Snapshot) -> AccessTable:
    """Return the table of a plugin, made once in a generation."""
    return snapshot.remember(("access", plugin.name, plugin.version), lambda: AccessTable(plugin.manifest))
