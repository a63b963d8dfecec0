"""Looking at the database: who may do what in it, whether its schema is that of the code, its clock, its room."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.engine import make_url

from lumbung.clock import utc_now
from lumbung.database.roles import refuse_powerful_app_role
from lumbung.doctor.findings import Asked, Finding, bad, both, good, warning
from lumbung.errors import LumbungError
from lumbung.migrate import Component, core_component, head_of
from lumbung.registry.discovery import find_plugin

MOST_DRIFT = timedelta(seconds=5)
LEAST_ROOM = 1024**3
ROOM_TO_WARN = 5 * 1024**3


def reachable(asked: Asked) -> Iterator[Finding]:
    """Whether the database answers, and whether it is one for production."""
    asked.kernel.database.check()
    yield good(both("Basis data menjawab."))
    embedded = not asked.settings.database_url and not asked.settings.database_app_url
    if asked.urls and embedded and asked.settings.secure_cookies:
        yield warning(
            both("Situs ini memakai basis data bawaan."),
            both("Untuk pelayanan sehari-hari pakailah server PostgreSQL sendiri, dengan cadangan."),
            "docs/operating/database.md",
        )


def roles(asked: Asked) -> Iterator[Finding]:
    """Whether the role of the pages can step over the walls between tenants."""
    if asked.urls is None:
        return
    try:
        refuse_powerful_app_role(asked.urls)
    except LumbungError:
        yield bad(
            both("Peran basis data untuk halaman web terlalu berkuasa."),
            both("Peran %(role)s dapat melihat data semua daerah. Beri halaman web peran yang tidak dapat.",
                 role=make_url(asked.urls.app).username or "?"),
            "docs/operating/database.md",
        )  # fmt: skip
    else:
        yield good(both("Peran basis data untuk halaman web dibatasi sebagaimana mestinya."))


def schema(asked: Asked) -> Iterator[Finding]:
    """Whether the tables are those of the code, of the core and of each plugin, by one query of the ledger."""
    with asked.kernel.database.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT DISTINCT ON (component) component, revision FROM lumbung_ledger ORDER BY component, id DESC")
        )
        ledger = {str(row.component): row.revision for row in rows}
    core = head_of(core_component())
    if ledger.get("core") != core:
        yield bad(
            both("Tabel platform di revisi %(at)s; kode ini perlu %(head)s.", at=ledger.get("core") or "-", head=core),
            both("Halaman dapat gagal di tempat yang tidak terduga."),
            "lumbung db upgrade",
        )
        return
    behind = [] if asked.urls is None else list(_plugins_behind(asked, ledger))
    for name, at, head in behind:
        yield bad(
            both(
                "Tabel %(name)s di revisi %(at)s; paketnya perlu %(head)s.", name=name, at=at or "-", head=head or "-"
            ),
            both("Paketnya berganti tanpa dimutakhirkan lewat platform."),
            f"lumbung plugin install {name}",
        )
    if not behind:
        yield good(both("Semua tabel sesuai dengan kodenya."))


def _plugins_behind(asked: Asked, ledger: dict[str, str | None]) -> Iterator[tuple[str, str | None, str | None]]:
    """Compare by the file names of revisions: reading them would run the plugin's code here."""
    for name, plugin in asked.kernel.snapshot().plugins.items():
        found = find_plugin(name)
        if found is None or found.version != plugin.version or not plugin.usable:
            continue
        head = _head_in_files(Component(name, found.version, found.folder / "migrations"))
        if head is not None and ledger.get(name) != head:
            yield name, ledger.get(name), head


REVISION = re.compile(r"^(down_)?revision\s*(?::[^=]+)?=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)


def _head_in_files(component: Component) -> str | None:
    """Return the revision that no other one follows, as the files say it; None when that is not one alone."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for path in component.folder.glob("*.py"):
        for down, revision in REVISION.findall(path.read_text(encoding="utf-8", errors="replace")):
            (followed if down else revisions).add(revision)
    heads = revisions - followed
    return heads.pop() if len(heads) == 1 else None


def clock(asked: Asked) -> Iterator[Finding]:
    """Whether this machine and the database agree on the time."""
    with asked.kernel.database.engine.connect() as connection:
        there = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    drift = abs(utc_now() - there)
    if drift > MOST_DRIFT:
        yield bad(
            both(
                "Jam server ini dan jam basis data berselisih %(seconds)s detik.", seconds=round(drift.total_seconds())
            ),
            both("Sesi, tenggat, dan jejak audit memakai keduanya. Nyalakan NTP di kedua mesin."),
            "timedatectl set-ntp true",
        )
    else:
        yield good(both("Jam server dan jam basis data cocok."))


def room(asked: Asked) -> Iterator[Finding]:
    """Whether the disk of the data folder has room."""
    free = shutil.disk_usage(asked.settings.home).free
    left = f"{free / 1024**3:.1f} GB"
    words = both("Ruang kosong di folder data: %(left)s.", left=left)
    why = both("Tanpa ruang, berkas dan cadangan tidak tersimpan dan basis data bawaan berhenti.")
    if free < LEAST_ROOM:
        yield bad(words, why, f"df -h {asked.settings.home}")
    elif free < ROOM_TO_WARN:
        yield warning(words, why, f"df -h {asked.settings.home}")
    else:
        yield good(words)
