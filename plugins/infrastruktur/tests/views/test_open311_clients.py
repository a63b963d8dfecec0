"""Two clients of Open311 that nobody here wrote (PyPI: georeport, civicbot) speak with a served house."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from civicbot.http import HttpError, HttpTransport, RateLimiter
from civicbot.open311 import Open311Client, ValidationError
from civicbot.registry import Endpoint
from georeport import GeoReport
from lumbung_infrastruktur.models import Report
from lumbung_infrastruktur.services import api_keys
from requests import HTTPError
from sqlalchemy import select

from lumbung.sdk import session


@pytest.fixture
def root(works: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The base address of the endpoint, served; names under .localhost lead to this machine, as browsers have it."""
    known = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **named: Any) -> Any:
        at_home = str(host).endswith(".localhost")
        return known("127.0.0.1" if at_home else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    works.report()
    works.report(category=works.lamp)
    with works.house.serving() as port:
        yield f"http://sumbawa.localhost:{port}/infrastruktur/open311/v2"


def civicbot(root: str, **given: Any) -> Open311Client:
    endpoint = Endpoint(id="sumbawa", name="Sumbawa", base_url=root, write=True)
    return Open311Client(endpoint, HttpTransport(rate_limiter=RateLimiter(0)), **given)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_georeport_reads_services_definitions_and_requests(root: str, form: str) -> None:
    client = GeoReport(root, jurisdiction="sumbawa.localhost", output_format=form)
    services = client.get_service_list()
    assert [one["service_code"] for one in services] == ["jalan_berlubang", "lampu_mati", "saluran_mampet"]
    attributes = client.get_service_definition("jalan_berlubang")["attributes"]
    first = attributes[0] if form == "json" else attributes["attribute"]
    assert first["code"] == "ukuran" and first["datatype"] == "singlevaluelist"
    requests = client.get_service_requests(status="open", start_date="2026-11-01T00:00:00Z")
    assert {one["service_code"] for one in requests} == {"jalan_berlubang", "lampu_mati"}
    number = requests[0]["service_request_id"]
    assert client.get_service_request(number)["service_request_id"] == number


def test_georeport_hears_of_errors(root: str) -> None:
    with pytest.raises(HTTPError) as error:
        GeoReport(root).get_service_request("L26-999999")
    assert error.value.response.status_code == 404 and error.value.response.json()[0]["code"] == 404
    with pytest.raises(HTTPError):
        GeoReport(root, jurisdiction="chicago.gov").get_service_list()


def test_civicbot_reads_as_it_does_elsewhere(root: str) -> None:
    client = civicbot(root, jurisdiction_id="sumbawa.localhost")
    assert len(client.list_services()) == 3
    assert client.get_service_definition("jalan_berlubang")["attributes"][0]["values"][1]["key"] == "besar"
    found = client.list_requests(service_code="lampu_mati", status="open", page_size=10)
    assert [one["service_name"] for one in found] == ["Lampu jalan mati"]
    ids = [one["service_request_id"] for one in client.list_requests()]
    assert [one["service_request_id"] for one in client.list_requests(service_request_ids=ids)] == ids
    one = client.get_request(ids[0])
    assert one is not None and one["service_request_id"] == ids[0] and one["expected_datetime"].endswith("+08:00")


def test_civicbot_sends_a_report_with_attributes_and_finds_it_again(works: Any, root: str) -> None:
    with works.inside():
        key = api_keys.make("civicbot")[1]
    client = civicbot(root)
    sent = client.create_request(
        "jalan_berlubang",
        dry_run=False,
        confirm="SEND",
        api_key=key,
        validate_remote=True,
        lat=-8.4936,
        lng=117.4207,
        description="Lubang di depan pasar",
        attributes={"ukuran": "besar"},
        email="siti@example.id",
        first_name="Siti",
    )
    (answer,) = sent.response
    found = client.get_request(answer["service_request_id"])
    assert found is not None and found["description"] == "Lubang di depan pasar" and found["status"] == "open"
    assert (found["lat"], found["long"]) == (-8.4936, 117.4207)
    with works.inside():
        report = session.scalars(select(Report).where(Report.number == answer["service_request_id"])).one()
        assert report.answers == {"ukuran": "besar"} and report.channel == "open311"


def test_civicbot_hears_of_errors_and_nothing_is_kept(works: Any, root: str) -> None:
    client = civicbot(root)
    bad = {"ukuran": "x"}
    with pytest.raises(ValidationError):
        client.create_request("jalan_berlubang", validate_remote=True, lat=-8.49, lng=117.42, attributes=bad)
    for key in ("inf_salah", " "):
        with pytest.raises(HttpError) as error:
            client.create_request("lampu_mati", dry_run=False, confirm="SEND", api_key=key, lat=-8.49, lng=117.42)
        assert error.value.status == 403 and '"code": 403' in error.value.body
    with pytest.raises(HttpError) as missing:
        client.get_token("abc")
    assert missing.value.status == 404
    with works.inside():
        assert len(session.scalars(select(Report)).all()) == 2
