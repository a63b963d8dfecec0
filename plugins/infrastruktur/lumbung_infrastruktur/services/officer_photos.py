"""Photos that officers add: what was repaired, or what somebody brought to the counter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from lumbung.sdk import DomainError, Picture, read_picture, session

from ..models import Report
from ..words import _
from .reporting import photo_of

MOST = 5


def pictures(files: Iterable[Any]) -> list[Picture]:
    """Read the files of a form; empty ones are left out. Raises `DomainError` for one that is no picture."""
    given = [file for file in files if file is not None and getattr(file, "filename", "")]
    if len(given) > MOST:
        raise DomainError(_("Paling banyak %(count)s foto sekaligus.", count=MOST))
    return [read_picture(file.stream) for file in given]


def add_photos(report: Report, files: Iterable[Any], *, kind: str) -> list[UUID]:
    """Put pictures of officers beside a report and return their ids. They are shown: an officer took them."""
    found = []
    for position, picture in enumerate(pictures(files)):
        photo = photo_of(picture, kind=kind, position=position, shown=True)
        photo.report_id = report.id
        session.add(photo)
        found.append(photo)
    session.flush()
    return [photo.id for photo in found]
