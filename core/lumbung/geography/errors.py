"""What is wrong with a file of shapes, in one sentence that names the row."""

from __future__ import annotations

from lumbung.errors import LumbungError


class GeographyError(LumbungError):
    """A file of shapes cannot be used; the sentence says where and what to do. Nothing was taken from it."""
