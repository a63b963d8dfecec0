"""No tenant sees or touches another's rows, whatever a plugin's code tries: shown as the app role.

A plugin's table is made as a revision file would make it. Every attempt below runs once with the ORM's own
filter and once without it: row-level security alone must hold.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, String, create_engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, configure_mappers, relationship

import lumbung.database.operations  # noqa: F401  (registers op.create_tenant_table)
from lumbung.database.model import TenantOwned, WrongTenant, belongs_to
from lumbung.testing import TestHouse

MINE, THEIRS = "sumbawa", "sumbawabarat"


class Model(TenantOwned, DeclarativeBase):
    """The base of a sample plugin."""


class Shelf(Model):
    __tablename__ = "sample_shelf"

    name: Mapped[str]
    books: Mapped[list[Book]] = relationship(back_populates="shelf")


class Book(Model):
    __tablename__ = "sample_book"

    title: Mapped[str]
    shelf_id: Mapped[UUID] = belongs_to("sample_shelf")
    reader_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    shelf: Mapped[Shelf] = relationship(back_populates="books")


@pytest.fixture
def library(house: TestHouse) -> Iterator[TestHouse]:
    """Both tenants have a shelf called after themselves, with one book on it."""
    engine = create_engine(house.urls.migrator)
    with engine.begin() as connection:
        op = Operations(MigrationContext.configure(connection))
        op.create_tenant_table("sample_shelf", Column("name", String(80), nullable=False), unique=[("name",)])
        op.create_tenant_table(
            "sample_book",
            Column("title", String(80), nullable=False),
            references={"shelf_id": "sample_shelf", "reader_id?": "lumbung_person"},
        )
    engine.dispose()
    for tenant in (MINE, THEIRS):
        with house.scope(tenant) as scope:
            scope.session.add(Shelf(name=tenant, books=[Book(title=f"Adat {tenant}")]))
    yield house


@pytest.fixture(params=[True, False], ids=["with-orm-guard", "rls-alone"])
def mine(library: TestHouse, request: pytest.FixtureRequest) -> Iterator:
    """A session of one tenant, as the web role."""
    tenant = library.kernel.tenant(MINE)
    with library.kernel.database.new_session(tenant.id) as session:
        session.info["guard"] = request.param
        yield session


def theirs(library: TestHouse, model: type[Model]) -> Model:
    with library.scope(THEIRS) as scope:
        return scope.session.scalars(select(model)).one()


def untouched(library: TestHouse) -> bool:
    with library.scope(THEIRS) as scope:
        shelf = scope.session.scalars(select(Shelf)).one()
        return (shelf.name, [book.title for book in shelf.books]) == (THEIRS, [f"Adat {THEIRS}"])


def test_orm_select_shows_own_rows_only(mine):
    assert [shelf.name for shelf in mine.scalars(select(Shelf))] == [MINE]


def test_core_select_shows_own_rows_only(mine):
    assert mine.execute(select(Shelf.__table__.c.name)).scalars().all() == [MINE]


def test_text_shows_own_rows_only(mine):
    assert mine.execute(text("SELECT name FROM sample_shelf")).scalars().all() == [MINE]


def test_core_connection_of_the_session_shows_own_rows_only(mine):
    assert mine.connection().execute(text("SELECT name FROM sample_shelf")).scalars().all() == [MINE]


def test_driver_connection_of_the_session_shows_own_rows_only(mine):
    rows = mine.connection().connection.driver_connection.execute("SELECT name FROM sample_shelf").fetchall()
    assert rows == [(MINE,)]


def test_join_and_aggregate_count_own_rows_only(mine):
    joined = mine.execute(text("SELECT count(*) FROM sample_book JOIN sample_shelf s ON true")).scalar_one()
    assert joined == 1


def test_a_connection_that_names_no_tenant_sees_nothing(library):
    with library.kernel.database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sample_shelf")).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM lumbung_person")).scalar_one() == 0


def test_the_tenant_is_forgotten_when_a_connection_returns_to_the_pool(library):
    tenant = library.kernel.tenant(MINE)
    with library.kernel.database.new_session(tenant.id) as session:
        assert session.execute(text("SELECT count(*) FROM sample_shelf")).scalar_one() == 1
        session.commit()
    with library.kernel.database.new_session(None) as session:
        assert session.execute(text("SELECT count(*) FROM sample_shelf")).scalar_one() == 0


def test_every_transaction_of_a_session_names_the_tenant_again(mine):
    for _ in range(3):
        assert mine.execute(text("SELECT count(*) FROM sample_shelf")).scalar_one() == 1
        mine.rollback()


def test_update_of_everything_reaches_own_rows_only(library, mine):
    for statement in (update(Book).values(title="x"), text("UPDATE sample_book SET title = 'x'")):
        assert mine.execute(statement).rowcount == 1
    mine.commit()
    assert untouched(library)


def test_update_by_a_foreign_id_changes_nothing(library, mine):
    book = theirs(library, Book)
    assert mine.execute(update(Book.__table__).where(Book.id == book.id).values(title="x")).rowcount == 0
    mine.commit()
    assert untouched(library)


def test_delete_of_everything_reaches_own_rows_only(library, mine):
    assert mine.execute(delete(Book)).rowcount == 1
    assert mine.execute(text("DELETE FROM sample_shelf")).rowcount == 1
    mine.commit()
    assert untouched(library)


def test_a_row_cannot_be_given_to_another_tenant(library, mine):
    other = library.kernel.tenant(THEIRS).id
    with pytest.raises(DBAPIError, match="row-level security"):
        mine.execute(text("UPDATE sample_book SET tenant_id = :other"), {"other": other})
    mine.rollback()
    assert untouched(library)


def test_insert_with_another_tenants_id_is_refused(library, mine):
    other = library.kernel.tenant(THEIRS).id
    for statement in (
        insert(Shelf.__table__).values(tenant_id=other, id=uuid4(), name="planted"),
        text("INSERT INTO sample_shelf (tenant_id, id, name) VALUES (:other, gen_random_uuid(), 'planted')").bindparams(
            other=other
        ),
    ):
        with pytest.raises(DBAPIError, match="row-level security"):
            mine.execute(statement)
        mine.rollback()
    assert untouched(library)


def test_orm_object_with_another_tenants_id_is_refused_before_the_database_is_asked(library, mine):
    mine.add(Shelf(tenant_id=library.kernel.tenant(THEIRS).id, name="planted"))
    with pytest.raises(WrongTenant):
        mine.flush()


def test_insert_without_a_tenant_is_refused(library):
    with (
        library.kernel.database.new_session(None) as session,
        pytest.raises(DBAPIError),
    ):
        session.execute(text("INSERT INTO sample_shelf (name) VALUES ('nobody')"))


def test_a_plain_insert_gets_the_tenant_of_the_transaction(library, mine):
    mine.execute(text("INSERT INTO sample_shelf (name) VALUES ('baru')"))
    mine.commit()
    assert sorted(mine.execute(text("SELECT name FROM sample_shelf")).scalars()) == ["baru", MINE]
    assert untouched(library)


@pytest.mark.parametrize("how", ["orm", "core", "text"])
def test_a_reference_to_another_tenants_row_is_refused(library, mine, how):
    shelf = theirs(library, Shelf)
    attempt = {
        "orm": lambda: (mine.add(Book(title="x", shelf_id=shelf.id)), mine.flush()),
        "core": lambda: mine.execute(insert(Book.__table__).values(id=uuid4(), title="x", shelf_id=shelf.id)),
        "text": lambda: mine.execute(
            text("INSERT INTO sample_book (title, shelf_id) VALUES ('x', :shelf)"), {"shelf": shelf.id}
        ),
    }[how]
    with pytest.raises(IntegrityError, match="fk_sample_book_shelf_id"):
        attempt()
    mine.rollback()
    assert untouched(library)


def test_a_reference_to_another_tenants_person_is_refused(library, mine):
    stranger = library.person(THEIRS, "orang@ksb.example")
    own_shelf = mine.scalars(select(Shelf)).one()
    mine.add(Book(title="x", shelf_id=own_shelf.id, reader_id=stranger.id))
    with pytest.raises(IntegrityError, match="reader_id"):
        mine.flush()


def test_the_same_unique_value_may_stand_in_two_tenants(mine):
    mine.add(Shelf(name=THEIRS))
    mine.commit()
    assert len(mine.scalars(select(Shelf)).all()) == 2


def test_get_by_a_foreign_id_answers_as_if_there_were_none(library, mine):
    shelf = theirs(library, Shelf)
    assert mine.get(Shelf, (library.kernel.tenant(MINE).id, shelf.id)) is None
    assert mine.get(Shelf, (library.kernel.tenant(THEIRS).id, shelf.id)) is None


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE sample_shelf DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON sample_shelf",
        "CREATE TABLE loophole (id int)",
        "DROP TABLE sample_book",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "SET ROLE postgres",
        "UPDATE lumbung_plugin SET state = 'installed'",
        "DELETE FROM lumbung_audit",
        "UPDATE lumbung_audit SET action = 'x'",
        "COPY sample_shelf TO PROGRAM 'cat'",
        "TRUNCATE sample_shelf",
    ],
)
def test_the_web_role_cannot_change_the_rules(library, mine, statement):
    with pytest.raises(DBAPIError) as refused:
        mine.execute(text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
    mine.rollback()
    assert untouched(library)


def test_even_the_owner_is_bound_unless_its_own_policy_lets_it_pass(library):
    engine = create_engine(library.urls.migrator)
    with engine.connect() as connection:
        forced = connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
                "AND NOT (relrowsecurity AND relforcerowsecurity) AND EXISTS (SELECT 1 FROM pg_attribute a "
                "WHERE a.attrelid = pg_class.oid AND a.attname = 'tenant_id')"
            )
        ).scalars()
        open_tables = set(forced)
    engine.dispose()
    # Who has what enabled, and where tenants answer: the gate reads these before it knows the tenant.
    # What the operator does for tenants, and who signed for the platform, is the platform's own record.
    records = {"lumbung_operation", "lumbung_minutes_signature"}
    assert open_tables == {"lumbung_tenant_host", "lumbung_enabled", "lumbung_fault", *records}


def test_the_reader_role_reads_within_a_tenant_and_writes_nothing(library):
    engine = create_engine(library.urls.reader)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sample_shelf")).scalar_one() == 0
        connection.execute(
            text("SELECT set_config('lumbung.tenant', :t, true)"), {"t": str(library.kernel.tenant(MINE).id)}
        )
        assert connection.execute(text("SELECT name FROM sample_shelf")).scalars().all() == [MINE]
        with pytest.raises(DBAPIError):
            connection.execute(text("INSERT INTO sample_shelf (name) VALUES ('x')"))
    engine.dispose()


def test_relationships_need_no_incantation_and_raise_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        configure_mappers()
    assert str(Book.shelf.property.primaryjoin) == "sample_shelf.id = sample_book.shelf_id"


def test_a_relationship_is_written_and_read_within_the_tenant(mine):
    mine.add(Shelf(name="rak", books=[Book(title="satu"), Book(title="dua")]))
    mine.commit()
    mine.expire_all()
    shelf = mine.scalars(select(Shelf).where(Shelf.name == "rak")).one()
    assert sorted(book.title for book in shelf.books) == ["dua", "satu"]
    assert all(book.shelf is shelf for book in shelf.books)
