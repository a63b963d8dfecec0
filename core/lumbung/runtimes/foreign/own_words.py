"""What the platform's own pages on an application's host say."""

from __future__ import annotations

from dataclasses import dataclass

from lumbung.registry.foreign import OWN_PATHS
from lumbung.web.i18n import core_domain

_ = core_domain.gettext

SIGN_IN, SIGN_OUT = f"{OWN_PATHS}masuk", f"{OWN_PATHS}keluar"


@dataclass(frozen=True)
class OwnWords:
    """One page: ``action`` is what it offers first (``sign_in``, ``sign_out``, ``again`` or ``portal``)."""

    heading: str
    lead: str
    icon: str
    action: str = "portal"


def words_of(kind: str, name: str, message: str = "") -> OwnWords:
    """Return the words of a page in the reader's language. ``name`` is the application's title."""
    match kind:
        case "starting":
            lead = _("Aplikasi ini baru dipakai lagi dan perlu beberapa detik. Halaman ini mencoba lagi sendiri.")
            return OwnWords(_("%(name)s sedang dinyalakan", name=name), lead, "refresh", "again")
        case "sign_in":
            lead = _("Bagian %(name)s ini hanya untuk yang sudah masuk. Yang Anda kirim belum disimpan.", name=name)
            return OwnWords(_("Masuk dulu"), lead, "lock", "sign_in")
        case "factor":
            lead = _("Peran Anda menuntut faktor kedua. Masuk sekali lagi untuk menunjukkannya.")
            return OwnWords(_("Faktor kedua diperlukan"), lead, "lock", "sign_in")
        case "refused":
            lead = _("Anda tidak berhak membuka bagian %(name)s ini. Bila perlu, mintalah kepada admin.", name=name)
            return OwnWords(_("Bagian ini tidak terbuka untuk Anda"), lead, "lock")
        case "absent":
            lead = _("Alamat ini tidak ada di %(name)s.", name=name)
            return OwnWords(_("Halaman tidak ditemukan"), lead, "search")
        case "bad":
            lead = _("Alamat ini memuat tanda yang tidak dapat dibaca dengan satu arti.")
            return OwnWords(_("Alamat tidak dapat dibaca"), lead, "alert-triangle")
        case "ticket":
            lead = _("Tautan masuk ini sudah dipakai, sudah lewat satu menit, atau dibuka di peramban lain.")
            return OwnWords(_("Belum berhasil masuk"), lead, "lock", "sign_in")
        case "leave":
            lead = _("Anda keluar dari %(name)s dan dari semua layanan di situs ini.", name=name)
            return OwnWords(_("Keluar?"), lead, "logout", "sign_out")
        case "left":
            lead = _("Anda sudah keluar dari %(name)s dan dari semua layanan di situs ini.", name=name)
            return OwnWords(_("Anda sudah keluar"), lead, "logout")
        case "form":
            return OwnWords(_("Belum dapat masuk ke %(name)s", name=name), message, "lock", "again")
        case _:
            lead = _("Aplikasi ini menerima permintaan Anda tetapi tidak menjawab. Periksa dulu sebelum mengirim lagi.")
            return OwnWords(_("%(name)s tidak menjawab", name=name), lead, "plug-off", "again")
