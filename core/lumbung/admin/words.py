"""Plain words for what the registry and the trail keep as codes."""

from __future__ import annotations

import math

from lumbung.lifecycle.overview import PluginOverview
from lumbung.tenancy.services import ColourTooPale, TenancyError
from lumbung.web.i18n import core_domain, format_number
from lumbung.web.refusals import words_of

_ = core_domain.gettext


def step_title(step: str) -> str:
    """Return what happens in one step of an operation."""
    titles: dict[str, str] = {
        "inspect": _("Memeriksa isi berkas"),
        "plan": _("Mencocokkan dengan semua paket yang terpasang"),
        "find": _("Mencari paketnya"),
        "unpack": _("Menaruh paket di tempatnya"),
        "probe": _("Mencoba menjalankannya dalam proses tersendiri"),
        "migrate": _("Menyiapkan tabel basis data"),
        "switch": _("Memakai paket yang baru"),
        "register": _("Mencatatkan aplikasi"),
        "renew": _("Memperbarui proses situs"),
        "check": _("Memastikan boleh dilakukan"),
        "archive": _("Menulis arsip dan membacanya kembali"),
        "drop": _("Memusnahkan tabel dan pengaturan"),
        "files": _("Memusnahkan berkas"),
        "seal": _("Menyegel berita acara"),
        "disable": _("Mematikan aplikasi"),
        "enable": _("Menyalakan aplikasi"),
        "remove": _("Mengeluarkan paketnya"),
        "weigh": _("Menyusun rencana pemutakhiran"),
        "hold": _("Menahan penulisan; layanan tetap dapat dibaca"),
        "snapshot": _("Menyalin tabel dan berkas"),
        "rehearse": _("Mencoba pemulihan dan pemutakhiran pada salinan"),
        "health": _("Memeriksa apakah layanan menjawab"),
        "release": _("Membuka penulisan kembali"),
        "recall": _("Memeriksa salinan yang disimpan"),
        "exchange": _("Memakai kembali tabel yang disalin"),
        "save": _("Menyimpan data yang ditulis sejak itu"),
        "forget": _("Membuang salinan yang habis masanya"),
        "write_out": _("Menuliskan basis data dan berkas setiap instans"),
        "remake": _("Menyiapkan setiap instans untuk versi ini"),
        "take_back": _("Mengembalikan basis data dan berkas setiap instans"),
        "tidy": _("Membuang tulisan sementara"),
        "remove_instances": _("Memusnahkan basis data dan berkas setiap instans"),
        "mark": _("Menandai di daftar aplikasi"),
    }
    return titles.get(step, step)


def operation_title(kind: str) -> str:
    """Return what an operation is called."""
    titles: dict[str, str] = {
        "install": _("Pemasangan dari berkas"),
        "upgrade": _("Pemutakhiran"),
        "adopt": _("Pemasangan paket bawaan"),
        "uninstall": _("Pencopotan"),
        "return": _("Kembali ke versi sebelumnya"),
        "forget": _("Penghapusan jalan kembali"),
        "archive": _("Pengarsipan"),
        "purge": _("Pemusnahan data"),
        "isolate": _("Pemindahan ke proses sendiri"),
        "join": _("Pengembalian ke proses platform"),
        "setting": _("Pengubahan pengaturan"),
        "enable": _("Penyalaan"),
        "disable": _("Pematian"),
    }
    return titles.get(kind, kind)


def operation_state(state: str) -> tuple[str, str]:
    """Return how an operation stands, in a word and with its tone."""
    states: dict[str, tuple[str, str]] = {
        "waiting": (_("Menunggu"), "muted"),
        "running": (_("Berjalan"), "padi"),
        "returning": (_("Mengembalikan keadaan"), "padi"),
        "done": (_("Selesai"), "baik"),
        "failed": (_("Gagal, dikembalikan"), "gawat"),
        "stuck": (_("Tersangkut"), "gawat"),
    }
    return states.get(state, (state, "muted"))


def fault_kind(kind: str) -> str:
    """Return what sort of fault it was."""
    titles: dict[str, str] = {
        "open": _("gagal dibuka"),
        "request": _("halaman gagal"),
        "slow": _("terlalu lambat"),
        "stuck": _("tidak selesai-selesai"),
        "hook": _("gagal saat ditanya platform"),
        "job": _("pekerjaan gagal"),
        "event": _("gagal mendengar kabar"),
        "killed": _("mematikan proses"),
        "process": _("prosesnya sendiri mati"),
        "memory": _("memori habis"),
        "leak": _("meninggalkan sisa"),
        "mail": _("surel ditolak"),
        "anchor": _("jangkar jejak gagal"),
    }
    return titles.get(kind, kind)


def problem_words(line: PluginOverview) -> str | None:
    """Return what an operator must mend about an application, None when nothing."""
    return words_of(line.problem) if line.problem else None


def tenancy_words(error: TenancyError) -> str:
    """Return why a value of a tenant or unit was refused; forms have checked how it is written by then."""
    if isinstance(error, ColourTooPale):
        return str(
            _(
                "Warna %(colour)s terlalu pucat untuk dibaca: kontrasnya %(ratio)s, yang diperlukan %(needed)s. "
                "Warna terdekat yang terbaca: %(nearest)s.",
                colour=error.colour,
                ratio=format_number(math.floor(error.measured.ratio * 100) / 100),
                needed=format_number(error.measured.needed),
                nearest=error.measured.nearest,
            )
        )
    words: dict[str, str] = {
        "slug": _("Nama singkat ini sudah dipakai daerah lain."),
        "name": _("Nama ini terlalu pendek atau terlalu panjang."),
        "hosts": _("Salah satu nama host sudah dipakai daerah lain."),
        "region_code": _("Tidak ada wilayah dengan kode ini. Contoh: 52.04 untuk Kabupaten Sumbawa."),
        "time_zone": _("Zona waktu ini tidak dikenal."),
        "languages": _("Pilih sedikitnya satu bahasa."),
        "colour": _("Ini bukan warna. Contoh: #1B6E43."),
        "logo": _("Berkas ini bukan gambar PNG, JPEG, WebP, atau GIF, atau lebih besar dari 5 MB."),
        "code": _("Kode ini sudah dipakai perangkat daerah lain."),
        "parent": _("Perangkat daerah tidak dapat diletakkan di bawah dirinya sendiri."),
    }
    return words.get(error.field) or words_of(error)
