"""What the tests of the plugin share: a house with it, a stopped morning, a small public works office."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from lumbung.testing import HouseClient, TestHouse, frozen_clock

MORNING = "2026-11-24T08:00+08:00"  # a Tuesday
PLACE = (-8.4936, 117.4207)  # Sumbawa Besar
SEKETENG = "52.04.08.1004"


@pytest.fixture
def house_plugins() -> list[str]:
    """The plugins this suite needs."""
    return ["infrastruktur"]


@pytest.fixture
def morning() -> Iterator[None]:
    """The clock stands at eight in the morning of a Tuesday in Sumbawa."""
    with frozen_clock(MORNING):
        yield


@dataclass
class Works:
    """Two offices (PUPR for roads, DISHUB for lamps), three categories with a question, one outside authority."""

    house: TestHouse
    roads: UUID
    lamps: UUID
    pothole: UUID
    lamp: UUID
    drain: UUID
    national: UUID
    people: dict[str, Any] = field(default_factory=dict)

    def inside(self, person: Any = None) -> AbstractContextManager[Any]:
        """A block on behalf of the tenant, committed at its end."""
        return self.house.scope("sumbawa", person=person, plugin="infrastruktur")

    def person(self, word: str) -> Any:
        """Somebody of the office: verifier, roads, lamps, crew, manager, head, citizen."""
        if word not in self.people:
            roles: dict[str, list[Any]] = {
                "verifier": ["infrastruktur.verifier"],
                "roads": [("infrastruktur.supervisor", "PUPR")],
                "lamps": [("infrastruktur.supervisor", "DISHUB")],
                "crew": [("infrastruktur.crew", "PUPR")],
                "manager": ["infrastruktur.manager"],
                "head": [("infrastruktur.head", "PUPR")],
                "citizen": [],
            }
            self.people[word] = self.house.person("sumbawa", f"{word}@sumbawa.example", roles=roles[word])
        return self.people[word]

    def client(self, word: str | None = None) -> HouseClient:
        """A browser of somebody of the office, or of a visitor."""
        return self.house.client("sumbawa", self.person(word) if word else None)

    def report(self, **given: Any) -> UUID:
        """A pothole in Sumbawa Besar, reported on the page; returns its id."""
        from lumbung_infrastruktur.models import Category
        from lumbung_infrastruktur.services.reporting import NewReport, make_report

        from lumbung.sdk import find_or_404

        category = given.pop("category", self.pothole)
        place = {} if "village_code" in given or "lat" in given else {"lat": PLACE[0], "lon": PLACE[1]}
        with self.inside():
            values = {"description": "Lubang dalam di depan pasar", **place, **given}
            return make_report(NewReport(category=find_or_404(Category, category), **values)).id


@pytest.fixture
def works(house: TestHouse, morning: None) -> Works:
    """A small public works office."""
    from lumbung_infrastruktur.models import Category, Destination, Question

    from lumbung.sdk import session

    roads = house.unit("sumbawa", "PUPR")
    lamps = house.unit("sumbawa", "DISHUB")
    with house.scope("sumbawa", plugin="infrastruktur"):
        pothole = Category(
            code="jalan_berlubang",
            group="jalan",
            name="Jalan berlubang",
            name_en="Pothole",
            unit_id=roads,
            sla_days=14,
            radius_m=30,
            asset_kind="road",
        )
        lamp = Category(
            code="lampu_mati",
            group="pju",
            name="Lampu jalan mati",
            name_en="Street lamp out",
            unit_id=lamps,
            sla_days=3,
            asset_kind="lamp",
        )
        drain = Category(
            code="saluran_mampet", group="drainase", name="Saluran mampet", name_en="Blocked drain", unit_id=roads
        )
        national = Destination(authority="nasional", name="BPJN Nusa Tenggara Barat", email="bpjn@example.go.id")
        session.add_all([pothole, lamp, drain, national])
        session.flush()
        session.add(
            Question(
                category_id=pothole.id,
                code="ukuran",
                datatype="singlevaluelist",
                text="Seberapa besar lubangnya?",
                text_en="How large is the hole?",
                options=[
                    {"key": "kecil", "name": "Selebar piring", "name_en": "A plate"},
                    {"key": "besar", "name": "Selebar motor", "name_en": "A motorbike"},
                ],
            )
        )
        return Works(house, roads, lamps, pothole.id, lamp.id, drain.id, national.id)


@pytest.fixture
def jpeg() -> Callable[..., bytes]:
    """Return a function that makes a photo, with the place and moment of EXIF when they are given."""

    def make(
        colour: str = "#777777",
        *,
        size: tuple[int, int] = (640, 480),
        lat: float | None = None,
        lon: float | None = None,
        taken: str | None = None,
    ) -> bytes:
        exif = Image.Exif()
        if taken:
            exif.get_ifd(0x8769)[0x9003] = taken  # "2026:11:23 17:40:00"
        if lat is not None and lon is not None:
            gps = exif.get_ifd(0x8825)
            gps[1], gps[2] = ("S" if lat < 0 else "N"), _degrees(lat)
            gps[3], gps[4] = ("W" if lon < 0 else "E"), _degrees(lon)
        out = io.BytesIO()
        Image.new("RGB", size, colour).save(out, "JPEG", exif=exif)
        return out.getvalue()

    return make


def _degrees(value: float) -> tuple[float, float, float]:
    value = abs(value)
    whole, rest = divmod(value * 60, 60)
    minutes, seconds = divmod(rest * 60, 60)
    return float(whole), float(minutes), round(seconds, 4)


def press(client: HouseClient, path: str, data: dict[str, Any] | None = None, *, page: str = "/akun") -> Any:
    """Send a form and return the page one is shown next."""
    answer = client.post_form(path, data, page=page)
    return client.get(answer.location) if answer.status_code in (302, 303) else answer
