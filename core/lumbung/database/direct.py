"""A statement handed to the driver past SQLAlchemy, for the one that every request makes.

Through SQLAlchemy, who is behind a cookie would cost three times what it costs here (`bench/page.py`). It runs in the
session's own transaction, prepared by the driver as any other statement is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session


def first_row(session: Session, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the first row of a statement with ``%(name)s`` in it, None when there is none.

    Raises SQLAlchemy's errors. On a connection that is gone it is said again through SQLAlchemy, which takes it out
    of the pool.
    """
    connection = session.connection()
    driver = connection.connection.driver_connection
    if driver is None:  # the pool took the connection away
        return _through_sqlalchemy(session, statement, values)
    try:
        row: tuple[Any, ...] | None = driver.execute(statement, values).fetchone()
        return row
    except psycopg.Error as error:
        if driver.closed:
            return _through_sqlalchemy(session, statement, values)
        raise DBAPIError.instance(  # not said again: the transaction would only answer that it is broken
            statement, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from error


def _through_sqlalchemy(session: Session, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    row = session.connection().exec_driver_sql(statement, dict(values)).first()
    return None if row is None else tuple(row)
