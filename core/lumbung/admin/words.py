"""Plain words for what the registry and the trail keep as codes."""

from __future__ import annotations

from lumbung.lifecycle.overview import PluginOverview
from lumbung.tenancy.services import TenancyError
from lumbung.web.i18n import core_domain

_ = core_domain.gettext

STEPS = {
    "install": ("inspect", "unpack", "migrate", "register"),
    "adopt": ("migrate", "register"),
    "uninstall": ("disable", "remove"),
}


def step_title(step: str) -> str:
    """Return what happens in one step of an operation."""
    titles: dict[str, str] = {
        "inspect": _("Memeriksa isi berkas"),
        "unpack": _("Menaruh paket di tempatnya"),
        "migrate": _("Menyiapkan tabel basis data"),
        "register": _("Mencatatkan aplikasi"),
        "disable": _("Mematikan aplikasi di semua daerah"),
        "remove": _("Mengeluarkan paketnya"),
    }
    return titles.get(step, step)


def operation_title(kind: str) -> str:
    """Return what an operation is called."""
    titles: dict[str, str] = {
        "install": _("Pemasangan dari berkas"),
        "adopt": _("Pemasangan paket bawaan"),
        "uninstall": _("Pencopotan"),
    }
    return titles.get(kind, kind)


def problem_words(line: PluginOverview) -> str | None:
    """Return what an operator must mend about an application, None when nothing."""
    if line.problem is None:
        return None
    if line.state == "installed" and not line.package_here:
        return str(_("Paketnya hilang. Pasang lagi berkas .whl-nya, atau copot aplikasi ini (datanya tetap ada)."))
    if line.state == "installed":
        return str(_("Versi paketnya tidak sama dengan yang dipasang. Pasang lagi."))
    return str(_("Keterangan paketnya tidak dapat dipakai. %(reason)s", reason=line.problem))


def action_title(action: str) -> str:
    """Return an action of the core's trail in words; a plugin's own action as it is."""
    titles: dict[str, str] = {
        "person.sign_in": _("Masuk"),
        "person.add": _("Menambah akun"),
        "person.change": _("Mengubah data akun"),
        "person.password": _("Mengganti kata sandi sendiri"),
        "person.password_reset": _("Membuat kata sandi baru"),
        "person.grant": _("Memberi peran"),
        "person.withdraw": _("Mencabut peran"),
        "person.close": _("Menonaktifkan akun"),
        "person.reopen": _("Mengaktifkan akun kembali"),
        "plugin.enable": _("Menyalakan aplikasi"),
        "plugin.disable": _("Mematikan aplikasi"),
        "plugin.install": _("Meminta pemasangan aplikasi"),
        "plugin.uninstall": _("Meminta pencopotan aplikasi"),
        "unit.add": _("Menambah perangkat daerah"),
        "unit.change": _("Mengubah perangkat daerah"),
        "unit.move": _("Memindahkan perangkat daerah"),
        "unit.remove": _("Menghapus perangkat daerah"),
        "tenant.add": _("Mendaftarkan daerah"),
        "tenant.change": _("Mengubah identitas daerah"),
        "tenant.logo": _("Mengganti logo daerah"),
        "session.revoke": _("Mengakhiri sesi"),
    }
    return titles.get(action, action)


def detail_name(key: str) -> str:
    """Return the name of a detail in the trail."""
    names: dict[str, str] = {
        "role": _("peran"),
        "unit": _("unit"),
        "by": _("oleh"),
        "operator": _("operator"),
        "count": _("jumlah"),
    }
    return names.get(key, key)


def tenancy_words(error: TenancyError) -> str:
    """Return why a value of a tenant or unit was refused; forms have checked how it is written by then."""
    words: dict[str, str] = {
        "slug": _("Nama singkat ini sudah dipakai daerah lain."),
        "name": _("Nama ini terlalu pendek atau terlalu panjang."),
        "hosts": _("Salah satu nama host sudah dipakai daerah lain."),
        "region_code": _("Tidak ada wilayah dengan kode ini. Contoh: 52.04 untuk Kabupaten Sumbawa."),
        "time_zone": _("Zona waktu ini tidak dikenal."),
        "languages": _("Pilih sedikitnya satu bahasa."),
        "logo": _("Berkas ini bukan gambar PNG, JPEG, WebP, atau GIF, atau lebih besar dari 5 MB."),
        "code": _("Kode ini sudah dipakai perangkat daerah lain."),
        "parent": _("Perangkat daerah tidak dapat diletakkan di bawah dirinya sendiri."),
    }
    return words.get(error.field, str(error))
