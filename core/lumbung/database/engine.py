"""Engines and sessions. A session is bound to one tenant (or none) and tells PostgreSQL in every transaction."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, Session, SessionTransaction, with_loader_criteria

from lumbung.database.model import TenantOwned, WrongTenant
from lumbung.errors import DatabaseUnavailable

_SET_TENANT = text("SELECT set_config('lumbung.tenant', :tenant, true)")


class TenantSession(Session):
    """A session whose every transaction begins by naming its tenant to row-level security.

    ``info["tenant"]`` is the tenant's id, or None: then no tenant-owned row is visible at all. ``info["epoch"]`` is
    that of `Database.epoch` when the session was opened.
    """

    def end_reading(self) -> None:
        """Undo whatever was done and give the connection back, as `close` does, with its prepared statements.

        The driver forgets them when it rolls back, for what they ask may be gone with the transaction. Nothing is gone
        with one of the pages' role, which cannot change a table; and all pages that read are rolled back, so that no
        statement would ever be prepared and each planned anew. After an error the driver does forget.
        """
        try:
            if self.in_transaction() and self.info.get("epoch") is not None:
                driver = self.connection().connection.driver_connection
                if driver is not None and driver.pgconn.transaction_status == TransactionStatus.INTRANS:
                    driver.pgconn.exec_(b"ROLLBACK")
        except (SQLAlchemyError, psycopg.Error):
            pass  # `close` tells a connection that is gone, and takes it out of the pool
        finally:
            self.close()


class Database:
    """One role's way into the database.

    ``url`` is a SQLAlchemy URL (``postgresql+psycopg://``). Engines connect lazily: making a `Database` does
    not touch the server.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        statement_timeout_ms: int = 0,
        lock_timeout_ms: int = 0,
        application_name: str = "lumbung",
        pgbouncer: bool = False,
    ) -> None:
        options = [
            f"-c statement_timeout={statement_timeout_ms}",
            f"-c lock_timeout={lock_timeout_ms}",
            "-c idle_in_transaction_session_timeout=60000",
        ]  # PgBouncer refuses such options; there the role carries them (docs/operating/database.md)
        self.url = url
        # Prepared statements are kept within an epoch: a generation of the site, None while tables are being changed.
        self.epoch: int | None = None
        self.engine: Engine = create_engine(
            make_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,  # what people typed must not reach a log
            connect_args={
                "options": "" if pgbouncer else " ".join(options),
                "connect_timeout": 3,
                "application_name": application_name,
                "prepare_threshold": None if pgbouncer else 5,
            },
        )

    def new_session(self, tenant_id: int | None) -> TenantSession:
        """Open a session on behalf of a tenant (None: of nobody, which sees no tenant-owned row)."""
        info = {"tenant": tenant_id, "epoch": self.epoch}
        return TenantSession(self.engine, expire_on_commit=False, info=info)

    def check(self) -> None:
        """Ask the server one question; raise `DatabaseUnavailable` when it does not answer."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except (DBAPIError, PoolTimeout) as error:
            raise DatabaseUnavailable(
                "The database at %(address)s cannot be reached: %(reason)s",
                address=describe(self.url),
                reason=first_line(error),
            ) from None

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def describe(url: str) -> str:
    """Return where a database URL points, without its password: for messages and logs."""
    parts = make_url(url)
    where = parts.query.get("host") or parts.host or "localhost"
    port = f":{parts.port}" if parts.port else ""
    return f"{where}{port}/{parts.database}"


def first_line(error: BaseException) -> str:
    """Return what the database said, in one line: neither the statement nor its values."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    return words[0] if words else type(error).__name__


@event.listens_for(TenantSession, "after_begin")
def _name_the_tenant(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:
        return  # a savepoint: its transaction has named the tenant
    tenant = session.info.get("tenant")
    if tenant is None:
        return
    if not _begun_for(tenant, session, connection):
        connection.execute(_SET_TENANT, {"tenant": str(tenant)})


def _begun_for(tenant: int, session: Session, connection: Connection) -> bool:
    """Begin the transaction and name its tenant in one round trip; False where that is left to the driver.

    The words go to libpq as they are: through SQLAlchemy they would be the dearest statement of a page. The driver
    looks at the state of the connection and begins nothing where something has begun. What fails here is said again
    through SQLAlchemy, which knows how a connection that is gone is told and taken out of the pool.
    """
    driver = connection.connection.driver_connection
    if driver is None or driver.isolation_level is not None:
        return False
    try:
        if driver.pgconn.transaction_status != TransactionStatus.IDLE:
            return False
        if "epoch" in session.info:
            _forget_statements_of_before(session.info["epoch"], connection, driver)
        begun = driver.pgconn.exec_(f"BEGIN; SET LOCAL lumbung.tenant = '{int(tenant)}'".encode())
    except psycopg.Error:
        return False
    return bool(begun.status == ExecStatus.COMMAND_OK)


def _forget_statements_of_before(epoch: int | None, connection: Connection, driver: Any) -> None:
    """Drop what an idle connection prepared in an earlier epoch: tables may look different now."""
    if connection.info.setdefault("epoch", epoch) != epoch:
        connection.info["epoch"] = epoch
        driver.pgconn.exec_(b"BEGIN")
        driver.rollback()  # the one public way to have the driver forget; of DEALLOCATE it takes note only once


@event.listens_for(TenantSession, "do_orm_execute")
def _filter_by_tenant(state: ORMExecuteState) -> None:
    """Add the tenant to ORM queries too: the planner sees it, and RLS has a second pair of eyes."""
    tenant = state.session.info.get("tenant")
    if tenant is None or state.is_column_load or state.is_relationship_load:
        return
    if state.session.info.get("guard", True) and (state.is_select or state.is_update or state.is_delete):
        state.statement = state.statement.options(_only_of(tenant))


@lru_cache(maxsize=4096)
def _only_of(tenant: int) -> LoaderCriteriaOption:
    """Return the condition for a tenant; making it anew for each query costs more than asking the query."""
    return with_loader_criteria(TenantOwned, lambda model: model.tenant_id == tenant, include_aliases=True)


@event.listens_for(TenantSession, "before_flush")
def _stamp_new_rows(session: Session, _context: Any, _instances: Any) -> None:
    tenant = session.info.get("tenant")
    for row in session.new:
        if isinstance(row, TenantOwned):
            if row.tenant_id is None:
                row.tenant_id = tenant
            elif row.tenant_id != tenant:
                raise WrongTenant(type(row).__name__)
