"""Open311 GeoReport v2: what a program sends, and the photos that follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from lumbung_infrastruktur.models import ApiKey, LogEntry, Photo, Question, Report
from lumbung_infrastruktur.services import api_keys, media
from sqlalchemy import func, select

from lumbung.sdk import OutgoingFailed, OutgoingRefused, Reply, session

V2 = "/infrastruktur/open311/v2"
SEKETENG = "52.04.08.1004"


@pytest.fixture
def program(works: Any) -> Any:
    """A program: no cookie, no token."""
    return works.house.client("sumbawa")


@pytest.fixture
def key(works: Any) -> str:
    """The text of a key."""
    with works.inside():
        return api_keys.make("Aplikasi desa", "pembuat@example.id", per_hour=20)[1]


@pytest.fixture
def pothole(works: Any, key: str) -> dict[str, Any]:
    """A form that is complete."""
    return {
        "api_key": key,
        "service_code": "jalan_berlubang",
        "lat": "-8.4936",
        "long": "117.4207",
        "description": "Lubang dalam di depan pasar",
    }


def count(works: Any, model: type = Report) -> int:
    with works.inside():
        return session.scalar(select(func.count()).select_from(model)) or 0


def got(program: Any, path: str, code: int = 200, **arguments: Any) -> Any:
    answer = program.get(f"{V2}/{path}", query_string=arguments)
    assert answer.status_code == code, answer.get_data(as_text=True)
    return answer.get_json() if path.endswith("json") else fromstring(answer.data)


def shape(element: Any) -> list[str]:
    return [child.tag for child in element]


def test_a_posted_report_has_its_number_at_once(works: Any, program: Any, pothole: dict[str, Any]) -> None:
    form = pothole | {
        "attribute[ukuran]": "besar", "attribute[asing]": "x", "email": "siti@example.id", "first_name": "Siti",
        "last_name": "Aminah", "phone": "081234567890", "device_id": "d1", "account_id": "a7",
        "address_string": "Pasar",
    }  # fmt: skip
    answer = program.post(f"{V2}/requests.json", data=form)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    (found,) = answer.get_json()
    assert list(found) == ["service_request_id", "service_notice", "account_id"] and found["account_id"] == "a7"
    with works.inside():
        report = session.scalars(select(Report)).one()
        assert report.number == found["service_request_id"] and report.channel == "open311"
        assert report.answers == {"ukuran": "besar"} and report.reporter_name == "Siti Aminah"
        assert (report.lat, report.lon, report.address) == (-8.4936, 117.4207, "Pasar")
        key = session.scalars(select(ApiKey)).one()
        assert str(report.source_key).startswith(f"open311:{key.id}:") and key.used_at is not None
    root = fromstring(program.post(f"{V2}/requests.xml", data=pothole).data)
    assert root.tag == "service_requests" and shape(root[0]) == ["service_request_id", "service_notice", "account_id"]
    assert root[0].findtext("account_id") == ""


def test_several_choices_are_sent_in_one_attribute(works: Any, program: Any, pothole: dict[str, Any]) -> None:
    with works.inside():
        question = session.scalars(select(Question)).one()
        question.datatype, question.required = "multivaluelist", True
    answer = program.post(f"{V2}/requests.json", data=pothole)
    assert answer.status_code == 400 and count(works) == 0
    answer = program.post(f"{V2}/requests.json", data=pothole | {"attribute[ukuran][]": ["kecil", "besar"]})
    assert answer.status_code == 200
    answer = program.post(f"{V2}/requests.json", data=pothole | {"attribute[ukuran]": "sedang"})
    assert answer.status_code == 400 and count(works) == 1
    with works.inside():
        assert session.scalars(select(Report)).one().answers == {"ukuran": ["kecil", "besar"]}


@pytest.mark.parametrize(
    ("change_of_form", "code"),
    [
        ({"api_key": ""}, 403),
        ({"api_key": "inf_salah"}, 403),
        ({"service_code": ""}, 400),
        ({"service_code": "tidak_ada"}, 404),
        ({"jurisdiction_id": "chicago.gov"}, 404),
        ({"lat": "", "long": ""}, 400),
        ({"long": ""}, 400),
        ({"lat": "nan"}, 400),
        ({"lat": "-98"}, 400),
        ({"lat": "selatan"}, 400),
        ({"lat": "", "long": "", "address_id": "52.06.01.1001"}, 400),
        ({"lat": "", "long": "", "address_id": "x"}, 400),
        ({"description": "x" * 4001}, 400),
        ({"email": "bukan surel"}, 400),
        ({"phone": "12"}, 400),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_taken_is_refused_and_leaves_nothing(
    works: Any, program: Any, pothole: dict[str, Any], change_of_form: dict[str, str], code: int
) -> None:
    answer = program.post(f"{V2}/requests.json", data=pothole | change_of_form)
    assert answer.status_code == code, answer.get_data(as_text=True)
    assert all(set(error) == {"code", "description"} and error["code"] == code for error in answer.get_json())
    assert count(works) == 0


def test_a_village_or_an_address_in_words_is_a_place_too(works: Any, program: Any, pothole: dict[str, Any]) -> None:
    nowhere = pothole | {"lat": "", "long": ""}
    for place in (
        {"address_id": SEKETENG},
        {"address_string": "Jl. Garuda no. 7, Kelurahan Seketeng"},
        {"address_string": "Dekat jembatan lama"},
    ):
        assert program.post(f"{V2}/requests.json", data=nowhere | place).status_code == 200, place
    with works.inside():
        found = session.scalars(select(Report).order_by(Report.number)).all()
        assert [(one.place_from, one.village_code) for one in found] == [
            ("village", SEKETENG), ("village", SEKETENG), ("address", "")
        ]  # fmt: skip
    told = got(program, "requests.json")
    assert all(one["lat"] is None and one["long"] is None for one in told)


def test_html_in_a_description_is_taken_out(works: Any, program: Any, pothole: dict[str, Any]) -> None:
    text = "Lubang <b>besar</b><br>lebar < 2 m<script>alert(1)</script> &amp; dalam"
    assert program.post(f"{V2}/requests.json", data=pothole | {"description": text}).status_code == 200
    assert got(program, "requests.json")[0]["description"] == "Lubang besar\nlebar < 2 m & dalam"


def test_what_is_sent_twice_counts_once(works: Any, program: Any, pothole: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "telepon-7/1"}
    first, second = (program.post(f"{V2}/requests.json", data=pothole, headers=headers) for _time in (1, 2))
    assert first.get_json() == second.get_json() and count(works) == 1
    program.post(f"{V2}/requests.json", data=pothole | {"client_request_id": "x" * 500})
    program.post(f"{V2}/requests.json", data=pothole | {"client_request_id": "x" * 500})
    assert count(works) == 2


def test_nobody_is_signed_in_whatever_cookie_comes_along(works: Any, pothole: dict[str, Any]) -> None:
    client = works.client("citizen")
    assert client.post(f"{V2}/requests.json", data=pothole).status_code == 200
    with works.inside():
        assert session.scalars(select(Report)).one().person_id is None


def test_a_key_is_no_use_past_its_limit_or_once_revoked(works: Any, program: Any, pothole: dict[str, Any]) -> None:
    with works.inside():
        session.scalars(select(ApiKey)).one().per_hour = 1
    assert program.post(f"{V2}/requests.xml", data=pothole).status_code == 200
    answer = program.post(f"{V2}/requests.xml", data=pothole)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert fromstring(answer.data).findtext("error/code") == "429"
    with works.inside():
        api_keys.revoke(session.scalars(select(ApiKey)).one())
    assert program.post(f"{V2}/requests.xml", data=pothole).status_code == 403
    assert count(works) == 1


def test_a_body_of_another_kind_is_refused(works: Any, program: Any, pothole: dict[str, Any]) -> None:
    answer = program.post(f"{V2}/requests.json", json=pothole)
    assert answer.status_code == 400 and answer.get_json()[0]["code"] == 400 and count(works) == 0


def test_a_held_report_is_taken_and_shown_later(works: Any, program: Any, pothole: dict[str, Any]) -> None:
    works.house.set_setting("infrastruktur", "hold_new", True)
    (found,) = program.post(f"{V2}/requests.json", data=pothole).get_json()
    assert "diperiksa" in found["service_notice"]
    assert got(program, f"requests/{found['service_request_id']}.json", 404)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Other servers: what they answer, by address; whoever is not in it does not answer."""
    answers: dict[str, Any] = {"asked": []}

    def ask(url: str, **_given: Any) -> Reply:
        answers["asked"].append(url)
        found = answers.get(url, OutgoingFailed("%(host)s cannot be reached.", host=url))
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Reply) else Reply(200, {}, found)

    monkeypatch.setattr(media, "ask_outside", ask)
    return answers


def test_a_photo_is_fetched_later_and_shown_as_the_office_decided(
    works: Any, program: Any, pothole: dict[str, Any], outside: dict[str, Any], jpeg: Any
) -> None:
    works.house.set_setting("infrastruktur", "publish_photos", "at_once")
    url = "https://foto.example/1.jpg"
    outside[url] = jpeg(lat=-8.1, lon=117.1)
    number = program.post(f"{V2}/requests.json", data=pothole | {"media_url": url}).get_json()[0]["service_request_id"]
    assert outside["asked"] == [] and count(works, Photo) == 0
    works.house.work()
    assert outside["asked"] == [url]
    (found,) = got(program, f"requests/{number}.json")
    assert found["media_url"].startswith("http://sumbawa.localhost/infrastruktur/foto/")
    picture = program.get(found["media_url"].removeprefix("http://sumbawa.localhost"))
    assert picture.status_code == 200 and picture.content_type == "image/jpeg" and b"Exif" not in picture.data


def test_a_photo_that_is_not_to_be_had_is_told_to_the_office_alone(
    works: Any, program: Any, pothole: dict[str, Any], outside: dict[str, Any]
) -> None:
    urls = ["https://a.example/x", "https://b.example/y", "https://c.example/z", "http://plain.example/1.jpg"]
    outside[urls[0]] = b"<html>no picture</html>"
    outside[urls[1]] = OutgoingRefused("private")
    outside[urls[2]] = Reply(404, {}, b"")
    assert program.post(f"{V2}/requests.json", data=pothole | {"media_url": urls}).status_code == 200
    works.house.work()
    with works.inside():
        notes = session.scalars(select(LogEntry).where(LogEntry.kind == "note")).all()
        assert len(notes) == 3 and all(note.internal for note in notes)
    assert count(works, Photo) == 0 and urls[3] not in outside["asked"]


def test_pictures_may_come_with_the_form(works: Any, program: Any, pothole: dict[str, Any], jpeg: Any) -> None:
    import io

    data = pothole | {"media": (io.BytesIO(jpeg()), "lubang.jpg")}
    assert program.post(f"{V2}/requests.json", data=data, content_type="multipart/form-data").status_code == 200
    data = pothole | {"media": (io.BytesIO(b"tidak"), "lubang.jpg")}
    assert program.post(f"{V2}/requests.json", data=data, content_type="multipart/form-data").status_code == 400
    assert (count(works), count(works, Photo)) == (1, 1)
