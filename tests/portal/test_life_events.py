"""Life events: each key of the manifest has a title, an address of its own and an icon that exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from lumbung.portal.life_events import BY_KEY, BY_SLUG, LIFE_EVENTS
from lumbung.registry.manifest import LifeEvent

ICONS = Path(__file__).resolve().parents[2] / "core/lumbung/static_src/icons.txt"


def test_every_life_event_of_the_manifest_has_its_page() -> None:
    assert set(BY_KEY) == set(get_args(LifeEvent))
    assert len(BY_SLUG) == len(BY_KEY) == len(LIFE_EVENTS)


def test_slugs_can_stand_in_an_address_and_icons_exist() -> None:
    known = set(ICONS.read_text(encoding="utf-8").split())
    for event in LIFE_EVENTS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", event.slug)
        assert event.icon in known
        assert str(event.title) and str(event.text)
