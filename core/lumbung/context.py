"""On whose behalf code runs: one `Scope` per request, job or command, found through a context variable.

The tenant is fixed when a scope opens and cannot change inside it. Everything that needs it (the database
session, the audit trail, events, translations) reads it here, so that no view ever passes a tenant id.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session
from werkzeug.local import LocalProxy

from lumbung.database.encrypted import asked_of
from lumbung.database.engine import TenantSession

if TYPE_CHECKING:
    from lumbung.database.engine import Database
    from lumbung.database.keyring import Keyring
    from lumbung.identity.person import Person
    from lumbung.kernel import Kernel
    from lumbung.tenancy.tenant import Tenant


@dataclass
class Scope:
    """One unit of work: at most one tenant, one person, one database session.

    ``plugin`` names the plugin whose code runs, for the audit trail and for events.
    """

    kernel: Kernel
    tenant: Tenant | None = None
    person: Person | None = None
    plugin: str | None = None
    address: str | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    _session: Session | None = None

    @property
    def database(self) -> Database:
        """The way into the database that this process has."""
        return self.kernel.database

    @property
    def session(self) -> Session:
        """The database session of this scope, opened at first use, bound to the scope's tenant."""
        if self._session is None:
            self._session = self.database.new_session(self.tenant.id if self.tenant else None)
        return self._session

    @property
    def has_session(self) -> bool:
        """Whether anything asked for the database yet."""
        return self._session is not None

    def end_reading(self) -> None:
        """As `close`, where nothing went wrong: statements that the driver prepared stay prepared."""
        if isinstance(self._session, TenantSession):
            self._session.end_reading()
        self.close()

    def close(self) -> None:
        """Give the connection back; whatever was not committed is rolled back. Who asks again gets another session."""
        if self._session is not None:
            self._session.close()
            self._session = None


_current: ContextVar[Scope | None] = ContextVar("lumbung_scope", default=None)


def enter(scope: Scope) -> Token[Scope | None]:
    """Make ``scope`` the current one; hand the token to `leave`."""
    return _current.set(scope)


def leave(scope: Scope, token: Token[Scope | None]) -> None:
    """Close ``scope`` and restore what was current before it."""
    try:
        scope.close()
    finally:
        _current.reset(token)


@contextmanager
def opened(scope: Scope) -> Iterator[Scope]:
    """Run a block inside ``scope``: commit when it ends well, roll back when it raises."""
    token = enter(scope)
    try:
        yield scope
        if scope.has_session:
            scope.session.commit()
    except BaseException:
        if scope.has_session:
            scope.session.rollback()
        raise
    finally:
        leave(scope, token)


def current_scope() -> Scope:
    """Return the scope that code runs in; raise `RuntimeError` outside of one."""
    scope = _current.get()
    if scope is None:
        raise RuntimeError("No scope is open: this code runs outside of a request, a job or a command.")
    return scope


def scope_or_none() -> Scope | None:
    """Return the current scope, or None where there is none."""
    return _current.get()


def current_tenant() -> Tenant:
    """Return the tenant on whose behalf code runs; raise `RuntimeError` when there is none."""
    tenant = current_scope().tenant
    if tenant is None:
        raise RuntimeError("No tenant is set in this scope.")
    return tenant


def _keys_and_tenant() -> tuple[Keyring, int]:
    return current_scope().kernel.keyring, current_tenant().id


asked_of(_keys_and_tenant)
session: Session = LocalProxy(lambda: current_scope().session)  # type: ignore[assignment]
