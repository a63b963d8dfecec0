"""What scripts add to a list: all of a page ticked at once, a count, a question before the act."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import select

from lumbung.identity.models import PersonRow
from lumbung.testing import TestHouse

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_rows_are_ticked_counted_and_asked_about(house: TestHouse, new_page: Callable[..., Page]) -> None:
    admin = house.person("sumbawa", "admin@a.id", roles=["admin"])
    for name in ("Siti", "Budi", "Rahma"):
        house.person("sumbawa", f"{name.lower()}@a.id", name=name)
    token = house.token("sumbawa", admin)
    with house.serving() as port:
        page = new_page()
        address = f"http://sumbawa.localhost:{port}"
        page.context.add_cookies([{"name": "lumbung_sid", "value": token, "url": address}])
        page.goto(f"{address}/admin/orang/?urut=-nama")
        act = page.get_by_role("button", name="Nonaktifkan yang dipilih")
        assert act.is_disabled()
        page.get_by_role("checkbox", name="Pilih semua di halaman ini").first.check()
        page.get_by_text("3 dipilih").wait_for()
        page.get_by_role("checkbox", name="Pilih Budi").uncheck()
        page.get_by_text("2 dipilih").wait_for()
        act.click()
        page.get_by_role("dialog").get_by_role("button", name="Batal").click()
        assert _closed(house) == set()
        act.click()
        page.get_by_role("dialog").get_by_role("button", name="Nonaktifkan yang dipilih").click()
        page.get_by_text("2 akun dinonaktifkan").wait_for()
        assert page.url == f"{address}/admin/orang/?urut=-nama"
    assert _closed(house) == {"Siti", "Rahma"}


def _closed(house: TestHouse) -> set[str]:
    with house.scope("sumbawa") as scope:
        return set(scope.session.scalars(select(PersonRow.name).where(PersonRow.active.is_(False))))
