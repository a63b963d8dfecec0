"""What the house hands to `load_demo`: the sample people and units, by e-mail address and code."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID


class Demo(Protocol):
    """The part of the house's demo that is used here."""

    def unit(self, code: str) -> UUID:
        """Return a sample unit."""

    def grant(self, email: str, role: str, unit_code: str | None = None) -> None:
        """Give a sample person a role."""
