"""What is swept away at night: sessions that ended, old failed sign-ins, counters of past windows, forms sent."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, text

from lumbung.clock import utc_now
from lumbung.identity.models import SignInAttempt
from lumbung.identity.sessions import Lifetime, sweep
from lumbung.kernel import Kernel
from lumbung.notifications.services import sweep as sweep_notifications

KEEP_ATTEMPTS = timedelta(days=1)
KEEP_COUNTERS = timedelta(days=1)
KEEP_FORMS = timedelta(days=1)


def sweep_all(kernel: Kernel) -> int:
    """Sweep each tenant in a transaction of its own; return how many rows went."""
    settings = kernel.settings
    lifetime = Lifetime(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))
    gone = 0
    for tenant in kernel.snapshot().tenants.values():
        with kernel.scope(tenant, actor="housekeeping") as scope:
            gone += sweep(scope.session, lifetime)
            old = delete(SignInAttempt).where(SignInAttempt.at < utc_now() - KEEP_ATTEMPTS)
            gone += len(scope.session.execute(old.returning(SignInAttempt.id)).all())
            gone += sweep_notifications(scope.session)
            past = int((utc_now() - KEEP_COUNTERS).timestamp())
            counters = text("DELETE FROM lumbung_rate WHERE window_start < :past RETURNING 1")
            gone += len(scope.session.execute(counters, {"past": past}).all())
            forms = text("DELETE FROM lumbung_form_sent WHERE at < :past RETURNING 1")
            gone += len(scope.session.execute(forms, {"past": utc_now() - KEEP_FORMS}).all())
    return gone
