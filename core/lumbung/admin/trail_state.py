"""The chain of the trail at the desk: where it stands, and what a check of it found, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lumbung.audit import anchor, chain
from lumbung.audit.chain import BadEntry, Verdict
from lumbung.audit.models import AuditHeadRow
from lumbung.context import current_scope, current_tenant
from lumbung.web.i18n import core_domain, format_datetime, format_number

_ = core_domain.gettext

MOST = 20_000  # entries that a page checks; more take the command line


@dataclass(frozen=True)
class ChainState:
    """The newest entry and the newest anchor of this tenant."""

    seq: int
    fingerprint: str
    anchored_at: datetime | None
    anchored_seq: int


@dataclass(frozen=True)
class Checked:
    """What a check found; ``whole`` says that it began with the first entry."""

    verdict: Verdict
    whole: bool
    anchors: int
    unbelievable: bool


def chain_state() -> ChainState | None:
    """Return where the chain of this tenant stands, None before its first entry."""
    scope = current_scope()
    head = scope.session.get(AuditHeadRow, current_tenant().id)
    if head is None:
        return None
    last = anchor.newest(anchor.path_of(scope.kernel.settings), current_tenant().id)
    return ChainState(head.seq, head.hash[:8].hex(" ", 2), last.at if last else None, last.seq if last else 0)


def check() -> Checked:
    """Check the newest entries of this tenant's chain against the database's own record and the anchors."""
    scope, tenant = current_scope(), current_tenant()
    known, unbelievable = _anchors(tenant.id)
    with chain.snapshot(scope.database.engine, tenant.id) as connection:
        head = chain.head_of(connection, tenant.id)
        after = max(0, head.seq - MOST) if head else 0
        verdict = chain.verify(connection, tenant.id, known, after=after)
    return Checked(verdict, after == 0, len(known), unbelievable)


def found_words(found: Checked) -> str:
    """Return what a check found, for the person who asked for it."""
    bad = found.verdict.bad
    if bad is not None:
        said = [_("Jejak audit tidak lagi seperti saat ditulis. %(what)s", what=bad_words(bad))]
        said.append(_("Jangan ubah apa pun dulu, dan hubungi pengelola platform."))
    else:
        said = [
            _(
                "Rantai utuh: %(count)s catatan diperiksa, sampai nomor %(newest)s.",
                count=format_number(found.verdict.checked),
                newest=format_number(found.verdict.newest),
            )
        ]
    if not found.whole:
        said.append(_("Yang diperiksa hanya catatan terbaru; seluruhnya dengan perintah lumbung audit verify."))
    if found.unbelievable:
        said.append(
            _("Berkas jangkar tidak dapat dipercaya atau dibaca, jadi tidak dipakai. Beri tahu pengelola platform.")
        )
    return " ".join(str(one) for one in said)


def bad_words(bad: BadEntry) -> str:
    """Return which entry is wrong and how."""
    entry = _("Catatan tanpa nomor") if bad.seq is None else _("Catatan nomor %(seq)s", seq=format_number(bad.seq))
    if bad.at is not None:
        entry = f"{entry} ({format_datetime(bad.at)})"
    other = format_number(bad.other or 0)
    words = {
        "edited": _("isinya diubah, atau bukan ditulis oleh situs ini"),
        "missing": _("hilang, sampai nomor %(other)s", other=other),
        "moved": _("urutannya diubah: semula nomor %(other)s", other=other),
        "inserted": _("disisipkan kemudian"),
        "replaced": _("diganti setelah catatan berikutnya ditulis"),
        "cut": _("hilang dari ujung jejak, sampai nomor %(other)s", other=other),
        "beyond": _("ditambahkan di luar pencatatan biasa"),
        "headless": _("adalah yang terbaru, tetapi catatan ujung rantai hilang"),
        "unsealed": _("ditambahkan di luar pencatatan biasa"),
        "anchor": _("tidak cocok dengan jangkar: jejak ditulis ulang setelah nomor %(other)s", other=other),
    }
    return f"{entry}: {words[bad.wrong]}."


def _anchors(tenant_id: int) -> tuple[dict[int, bytes], bool]:
    settings = current_scope().kernel.settings
    path = anchor.path_of(settings)
    try:
        if not path.exists():
            return {}, False
        return anchor.hashes(anchor.read(path, anchor.public_key(settings))).get(tenant_id, {}), False
    except (anchor.BadAnchor, OSError):
        return {}, True
