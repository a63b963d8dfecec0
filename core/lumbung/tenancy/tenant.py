"""A tenant as the rest of the house sees it: a small immutable value, cached with the registry's snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lumbung.clock import local_now, local_today


@dataclass(frozen=True)
class Tenant:
    """A regional government that is served here.

    ``hosts`` holds its host names without port, the official one first. ``colour`` (#RRGGBB, capitals) takes the
    place of the house's sea blue where one was chosen.
    """

    id: int
    slug: str
    name: str
    region_code: str | None = None
    time_zone: str = "Asia/Makassar"
    languages: tuple[str, ...] = ("id", "en")
    hosts: tuple[str, ...] = ()
    logo_hash: str | None = None
    colour: str | None = None

    @property
    def host(self) -> str:
        """The official host name, or an empty text when none is registered."""
        return self.hosts[0] if self.hosts else ""

    @property
    def logo_url(self) -> str | None:
        """Where the tenant's logo is served, None when it has none."""
        return f"/_tenant/logo?v={self.logo_hash}" if self.logo_hash else None

    def now(self) -> datetime:
        """This moment in the tenant's time zone."""
        return local_now(self.time_zone)

    def today(self) -> date:
        """Today's date where the tenant is."""
        return local_today(self.time_zone)
