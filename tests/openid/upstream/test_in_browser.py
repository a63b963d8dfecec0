"""The whole way in a real browser, to our own provider of another regency: with scripts, and without."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.identity.models import PersonRow
from lumbung.openid.models import ClientRow
from lumbung.openid.upstream import services
from lumbung.openid.upstream.services import Wishes
from lumbung.testing import TestHouse
from lumbung.testing.openid import register

PASSWORD = "kuda laut biru"


@pytest.fixture
def neighbour(monkeypatch: pytest.MonkeyPatch) -> str:
    """A host of this machine that the site may ask; its name is known everywhere, as that of a real one."""
    real = socket.getaddrinfo
    host = "sumbawabarat.localhost"
    monkeypatch.setenv("LUMBUNG_OUTGOING_PRIVATE", host)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, *a, **k: real("127.0.0.1" if name == host else name, *a, **k)
    )
    return host


def test_a_citizen_comes_in_with_the_account_of_a_neighbour(
    neighbour: str, house: TestHouse, issuer: str, new_page: Any
) -> None:
    base = issuer.replace("sumbawa.", "sumbawabarat.")
    person = house.person("sumbawabarat", "siti@a.id", name="Siti Rahmah", password=PASSWORD)
    with house.scope("sumbawabarat") as scope:
        scope.session.get_one(PersonRow, (person.tenant_id, person.id)).email_verified_at = utc_now()
    app = register(house, tenant="sumbawabarat")
    with house.scope():
        back_to = services.callback_of("barat")
    with house.scope("sumbawabarat") as scope:  # http is for tests: no administrator could register it
        scope.session.scalars(select(ClientRow)).one().redirect_uris = [back_to]
    with house.scope() as scope:
        wishes = Wishes(
            Bilingual("Kabupaten Sumbawa Barat", "Sumbawa Barat"),
            base,
            app.client_id,
            app.secret,
            trust_email=True,
            create_accounts=True,
        )
        services.add(scope.session, "barat", wishes, by="test")
    page = new_page()
    page.goto(f"{issuer}/akun")
    page.click("text=Masuk dengan Kabupaten Sumbawa Barat")
    page.wait_for_url(f"{base}/**")
    page.fill("input[name=email]", "siti@a.id")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.click("button[value=allow]")
    page.wait_for_url("**/lanjut/*")
    page.check("input[name=agree]")
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{issuer}/akun")
    assert "Siti Rahmah" in page.content()
    page.go_back()
    page.wait_for_url(f"{issuer}/")  # what was asked is asked no more
    with house.scope() as scope:
        assert scope.session.scalars(select(PersonRow.email)).all() == ["siti@a.id"]
    plain = new_page(java_script_enabled=False)
    plain.goto(f"{base}/masuk")
    plain.fill("input[name=email]", "siti@a.id")
    plain.fill("input[name=password]", PASSWORD)
    plain.click("main form button[type=submit]")
    plain.goto(f"{issuer}/akun")
    plain.click("text=Masuk dengan Kabupaten Sumbawa Barat")
    plain.get_by_role("main").get_by_role("button", name="Lanjutkan", exact=True).click()
    plain.wait_for_url(f"{issuer}/akun")
