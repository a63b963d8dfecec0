"""The OpenID client of a foreign application: its addresses are on the host it answers at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from tests.runtimes.foreign.conftest import Keeper

from lumbung.openid import clients
from lumbung.openid.models import ClientRow
from lumbung.testing import TestHouse

OPENID = """
[sign_in]
way = "openid"
[openid]
redirect_paths = ["/oidc/callback/"]
post_logout_paths = ["/"]
"""
REMOTE = """
[remote]
address = "https://lapor.example/id/"
"""


def _addresses(house: TestHouse) -> tuple[str, ...]:
    with house.scope() as scope:
        client = clients.usable(scope.session.scalars(select(ClientRow)).one())
        assert client
        return (*client.redirect_uris, *client.post_logout_uris)


def test_a_process_is_sent_back_to_on_its_own_host(foreign: Any, house: TestHouse) -> None:
    foreign(OPENID)
    base = "http://antrian-kota.sumbawa.localhost:8000"
    assert _addresses(house) == (f"{base}/oidc/callback/", f"{base}/")


def test_a_remote_application_where_it_is(gift: Any, house: TestHouse, keeper: Keeper) -> None:
    gift("lapor", init="", hooks=(), plain='runtime = "remote"', more=REMOTE + OPENID)
    assert _addresses(house) == ("https://lapor.example/id/oidc/callback/", "https://lapor.example/id/")
