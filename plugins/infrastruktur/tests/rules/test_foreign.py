"""What other cities' endpoints answer: read whatever its shape, and never trusted (rules.foreign and its kin)."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from lumbung_infrastruktur.rules import foreign
from lumbung_infrastruktur.rules.matching import Kind, suggest
from lumbung_infrastruktur.rules.plain_text import plain
from lumbung_infrastruktur.services import media

BASE = "https://kota.example/open311/v2"

FIXMYSTREET = {
    "service_requests": [
        {
            "agency_responsible": {"recipient": ["Bina Marga"]},
            "description": "Lubang",
            "detail": "Lubang besar",
            "interface_used": "Web interface",
            "lat": "-8.4936",
            "long": "117,4207",
            "media_url": ["https://kota.example/photo/1.jpeg"],
            "requested_datetime": "2026-11-20T03:00:00+01:00",
            "service_code": "Pothole",
            "service_name": "Pothole",
            "service_request_id": 42,
            "status": "open",
        }
    ]
}
SEECLICKFIX = [
    {"service_request_id": 1234567, "status": "Open", "service_code": "8512", "lat": "-8.4936", "long": "117.4207",
     "requested_datetime": "2026-11-20T03:00:00-05:00", "media_url": "", "address": None, "description": None},
]  # fmt: skip
CHICAGO = [
    {"token": "54b2f2b2", "status": "open", "service_code": "4ffa"},
    {"service_request_id": "15-00012345", "status": "open", "service_code": "4ffa", "extended_attributes": {"ward": 1},
     "requested_datetime": "2026-11-20 03:00:00", "notes": [{"type": "opened"}], "lat": -8.4936, "long": 117.4207},
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "ids"), [(FIXMYSTREET, ["42"]), (SEECLICKFIX, ["1234567"]), (CHICAGO, ["15-00012345"])]
)
def test_what_real_endpoints_answer_is_read(body: Any, ids: list[str]) -> None:
    rows = foreign.rows(json.dumps(body).encode(), "json", "service_requests", "request")
    found = [one for row in rows if (one := foreign.request(row, BASE, UTC))]
    assert [one.id for one in found] == ids
    assert (found[0].lat, found[0].lon, found[0].is_closed) == (-8.4936, 117.4207, False)
    assert found[0].requested_at is not None


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"<html><body>Login</body></html>", "json"),
        (b"<html><body>Login</body></html>", "xml"),
        (b"", "json"),
        (b"null", "json"),
        (b'"requests"', "json"),
        (b"[" * 100_000, "json"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><services><service><service_code>&x;</service_code></service></services>",
         "xml"),
        (b"<services><service>", "xml"),
        (b'<?xml version="1.0" encoding="nonsense"?><services/>', "xml"),
        (b'[{"code": 400, "description": "jurisdiction_id was not provided"}]', "json"),
        (b"<errors><error><code>400</code><description>no</description></error></errors>", "xml"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_not_taken_for_one(body: bytes, form: str) -> None:
    with pytest.raises(foreign.Unreadable):
        foreign.rows(body, form, "services", "service")


def test_values_of_the_wrong_kind_are_left_out() -> None:
    wild: dict[str, Any] = {
        "service_request_id": 7, "service_code": {"a": 1}, "service_name": ["x"], "status": True, "lat": "1e999",
        "long": [], "address": 5, "requested_datetime": "9999-99-99", "updated_datetime": 12,
        "media_url": [{"url": "https://a.example/1.jpg"}, None, 3, "javascript:x"], "description": "\x00a\u202eb",
    }  # fmt: skip
    found = foreign.request(wild, BASE, UTC)
    assert found is not None and (found.code, found.name, found.lat, found.requested_at) == ("", "", None, None)
    assert found.address == "5" and found.description == "ab"
    assert media.usable(found.media) == ["https://a.example/1.jpg"]
    assert foreign.request({"service_request_id": "x" * 500}, BASE, UTC) is None
    assert foreign.rows(b"<services/>", "xml", "services", "service") == []
    assert foreign.rows(b"[]", "json", "services", "service") == []


def test_a_kind_of_damage_is_known_again_in_another_language() -> None:
    ours = [
        Kind.of("lubang", ("Jalan berlubang", "Pothole"), ("aspal rusak",)),
        Kind.of("lampu", ("Lampu jalan mati", "Street lamp out")),
        Kind.of("saluran", ("Saluran mampet", "Blocked drain")),
        Kind.of("pohon", ("Pohon tumbang", "Fallen tree")),
    ]
    for name, key in {
        "Pothole in Street": "lubang", "Street Lights - All/Out": "lampu", "Blocked gully": "saluran",
        "Tree Debris": "pohon", "Graffiti Removal": "", "": "",
    }.items():  # fmt: skip
        assert suggest(Kind.of("x", (name,)), ours) == key, name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a<br/>b<p>c</p>d", "a\nb" + "c\nd"),
        ("lebar < 2 m dan > 1 m", "lebar < 2 m dan > 1 m"),
        ("&lt;script&gt;x&lt;/script&gt;baik", "baik"),
        ("<style>p{}</style><!-- x -->ya", "ya"),
        ("<script>tanpa akhir", ""),
        ("a\r\n\r\n\r\n\r\nb", "a\n\nb"),
    ],
)
def test_html_is_taken_out_and_the_rest_stays(given: str, kept: str) -> None:
    assert plain(given) == kept
