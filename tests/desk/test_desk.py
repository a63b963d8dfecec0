"""The officer's first page: what waits, the most urgent first, whatever one application does."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from lumbung.registry.models import FaultRow
from lumbung.testing import HouseClient, TestHouse

RIGHTS = """
[[permissions]]
name = "{name}.serve"
title = {{id = "Melayani", en = "Serve"}}
[[roles]]
name = "server"
title = {{id = "Petugas", en = "Clerk"}}
permissions = ["{name}.serve"]
[[navigation]]
place = "desk"
title = {{id = "Loket {name}", en = "Counter"}}
path = "/loket"
permission = "{name}.serve"
"""
TASKS = """
from datetime import timedelta
from lumbung.sdk import DeskTask, hookimpl, now

@hookimpl
def desk_tasks(person):
    if not person.can("{name}.serve"):
        return []
    {body}
"""
SOME = """return [
        DeskTask("Biasa", "", "/tugas/a"),
        DeskTask("Kini", "", "/tugas/b", tone="padi", count=12),
        DeskTask("Besok", "", "/tugas/c", due=now() + timedelta(days=1)),
        DeskTask("Nanti", "", "/tugas/d", due=now() + timedelta(hours=1)),
        DeskTask("Genting", "<b>segera</b>", "/tugas/e", tone="gawat"),
        DeskTask("Ke luar", "", "https://jauh.example/"),
    ]"""


@pytest.fixture
def give(gift: Any) -> Any:
    """Return a function that makes and enables an application with tasks."""

    def make(name: str, body: str, **more: Any) -> None:
        gift(
            name,
            init=TASKS.format(name=name, body=body),
            hooks=("desk_tasks",),
            more=RIGHTS.format(name=name),
            **more,
        )

    return make


def officer(house: TestHouse, *roles: str) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "o@a.id", roles=list(roles), name="Sri Wahyuni"))


def titles(client: HouseClient, path: str = "/meja/") -> list[str]:
    parts = client.get(path).get_data(as_text=True).split('class="lb-choice-title">')
    return [part.partition("<")[0] for part in parts[1:]]


def test_what_cannot_wait_stands_first_then_what_is_due_then_what_is_for_now(house: TestHouse, give: Any) -> None:
    give("tugas", SOME)
    client = officer(house, "tugas.server")
    assert titles(client) == ["Genting", "Nanti", "Besok", "Kini", "Biasa"]
    page = client.get("/meja/").get_data(as_text=True)
    assert "Mendesak" in page
    assert "&lt;b&gt;segera" in page
    assert "jauh.example" not in page
    assert '<span class="lb-task-source">Contoh</span>' in page


def test_the_part_that_renews_itself_is_that_part_alone(house: TestHouse, give: Any) -> None:
    give("tugas", SOME)
    client = officer(house, "tugas.server")
    part = client.get("/meja/menunggu").get_data(as_text=True)
    assert "<html" not in part
    assert 'hx-trigger="every 60s"' in part
    assert titles(client, "/meja/menunggu") == titles(client)


def test_a_desk_whose_session_ended_leads_to_the_sign_in_page_as_a_whole(house: TestHouse) -> None:
    answer = house.client().get("/meja/menunggu", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (401, "true")
    assert answer.get_data(as_text=True) == ""


def test_nothing_waits_and_the_page_says_so_kindly(house: TestHouse, give: Any) -> None:
    give("tugas", "return []")
    page = officer(house, "tugas.server").get("/meja/").get_data(as_text=True)
    assert "Tidak ada yang menunggu" in page
    assert "Halo, Sri Wahyuni" in page
    assert 'href="/tugas/loket"' in page.partition("Aplikasi saya")[2]


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('pecah')",
        "return ['bukan tugas']",
        "return [DeskTask('Tanpa zona', '', '/x/', due=now().replace(tzinfo=None))]",
        "raise SystemExit(1)",
    ],
)
def test_an_application_that_fails_is_left_out_and_written_down(house: TestHouse, give: Any, body: str) -> None:
    give("rusak", body)
    give("tugas", SOME)
    client = officer(house, "tugas.server", "rusak.server")
    assert titles(client) == ["Genting", "Nanti", "Besok", "Kini", "Biasa"]
    with house.scope() as scope:
        assert scope.session.scalars(select(FaultRow.plugin)).all() == ["rusak"]
    page = client.get("/meja/").get_data(as_text=True)
    assert "tidak menjawab" in page
    assert 'hx-trigger="every 600s"' in page


def test_only_applications_that_are_on_here_are_asked(house: TestHouse, give: Any) -> None:
    give("tugas", SOME, tenants=("sumbawabarat",))
    client = house.client("sumbawa", house.person("sumbawa", "o@a.id", roles=["officer"]))
    assert titles(client) == []
    assert "Tidak ada yang menunggu" in client.get("/meja/").get_data(as_text=True)


def test_citizens_have_no_desk(house: TestHouse) -> None:
    citizen = house.client("sumbawa", house.person("sumbawa", "w@a.id"))
    for path in ("/meja/", "/meja/menunggu"):
        assert citizen.get(path).status_code == 403
        assert house.client().get(path).location.startswith("/masuk")
    assert "/meja/" not in citizen.get("/akun").get_data(as_text=True)


def test_who_administers_sees_the_first_steps_and_recent_faults(house: TestHouse, give: Any) -> None:
    admin = house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))
    assert "Nyalakan aplikasi" in titles(admin)
    give("rusak", "raise ValueError('pecah')")
    admin.get("/meja/")
    found = titles(admin)
    assert "Gangguan aplikasi" in found
    assert "Nyalakan aplikasi" not in found


def test_an_operator_sees_an_application_whose_package_is_gone(
    house: TestHouse, give: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    give("tugas", "return []")
    operator = house.client("sumbawa", house.person("sumbawa", "op@a.id", operator=True))
    assert not any("tidak dapat dipakai" in title for title in titles(operator))
    monkeypatch.setattr("lumbung.lifecycle.overview.find_plugins", dict)
    assert titles(operator)[0].endswith("tidak dapat dipakai")
    page = operator.get("/meja/").get_data(as_text=True)
    assert "Paketnya hilang" in page
    assert 'href="/admin/plugin/tugas/"' in page


def test_staff_land_at_the_desk_after_signing_in_unless_they_wanted_another_page(house: TestHouse, give: Any) -> None:
    give("tugas", "return []")
    house.person("sumbawa", "o@a.id", roles=["tugas.server"], password="kapal-layar-biru")
    house.person("sumbawa", "w@a.id", password="kapal-layar-biru")

    def sign_in(email: str, **more: str) -> Any:
        given = {"email": email, "password": "kapal-layar-biru", **more}
        return house.client().post_form("/masuk", given, page="/masuk").location

    assert sign_in("o@a.id") == "/meja/"
    assert sign_in("o@a.id", next="/akun") == "/akun"
    assert sign_in("w@a.id") == "/"


def test_a_role_of_an_application_that_is_off_leads_to_no_desk(house: TestHouse, give: Any) -> None:
    give("tugas", "return []", tenants=())
    house.person("sumbawa", "o@a.id", roles=["tugas.server"], password="kapal-layar-biru")
    given = {"email": "o@a.id", "password": "kapal-layar-biru"}
    assert house.client().post_form("/masuk", given, page="/masuk").location == "/"


def test_the_menu_begins_with_the_desk_and_folds_groups_when_there_are_many(house: TestHouse, give: Any) -> None:
    for number in range(5):
        give(f"app{number}", "return []")
    client = officer(house, *(f"app{number}.server" for number in range(5)))
    side = client.get("/meja/").get_data(as_text=True).partition('class="lb-side-body"')[2].partition("</nav>")[0]
    assert side.index('href="/meja/" aria-current="page"') < side.index('href="/app0/loket"')
    assert side.count("<details") == 5
    assert " open>" not in side


def test_looking_at_the_desk_writes_nothing(house: TestHouse, give: Any) -> None:
    give("tugas", SOME)
    client = officer(house, "tugas.server")
    client.get("/meja/")
    with house.scope() as scope:
        assert scope.session.scalar(select(func.count()).select_from(FaultRow)) == 0
