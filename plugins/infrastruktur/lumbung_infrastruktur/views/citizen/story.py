"""The log of a report as people read it: what happened, in words, without names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lumbung.sdk import language

from ...models import LogEntry, Report
from ...rules import states
from ...services import places
from ...words import _


@dataclass(frozen=True)
class Told:
    """A line, as `ui.timeline` shows it."""

    at: datetime
    title: str
    text: str = ""
    tone: str = "muted"
    icon: str = ""


ICONS = {
    "made": "flag",
    "route": "building",
    "forward": "send",
    "note": "message-circle",
    "merge": "arrow-merge",
    "work": "tool",
    "photo": "camera",
    "rating": "star",
    "escalate": "arrow-up",
}


def story(report: Report, *, public: bool) -> list[Told]:
    """Return what happened, the newest first. What the reporter wrote later is read by them and the office alone."""
    return [_told(entry, public=public) for entry in places.log_of(report)]


def _told(entry: LogEntry, *, public: bool) -> Told:
    text = (language() == "en" and entry.note_en) or entry.note
    own = places.is_reporters_own(entry)
    if own:
        title, text = _("Pelapor menambah keterangan"), "" if public else text
    elif entry.kind == "made":
        title, text = _("Laporan dibuat"), ""
    elif entry.to_state:
        title = states.title(entry.to_state)
    elif entry.kind == "note":
        title = _("Kabar dari petugas")
    else:
        title, text = text, ""
    tone = states.tone(entry.to_state) if entry.to_state else "laut" if entry.kind == "note" and not own else "muted"
    return Told(entry.at, title, text, tone, ICONS.get(entry.kind, ""))
