"""No tenant sees or touches another's: every route, method, form and id, asked as each kind of person."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from lumbung.database.embedded import ServerAddress
from lumbung.database.engine import Database
from lumbung.database.roles import DatabaseUrls
from lumbung.kernel import Kernel
from lumbung.lifecycle.enable import enable
from lumbung.settings import Settings
from lumbung.testing import TestHouse, frozen_clock
from lumbung.testing.databases import Build, copied_site
from lumbung.testing.prober import Prober
from lumbung.testing.twin import fingerprint, make_twin

MORNING = "2026-11-24T08:05+08:00"
MINE, THEIRS = "sumbawa", "sumbawabarat"

WHO = {
    "visitor": None,
    "citizen": (),
    "officer": (("officer", "DISDUKCAPIL"), ("antrean.operator", "DISDUKCAPIL")),
    "admin": ("admin",),
    "operator": (),
}
SIGN_OUT = {("POST", "/keluar"), ("POST", "/openid/keluar")}
ACTS = {"act": ["serve", "finish", "skip"], "kind": ["location", "service", "slot", "counter"], "day": ["2026-11-25"]}


@pytest.fixture(scope="module")
def twins(
    postgres: ServerAddress, tmp_path_factory: pytest.TempPathFactory, demo_to_begin_with: tuple[str, Build]
) -> Iterator[TestHouse]:
    """The demo regency, and another tenant that holds the same things under other ids, marked."""
    home = tmp_path_factory.mktemp("twins") / "home"
    with copied_site(postgres, "twins", home, _load_twins, on=demo_to_begin_with) as urls:
        house = TestHouse(Settings(home=home), urls)
        try:
            yield house
        finally:
            house.close()


def _load_twins(settings: Settings, urls: DatabaseUrls) -> None:
    kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
    try:
        with frozen_clock(MORNING):
            for plugin in kernel.snapshot().enabled_for(kernel.tenant(MINE).id):
                enable(kernel, plugin.name, kernel.tenant(THEIRS), by="test")
            make_twin(urls.migrator, kernel.tenant(MINE).id, kernel.tenant(THEIRS).id)
    finally:
        kernel.close()


@pytest.mark.usefixtures("no_limits")
@pytest.mark.parametrize("guard", [True, False], ids=["with-orm-guard", "rls-alone"])
@pytest.mark.parametrize("who", WHO)
def test_nothing_of_another_tenant_is_seen_or_changed(
    twins: TestHouse, monkeypatch: pytest.MonkeyPatch, who: str, guard: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if not guard:
        _without_the_orm_guard(monkeypatch)
    theirs = twins.kernel.tenant(THEIRS).id
    before = fingerprint(twins.urls.migrator, theirs)
    with frozen_clock(MORNING):
        twins.kernel.state.forget()
        roles = WHO[who]
        email = f"{who}-{guard}@probe.example".lower()
        person = None
        if roles is not None:
            person = twins.person(MINE, email, roles=roles, operator=who == "operator")
        prober = Prober(twins, MINE, THEIRS, choices=ACTS)
        prober.probe_as(who, person, open_only=not guard)
    with capsys.disabled():
        print(f"\n{who}, ORM guard {'on' if guard else 'off'}: {prober.findings}")  # noqa: T201
    assert prober.findings.leaks == [], "\n".join(prober.findings.leaks[:40])
    every = {
        (method, route.path)
        for route in prober.routes()
        for method in route.methods
        if guard or route.access.allows(person)
    }
    assert every - prober.findings.routes == SIGN_OUT
    assert fingerprint(twins.urls.migrator, theirs) == before


def _without_the_orm_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    new_session = Database.new_session

    def unguarded(self: Database, tenant_id: int | None):
        session = new_session(self, tenant_id)
        session.info["guard"] = False
        return session

    monkeypatch.setattr(Database, "new_session", unguarded)


LEAKY = """
from flask import Blueprint
from sqlalchemy import text
from lumbung.sdk import hookimpl, public, session

blueprint = Blueprint("bocor", __name__)

@blueprint.get("/")
@public
def index():
    return " ".join(session.execute(text("SELECT words FROM bocor_shared")).scalars())

@blueprint.get("/<uuid:person_id>")
@public
def one(person_id):
    return "ada", 200 if str(person_id).startswith("f0f0f0f0") else 404

@blueprint.get("/cari")
@public
def find():
    return 1 / 0

@hookimpl
def routes():
    return [blueprint]
"""
SHARED = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_table("bocor_shared", sa.Column("words", sa.Text, primary_key=True))
"""


def test_the_prober_finds_a_leak_where_there_is_one(house: TestHouse, gift: Callable[..., object]) -> None:
    """A gift that keeps what tenants wrote in a table of no tenant, tells ids apart, and breaks."""
    gift(
        "bocor",
        init=LEAKY,
        files={"lumbung_bocor/migrations/0001_x.py": SHARED},
        plain='shared_tables = ["bocor_shared"]',
        tenants=(MINE, THEIRS),
    )
    kernel = house.kernel
    house.person(MINE, "warga@contoh.id")
    make_twin(house.urls.migrator, kernel.tenant(MINE).id, kernel.tenant(THEIRS).id)
    with house.scope(THEIRS) as scope:
        scope.session.execute(text("INSERT INTO bocor_shared SELECT email FROM lumbung_person"))
    prober = Prober(house, MINE, THEIRS)
    prober.probe_as("visitor", None)
    leaks = "\n".join(prober.findings.leaks)
    assert "GET /bocor/ -> 200: holds the other tenant's mark" in leaks
    assert "not as for an id of nobody" in leaks
    assert "GET /bocor/cari -> 500: the server broke" in leaks
    assert all(" /bocor/" in leak for leak in prober.findings.leaks)
