"""What is swept away at night, and what stays."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, text

from lumbung.clock import utc_now
from lumbung.housekeeping import sweep_all
from lumbung.identity.models import SessionRow, SignInAttempt
from lumbung.testing import frozen_clock
from lumbung.web.limits import rate_limit


def leave_traces(house) -> None:
    house.token("sumbawa", house.person("sumbawa", "warga@sumbawa.example"))
    with house.scope() as scope:
        scope.session.add(SignInAttempt(email_hash=b"x", address="127.0.0.1", at=utc_now()))
        rate_limit("anything", times=5, seconds=60)
        scope.session.execute(
            text("INSERT INTO lumbung_form_sent (tenant_id, key, at) VALUES (:tenant, 'x', :at)"),
            {"tenant": scope.tenant.id, "at": utc_now()},
        )


def traces(house, tenant: str = "sumbawa") -> tuple[int, ...]:
    with house.scope(tenant) as scope:
        count = func.count()
        return (
            scope.session.scalar(select(count).select_from(SessionRow)),
            scope.session.scalar(select(count).select_from(SignInAttempt)),
            scope.session.scalar(text("SELECT count(*) FROM lumbung_rate")),
            scope.session.scalar(text("SELECT count(*) FROM lumbung_form_sent")),
        )


def test_what_is_recent_stays(house):
    leave_traces(house)
    before = traces(house)
    assert sweep_all(house.kernel) == 0
    assert traces(house) == before == (2, 1, 1, 1)


def test_what_is_long_over_goes(house):
    with frozen_clock(utc_now() - timedelta(days=40)):
        leave_traces(house)
    assert sweep_all(house.kernel) == 5
    assert traces(house) == (0, 0, 0, 0)
