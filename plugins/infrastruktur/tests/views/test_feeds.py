"""Feeds for everybody: what is public, in three formats, and nothing of who reported."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from lumbung_infrastruktur.models import Report
from lumbung_infrastruktur.services.reporting import Reporter
from sqlalchemy import select

from lumbung.sdk import session
from lumbung.testing import frozen_clock

FEEDS = {
    "geojson": "application/geo+json",
    "rss": "application/rss+xml; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
}
POINT = "{http://www.georss.org/georss}point"


def feed(works: Any, ending: str, **asked: Any) -> Any:
    return works.client().get(f"/infrastruktur/umpan/laporan.{ending}", query_string=asked)


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def change(works: Any, report_id: Any, **values: Any) -> str:
    with works.inside():
        report = session.scalars(select(Report).where(Report.id == report_id)).one()
        for name, value in values.items():
            setattr(report, name, value)
        return report.number


@pytest.mark.parametrize("ending", FEEDS)
def test_a_feed_is_for_everybody_everywhere_and_names_its_licence(works: Any, ending: str) -> None:
    works.report()
    answer = feed(works, ending)
    assert (answer.status_code, answer.content_type) == (200, FEEDS[ending])
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "public" in answer.headers["Cache-Control"]
    assert answer.headers["Link"] == '<https://creativecommons.org/licenses/by/4.0/>; rel="license"'
    assert "CC BY 4.0" in answer.get_data(as_text=True)


@pytest.mark.parametrize("ending", FEEDS)
def test_nothing_is_told_of_who_reported_or_of_what_is_not_public(works: Any, ending: str) -> None:
    works.report(
        reporter=Reporter(name="Siti Aminah", email="siti@example.id", phone="081234567890"),
        description="Telepon saya 081234567890",
    )
    works.report(description="Sudah tersembunyi")
    with works.inside():
        session.scalars(select(Report).where(Report.description == "Sudah tersembunyi")).one().visibility = "hidden"
    text = feed(works, ending).get_data(as_text=True)
    assert not any(word in text for word in ("Siti", "siti@", "081234567890", "tersembunyi"))


def test_geojson_has_longitude_first_and_no_place_where_none_is_known(works: Any) -> None:
    number = change(works, works.report())
    works.report(village_code="52.04.08.1004")
    found = feed(works, "geojson").get_json()
    assert found["type"] == "FeatureCollection" and found["license"].startswith("CC BY")
    by_number = {one["id"]: one for one in found["features"]}
    assert by_number[number]["geometry"] == {"type": "Point", "coordinates": [117.4207, -8.4936]}
    assert by_number[number]["properties"]["halaman"].endswith(f"/infrastruktur/laporan/{number}")
    assert by_number[number]["properties"]["dilaporkan"].endswith("+08:00")
    assert [one["geometry"] for one in by_number.values()].count(None) == 1


def test_rss_has_a_guid_a_date_and_a_place_for_each_item(works: Any) -> None:
    number = change(works, works.report(description="Lubang & <dalam>"))
    root = fromstring(feed(works, "rss").data)
    assert root.tag == "rss" and root.get("version") == "2.0"
    (item,) = root.findall("channel/item")
    assert item.findtext("guid") == item.findtext("link") and item.findtext("link", "").endswith(number)
    assert item.find("guid").get("isPermaLink") == "true"
    assert parsedate_to_datetime(item.findtext("pubDate", "")) == datetime(2026, 11, 24, tzinfo=UTC)
    assert item.findtext(POINT) == "-8.4936 117.4207" and item.findtext("description") == "Lubang & <dalam>"
    assert all(root.findtext(f"channel/{name}") for name in ("title", "link", "description", "copyright"))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_table_is_a_formula(works: Any, start: str) -> None:
    change(works, works.report(), description=f"{start}HYPERLINK(1)", address=f"{start}1")
    (row,) = table(feed(works, "csv"))
    assert row["uraian"].startswith("'") and row["alamat"].startswith("'")
    assert row["lintang"] == "-8.4936" and row["terbuka"] == "ya"


def test_filters_and_limits_narrow(works: Any) -> None:
    old = change(works, works.report(), reported_at=datetime(2026, 1, 5, tzinfo=UTC))
    lamp = change(works, works.report(category=works.lamp), district_code="52.04.05")
    done = change(works, works.report(), state="selesai")

    def numbers(**asked: Any) -> set[str]:
        return {row["nomor"] for row in table(feed(works, "csv", **asked))}

    assert numbers() == {old, lamp, done}
    assert numbers(kategori="lampu_mati") == {lamp} == numbers(kecamatan="52.04.05")
    assert numbers(keadaan="terbuka") == {old, lamp} and numbers(keadaan="selesai") == {done}
    assert numbers(since="2026-11-01") == {lamp, done} == numbers(sejak="2026-11-01")
    assert numbers(kategori="apa", since="kemarin", batas="banyak") == {old, lamp, done}
    assert len(numbers(batas="1")) == 1 and len(numbers(batas="0")) == 1


def test_what_did_not_change_is_not_sent_again(works: Any) -> None:
    report_id = works.report()
    first = feed(works, "geojson")
    client = works.client()
    path = "/infrastruktur/umpan/laporan.geojson"
    assert parsedate_to_datetime(first.headers["Last-Modified"]) == datetime(2026, 11, 24, tzinfo=UTC)
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get(path, headers=since).status_code == 304
    later = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(hours=1)
    change(works, report_id, visibility="hidden", checked_at=later)
    with frozen_clock("2026-11-24T10:00+08:00"):
        assert client.get(path, headers=since).status_code == 200  # that one went away is news too
        assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("ending", FEEDS)
def test_an_empty_feed_is_a_feed(works: Any, ending: str) -> None:
    answer = feed(works, ending)
    assert answer.status_code == 200 and "Last-Modified" not in answer.headers
    assert works.client().head(f"/infrastruktur/umpan/laporan.{ending}").status_code == 200
