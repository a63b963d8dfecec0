"""What is kept between requests, and when it stops being kept (`docs/decisions/0030-what-a-request-costs.md`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import EnvironBuilder

from lumbung.clock import utc_now
from lumbung.database.direct import first_row
from lumbung.identity import people, sessions
from lumbung.identity.models import PersonRow
from lumbung.lifecycle.enable import disable, enable
from lumbung.registry.state import bump
from lumbung.testing.house import HouseClient, TestHouse
from lumbung.web.security import HEADERS
from lumbung.web.visits import Visits

READERS = """
from flask import Blueprint
from lumbung.sdk import current_person, hookimpl, requires
blueprint = Blueprint("contoh", __name__)

@blueprint.get("/")
@requires("contoh.read")
def index():
    return f"halo {current_person().name}"

@hookimpl
def routes():
    return [blueprint]
"""
ROLES = """
[[permissions]]
name = "contoh.read"
title = {id = "Baca", en = "Read"}
[[roles]]
name = "reader"
title = {id = "Pembaca", en = "Reader"}
permissions = ["contoh.read"]
"""
PREPARED = text("SELECT statement FROM pg_prepared_statements")


@pytest.fixture
def reader(house: TestHouse, gift: Any) -> HouseClient:
    """Somebody who has opened a page of a plugin often enough for everything to be kept."""
    gift(init=READERS, more=ROLES)
    client = house.client("sumbawa", house.person("sumbawa", "b@a.id", roles=["contoh.reader"]))
    for _ in range(8):
        assert client.get("/contoh/").text == "halo B"
    return client


def _row(scope: Any) -> PersonRow:
    return scope.session.query(PersonRow).filter_by(email="b@a.id").one()


def test_a_session_that_was_ended_is_dead_at_the_next_request(house: TestHouse, reader: HouseClient) -> None:
    with house.scope() as scope:
        sessions.revoke_all(scope.session, _row(scope).id)
    assert reader.get("/contoh/").status_code == 302


def test_a_person_who_was_shut_out_is_nobody_at_the_next_request(house: TestHouse, reader: HouseClient) -> None:
    with house.scope() as scope:
        _row(scope).active = False
    assert reader.get("/contoh/").status_code == 302


def test_a_role_that_was_withdrawn_or_ended_is_gone_at_the_next_request(house: TestHouse, reader: HouseClient) -> None:
    with house.scope() as scope:
        _row(scope).grants[0].expires_at = utc_now()
    assert reader.get("/contoh/").status_code == 403
    with house.scope() as scope:
        _row(scope).grants[0].expires_at = None
    assert reader.get("/contoh/").status_code == 200
    with house.scope() as scope:
        scope.session.delete(_row(scope).grants[0])
    assert reader.get("/contoh/").status_code == 403


def test_a_role_for_a_unit_follows_the_tree_at_the_next_request(house: TestHouse, gift: Any) -> None:
    house.unit("sumbawa", "A")
    house.unit("sumbawa", "B")
    gift(init=READERS, more=ROLES)
    with house.scope() as scope:
        row = people.add_person(scope.session, email="c@a.id", name="C", password=None)
        people.grant(scope.session, row, "contoh.reader", house._unit(scope, "A"))
    before = house.person("sumbawa", "c@a.id").units_with("contoh.read")
    moved = house.unit("sumbawa", "B", parent="A")
    after = house.person("sumbawa", "c@a.id").units_with("contoh.read")
    assert before is not None
    assert after == before | {moved}


def test_powers_are_kept_for_the_same_roles_and_nobody_can_add_to_them(house: TestHouse, reader: HouseClient) -> None:
    one, other = (house.person("sumbawa", f"{name}@a.id", roles=["contoh.reader"]) for name in "de")
    assert one.powers is other.powers
    with pytest.raises(TypeError):
        one.powers["core.people"] = None  # type: ignore[index]
    assert not house.person("sumbawa", "f@a.id").powers


def test_what_a_plugin_allowed_ends_with_it(house: TestHouse, reader: HouseClient) -> None:
    tenant = house.kernel.tenant("sumbawa")
    disable(house.kernel, "contoh", tenant, by="t")
    assert "contoh.read" not in house.person("sumbawa", "b@a.id").powers
    enable(house.kernel, "contoh", tenant, by="t")
    assert "contoh.read" in house.person("sumbawa", "b@a.id").powers


class TestPreparedStatements:
    """They stay on a connection while the site stands still, and go with a generation or an error."""

    @pytest.fixture
    def ask(self, house: TestHouse) -> Iterator[Any]:
        """Ask the same in a session of its own, on the one connection there is; return what was prepared by then."""
        tenant = house.kernel.tenant("sumbawa").id

        def ask(times: int = 1, *, broken: bool = False) -> int:
            known = 0
            for _ in range(times):
                session = house.kernel.database.new_session(tenant)
                known = len(session.connection().exec_driver_sql(PREPARED.text).all())
                first_row(session, "SELECT %(name)s::text", {"name": "x"})
                if broken:
                    with pytest.raises(DBAPIError):
                        session.execute(text("SELECT 1/0"))
                session.end_reading()
            return known

        yield ask

    def test_they_outlive_a_page_that_reads(self, ask: Any) -> None:
        assert ask(9) > 0

    def test_they_go_with_the_generation(self, house: TestHouse, ask: Any) -> None:
        for times in (1, 9, 9):  # also when nothing was prepared yet, and again and again
            assert ask() == 0
            assert (ask(times) > 0) is (times > 5)
            with house.kernel.database.new_session(None) as session, session.begin():
                bump(session)
            house.kernel.state.forget()
            house.kernel.snapshot()
        assert ask() == 0

    def test_none_is_kept_while_tables_are_being_changed(self, house: TestHouse, ask: Any) -> None:
        assert ask(9) > 0
        house.kernel.database.epoch = None
        assert ask() == 0
        assert ask(9) == 0

    def test_they_go_with_an_error(self, ask: Any) -> None:
        assert ask(9, broken=True) == 0

    def test_what_reads_leaves_neither_its_tenant_nor_its_changes_behind(self, house: TestHouse) -> None:
        database, tenant = house.kernel.database, house.kernel.tenant("sumbawa").id
        house.person("sumbawa", "b@a.id")
        session = database.new_session(tenant)
        session.execute(text("UPDATE lumbung_person SET name = 'x'"))
        backend = session.scalar(text("SELECT pg_backend_pid()"))
        session.end_reading()
        with database.new_session(None) as nobody:
            assert nobody.scalar(text("SELECT pg_backend_pid()")) == backend
            assert nobody.scalar(text("SELECT count(*) FROM lumbung_person")) == 0
        assert house.person("sumbawa", "b@a.id").name == "B"


def test_a_connection_that_died_is_told_politely_and_replaced(house: TestHouse, reader: HouseClient) -> None:
    own = create_engine(house.urls.app)
    with own.connect() as connection:
        killed = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )
        ).all()
    own.dispose()
    assert killed
    house.kernel.snapshot()  # known, and young enough: the page itself meets the dead connection
    answers = [reader.get("/contoh/").status_code for _ in range(len(killed) + 1)]
    assert set(answers) <= {200, 503}
    assert answers[-1] == 200


class TestThePageForAnAddressThatIsNobodys:
    """Drawn once for a tenant and a language in a generation."""

    def test_it_is_the_page_of_the_portal_without_anything_personal(self, house: TestHouse) -> None:
        strange = house.client()
        answers = [strange.get(path) for path in ("/tidak-ada", "/wp-login.php", "/contoh/a?next=//x")]
        assert [answer.status_code for answer in answers] == [404] * 3
        assert len({answer.text for answer in answers}) == 1
        assert "Kabupaten Sumbawa" in answers[0].text
        assert "csrf_token" not in answers[0].text
        for name, value in HEADERS.items():
            assert answers[1].headers[name] == value
        assert answers[1].headers["Cache-Control"] == "private, no-cache"
        assert "Set-Cookie" not in answers[1].headers
        assert answers[1].text == house.client().get("/cari/tidak-ada").text  # drawn by the portal itself

    def test_tenants_languages_and_programs_get_their_own(self, house: TestHouse) -> None:
        mine, theirs = house.client(), house.client("sumbawabarat")
        assert "Sumbawa Barat" not in mine.get("/tidak-ada").text
        assert "Sumbawa Barat" in theirs.get("/tidak-ada").text
        mine.post_form("/bahasa", {"language": "en", "next": "/"}, page="/masuk")
        assert 'lang="en"' in mine.get("/tidak-ada").text
        assert 'lang="id"' in house.client().get("/tidak-ada").text
        assert mine.get("/tidak-ada", headers={"Accept": "application/json"}).get_json()["error"] == 404
        assert mine.get("/tidak-ada", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
        assert mine.post("/tidak-ada").status_code in (400, 404)

    def test_an_application_that_is_switched_on_is_found_and_a_new_name_is_shown(
        self, house: TestHouse, gift: Any
    ) -> None:
        client = house.client()
        assert client.get("/contoh/").status_code == 404
        gift()
        assert client.get("/contoh/").status_code == 200
        disable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="t")
        assert client.get("/contoh/").status_code == 404
        with house.scope() as scope:
            scope.session.execute(text("UPDATE lumbung_tenant SET name = 'Kabupaten Baru' WHERE slug = 'sumbawa'"))
            bump(scope.session)
        house.kernel.state.forget()
        assert "Kabupaten Baru" in client.get("/contoh/").text


class TestTheCookieOfAVisit:
    """Its signature is checked once; what it says is nobody else's to change."""

    @pytest.fixture
    def app(self) -> Flask:
        """An app that signs."""
        app = Flask("visits")
        app.config.update(SECRET_KEY="one")
        app.session_interface = Visits()
        return app

    def _said(self, app: Flask, cookie: str) -> dict[str, Any]:
        request = app.request_class(EnvironBuilder(headers={"Cookie": f"session={cookie}"}).get_environ())
        return app.session_interface.open_session(app, request)  # type: ignore[return-value]

    def _signed(self, app: Flask, said: dict[str, Any]) -> str:
        return str(app.session_interface.get_signing_serializer(app).dumps(said))  # type: ignore[attr-defined]

    def test_one_request_changes_nothing_for_the_next(self, app: Flask) -> None:
        cookie = self._signed(app, {"told": ["a"]})
        self._said(app, cookie)["told"].append("b")
        assert self._said(app, cookie) == {"told": ["a"]}

    def test_one_that_was_changed_or_signed_with_another_key_says_nothing(self, app: Flask) -> None:
        cookie = self._signed(app, {"language": "en"})
        assert self._said(app, cookie)
        assert not self._said(app, cookie.replace(cookie[-9], "A" if cookie[-9] != "A" else "B"))
        app.config["SECRET_KEY"] = "two"
        assert not self._said(app, cookie)
        app.config["SECRET_KEY_FALLBACKS"] = ["one"]
        assert self._said(app, cookie)

    def test_one_that_is_too_old_says_nothing(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        cookie = self._signed(app, {"language": "en"})
        assert self._said(app, cookie)
        later = utc_now().timestamp() + app.permanent_session_lifetime.total_seconds() + 5
        monkeypatch.setattr("lumbung.web.visits.time.time", lambda: later)
        assert not self._said(app, cookie)
