"""Keys: one pair a tenant, the private part closed, rotated by age and by command; what ended is swept away."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from lumbung.cli import openid as cli
from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.housekeeping import sweep_all
from lumbung.testing import HouseClient, TestHouse
from lumbung.testing.clocks import frozen_clock
from lumbung.testing.openid import App


def kids(house: TestHouse, tenant: str = "sumbawa") -> list[str]:
    return [key["kid"] for key in (house.client(tenant).get("/openid/jwks").json or {})["keys"]]


def test_keys_are_each_tenants_own_and_nobody_reads_their_private_part(house: TestHouse, as_owner: Any) -> None:
    jwks = house.client().get("/openid/jwks")
    shown = (jwks.json or {})["keys"]
    assert jwks.headers["Cache-Control"] == "public, max-age=300"
    assert len(shown) == 2 and all(set(key) == {"kty", "n", "e", "kid", "use", "alg"} for key in shown)
    assert kids(house) == [key["kid"] for key in shown], "asking again makes no others"
    assert not set(kids(house, "sumbawabarat")) & set(kids(house))
    rows = as_owner("SELECT private FROM lumbung_openid_key")
    assert len(rows) == 4 and not any(b"PRIVATE" in bytes(row[0]) for row in rows)


def test_a_key_is_rotated_when_old_and_shown_until_nothing_of_it_is_good(house: TestHouse, as_owner: Any) -> None:
    states = "SELECT state, kid, private IS NULL FROM lumbung_openid_key WHERE tenant_id = 1 ORDER BY created_at, state"
    before = kids(house)
    sweep_all(house.kernel)
    assert kids(house) == before
    known = {row[0]: row[1] for row in as_owner(states)}
    with frozen_clock(utc_now() + timedelta(days=91)):
        sweep_all(house.kernel)
        rows = as_owner(states)
        assert sorted(row[0] for row in rows) == ["active", "next", "retired"]
        now = {row[0]: row[1] for row in rows}
        assert (now["retired"], now["active"]) == (known["active"], known["next"])
        assert [row[2] for row in rows if row[0] == "retired"] == [True], "its private part is gone"
        assert set(kids(house)) == set(now.values())
    with frozen_clock(utc_now() + timedelta(days=93)):
        assert known["active"] not in kids(house)
    with frozen_clock(utc_now() + timedelta(days=91 + 91)):
        sweep_all(house.kernel)
        assert known["active"] not in [row[1] for row in as_owner(states)]


def test_the_command_rotates_one_tenant_or_all(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "open_kernel", lambda: nullcontext(house.kernel))
    before, others = kids(house), kids(house, "sumbawabarat")
    done = CliRunner().invoke(cli.openid, ["rotate-keys", "--tenant", "sumbawa"], catch_exceptions=False)
    assert done.exit_code == 0 and any(f"sumbawa signs with {kid}." in done.output for kid in before)
    assert len(kids(house)) == 3 and kids(house, "sumbawabarat") == others
    assert len(CliRunner().invoke(cli.openid, ["rotate-keys"]).output.splitlines()) == 2
    assert isinstance(CliRunner().invoke(cli.openid, ["rotate-keys", "--tenant", "nowhere"]).exception, LumbungError)
    assert len(kids(house)) == 4


def test_what_ended_is_swept_and_a_used_code_stays_known_meanwhile(
    app: App, house: TestHouse, browser: HouseClient, as_owner: Any
) -> None:
    code = app.allow(browser, scope="openid offline_access")["code"]
    given = app.exchange(code).json or {}
    with frozen_clock(utc_now() + timedelta(days=2)):
        sweep_all(house.kernel)
        assert as_owner("SELECT kind FROM lumbung_openid_token") == [("refresh",)]
        assert app.exchange(code).status_code == 400
        assert app.refresh(given["refresh_token"]).status_code == 400, "the code's second use still ends them"
    with frozen_clock(utc_now() + timedelta(days=40)):
        sweep_all(house.kernel)
        assert as_owner("SELECT 1 FROM lumbung_openid_token UNION ALL SELECT 1 FROM lumbung_openid_code") == []
