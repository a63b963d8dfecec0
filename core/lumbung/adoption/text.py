"""Reading the files of a donated tree: only texts, only so much of them, whatever they are written in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LARGEST_FILE = 2 * 1024 * 1024  # bytes of a file that is read for what stands in it
MOST_BYTES = 256 * 1024 * 1024  # of all files together
LONGEST_LINE = 2_000
LIBRARIES = frozenset(("vendor", "node_modules", "bower_components", "site-packages", "third_party", "plugins"))
_SUFFIXES = frozenset(
    (
        *(".php", ".phtml", ".inc", ".py", ".html", ".htm", ".twig", ".tpl", ".jinja", ".j2"),
        *(".js", ".ts", ".jsx", ".vue", ".css", ".sh", ".txt", ".md", ".rst"),
        *(".ini", ".cfg", ".conf", ".toml", ".yml", ".yaml", ".json", ".xml", ".properties"),
        *(".env", ".example", ".sample", ".dist", ".lock", ".htaccess"),
    )
)
_NAMES = frozenset((".env", ".htaccess", "Dockerfile", "Pipfile", "Procfile", "artisan", "yii", ".python-version"))


@dataclass(frozen=True)
class Line:
    """A line of one of the application's own files."""

    path: str
    number: int
    text: str


class Tree:
    """The files of a donated tree. ``unread`` counts what was too large, or too much, to be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unread = 0
        self.paths = tuple(sorted(_paths(folder)))
        self._here = frozenset(self.paths)

    def has(self, path: str) -> bool:
        """Whether there is a file of this path."""
        return path in self._here

    def read(self, path: str) -> str:
        """Return a text of the tree, or its first part; empty when it is not there."""
        if not self.has(path):
            return ""
        with (self.folder / path).open("rb") as file:
            return file.read(LARGEST_FILE).decode("utf-8", "replace")

    def named(self, *names: str) -> list[str]:
        """Return the paths of files of these names that are not libraries', those nearest to the root first."""
        found = [path for path in self.paths if path.rpartition("/")[2] in names and not is_library(path)]
        return sorted(found, key=lambda path: (path.count("/"), path))

    def lines(self, like: re.Pattern[str], suffixes: tuple[str, ...] = ()) -> Iterator[Line]:
        """Yield the lines of the application's own texts that ``like`` finds something in, of these endings."""
        for path, text in self.texts(suffixes):
            if like.search(text):
                yield from lines_of(path, text)

    def texts(self, suffixes: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
        """Yield path and contents of every text of the application's own; libraries that came along are left out."""
        left = MOST_BYTES
        self.unread = 0
        for path in self.paths:
            if not is_text(path) or is_library(path) or (suffixes and not path.endswith(suffixes)):
                continue
            place = self.folder / path
            size = place.stat().st_size
            if size > LARGEST_FILE or size > left:
                self.unread += 1
                continue
            left -= size
            data = place.read_bytes()
            if b"\0" not in data[:8192]:
                yield path, data.decode("utf-8", "replace")


def lines_of(path: str, text: str) -> Iterator[Line]:
    """Yield the lines of a text, each cut where it is too long to be a person's."""
    for number, line in enumerate(text.split("\n"), 1):
        yield Line(path, number, line[:LONGEST_LINE])


def is_library(path: str) -> bool:
    """Whether a file belongs to a library that came along: its faults are not the application's to mend."""
    parts = path.split("/")[:-1]
    framework = "system" in parts and path.endswith(".php")  # CodeIgniter's own folder
    return framework or not LIBRARIES.isdisjoint(parts) or ".min." in path.rpartition("/")[2]


def is_text(path: str) -> bool:
    """Whether a file is read for what stands in it; dumps are not, they are read apart."""
    name = path.rpartition("/")[2]
    return name in _NAMES or name.startswith(".env") or PurePosixPath(name).suffix.lower() in _SUFFIXES


def _paths(folder: Path) -> Iterator[str]:
    for where, names, files in os.walk(folder):
        names.sort()
        for name in files:
            place = Path(where, name)
            if not place.is_symlink():
                yield str(place.relative_to(folder))
