"""Reports of other cities' endpoints, in the shapes in which these really answer, taken over once and never blindly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Category, LogEntry, Photo, Question, Report, Source
from lumbung_infrastruktur.services import media, source_asking, source_words, sources
from lumbung_infrastruktur.services.source_taking import NOT_TAKEN
from sqlalchemy import select

from lumbung.sdk import DomainError, OutgoingFailed, OutgoingRefused, Reply, session
from lumbung.testing import frozen_clock

BASE = "https://kota.example/open311/v2"
INSIDE = {"lat": -8.4936, "long": 117.4207}
SERVICES = [
    {"service_code": 1, "service_name": "Pothole", "group": "Streets", "metadata": "false", "type": "realtime"},
    {"service_code": "SL", "service_name": "Street Light Out", "keywords": ["light"], "description": None},
    {"service_code": "X", "service_name": "Noise complaint"},
    {"service_name": ""},
]


class City:
    """An endpoint of others: answers by path, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.reports: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {"/open311/v2/services.json": SERVICES}
        self.pages = True
        self.most = 1000

    def ask(self, url: str, **_given: Any) -> Reply:
        parts = urlsplit(url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, asked))
        found = self.answers.get(parts.path)
        if found is None and parts.path.endswith("/requests.json"):
            found = self._requests(asked)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, Reply):
            return found
        if found is None:
            return Reply(404, {}, b'[{"code": 404, "description": "Not found"}]')
        return Reply(200, {}, found if isinstance(found, bytes) else json.dumps(found).encode())

    def _requests(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        if ids := asked.get("service_request_id"):
            return [one for one in self.reports if str(one.get("service_request_id")) in ids.split(",")]
        first, last = (datetime.fromisoformat(asked[name]) for name in ("start_date", "end_date"))
        found = [one for one in self.reports if first <= self._moment(one) <= last]
        if not self.pages:
            return found[: self.most]
        size, page = int(asked["page_size"]), int(asked["page"])
        return found[(page - 1) * size : page * size]

    @staticmethod
    def _moment(one: dict[str, Any]) -> datetime:
        try:
            found = datetime.fromisoformat(str(one.get("requested_datetime")))
        except ValueError:
            return datetime(2026, 11, 20, tzinfo=UTC)
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def add(self, number: Any, **given: Any) -> None:
        values = {"service_code": 1, "status": "open", "requested_datetime": "2026-11-20T03:00:00Z", **INSIDE}
        self.reports.append({"service_request_id": number, "description": "Hole", **values, **given})


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    """A foreign city that answers by the book."""
    found = City()
    monkeypatch.setattr(source_asking, "ask_outside", found.ask)
    monkeypatch.setattr(media, "ask_outside", found.ask)
    yield found


@pytest.fixture
def border(works: Any) -> None:
    """Sumbawa is a box around Sumbawa Besar."""
    west, south, east, north = 117.0, -9.0, 118.0, -8.2
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    works.house.boundary("52.04", {"type": "Polygon", "coordinates": [ring]})


@pytest.fixture
def added(works: Any, city: City) -> Callable[..., UUID]:
    """Return a function that adds the city as a source, reads its services and maps them."""

    def add(mapping: dict[str, str] | None = None, *, url: str = BASE, default: Any = None) -> UUID:
        with works.inside(works.person("manager")):
            source_id = sources.save(None, name="Kota", url=url, category_id=default).id
        works.house.work()
        with works.inside(works.person("manager")):
            source = session.scalars(select(Source).where(Source.id == source_id)).one()
            if mapping is not None:
                sources.map_services(source, mapping, is_open=True)
        return source_id

    return add


def fetch(works: Any, source_id: UUID) -> list[str]:
    """Fetch as the button does; return the outcome in words."""
    with works.inside():
        sources.fetch_later(session.scalars(select(Source).where(Source.id == source_id)).one())
    works.house.work()
    with works.inside():
        return source_words.words(session.scalars(select(Source).where(Source.id == source_id)).one())


def reports(works: Any) -> list[Report]:
    with works.inside():
        found = session.scalars(select(Report).order_by(Report.source_key)).all()
        session.expunge_all()
        return list(found)


def test_its_services_are_read_and_a_category_is_suggested_for_each(works: Any, added: Any) -> None:
    source_id = added()
    with works.inside():
        source = session.scalars(select(Source).where(Source.id == source_id)).one()
        assert {code: one["ours"] for code, one in source.categories.items()} == {
            "1": "jalan_berlubang", "SL": "lampu_mati", "X": ""
        }  # fmt: skip
        assert not source.open and source_words.words(source) == ["3 jenis layanan dibaca."]


def test_reports_come_once_with_what_they_tell(works: Any, city: City, added: Any, jpeg: Any) -> None:
    city.answers["/foto/7.jpg"] = jpeg()
    city.add(7, description="<p>Deep &amp; wide</p>", address="Jl. Garuda", media_url="/foto/7.jpg")
    city.add(8, service_code="SL", description="", service_name="Street Light Out")
    source_id = added({"1": "jalan_berlubang", "SL": "lampu_mati"})
    assert fetch(works, source_id) == ["2 laporan diambil."]
    first, second = reports(works)
    assert first.source_key == f"{source_id}:7" and first.channel == "import"
    assert (first.description, first.address, first.lat) == ("Deep & wide", "Jl. Garuda", -8.4936)
    assert first.reported_at == datetime(2026, 11, 20, 3, tzinfo=UTC) and first.reporter_name == ""
    assert second.category_id == works.lamp and second.description == "Street Light Out"
    assert fetch(works, source_id) == ["2 sudah ada di sini."] and len(reports(works)) == 2
    with works.inside():
        assert len(session.scalars(select(Photo)).all()) == 1
        assert session.scalars(select(Source)).one().taken == 2


def test_the_clock_of_a_report_that_was_taken_over_starts_here(works: Any, city: City, added: Any) -> None:
    city.add(1, requested_datetime="2026-09-01T00:00:00Z")
    fetch(works, added({"1": "lampu_mati"}))
    (report,) = reports(works)
    assert report.due_on is not None and report.due_on.isoformat() == "2026-11-27"


def test_time_is_asked_for_in_windows_and_page_by_page(works: Any, city: City, added: Any) -> None:
    for number in range(250):
        city.add(number, service_code="X", requested_datetime="2026-11-20T03:00:00Z")
    assert fetch(works, added({"1": "jalan_berlubang"})) == ["250 jenisnya tidak dipadankan, tidak diambil."]
    asked = [given for path, given in city.asked if path.endswith("/requests.json")]
    spans = sorted({(given["start_date"], given["end_date"]) for given in asked})
    days = [datetime.fromisoformat(last) - datetime.fromisoformat(first) for first, last in spans]
    assert max(days) <= timedelta(days=90) and sum(days, timedelta()) == timedelta(days=90)
    assert [one[1] for one in spans[:-1]] == [one[0] for one in spans[1:]]
    assert {given["page"] for given in asked if given["end_date"] == spans[-1][1]} == {"1", "2", "3"}


def test_an_endpoint_that_knows_no_pages_is_asked_for_less_time(works: Any, city: City, added: Any) -> None:
    city.pages, city.most = False, 100
    for number in range(150):
        moment = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=3 * number)
        city.add(number, service_code="X", requested_datetime=moment.isoformat())
    (words,) = fetch(works, added({"1": "jalan_berlubang"}))
    assert int(words.split()[0]) >= 150


def test_what_is_outside_or_nowhere_or_of_no_kind_or_over_is_counted(
    works: Any, border: None, city: City, added: Any
) -> None:
    city.add("in")
    city.add("out", lat=-6.9, long=107.6)
    city.add("swapped", lat=117.4207, long=-8.4936)
    city.add("zero", lat=0, long="0.0")
    city.add("none", lat=None, long="")
    city.add("village", lat=None, long=None, address="Jalan Garuda, Kelurahan Seketeng")
    city.add("noise", service_code="X")
    city.add("over", status="closed")
    assert fetch(works, added({"1": "jalan_berlubang", "X": NOT_TAKEN})) == [
        "3 laporan diambil.",
        "1 sudah selesai sebelum sempat diambil.",
        "1 di luar daerah, tidak diambil.",
        "2 tanpa tempat, tidak diambil.",
        "1 jenisnya tidak dipadankan, tidak diambil.",
    ]
    assert [str(one.source_key).rpartition(":")[2] for one in reports(works)] == ["in", "swapped", "village"]


def test_what_is_closed_there_is_noted_here_once(works: Any, city: City, added: Any) -> None:
    city.add(7, requested_datetime="2026-11-01T00:00:00Z")
    source_id = added({"1": "jalan_berlubang"})
    fetch(works, source_id)
    city.reports[0] |= {"status": "closed", "status_notes": "Filled <b>today</b>"}
    with frozen_clock("2026-12-20T08:00+08:00"):
        assert fetch(works, source_id) == ["1 sudah ditutup di sana; dicatat di sini."]
        assert fetch(works, source_id) == ["1 sudah ada di sini."]
    with works.inside():
        notes = session.scalars(select(LogEntry).where(LogEntry.kind == "change")).all()
        assert [note.note for note in notes] == ["Di Kota laporan ini sudah ditutup. Catatannya: Filled today"]
        assert session.scalars(select(Report)).one().state == "baru"


def test_the_default_category_takes_what_is_not_mapped_and_required_questions_do_not_hinder(
    works: Any, city: City, added: Any
) -> None:
    with works.inside():
        session.scalars(select(Question)).one().required = True
        session.scalars(select(Category).where(Category.id == works.pothole)).one().needs_photo = True
    city.add(1, service_code="X")
    city.add(2, service_code="baru-di-sana")
    assert fetch(works, added({}, default=works.pothole)) == ["2 laporan diambil."]


def test_discovery_leads_to_the_endpoint_and_xml_will_do(works: Any, city: City, added: Any) -> None:
    city.answers = {
        "/open311/discovery.xml": b"""<?xml version="1.0" encoding="utf-8"?><discovery><changeset>1</changeset>
            <endpoints><endpoint><specification>http://wiki.open311.org/GeoReport_v2</specification>
            <url>https://kota.example/test</url><type>test</type></endpoint>
            <endpoint><specification>http://wiki.open311.org/GeoReport_v2</specification>
            <url>https://kota.example/open311/v2/</url><type>production</type></endpoint></endpoints></discovery>""",
        "/open311/v2/services.xml": b"""<services><service><service_code>1</service_code>
            <service_name>Pothole</service_name></service></services>""",
        "/open311/v2/requests.xml": b"""<service_requests><request><service_request_id>9</service_request_id>
            <status>open</status><service_code>1</service_code><description>Hole</description>
            <requested_datetime>2026-11-20T03:00:00</requested_datetime><lat>-8.4936</lat><long>117.4207</long>
            <media_url/></request></service_requests>""",
    }
    source_id = added({"1": "jalan_berlubang"}, url="https://kota.example/open311/discovery.xml")
    assert fetch(works, source_id)[0] == "1 laporan diambil."
    (report,) = reports(works)
    assert report.reported_at == datetime(2026, 11, 19, 19, tzinfo=UTC)  # no offset: the time of the region


@pytest.mark.parametrize("form", ["json", "xml"])
def test_another_house_like_this_one_is_a_source(works: Any, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    def ask(url: str, **_given: Any) -> Reply:
        with ThreadPoolExecutor() as other:  # another house is another process: it knows nothing of this job
            answer = other.submit(works.client().get, url.removeprefix("https://rumah.example")).result()
        here = f".{form}" in url
        return Reply(answer.status_code if here else 404, {}, answer.data if here else b"")

    monkeypatch.setattr(source_asking, "ask_outside", ask)
    works.report(description="Lubang & retak, lebar < 2 m")
    works.report(category=works.lamp, village_code="52.04.08.1004", address="Kelurahan Seketeng")
    with works.inside(works.person("manager")):
        source_id = sources.save(None, name="Rumah", url="https://rumah.example/infrastruktur/open311").id
    works.house.work()
    with works.inside():
        source = session.scalars(select(Source)).one()
        assert {code: one["ours"] for code, one in source.categories.items()} == {
            code: code for code in ("jalan_berlubang", "lampu_mati", "saluran_mampet")
        }
    assert fetch(works, source_id) == ["2 laporan diambil."]
    taken = [one for one in reports(works) if one.channel == "import"]
    assert {(one.description, one.village_code) for one in taken} == {
        ("Lubang & retak, lebar < 2 m", ""),
        ("Lubang dalam di depan pasar", "52.04.08.1004"),
    }


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (OutgoingRefused("private"), "kota.example tidak ditanya"),
        (OutgoingFailed("too much"), "kota.example tidak menjawab"),
        (Reply(500, {}, b"oops"), "HTTP 500"),
        (Reply(403, {}, b'[{"code": 403, "description": "<b>Key</b> wanted"}]'), "Key wanted"),
        (b"<html></html>", "bukan Open311"),
    ],
)
def test_a_problem_is_said_in_words_and_nothing_is_taken(
    works: Any, city: City, added: Any, answer: Any, words: str
) -> None:
    source_id = added({"1": "jalan_berlubang"})
    city.add(1)
    for form in ("json", "xml"):
        city.answers[f"/open311/v2/services.{form}"] = answer
    assert words in fetch(works, source_id)[0]
    assert reports(works) == []
    with works.inside():
        source = session.scalars(select(Source)).one()
        assert source.fetched_until is None and source.fetched_at is not None


def test_by_the_clock_only_open_sources_are_fetched(works: Any, city: City, added: Any) -> None:
    source_id = added({"1": "jalan_berlubang"})
    city.add(1)
    for is_open, count in ((False, 0), (True, 1)):
        with works.inside():
            session.scalars(select(Source).where(Source.id == source_id)).one().open = is_open
        with works.inside():
            sources.fetch_all()
        works.house.work()
        assert len(reports(works)) == count


def test_a_source_is_refused_that_could_not_work(works: Any, city: City, added: Any) -> None:
    source_id = added({"1": "jalan_berlubang"})
    city.add(1)
    fetch(works, source_id)
    with works.inside():
        source = session.scalars(select(Source)).one()
        for change in (
            {"name": "Lain", "url": "ftp://x"},
            {"name": "Lain", "url": "https://"},
            {"name": "KOTA", "url": BASE},
        ):
            with pytest.raises(DomainError):
                sources.save(None, **change)
        with pytest.raises(DomainError):
            sources.save(source, name="Kota", url="https://lain.example/v2")
        with pytest.raises(DomainError):
            sources.remove(source)
        with pytest.raises(DomainError):
            sources.map_services(source, {}, is_open=True)
