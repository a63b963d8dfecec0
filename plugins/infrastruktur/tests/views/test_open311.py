"""Open311 GeoReport v2 to the letter: what a program reads and sends (domain/04, section e2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from lumbung_infrastruktur.models import LogEntry, Question, Report
from lumbung_infrastruktur.rules.states import ENDED, OPEN, State
from sqlalchemy import select

from lumbung.sdk import session
from lumbung.testing import frozen_clock

V2 = "/infrastruktur/open311/v2"
XML, JSON = "text/xml; charset=utf-8", "application/json"
SEKETENG = "52.04.08.1004"


@pytest.fixture
def program(works: Any) -> Any:
    """A program: no cookie, no token."""
    return works.house.client("sumbawa")


def change(works: Any, report_id: Any, **values: Any) -> str:
    """Put a report into a state as it is, without the rules of the desk; return its number."""
    with works.inside():
        report = session.scalars(select(Report).where(Report.id == report_id)).one()
        for name, value in values.items():
            setattr(report, name, value)
        return report.number


def got(program: Any, path: str, code: int = 200, **arguments: Any) -> Any:
    answer = program.get(f"{V2}/{path}", query_string=arguments)
    assert answer.status_code == code, answer.get_data(as_text=True)
    return answer.get_json() if path.endswith("json") else fromstring(answer.data)


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["service_request_id"] for one in found]


def shape(element: Any) -> list[str]:
    return [child.tag for child in element]


def test_discovery_says_where_in_both_formats(program: Any) -> None:
    answer = program.get("/infrastruktur/open311/discovery.xml")
    assert answer.content_type == XML and answer.data.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    root = fromstring(answer.data)
    assert root.tag == "discovery" and shape(root) == ["changeset", "contact", "key_service", "endpoints"]
    (endpoint,) = root.find("endpoints")
    assert endpoint.tag == "endpoint"
    assert shape(endpoint) == ["specification", "url", "changeset", "type", "formats"]
    assert [one.text for one in endpoint.find("formats")] == ["text/xml", "application/json"]
    found = program.get("/infrastruktur/open311/discovery.json").get_json()
    (endpoint,) = found["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"] == f"http://sumbawa.localhost{V2}" and endpoint["type"] == "production"
    assert datetime.fromisoformat(found["changeset"]).utcoffset() == timedelta(hours=8)


def test_services_are_a_bare_list_in_json_and_wrapped_in_xml(program: Any) -> None:
    answer = program.get(f"{V2}/services.json")
    assert answer.content_type == JSON and answer.headers["Access-Control-Allow-Origin"] == "*"
    found = answer.get_json()
    assert [one["service_code"] for one in found] == ["jalan_berlubang", "lampu_mati", "saluran_mampet"]
    names = ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"]
    assert list(found[0]) == names
    assert found[0]["metadata"] is True and found[1]["metadata"] is False and found[0]["type"] == "realtime"
    root = got(program, "services.xml")
    assert root.tag == "services" and {one.tag for one in root} == {"service"}
    assert shape(root[0]) == names and root[0].findtext("metadata") == "true"


def test_a_definition_tells_each_attribute_and_its_values(works: Any, program: Any) -> None:
    with works.inside():
        session.add(Question(category_id=works.pothole, code="lebar", datatype="number", text="Lebarnya?", position=2))
    found = got(program, "services/jalan_berlubang.json")
    assert list(found) == ["service_code", "attributes"]
    first, second = found["attributes"]
    assert list(first) == [
        "variable", "code", "datatype", "required", "datatype_description", "order", "description", "values"
    ]  # fmt: skip
    assert first["values"][0] == {"key": "kecil", "name": "Selebar piring"} and first["datatype_description"] is None
    assert (first["order"], second["order"], second["values"]) == (1, 2, [])
    root = got(program, "services/jalan_berlubang.xml")
    assert root.tag == "service_definition"
    assert [value.findtext("key") for value in root.iterfind("attributes/attribute/values/value")] == ["kecil", "besar"]
    assert root.findtext("attributes/attribute/datatype_description") == ""
    assert got(program, "services/lampu_mati.json")["attributes"] == []
    assert got(program, "services/tidak_ada.json", 404)[0]["code"] == 404


def test_a_request_tells_all_fields_of_the_specification(works: Any, program: Any) -> None:
    with frozen_clock("2026-03-17T08:00+08:00"):
        works.report(category=works.lamp, village_code=SEKETENG, lat=-8.4936, lon=117.4207, address="Jalan Garuda 1")
        (found,) = got(program, "requests.json")
        root = got(program, "requests.xml")
    assert list(found) == [
        "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
        "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime",
        "address", "address_id", "zipcode", "lat", "long", "media_url",
    ]  # fmt: skip
    assert found["status"] == "open" and found["service_code"] == "lampu_mati"
    assert found["requested_datetime"] == "2026-03-17T08:00:00+08:00"
    assert (found["lat"], found["long"], found["media_url"]) == (-8.4936, 117.4207, None)
    assert found["address_id"] == SEKETENG and found["zipcode"] == "84311"
    assert found["address"].startswith("Jalan Garuda 1, ") and found["agency_responsible"] == "Unit DISHUB"
    assert root.tag == "service_requests" and shape(root[0]) == list(found)
    assert root[0].findtext("media_url") == "" and root[0].findtext("lat") == "-8.4936"


def test_the_last_day_of_the_office_is_the_expected_moment(works: Any, program: Any) -> None:
    """17 March 2026 and five working days, past Nyepi and Lebaran, is the 31st."""
    with works.inside():
        from lumbung_infrastruktur.models import Category

        session.scalars(select(Category).where(Category.id == works.lamp)).one().sla_days = 5
    with frozen_clock("2026-03-17T08:00+08:00"):
        works.report(category=works.lamp)
        (found,) = got(program, "requests.json")
    assert found["expected_datetime"] == "2026-03-31T23:59:59+08:00"


def test_every_state_is_open_or_closed_and_says_why(works: Any, program: Any) -> None:
    first = works.report()
    number = change(works, first)
    for state in State:
        more = {"state_note": "Sudah ditambal" if state == State.DONE else "", "finished_at": None}
        if state == State.DUPLICATE:
            more["duplicate_of_id"] = works.report(description="Yang pertama")
            original = change(works, more["duplicate_of_id"])
        if state == State.ELSEWHERE:
            more["forwarded_to"] = "BPJN NTB"
        if state in (State.DONE, State.CLOSED):
            more["finished_at"] = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
        change(works, first, state=str(state), **more)
        (found,) = got(program, f"requests/{number}.json")
        assert found["status"] == ("open" if state in OPEN else "closed"), state
        assert found["status_notes"], state
        if state in (State.DONE, State.CLOSED):
            assert found["updated_datetime"] == "2026-11-23T10:00:00+08:00"
        if state == State.DONE:
            assert found["status_notes"] == "Selesai. Sudah ditambal"
        if state == State.DUPLICATE:
            assert original in found["status_notes"]
        if state == State.ELSEWHERE:
            assert found["agency_responsible"] == "BPJN NTB"
    assert len(OPEN | ENDED) == len(State)


def test_held_and_hidden_reports_never_appear(works: Any, program: Any) -> None:
    for visibility in ("held", "hidden"):
        number = change(works, works.report(), visibility=visibility)
        assert got(program, "requests.json") == []
        assert got(program, "requests.json", service_request_id=number) == []
        assert got(program, f"requests/{number}.json", 404)[0]["code"] == 404


def test_who_reported_is_told_to_nobody(works: Any, program: Any) -> None:
    from lumbung_infrastruktur.services.reporting import Reporter

    works.report(
        reporter=Reporter(name="Siti Aminah", email="siti@example.id", phone="081234567890"),
        description="Hubungi 081234567890, NIK 5204081234567890",
    )
    for path in ("requests.json", "requests.xml"):
        text = program.get(f"{V2}/{path}?extensions=true").get_data(as_text=True)
        assert not any(word in text for word in ("Siti", "siti@", "081234567890", "5204081234567890"))


def test_filters_narrow_and_a_list_of_ids_overrides_them(works: Any, program: Any) -> None:
    hole, lamp = change(works, works.report()), change(works, works.report(category=works.lamp))
    change(works, works.report(category=works.drain), state="selesai", finished_at=datetime(2026, 11, 24, tzinfo=UTC))
    assert set(ids(got(program, "requests.json", service_code="jalan_berlubang,lampu_mati"))) == {hole, lamp}
    assert set(ids(got(program, "requests.json", service_code=["jalan_berlubang", "lampu_mati"]))) == {hole, lamp}
    assert set(ids(got(program, "requests.json", status="open"))) == {hole, lamp}
    assert len(got(program, "requests.json", status="closed")) == 1
    assert len(got(program, "requests.json", status="open,closed")) == 3
    assert len(got(program, "requests.json", status="", service_code="", start_date="")) == 3
    assert got(program, "requests.json", service_code="tidak_ada") == []
    overriding = {"service_request_id": f"{hole}, {lamp},L26-999999", "status": "closed", "start_date": "2020-01-01"}
    assert set(ids(got(program, "requests.json", **overriding))) == {hole, lamp}


def test_without_dates_it_is_the_last_ninety_days_and_a_span_is_no_longer(works: Any, program: Any) -> None:
    moment = datetime(2026, 8, 1, tzinfo=UTC)
    old = change(works, works.report(), reported_at=moment, updated_at=datetime(2026, 11, 23, tzinfo=UTC))
    new = change(works, works.report())
    assert ids(got(program, "requests.json")) == [new]
    assert ids(got(program, "requests.json", start_date="2026-07-20")) == [old]
    assert ids(got(program, "requests.json", end_date="2026-08-10")) == [old]
    assert ids(got(program, "requests.json", start_date="2026-08-01T08:00:00+08:00", end_date="2026-08-01")) == [old]
    assert got(program, "requests.json", start_date="2026-08-01T00:00:01Z", end_date="2026-08-31") == []
    assert set(ids(got(program, "requests.json", updated_after="2026-11-22T00:00:00Z"))) == {old, new}
    for wrong in (
        {"start_date": "2026-08-01", "end_date": "2026-10-31"},
        {"start_date": "2026-08-10", "end_date": "2026-08-01"},
        {"start_date": "kemarin"},
        {"end_date": "9999-12-31T23:59:59Z"},
        {"updated_after": "0001-01-01"},
        {"status": "fixed"},
        {"page": "0"},
        {"page_size": "-1"},
    ):
        (error,) = got(program, "requests.json", 400, **wrong)
        assert error["code"] == 400 and error["description"], wrong
    assert len(got(program, "requests.json", start_date="2026-08-02", end_date="2026-10-31")) == 0


def test_pages_follow_each_other_without_a_gap(works: Any, program: Any) -> None:
    numbers = {change(works, works.report(description=str(one))) for one in range(5)}
    pages = [ids(got(program, "requests.json", page=str(page), page_size="2")) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert {one for page in pages for one in page} == numbers
    assert len(got(program, "requests.json", page_size="5000")) == 5


def test_more_is_told_under_one_object_only_when_asked(works: Any, program: Any) -> None:
    report_id = works.report()
    with works.inside():
        session.add(
            LogEntry(
                report_id=report_id,
                at=datetime(2026, 11, 24, tzinfo=UTC),
                kind="note",
                note="Untuk kantor",
                internal=True,
            )
        )
    (plain,) = got(program, "requests.json")
    (found,) = got(program, "requests.json", extensions="true")
    assert set(found) - set(plain) == {"notes", "extended_attributes"}
    assert found["extended_attributes"]["state"] == "baru" and found["extended_attributes"]["severity"] == "sedang"
    assert [note["status"] for note in found["notes"]] == ["open"]
    root = got(program, "requests.xml", extensions="true")
    assert shape(root[0].find("notes")) == ["note"]


def test_errors_come_in_the_format_asked_for(program: Any) -> None:
    (error,) = got(program, "requests/L26-999999.json", 404)
    assert list(error) == ["code", "description"] and "L26-999999" in error["description"]
    root = got(program, "requests/L26-999999.xml", 404)
    assert root.tag == "errors" and shape(root[0]) == ["code", "description"] and root[0].findtext("code") == "404"
    for path in ("services.csv", "services", "requests/x.html", "apa.xml", "", "a/b/c.xml", "requests.XML"):
        answer = program.get(f"{V2}/{path}")
        assert (answer.status_code, answer.content_type) == (404, XML), path
        assert fromstring(answer.data).tag == "errors"
    assert program.get(f"{V2}/apa.json").get_json()[0]["code"] == 404
    assert program.delete(f"{V2}/apa.json").get_json()[0]["code"] == 404
    assert got(program, "tokens/abc.json", 404)[0]["code"] == 404
    assert got(program, "tokens/abc.xml", 404).tag == "errors"


def test_only_this_jurisdiction_is_answered(works: Any, program: Any) -> None:
    for known in ("", "sumbawa.localhost", "SUMBAWA.localhost"):
        assert len(got(program, "services.json", jurisdiction_id=known)) == 3
    assert got(program, "services.json", 404, jurisdiction_id="chicago.gov")[0]["code"] == 404
    works.house.set_setting("infrastruktur", "jurisdiction_id", "sumbawakab.go.id")
    assert len(got(program, "services.json", jurisdiction_id="sumbawakab.go.id")) == 3
    assert got(program, "requests.xml", 404, jurisdiction_id="bimakab.go.id").tag == "errors"


def test_head_tells_the_headers_alone_and_what_is_known_is_not_sent_again(works: Any, program: Any) -> None:
    works.report()
    answer = program.head(f"{V2}/requests.xml")
    assert (answer.status_code, answer.content_type, answer.data) == (200, XML, b"")
    tag = program.get(f"{V2}/requests.json").headers["ETag"]
    assert program.get(f"{V2}/requests.json", headers={"If-None-Match": tag}).status_code == 304


def test_text_that_xml_cannot_hold_does_not_break_it(works: Any, program: Any) -> None:
    change(works, works.report(), description="a\x0b\x1b<b>&\ufffe \N{GRINNING FACE}")
    root = got(program, "requests.xml")
    assert root[0].findtext("description") == "a\ufffd\ufffd<b>&\ufffd \N{GRINNING FACE}"


def test_the_page_for_developers_is_there_in_both_languages(works: Any, program: Any) -> None:
    page = program.get("/infrastruktur/open311").get_data(as_text=True)
    assert f"http://sumbawa.localhost{V2}" in page and "laporan.geojson" in page and "jalan_berlubang" in page
