"""The services of a tenant, by life event and by the unit that runs them.

What manifests say is worked out once a generation, tenant and language; the names of units are read each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from flask_babel import force_locale

from lumbung.context import current_scope, current_tenant
from lumbung.portal.life_events import BY_KEY, LIFE_EVENTS, LifeEvent
from lumbung.registry.state import InstalledPlugin, Snapshot
from lumbung.tenancy import cards as units
from lumbung.tenancy.cards import UnitCard
from lumbung.web.i18n import language
from lumbung.web.view import Service, service_of


@dataclass(frozen=True)
class Offer(Service):
    """A service with where it is found: life events by key, the unit that runs it, all the words it is known by."""

    life_events: tuple[str, ...] = ()
    unit_id: UUID | None = None
    words: str = ""


@dataclass(frozen=True)
class Catalogue:
    """All services of the tenant in the reader's language, by title."""

    offers: Sequence[Offer]
    units: Sequence[UnitCard]

    @property
    def life_events(self) -> list[tuple[LifeEvent, int]]:
        """Return the life events that some service serves, each with how many."""
        counted = ((event, sum(event.key in offer.life_events for offer in self.offers)) for event in LIFE_EVENTS)
        return [(event, count) for event, count in counted if count]

    @property
    def by_unit(self) -> list[tuple[UnitCard, list[Offer]]]:
        """Return the units that run services, in the order of their tree, each with those; its name is said once."""
        grouped = (
            (unit, [replace(offer, unit="") for offer in self.offers if offer.unit_id == unit.id])
            for unit in self.units
        )
        return [(unit, offers) for unit, offers in grouped if offers]

    @property
    def of_no_unit(self) -> list[Offer]:
        """Return the services for which no unit was named."""
        return [offer for offer in self.offers if offer.unit_id is None]

    def of_life_event(self, key: str) -> list[Offer]:
        """Return the services of one life event."""
        return [offer for offer in self.offers if key in offer.life_events]

    def find(self, words: Iterable[str]) -> list[Offer]:
        """Return the services in whose name, summary, giver, unit or life events all words occur.

        Those whose title has them all come first. ``words`` are in small letters.
        """
        wanted = list(words)
        found = [offer for offer in self.offers if all(word in offer.words for word in wanted)]
        return sorted(found, key=lambda offer: not all(word in offer.title.casefold() for word in wanted))


def catalogue() -> Catalogue:
    """Return the services of the current tenant in the reader's language."""
    snapshot, tenant, reads = current_scope().kernel.snapshot(), current_tenant(), language()
    offers: tuple[Offer, ...] = snapshot.remember(
        ("catalogue", tenant.id, reads), lambda: _offers(snapshot, tenant.id, reads)
    )
    known = units.all()
    named = {unit.id: unit for unit in known}
    return Catalogue([_with_unit(offer, named) for offer in offers], known)


def _with_unit(offer: Offer, named: dict[UUID, UnitCard]) -> Offer:
    unit = named.get(offer.unit_id) if offer.unit_id else None
    if unit is None:
        return offer
    return replace(offer, unit=unit.name, words=f"{offer.words} {unit.name} {unit.code}".casefold())


def _offers(snapshot: Snapshot, tenant_id: int, reads: str) -> tuple[Offer, ...]:
    offers = (
        replace(
            _offer(plugin, snapshot.run_by.get((tenant_id, plugin.name)), reads), closed=snapshot.is_closed(plugin.name)
        )
        for plugin in snapshot.enabled_for(tenant_id)
        if plugin.manifest.has_pages
    )
    return tuple(sorted(offers, key=lambda offer: offer.title.casefold()))


def _offer(plugin: InstalledPlugin, unit_id: UUID | None, reads: str) -> Offer:
    of = plugin.manifest
    texts = [of.title.id, of.title.en, of.summary.id, of.summary.en, of.donor.name, of.name]
    for key in of.life_events:
        texts += [BY_KEY[key].words, *_in_both_languages(BY_KEY[key])]
    return Offer(
        **vars(service_of(of, reads)),
        life_events=of.life_events,
        unit_id=unit_id,
        words=" ".join(texts).casefold(),
    )


def _in_both_languages(event: LifeEvent) -> list[str]:
    said = []
    for code in ("id", "en"):
        with force_locale(code):
            said.append(str(event.title))
    return said
