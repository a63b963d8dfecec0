"""What happens by night: what has had its time is swept away, and what is about to end is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from lumbung.audit import reading
from lumbung.bilingual import Catalogue
from lumbung.clock import utc_now
from lumbung.identity import devices, letters, role_ends, sessions
from lumbung.identity.models import SignInAttempt
from lumbung.identity.second_factor import passkeys
from lumbung.identity.sessions import Lifetime
from lumbung.instances import accounts
from lumbung.kernel import Kernel
from lumbung.notifications import services as notifications
from lumbung.notifications import visitor_letters
from lumbung.notifications.role_news import announce_ends
from lumbung.openid import keys as openid_keys
from lumbung.openid import tokens as openid_tokens
from lumbung.openid.upstream import services as upstreams
from lumbung.privacy.retention import Rule, run
from lumbung.settings import Settings

both = Catalogue("lumbung").both

A_DAY = timedelta(days=1)


def rules(settings: Settings) -> list[Rule]:
    """Return how long the core keeps what, and what takes it away afterwards."""
    hours = timedelta(hours=settings.session_hours)
    lifetime = Lifetime(timedelta(minutes=settings.session_idle_minutes), hours)
    ended = sessions.KEEP_ENDED + hours
    return [
        Rule(both("Sesi masuk yang berakhir"), ended, lambda one: sessions.sweep(one, lifetime), "lumbung_session"),
        Rule(both("Perangkat yang dikenal"), devices.KNOWN_FOR, devices.sweep, "lumbung_device"),
        Rule(both("Percobaan masuk yang gagal"), A_DAY, _attempts, "lumbung_sign_in_attempt"),
        Rule(both("Pemberitahuan"), notifications.KEEP_ANY, notifications.sweep, "lumbung_notification"),
        Rule(both("Surat dengan tautan rahasia"), letters.KEEP, letters.sweep, "lumbung_letter"),
        Rule(
            both("Surat kepada tamu tanpa akun"), visitor_letters.KEEP, visitor_letters.sweep, "lumbung_visitor_letter"
        ),
        Rule(both("Catatan akses data pribadi"), reading.KEEP, reading.sweep, "lumbung_access"),
        Rule(both("Tantangan kunci sandi"), A_DAY, passkeys.sweep, personal=False),
        Rule(both("Kode dan token aplikasi"), A_DAY, openid_tokens.sweep, personal=False),
        Rule(both("Jalan masuk dari penyedia lain"), upstreams.KEEP, upstreams.sweep, "lumbung_upstream_flow"),
        Rule(both("Hitungan pembatas"), A_DAY, _counters, personal=False),
        Rule(both("Formulir yang sudah diterima"), A_DAY, _forms, personal=False),
    ]


def sweep_all(kernel: Kernel) -> int:
    """Sweep each tenant in a transaction of its own, tell what ends soon; return how many rows went."""
    gone = 0
    for tenant in kernel.snapshot().tenants.values():
        with kernel.scope(tenant, actor="housekeeping") as scope:
            gone += run(rules(kernel.settings), by="housekeeping").total
            openid_keys.look_after(scope.session)
            announce_ends()
            gone += role_ends.sweep(scope.session)
            accounts.follow_all(scope)
    return gone


def _attempts(session: Session) -> int:
    old = delete(SignInAttempt).where(SignInAttempt.at < utc_now() - A_DAY)
    return len(session.execute(old.returning(SignInAttempt.id)).all())


def _counters(session: Session) -> int:
    past = int((utc_now() - A_DAY).timestamp())
    return _deleted(session, "DELETE FROM lumbung_rate WHERE window_start < :past RETURNING 1", past)


def _forms(session: Session) -> int:
    return _deleted(session, "DELETE FROM lumbung_form_sent WHERE at < :past RETURNING 1", utc_now() - A_DAY)


def _deleted(session: Session, statement: str, past: Any) -> int:
    return len(session.execute(text(statement), {"past": past}).all())
