"""Files that a visitor takes home."""

from __future__ import annotations

from flask import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(name: str, contents: bytes | str, kind: str) -> Response:
    """Return a file called ``name`` that the browser keeps rather than shows; ``kind`` is its MIME type."""
    answer = Response(contents, mimetype=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
