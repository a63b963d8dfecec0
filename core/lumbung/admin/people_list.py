"""The list of people: its columns and filters, and what is said after several accounts were closed."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import ColumnElement, and_, not_, or_

from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.identity import accounts, role_ends
from lumbung.identity.accounts import Closing, LeftOpen
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.nip import formatted
from lumbung.web import role_titles
from lumbung.web.access import me
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import BulkAction, ChoiceFilter, ListColumn, Listing

_ = core_domain.gettext

MOST_NAMES = 3


def people_listing() -> Listing:
    """Return the people of the tenant as this request asks for them."""
    return Listing(
        query=accounts.everybody(),
        columns=[
            ListColumn("nama", _("Nama"), value=lambda row: row.name, sort=(PersonRow.name, PersonRow.email), width=30),
            ListColumn("surel", _("Surel"), value=lambda row: row.email, sort=PersonRow.email, width=30),
            ListColumn("telepon", _("Nomor telepon"), value=lambda row: row.phone, shown=False),
            ListColumn("nip", _("NIP"), value=lambda row: formatted(row.nip), shown=False),
            ListColumn("jabatan", _("Jabatan"), value=lambda row: row.position, shown=False),
            ListColumn("peran", _("Peran"), value=roles_in_words, width=48),
            ListColumn("keadaan", _("Keadaan"), value=lambda row: _("Aktif") if row.active else _("Nonaktif")),
            ListColumn(
                "terdaftar", _("Terdaftar"), kind="date", value=lambda row: row.created_at, sort=PersonRow.created_at
            ),
            ListColumn("tindakan", _("Tindakan"), kind="acts"),
        ],
        name="orang",
        title=_("Orang"),
        noun=_("orang"),
        default_sort="nama",
        search=[PersonRow.name, PersonRow.email, PersonRow.phone, PersonRow.nip],
        search_label=_("Cari nama, surel, nomor, NIP"),
        filters=[_state_filter(), _role_filter()],
        bulk=[
            BulkAction(
                _("Nonaktifkan yang dipilih"),
                url_for("admin_people.close_several"),
                "ban",
                "gawat",
                _("Nonaktifkan semua akun yang dipilih? Sesinya diakhiri. Akun dapat diaktifkan lagi satu per satu."),
            )
        ],
        subject=lambda row: row.id,
        reading="person",
        selectable=lambda row: row.active and row.id != me().id and accounts.may_touch(me(), row),
    )


def roles_in_words(row: PersonRow) -> str:
    """Return what a person may do, as one line: roles with their units."""
    roles = [str(_("Operator platform"))] if row.operator else []
    for grant in row.live_grants:
        title = role_titles.title_of(grant.role, current_scope().kernel.snapshot(), current_tenant().id, language())
        roles.append(f"{title.title} ({grant.unit.name})" if grant.unit else title.title)
    return ", ".join(roles) or str(_("Warga"))


def closing_words(closing: Closing) -> str:
    """Return what was done and what was left out, and why."""
    said = [str(_("%(count)s akun dinonaktifkan dan sesinya diakhiri.", count=len(closing.closed)))]
    if not closing.closed:
        said = [str(_("Tidak ada akun yang dinonaktifkan."))]
    if closing.left:
        reasons = "; ".join(_left_words(reason, rows) for reason, rows in closing.left.items())
        said.append(str(_("Tidak diubah: %(reasons)s.", reasons=reasons)))
    return " ".join(said)


def _left_words(reason: LeftOpen, rows: Sequence[PersonRow]) -> str:
    names = ", ".join(row.name for row in rows[:MOST_NAMES])
    if len(rows) > MOST_NAMES:
        names = _("%(names)s dan %(count)s lainnya", names=names, count=len(rows) - MOST_NAMES)
    why = {
        "own": _("akun yang sedang Anda pakai"),
        "last_admin": _("pengelola terakhir"),
        "operator": _("operator platform"),
        "above": _("wewenangnya lebih luas daripada wewenang Anda"),
        "closed": _("sudah nonaktif"),
    }
    return f"{names} ({why[reason]})"


def _state_filter() -> ChoiceFilter:
    staff = or_(PersonRow.operator, PersonRow.grants.any(Grant.live()))
    soon = and_(Grant.live(), Grant.expires_at <= utc_now() + role_ends.NOTICE)
    conditions: dict[str, ColumnElement[bool]] = {
        "petugas": staff,
        "warga": not_(staff),
        "berakhir": PersonRow.grants.any(soon),
        "nonaktif": PersonRow.active.is_(False),
    }
    choices = [
        ("petugas", _("Petugas")),
        ("warga", _("Warga")),
        ("berakhir", _("Peran segera berakhir")),
        ("nonaktif", _("Nonaktif")),
    ]
    return ChoiceFilter("tampil", _("Tampilkan"), choices, conditions.__getitem__, tabs=True)


def _role_filter() -> ChoiceFilter:
    offered = role_titles.offered(current_scope().kernel.snapshot(), current_tenant().id, language())
    return ChoiceFilter(
        "peran",
        _("Peran"),
        [(role.role, f"{role.title} ({role.of})" if role.of else role.title) for role in offered],
        where=lambda role: PersonRow.grants.any(and_(Grant.role == role, Grant.live())),
    )
