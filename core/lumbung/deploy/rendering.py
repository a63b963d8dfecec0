"""Filling the templates, and writing files so that nobody's own changes are lost.

The first line of each file holds a hash of the rest: a file whose hash does not fit was edited since, and is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lumbung.deploy.php import Pool
from lumbung.deploy.site import Site
from lumbung.instances.tree import write_file

_HEAD = re.compile(r"[#;] Written by 'lumbung deploy render', hash ([0-9a-f]{64})\n")
Outcome = Literal["written", "unchanged", "kept", "left over"]


@dataclass(frozen=True)
class File:
    """A file to be written: where below the folder, where it is to lie on the machine, its text, who may read it."""

    path: str
    target: str
    text: str
    mode: int = 0o644


def files_of(site: Site, pools: Iterable[Pool], fpm: str) -> list[File]:
    """Return every file of a production site. ``fpm`` is the program that runs pools."""
    pools = list(pools)
    with_pool = {host for pool in pools for host in pool.app.hosts}
    common: dict[str, Any] = {"site": site, "pools": pools, "with_pool": with_pool, "fpm": fpm}
    files = [
        _file("nginx/lumbung.conf", "/etc/nginx/conf.d/lumbung.conf", "nginx.conf", **common),
        _file("systemd/lumbung.service", "/etc/systemd/system/lumbung.service", "lumbung.service", **common),
        _file("tmpfiles/lumbung.conf", "/etc/tmpfiles.d/lumbung.conf", "tmpfiles.conf", **common),
        _file("logrotate/lumbung", "/etc/logrotate.d/lumbung", "logrotate", **common),
    ]
    if site.tls:
        files.append(_file("nginx/tls.conf", "/etc/nginx/lumbung/tls.conf", "tls.conf", **common))
    for pool in pools:
        unit = f"lumbung-php-{pool.app.unit}"
        place = f"/etc/lumbung/php/{pool.app.unit}.conf"
        files.append(_file(f"php/{pool.app.unit}.conf", place, "pool.conf", mode=0o640, pool=pool, **common))
        service = f"/etc/systemd/system/{unit}.service"
        files.append(_file(f"systemd/{unit}.service", service, "php.service", pool=pool, place=place, **common))
    return files


def write_all(folder: Path, files: Iterable[File], *, force: bool = False) -> Iterator[tuple[str, Outcome]]:
    """Write files into ``folder``, yielding what became of each; one that was edited is kept unless ``force``.

    At the end come those that were written once and belong to nothing any more: they are left to whoever put them in
    place.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = set()
    for file in files:
        wanted.add(file.path)
        place = folder / file.path
        whole = _with_head(file)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        there = place.read_text(errors="replace") if place.exists() else None
        if there == whole:
            yield file.path, "unchanged"
        elif there is not None and not force and not is_untouched(there):
            yield file.path, "kept"
        else:
            write_file(place, whole.encode(), file.mode)
            yield file.path, "written"
    for place in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(place.relative_to(folder))
        if name not in wanted and _HEAD.match(place.read_text(errors="replace")):
            yield name, "left over"


def is_untouched(text: str) -> bool:
    """Whether a file is as it was written."""
    found = _HEAD.match(text)
    return found is not None and found[1] == _hash(text[found.end() :])


def _file(path: str, target: str, template: str, *, mode: int = 0o644, **values: Any) -> File:
    return File(path, target, _templates().get_template(f"{template}.j2").render(**values), mode)


def _with_head(file: File) -> str:
    mark = ";" if file.path.startswith("php/") else "#"
    return f"{mark} Written by 'lumbung deploy render', hash {_hash(file.text)}\n{file.text}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=False,  # noqa: S701  (no HTML; values are checked by lumbung.deploy.site)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
