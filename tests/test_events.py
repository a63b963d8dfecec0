"""Events: kept and undone with their transaction, heard once, each listener for itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from lumbung import events
from lumbung.events import deliver, emit
from lumbung.lifecycle.enable import disable
from lumbung.testing import TestHouse

LISTENER = """
from lumbung.sdk import current_tenant, hookimpl, session
from sqlalchemy import text
@hookimpl
def on_event(event):
    session.execute(
        text("INSERT INTO {name}_heard (words) VALUES (:words)"),
        {{"words": f"{{event.name}} {{event.data['nomor']}} {{current_tenant().slug}}"}},
    )
    {then}
@hookimpl
def routes():
    return []
"""
TABLE = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_tenant_table("{name}_heard", sa.Column("words", sa.Text, nullable=False))
"""
EMITS = '\n[events]\nemits = ["pemberi.dipanggil"]\n'
LISTENS = '\n[events]\nlistens = ["pemberi.dipanggil"]\n'


@pytest.fixture
def listener(gift: Any) -> Any:
    def make(name: str, then: str = "pass", **given: Any) -> None:
        gift(
            name,
            init=LISTENER.format(name=name, then=then),
            files={f"lumbung_{name}/migrations/0001_x.py": TABLE.format(name=name)},
            hooks=["routes", "on_event"],
            more=LISTENS,
            **given,
        )

    return make


@pytest.fixture
def sender(gift: Any) -> None:
    gift("pemberi", more=EMITS, tenants=("sumbawa", "sumbawabarat"))


def tell(house: TestHouse, tenant: str = "sumbawa") -> list[UUID]:
    with house.scope(tenant, plugin="pemberi") as scope:
        emit("pemberi.dipanggil", {"nomor": "A-7"})
        rows = scope.session.connection().exec_driver_sql("SELECT id FROM lumbung_delivery ORDER BY subscriber")
        return [row.id for row in rows]


def hear(house: TestHouse, delivery: UUID, tenant: str = "sumbawa") -> None:
    with house.scope(tenant) as scope:
        deliver(scope, delivery)


@pytest.mark.usefixtures("sender")
def test_an_event_of_a_transaction_that_was_rolled_back_never_happened(
    house: TestHouse, listener: Any, as_owner: Any
) -> None:
    listener("dengar")
    with pytest.raises(ZeroDivisionError), house.scope("sumbawa", plugin="pemberi"):
        emit("pemberi.dipanggil", {"nomor": "A-7"})
        raise ZeroDivisionError
    for table in ("lumbung_event", "lumbung_delivery", "procrastinate_jobs"):
        assert as_owner(f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608


@pytest.mark.usefixtures("sender")
def test_a_listener_hears_each_event_once_though_its_job_runs_twice(
    house: TestHouse, listener: Any, as_owner: Any
) -> None:
    listener("dengar")
    [delivery] = tell(house)
    assert as_owner("SELECT task_name, args ->> 'tenant' FROM procrastinate_jobs") == [("lumbung.deliver", "sumbawa")]
    hear(house, delivery)
    hear(house, delivery)
    assert as_owner("SELECT words FROM dengar_heard") == [("pemberi.dipanggil A-7 sumbawa",)]


@pytest.mark.usefixtures("sender")
def test_a_listener_that_fails_leaves_nothing_half_done_and_the_others_hear(
    house: TestHouse, listener: Any, as_owner: Any
) -> None:
    listener("baik")
    listener("buruk", then="raise ValueError('tidak mau')")
    good, bad = tell(house)
    with pytest.raises(ValueError, match="tidak mau"):
        hear(house, bad)
    hear(house, good)
    assert as_owner("SELECT count(*) FROM baik_heard") == [(1,)]
    assert as_owner("SELECT count(*) FROM buruk_heard") == [(0,)]
    assert as_owner("SELECT subscriber FROM lumbung_delivery WHERE delivered_at IS NULL") == [("buruk",)]


@pytest.mark.usefixtures("sender")
def test_a_listener_that_is_switched_off_meanwhile_hears_nothing(
    house: TestHouse, listener: Any, as_owner: Any
) -> None:
    listener("dengar")
    [delivery] = tell(house)
    disable(house.kernel, "dengar", house.kernel.tenant("sumbawa"), by="test")
    hear(house, delivery)
    assert as_owner("SELECT count(*) FROM dengar_heard") == [(0,)]
    assert tell(house) == [delivery]  # and gets no new delivery


@pytest.mark.usefixtures("sender")
def test_a_listener_hears_its_own_tenant_alone(house: TestHouse, listener: Any, as_owner: Any) -> None:
    listener("dengar", tenants=("sumbawa",))
    assert tell(house, "sumbawabarat") == []
    [delivery] = tell(house, "sumbawa")
    hear(house, delivery, "sumbawabarat")  # a delivery of another tenant is not there
    assert as_owner("SELECT count(*) FROM dengar_heard") == [(0,)]


@pytest.mark.usefixtures("sender")
def test_an_event_that_no_manifest_announces_is_refused(house: TestHouse, as_owner: Any) -> None:
    for plugin, name in (("pemberi", "pemberi.lain"), ("pemberi", "dengar.rahasia"), ("pemberi", "")):
        with pytest.raises(ValueError, match="does not list"), house.scope("sumbawa", plugin=plugin):
            emit(name, {})
    assert as_owner("SELECT count(*) FROM lumbung_event") == [(0,)]


@pytest.mark.usefixtures("sender")
def test_an_event_s_data_is_plain_and_says_when(house: TestHouse, listener: Any) -> None:
    listener("dengar")
    with pytest.raises(Exception, match="not JSON serializable"), house.scope("sumbawa", plugin="pemberi"):
        emit("pemberi.dipanggil", {"nomor": object()})
    tell(house)
    with house.scope("sumbawa") as scope:
        [row] = scope.session.query(events.EventRow).all()
        assert (row.name, row.plugin, row.data) == ("pemberi.dipanggil", "pemberi", {"nomor": "A-7"})
        assert row.at.tzinfo is not None


def test_an_event_can_be_heard_whoever_sends_it_but_nobody_hears_themselves_that_way(
    house: TestHouse, gift: Any, as_owner: Any
) -> None:
    """Two senders that know nothing of the listener; the listener sends one of that name too."""
    for name in ("banjir", "aspirasi"):
        gift(name, more=f'\n[events]\nemits = ["{name}.damage_seen", "{name}.lain"]\n')
    gift(
        "pendengar",
        init=LISTENER.format(name="pendengar", then="pass"),
        files={"lumbung_pendengar/migrations/0001_x.py": TABLE.format(name="pendengar")},
        hooks=["routes", "on_event"],
        more='\n[events]\nemits = ["pendengar.damage_seen"]\nlistens = ["*.damage_seen"]\n',
    )
    for plugin, event in (
        ("banjir", "banjir.damage_seen"),
        ("aspirasi", "aspirasi.damage_seen"),
        ("banjir", "banjir.lain"),
        ("pendengar", "pendengar.damage_seen"),
    ):
        with house.scope("sumbawa", plugin=plugin):
            emit(event, {"nomor": 1})
    told = as_owner("SELECT e.name, d.subscriber FROM lumbung_delivery d JOIN lumbung_event e ON e.id = d.event_id")
    assert sorted(map(tuple, told)) == [
        ("aspirasi.damage_seen", "pendengar"),
        ("banjir.damage_seen", "pendengar"),
    ]
