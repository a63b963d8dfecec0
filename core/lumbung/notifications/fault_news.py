"""What people are told when an application was suspended: the operators, and who administers a region it served."""

from __future__ import annotations

from sqlalchemy import select

from lumbung import audit
from lumbung.bilingual import Bilingual, Catalogue
from lumbung.clock import utc_now
from lumbung.context import Scope, current_tenant
from lumbung.identity import cards
from lumbung.identity.models import PersonRow
from lumbung.kernel import Kernel
from lumbung.notifications.services import notify
from lumbung.registry.models import SuspensionRow

both = Catalogue("lumbung").both


def announce_suspensions(kernel: Kernel) -> int:
    """Tell of suspensions nobody was told of yet, tenant by tenant; return how many there were.

    Told twice if the process dies half-way, never not at all. One that was lifted meanwhile is told of too.
    """
    with kernel.database.new_session(None) as session:
        untold = list(session.scalars(select(SuspensionRow).where(SuspensionRow.told_at.is_(None))))
        session.expunge_all()
    for suspension in untold:
        for tenant in kernel.snapshot().tenants.values():
            with kernel.scope(tenant, actor="lumbung") as scope:
                _announce(scope, suspension)
        with kernel.database.new_session(None) as session, session.begin():
            session.get_one(SuspensionRow, suspension.id).told_at = utc_now()
    return len(untold)


def _announce(scope: Scope, suspension: SuspensionRow) -> None:
    snapshot = scope.kernel.snapshot()
    on_here = snapshot.is_enabled(suspension.plugin, current_tenant().id)
    if suspension.by is None and on_here:
        audit.record("plugin.suspend", suspension.plugin, faults=suspension.faults)
    installed = snapshot.plugins.get(suspension.plugin)
    title = suspension.plugin
    name = Bilingual(title, title)
    if installed is not None and installed.usable:
        name = Bilingual(installed.manifest.title.id, installed.manifest.title.en)
    people = set(scope.session.scalars(select(PersonRow.id).where(PersonRow.operator, PersonRow.active)))
    if on_here:
        people |= {card.id for card in cards.with_permission("core.plugins")}
    for person_id in people:
        notify(
            person_id,
            both("%(name)s dihentikan untuk semua", name=name),
            both(
                "Aplikasi ini %(count)s kali gagal dalam waktu singkat, jadi ditutup sementara agar yang lain tetap "
                "berjalan. Warga melihat halaman pemberitahuan. Lihat sebabnya, lalu buka kembali.",
                count=suspension.faults,
            )
            if suspension.by is None
            else both(
                "Aplikasi ini dihentikan oleh %(by)s. Warga melihat halaman pemberitahuan sampai dibuka kembali.",
                by=suspension.by,
            ),
            f"/admin/plugin/{suspension.plugin}/",
            must_reach=suspension.by is None,
        )
