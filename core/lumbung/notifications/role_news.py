"""What people are told of roles that are about to end, so that the work does not stop on the day."""

from __future__ import annotations

from collections.abc import Sequence

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.context import current_scope, current_tenant
from lumbung.identity import cards, role_ends
from lumbung.identity.models import Grant
from lumbung.identity.role_names import in_both
from lumbung.notifications.services import notify

both = Catalogue("lumbung").both

MOST_NAMES = 5


def announce_ends() -> int:
    """Tell holders and administrators of the current tenant which roles end soon, once; return how many do."""
    ending = role_ends.about_to_end(current_scope().session)
    snapshot = current_scope().kernel.snapshot()
    for one in ending:
        role = in_both(one.role, snapshot)
        notify(
            one.person_id,
            both("Peran Anda segera berakhir: %(role)s", role=role),
            both(
                "Peran %(role)s di %(place)s berlaku sampai %(day)s. Masih diperlukan? Hubungi pengelola daerah.",
                role=role,
                place=one.unit.name if one.unit else current_tenant().name,
                day=role_ends.last_day(one, current_tenant().time_zone),
            ),
            "/akun",
        )
    if ending:
        _tell_administrators(ending)
    return len(ending)


def _tell_administrators(ending: Sequence[Grant]) -> None:
    names = list(dict.fromkeys(one.person.name for one in ending))
    more = len(names) - MOST_NAMES
    listed = ", ".join(names[:MOST_NAMES])
    who = both("%(names)s dan %(count)s lainnya", names=listed, count=more) if more > 0 else Bilingual(listed, listed)
    for administrator in cards.with_permission("core.people"):
        notify(
            administrator.id,
            both("Peran yang segera berakhir: %(count)s", count=len(ending)),
            both("Dalam tujuh hari berakhir peran milik %(who)s. Perpanjang di halaman orangnya bila perlu.", who=who),
            "/admin/orang/?tampil=berakhir",
        )
