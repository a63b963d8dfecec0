"""The three roles: what each may, and that a web role which may too much is refused."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.engine import make_url

from lumbung.database.roles import DatabaseUrls, connect, prepare, refuse_powerful_app_role, urls_made_by_hand
from lumbung.errors import ConfigurationError, DatabaseUnavailable
from lumbung.settings import Settings
from lumbung.site import open_database


def test_the_web_role_is_neither_owner_nor_superuser(database_urls):
    refuse_powerful_app_role(database_urls)
    with connect(make_url(database_urls.app)) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        owned = connection.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user").fetchone()
    assert row == (False, False, False, False)
    assert owned == (0,)


def test_the_reader_can_only_read(database_urls):
    with connect(make_url(database_urls.reader)) as connection:
        assert connection.execute("SELECT count(*) FROM lumbung_tenant").fetchone() == (2,)
        for attempt in (
            "DELETE FROM lumbung_tenant",
            "CREATE TABLE mine (id int)",
            "UPDATE lumbung_unit SET name = ''",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)


@pytest.mark.parametrize("role", ["migrator", "superuser"])
def test_a_site_whose_pages_would_connect_as_the_owner_is_refused(database_urls, postgres, tmp_path, role):
    superuser = make_url(postgres.url()).set(database=make_url(database_urls.app).database)
    url = database_urls.migrator if role == "migrator" else superuser.render_as_string(hide_password=False)
    settings = Settings(
        home=tmp_path,
        database_migrator_url=database_urls.migrator,
        database_app_url=url,
        database_reader_url=database_urls.reader,
    )
    with pytest.raises(ConfigurationError, match="bypasses row-level security"), open_database(settings):
        pass


def test_preparing_twice_keeps_the_passwords(postgres, database_urls, tmp_path):
    settings = Settings(home=tmp_path)
    name = make_url(database_urls.app).database
    first = prepare(postgres.url(), settings, database=name)
    assert prepare(postgres.url(), settings, database=name) == first
    with connect(make_url(first.app)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (f"{name}_app",)
        for role in ("migrator", "app", "reader"):
            with connect(make_url(postgres.url()).set(database=name)) as admin:
                admin.execute(f'DROP OWNED BY "{name}_{role}"; DROP ROLE "{name}_{role}"')


def test_naming_some_roles_by_hand_and_not_others_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="all of"):
        urls_made_by_hand(Settings(home=tmp_path, database_migrator_url="postgresql://a@b/c"))


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path):
    settings = Settings(home=tmp_path, database_url="postgresql://dinas:rahasia@127.0.0.1:1/lumbung")
    words = r"127\.0\.0\.1:1/lumbung cannot be reached"
    with pytest.raises(DatabaseUnavailable, match=words) as refused, open_database(settings):
        pass
    assert "rahasia" not in str(refused.value)


@pytest.mark.parametrize("url", ["mysql://a:b@c/d", "sqlite:///x", "not an address"])
def test_another_kind_of_database_is_refused(tmp_path, url):
    with pytest.raises(ConfigurationError), open_database(Settings(home=tmp_path, database_url=url)):
        pass


def test_urls_do_not_show_in_their_own_representation(database_urls):
    assert make_url(database_urls.app).password not in repr(database_urls)
    assert isinstance(database_urls, DatabaseUrls)
