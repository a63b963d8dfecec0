"""A tenant's colour, chosen by its administrator or by the operator, and refused when nobody could read it."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.audit import AuditRow
from lumbung.testing import HouseClient, TestHouse

GREEN, PALE, NEAREST = "#1B6E43", "#2E9E5B", "#027C40"


@pytest.fixture
def admin(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def colour_of(house: TestHouse, tenant: str = "sumbawa") -> str | None:
    house.kernel.state.forget()
    return house.kernel.tenant(tenant).colour


def trail(house: TestHouse) -> list[str]:
    with house.scope() as scope:
        return [row.action for row in scope.session.query(AuditRow)]


def test_an_administrator_chooses_a_colour_and_goes_back_to_the_house_s(house: TestHouse, admin: HouseClient) -> None:
    answer = admin.post_form("/admin/daerah/warna", {"colour": GREEN.lower()}, page="/admin/daerah/")
    assert answer.status_code == 303
    assert colour_of(house) == GREEN
    assert colour_of(house, "sumbawabarat") is None
    page = admin.get("/admin/daerah/").text
    assert 'value="#1B6E43"' in page and "Pakai warna bawaan" in page
    assert "/_tenant/warna.css?v=" in page
    assert admin.post_form("/admin/daerah/warna", {"colour": ""}, page="/admin/daerah/").status_code == 303
    assert colour_of(house) is None
    assert trail(house).count("tenant.colour") == 2


def test_a_colour_that_cannot_be_read_is_refused_with_the_nearest_that_can(
    house: TestHouse, admin: HouseClient
) -> None:
    answer = admin.post_form("/admin/daerah/warna", {"colour": PALE}, page="/admin/daerah/")
    assert answer.status_code == 422
    assert "kontrasnya 2,92, yang diperlukan 4,5" in answer.text
    assert f'<input type="hidden" name="colour" value="{NEAREST}">' in answer.text
    assert colour_of(house) is None
    assert "tenant.colour" not in trail(house)
    assert admin.post_form("/admin/daerah/warna", {"colour": NEAREST}, page="/admin/daerah/").status_code == 303
    assert colour_of(house) == NEAREST


@pytest.mark.parametrize("wrong", ["hijau", "#12", "#GGGGGG", "#1B6E43; x", "<script>"])
def test_what_is_no_colour_changes_nothing(house: TestHouse, admin: HouseClient, wrong: str) -> None:
    answer = admin.post_form("/admin/daerah/warna", {"colour": wrong}, page="/admin/daerah/")
    assert answer.status_code == 422
    assert "Ini bukan warna" in answer.text
    assert "<script>" not in answer.text.replace("<script src", "").replace("<script type", "").replace(
        "<script defer", ""
    )
    assert colour_of(house) is None


def test_only_those_who_may_change_the_tenant_choose_its_colour(house: TestHouse) -> None:
    citizen = house.client("sumbawa", house.person("sumbawa", "warga@a.id"))
    assert citizen.post_form("/admin/daerah/warna", {"colour": GREEN}).status_code == 403
    abroad = house.client("sumbawa", house.person("sumbawa", "admin2@a.id", roles=["admin"]))
    assert abroad.post_form("/admin/tenant/sumbawabarat/warna", {"colour": GREEN}).status_code == 403
    assert colour_of(house) is None and colour_of(house, "sumbawabarat") is None


def test_the_operator_chooses_for_any_tenant(house: TestHouse) -> None:
    operator = house.client("sumbawa", house.person("sumbawa", "operator@a.id", operator=True))
    page = "/admin/tenant/sumbawabarat/"
    refused = operator.post_form(f"{page}warna", {"colour": PALE}, page=page)
    assert refused.status_code == 422 and NEAREST in refused.text
    assert colour_of(house, "sumbawabarat") is None
    assert operator.post_form(f"{page}warna", {"colour": GREEN}, page=page).status_code == 303
    assert colour_of(house, "sumbawabarat") == GREEN
    assert colour_of(house) is None


def test_a_colour_is_seen_before_it_is_kept(house: TestHouse, new_page: Any) -> None:
    person = house.person("sumbawa", "admin@a.id", roles=["admin"], password="kuda laut biru")
    with house.serving() as port:
        page = new_page(reduced_motion="reduce")
        page.goto(f"http://sumbawa.localhost:{port}/masuk?next=/admin/daerah/")
        page.fill("input[name=email]", person.email)
        page.fill("input[name=password]", "kuda laut biru")
        page.press("input[name=password]", "Enter")
        preview = page.locator("#lb-colour-preview")
        page.wait_for_url("**/admin/daerah/")
        page.locator("#colour").fill(PALE.lower())
        assert "terlalu pucat" in preview.inner_text()
        page.locator("#colour").fill(GREEN.lower())
        assert "terbaca" in preview.inner_text()
        shown = preview.locator(".btn-primary").evaluate("element => getComputedStyle(element).backgroundColor")
        assert shown == "rgb(27, 110, 67)"
        assert colour_of(house) is None
