"""Regions of the tenant down to the village, as the Ministry of Home Affairs counts them. Nothing to change here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from lumbung.context import current_tenant
from lumbung.tenancy.regions import Region, find_region, regions_in
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain

blueprint = Blueprint("admin_regions", __name__, url_prefix="/admin/wilayah")
_ = core_domain.gettext


@dataclass(frozen=True)
class District:
    """A region with those directly below it, as far as they match what is searched."""

    region: Region
    below: tuple[Region, ...]
    total: int

    @property
    def postal_codes(self) -> list[str]:
        """The postal codes of what lies below, each once."""
        return sorted({one.postal_code for one in self.below if one.postal_code})


@blueprint.get("/")
@requires("core.units")
def index() -> str:
    """Show districts with their villages; ``?q=`` searches names, codes and postal codes."""
    words = request.args.get("q", "").strip()[:60]
    code = current_tenant().region_code
    everything = [_district(region) for region in regions_in(code)] if code else []
    found = [match for district in everything if (match := _matching(district, words))]
    return render_template(
        "admin/regions.html",
        region=find_region(code) if code else None,
        districts=found,
        words=words,
        totals=totals(everything),
    )


def totals(districts: Iterable[District]) -> str:
    """Return how many there are of each level: ``24 kecamatan, 165 desa/kelurahan``."""
    known = list(districts)
    above = Counter(district.region.kind for district in known)
    below = Counter(region.kind for district in known for region in district.below)
    return ", ".join(line for line in (_levels(above), _levels(below)) if line)


def _levels(counts: Counter[str]) -> str:
    titles = {
        "kabupaten": _("kabupaten"),
        "kota": _("kota"),
        "kecamatan": _("kecamatan"),
        "desa": _("desa"),
        "kelurahan": _("kelurahan"),
    }
    kinds = [kind for kind in titles if counts[kind]]
    return f"{counts.total()} {'/'.join(titles[kind] for kind in kinds)}" if kinds else ""


def _district(region: Region) -> District:
    below = regions_in(region.code)
    return District(region, below, len(below))


def _matching(district: District, words: str) -> District | None:
    """Return the district with what matches in it: all of it when its own name does, None when nothing does."""
    wanted = words.casefold().split()
    if not wanted or _fits(district.region, wanted):
        return district
    below = tuple(region for region in district.below if _fits(region, wanted))
    return District(district.region, below, district.total) if below else None


def _fits(region: Region, wanted: list[str]) -> bool:
    text = f"{region.name} {region.code} {region.postal_code or ''}".casefold()
    return all(word in text for word in wanted)
