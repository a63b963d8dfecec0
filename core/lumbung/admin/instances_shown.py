"""What the pages say of an instance: its state in words, and the facts of how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from lumbung.context import current_scope
from lumbung.errors import Sentence
from lumbung.instances.asking import KeeperAway, ask
from lumbung.instances.instance import Instance
from lumbung.instances.models import InstanceRow
from lumbung.instances.rows import rows_of
from lumbung.registry.state import InstalledPlugin
from lumbung.settings import Settings
from lumbung.web.i18n import core_domain, format_datetime, format_number
from lumbung.web.refusals import words_of

_ = core_domain.gettext

ANSWERS_WITHIN = 2.0
ENGINES = {"postgresql": "PostgreSQL", "mysql": "MariaDB / MySQL", "sqlite": "SQLite"}
CHANGING = frozenset(("making", "starting", "waiting"))
Live = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Line:
    """An instance with its row and what the keeper says of it now; ``live`` is None when the keeper is away."""

    instance: Instance
    row: InstanceRow | None
    on: bool
    live: Live | None

    @property
    def keeper_away(self) -> bool:
        """Whether nobody watches it at the moment."""
        return self.live is None

    @cached_property
    def _told(self) -> Mapping[str, Any]:
        whose = self.instance.tenant.slug if self.instance.tenant else ""
        return (self.live or {}).get((self.instance.name, whose), {})

    @property
    def state(self) -> str:
        """The state it is in: as the keeper says, else as it was last written down."""
        return str(self._told.get("state") or (self.row.state if self.row else "new"))

    @property
    def since(self) -> datetime | None:
        """Since when."""
        if isinstance(said := self._told.get("since"), int | float):
            return datetime.fromtimestamp(said, UTC)
        return self.row.since if self.row and self.row.state != "new" else None

    @property
    def reason(self) -> str:
        """Why, in the reader's language; empty where nothing was said."""
        said = self._told.get("reason") if self._told else (self.row.reason if self.row else None)
        return words_of(Sentence.from_json(said)) if said else ""

    @property
    def restarts(self) -> int:
        """How often it was started again after it died."""
        return int(self._told.get("restarts") or (self.row.restarts if self.row else 0))

    @property
    def halted_by(self) -> str:
        """Who halted it."""
        return str(self._told.get("halted_by") or (self.row.halted_by if self.row else "") or "")

    @property
    def version(self) -> str:
        """The version that was made last."""
        return (self.row.version if self.row else None) or ""

    @property
    def port(self) -> str:
        """Where it listens on this machine."""
        return str(self._told.get("at") or (self.row.address if self.row and self.keeper_away else "") or "")

    @property
    def changing(self) -> bool:
        """Whether another state is near: the page looks more often."""
        return self.state in CHANGING


def states_of(plugin: InstalledPlugin) -> dict[tuple[str, int], InstanceRow]:
    """Return the rows of a plugin's instances by their keys."""
    return {(row.plugin, row.tenant): row for row in rows_of(current_scope().session, plugin.name)}


def live_of(settings: Settings) -> Live | None:
    """Return what the keeper says of all instances, by plugin and tenant; None when it does not answer."""
    try:
        answer = ask(settings, timeout=ANSWERS_WITHIN, do="status")
    except KeeperAway:
        return None
    return {(one.get("plugin", ""), one.get("tenant", "")): one for one in answer.get("instances") or ()}


def state_words(state: str) -> tuple[str, str, str | None]:
    """Return a state in words, its tone and its icon."""
    words: dict[str, tuple[str, str, str | None]] = {
        "new": (_("Belum disiapkan"), "muted", None),
        "making": (_("Sedang disiapkan"), "padi", "hourglass"),
        "stopped": (_("Berhenti"), "muted", "moon"),
        "starting": (_("Sedang menyala"), "padi", "hourglass"),
        "running": (_("Berjalan"), "baik", None),
        "waiting": (_("Mati, segera dicoba lagi"), "padi", "refresh"),
        "failed": (_("Gagal menyala"), "gawat", None),
        "halted": (_("Sengaja dihentikan"), "muted", "ban"),
        "removed": (_("Sudah dihapus"), "muted", "trash"),
    }
    return words.get(state, (state, "muted", None))


def state_hint(line: Line) -> str:
    """Return what a state means for whoever opens the application."""
    if not line.on:
        return str(_("Aplikasi ini mati untuk daerah ini."))
    hints: dict[str, str] = {
        "new": _("Folder dan basis datanya dibuat saat pertama kali dinyalakan."),
        "making": _("Folder, lingkungan, dan basis datanya sedang dibuat. Untuk yang besar ini dapat lama."),
        "stopped": _("Menyala sendiri saat ada yang membukanya."),
        "starting": _("Prosesnya sudah ada; ditunggu sampai halamannya sehat."),
        "waiting": _("Prosesnya mati dan dicoba lagi, makin lama makin jarang."),
        "failed": _("Sudah dicoba berulang kali. Lihat sebab dan log di bawah, lalu nyalakan lagi."),
        "halted": _("Tidak menyala sebelum dinyalakan lagi di sini."),
    }
    return str(hints.get(line.state, ""))


def facts_about(line: Line) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return how an instance is run, in groups of names and values. No value of its environment is among them."""
    return [
        (_("Cara berjalan"), _how(line)),
        (_("Batas"), _limits(line)),
        (_("Pemeriksaan kesehatan"), _health(line)),
        (_("Basis data"), _database(line)),
    ]


def _how(line: Line) -> list[tuple[str, Any]]:
    process = line.instance.process
    idle = _("Setelah %(minutes)s menit tidak dipakai", minutes=process.idle_minutes) if process.idle_minutes else None
    stack = {"php": "PHP", "python": "Python"}.get(process.stack, process.stack)
    return [
        (
            _("Jenis"),
            f"{stack} {process.python or ''}".strip() if process.stack != "command" else _("Perintah sendiri"),
        ),
        (_("Kapan menyala"), _("Saat situs menyala") if process.start == "boot" else _("Saat pertama kali dibuka")),
        (_("Berhenti sendiri"), idle or _("Tidak")),
        (_("Untuk"), _("Satu daerah") if process.tenancy == "each" else _("Semua daerah bersama")),
        (_("Disiapkan"), format_datetime(line.row.made_at) if line.row and line.row.made_at else None),
    ]


def _limits(line: Line) -> list[tuple[str, Any]]:
    limits = line.instance.process.limits
    seconds = _("%(seconds)s detik", seconds=format_number(limits.cpu_seconds)) if limits.cpu_seconds else None
    return [
        (_("Memori"), f"{format_number(limits.memory_mb)} MB"),
        (_("Waktu prosesor"), seconds or _("Tidak dibatasi")),
        (_("Berkas terbuka"), format_number(limits.open_files)),
        (_("Proses"), format_number(limits.processes)),
    ]


def _health(line: Line) -> list[tuple[str, Any]]:
    health = line.instance.process.health
    return [
        (_("Halaman"), health.path),
        (_("Harus memuat"), f"“{health.expect}”" if health.expect else None),
        (_("Paling lambat"), _("%(seconds)s detik", seconds=format_number(health.within_seconds))),
    ]


def _database(line: Line) -> list[tuple[str, Any]]:
    declared = line.instance.process.database
    if declared is None:
        return [(_("Basis data"), _("Tidak ada"))]
    known = dict(line.row.facts.get("database") or {}) if line.row else {}
    return [
        (_("Server"), ENGINES[declared.engine]),
        (_("Nama"), known.get("name") or known.get("file")),
        (_("Akun"), known.get("user")),
        (_("Isi awal"), declared.dump),
    ]
