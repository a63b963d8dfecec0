"""One search over all that citizens may look for: services, what is in them, announcements, offices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, render_template, request

from lumbung.addresses import leads_here
from lumbung.announcements import services as announcements
from lumbung.announcements.models import Announcement
from lumbung.announcements.plain_text import one_line
from lumbung.context import current_scope, current_tenant
from lumbung.hooks import SearchHit
from lumbung.portal.catalogue import Catalogue, Offer, catalogue
from lumbung.portal.life_events import LifeEvent
from lumbung.portal.search_words import LONGEST, around, highlighted, words_of
from lumbung.tenancy.cards import UnitCard
from lumbung.web.access import public
from lumbung.web.limits import rate_limit

blueprint = Blueprint("search", __name__)

# One address may be a whole village behind its operator, and one search asks every service that is on.
PER_ADDRESS = {"times": 600, "seconds": 300}
MOST_SERVICES = 12
MOST_HITS = 10  # of one plugin
MOST_ANNOUNCEMENTS = 5
MOST_OFFICES = 8


@dataclass(frozen=True)
class Found:
    """What a search found, by kind."""

    services: Sequence[Offer] = ()
    life_events: Sequence[tuple[LifeEvent, int]] = ()
    hits: Sequence[SearchHit] = ()
    announcements: Sequence[Announcement] = ()
    offices: Sequence[UnitCard] = ()

    @property
    def count(self) -> int:
        """Return how many things were found."""
        return sum(map(len, (self.services, self.life_events, self.hits, self.announcements, self.offices)))


@blueprint.get("/cari")
@public
def index() -> str:
    """Show what was found under the words of ``q``, by kind."""
    typed = " ".join(request.args.get("q", "").split())[:LONGEST]
    words = words_of(typed)
    if words:
        rate_limit(f"search:{current_scope().address}", **PER_ADDRESS)
    known = catalogue()
    return render_template(
        "portal/search.html",
        typed=typed,
        words=words,
        found=find(known, words) if words else Found(),
        catalogue=known,
        run_by={unit.id for unit, _offers in known.by_unit},
        mark=partial(highlighted, words=words),
        around=partial(around, words=words),
        one_line=one_line,
    )


def find(known: Catalogue, words: list[str]) -> Found:
    """Return all that holds every one of the words, each kind cut to a readable number."""
    return Found(
        services=known.find(words)[:MOST_SERVICES],
        life_events=[pair for pair in known.life_events if _all_in(words, f"{pair[0].title} {pair[0].words}")],
        hits=_ask_plugins(words),
        announcements=announcements.matching(current_scope().session, words, MOST_ANNOUNCEMENTS),
        offices=[unit for unit in known.units if _is_office(unit, words)][:MOST_OFFICES],
    )


def _ask_plugins(words: list[str]) -> list[SearchHit]:
    """Ask the services that are on; one that fails is left out and written down as a fault."""
    scope = current_scope()
    answers = scope.kernel.caller.ask_all(
        "search", scope.kernel.snapshot(), current_tenant().id, each=SearchHit, words=tuple(words)
    )
    return [hit for said in answers.values.values() for hit in said[:MOST_HITS] if leads_here(hit.url)]


def _is_office(unit: UnitCard, words: list[str]) -> bool:
    return bool(unit.address) and _all_in(words, f"{unit.name} {unit.code} {unit.address}")


def _all_in(words: list[str], text: str) -> bool:
    text = text.casefold()
    return all(word in text for word in words)
