"""Keys and sources as a manager keeps them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from lumbung_infrastruktur.models import ApiKey, Report, Source
from lumbung_infrastruktur.services import api_keys, source_asking, sources
from sqlalchemy import select

from lumbung.sdk import Reply, session

ROOM = "/infrastruktur/pengaturan/pertukaran"
SERVICES = [{"service_code": "p:1", "service_name": "Pothole"}, {"service_code": 'q"<', "service_name": "Noise <b>"}]


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> None:
    """A foreign endpoint with two services and one report."""
    report = {
        "service_request_id": 1, "service_code": "p:1", "status": "open", "lat": -8.4936, "long": 117.4207,
        "requested_datetime": "2026-11-20T03:00:00Z",
    }  # fmt: skip

    def ask(url: str, **_given: Any) -> Reply:
        is_list = "services.json" in url
        return Reply(200, {}, json.dumps(SERVICES if is_list else [report]).encode())

    monkeypatch.setattr(source_asking, "ask_outside", ask)


@pytest.fixture
def source(works: Any, city: None) -> Any:
    """A source whose services were read."""
    with works.inside(works.person("manager")):
        source_id = sources.save(None, name="Kota", url="https://kota.example/v2").id
    works.house.work()
    return source_id


def send(works: Any, path: str, data: dict[str, Any] | None = None, *, word: str = "manager") -> Any:
    return works.client(word).post_form(f"{ROOM}{path}", data, page=ROOM if word == "manager" else "/akun")


def only(works: Any, model: Any) -> Any:
    with works.inside():
        found = session.scalars(select(model)).all()
        session.expunge_all()
        assert len(found) <= 1
        return found[0] if found else None


@pytest.mark.parametrize("word", ["verifier", "roads", "head", "citizen"])
def test_only_who_manages_sees_and_changes_it(works: Any, source: Any, word: str) -> None:
    client = works.client(word)
    for path in ("", "/kunci/baru", "/sumber", "/sumber/baru", f"/sumber/{source}", f"/sumber/{source}/ubah"):
        assert client.get(f"{ROOM}{path}").status_code == 403, path
    for path in ("/kunci/baru", f"/sumber/{source}/ambil", f"/sumber/{source}/hapus"):
        assert send(works, path, {"name": "x", "per_hour": "5"}, word=word).status_code == 403
    assert only(works, ApiKey) is None and only(works, Source) is not None
    assert works.client().get(ROOM).status_code == 302


def test_a_key_is_shown_once_and_never_again(works: Any) -> None:
    client = works.client("manager")
    assert "Belum ada kunci" in client.get(ROOM).get_data(as_text=True)
    answer = send(works, "/kunci/baru", {"name": "Aplikasi desa", "contact": "a@example.id", "per_hour": "30"})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    text = re.search(r"inf_[\w-]{40}", answer.get_data(as_text=True))[0]  # type: ignore[index]
    key = only(works, ApiKey)
    assert key.per_hour == 30 and key.key_tail == text[-4:]
    for path in ("", f"/kunci/{key.id}"):
        page = client.get(f"{ROOM}{path}").get_data(as_text=True)
        assert "Aplikasi desa" in page and text not in page and f"inf_…{text[-4:]}" in page
    with works.inside():
        assert api_keys.of(text) is not None


@pytest.mark.parametrize("form", [{"name": "", "per_hour": "60"}, {"name": "Desa", "per_hour": "0"}, {"name": "Desa"}])
def test_a_key_with_mistakes_is_not_made_and_what_was_typed_stays(works: Any, form: dict[str, str]) -> None:
    answer = send(works, "/kunci/baru", form | {"contact": "pembuat@example.id"})
    assert answer.status_code == 422 and "pembuat@example.id" in answer.get_data(as_text=True)
    assert only(works, ApiKey) is None


def test_a_key_is_revoked_by_a_button_and_its_trail_tells(works: Any) -> None:
    with works.inside():
        key_id = api_keys.make("Lama")[0].id
    assert send(works, f"/kunci/{key_id}", {"per_hour": "5"}).status_code == 303
    assert only(works, ApiKey).per_hour == 5
    assert send(works, f"/kunci/{key_id}/cabut").status_code == 303
    assert only(works, ApiKey).revoked_at is not None
    assert send(works, f"/kunci/{key_id}", {"per_hour": "9"}).status_code == 422
    assert send(works, f"/kunci/{key_id}/cabut").status_code == 303  # and says that it has ended already
    page = works.client("manager").get(f"{ROOM}/kunci/{key_id}").get_data(as_text=True)
    assert "Dicabut" in page and only(works, ApiKey).per_hour == 5


def test_a_source_is_added_read_and_mapped_by_hand(works: Any, city: None) -> None:
    answer = send(works, "/sumber/baru", {"name": "Kota", "url": "https://kota.example/v2"})
    assert answer.status_code == 303
    client = works.client("manager")
    assert "belum terbaca" in client.get(answer.location).get_data(as_text=True)
    works.house.work()
    page = client.get(answer.location).get_data(as_text=True)
    assert 'value="jalan_berlubang" selected' in page and "Noise &lt;b&gt;" not in page
    source = only(works, Source)
    form = {"layanan:p:1": "lampu_mati", 'layanan:q"<': "-", "open": "y"}
    assert send(works, f"/sumber/{source.id}", form).status_code == 303
    source = only(works, Source)
    assert source.open and {code: one["ours"] for code, one in source.categories.items()} == {
        "p:1": "lampu_mati", 'q"<': "-"
    }  # fmt: skip


def test_a_mapping_that_takes_nothing_is_not_switched_on(works: Any, source: Any) -> None:
    answer = send(works, f"/sumber/{source}", {"layanan:p:1": "-", "open": "y"})
    assert answer.status_code == 422 and not only(works, Source).open
    assert only(works, Source).categories["p:1"]["ours"] == "jalan_berlubang"


def test_fetch_now_takes_reports_over_in_the_background_and_says_so(works: Any, source: Any) -> None:
    assert send(works, f"/sumber/{source}", {"layanan:p:1": "jalan_berlubang"}).status_code == 303
    assert send(works, f"/sumber/{source}/ambil").status_code == 303
    assert only(works, Report) is None
    works.house.work()
    assert only(works, Report).channel == "import"
    client = works.client("manager")
    for path in ("/sumber", f"/sumber/{source}", f"/sumber/{source}/keadaan"):
        assert "1 laporan diambil." in client.get(f"{ROOM}{path}").get_data(as_text=True), path
    assert send(works, f"/sumber/{source}/hapus").status_code == 303
    assert only(works, Source) is not None  # reports lead back to it


def test_a_source_of_which_nothing_came_may_go(works: Any, source: Any) -> None:
    assert send(works, f"/sumber/{source}/hapus").status_code == 303
    assert only(works, Source) is None


@pytest.mark.parametrize("form", [{"name": ""}, {"url": "bukan alamat"}, {"name": "kota"}, {"category": "x"}])
def test_a_source_with_mistakes_is_not_kept(works: Any, source: Any, form: dict[str, str]) -> None:
    answer = send(works, "/sumber/baru", {"name": "Baru", "url": "https://baru.example/v2", **form})
    assert answer.status_code == 422 and only(works, Source).name == "Kota"


def test_the_rooms_speak_english_too(works: Any, source: Any) -> None:
    client = works.client("manager")
    for path in (ROOM, f"{ROOM}/sumber", f"{ROOM}/sumber/{source}", "/infrastruktur/open311"):
        assert client.get(path).status_code == 200
