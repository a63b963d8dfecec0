"""The audit trail in words: what an action is called, and what its details say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lumbung.context import current_scope, current_tenant
from lumbung.web.i18n import core_domain, language
from lumbung.web.permission_titles import permission_title
from lumbung.web.role_titles import title_of

_ = core_domain.gettext


def action_title(action: str) -> str:
    """Return an action in words: the core's own, or one that an installed plugin's manifest declares.

    An action that nobody declared stays the code it is.
    """
    return core_actions().get(action) or _declared(action) or action


def core_actions() -> dict[str, str]:
    """Return every action of the core with its title."""
    return {**_about_the_house(), **_about_applications(), **_about_trust()}


def _about_the_house() -> dict[str, str]:
    return {
        "person.sign_in": _("Masuk"),
        "person.add": _("Menambah akun"),
        "person.change": _("Mengubah data akun"),
        "person.password": _("Mengganti kata sandi sendiri"),
        "person.password_reset": _("Membuat kata sandi baru"),
        "person.nik": _("Menyimpan NIK"),
        "person.nik_remove": _("Menghapus NIK"),
        "person.post": _("Mengubah jenis, NIP, jabatan, atau unit"),
        "person.grant": _("Memberi peran"),
        "person.withdraw": _("Mencabut peran"),
        "person.role_ended": _("Peran berakhir"),
        "role.compose": _("Menyusun peran"),
        "role.change": _("Mengubah peran"),
        "role.remove": _("Menghapus peran"),
        "person.close": _("Menonaktifkan akun"),
        "person.reopen": _("Mengaktifkan akun kembali"),
        "person.verify": _("Memastikan surel atau nomor ponsel"),
        "person.password_forgotten": _("Membuat kata sandi baru lewat tautan"),
        "person.invite": _("Mengundang orang"),
        "person.invitation_cancel": _("Membatalkan undangan"),
        "person.invitation_accept": _("Menerima undangan"),
        "person.hand_over": _("Serah terima jabatan"),
        "unit.add": _("Menambah perangkat daerah"),
        "unit.change": _("Mengubah perangkat daerah"),
        "unit.move": _("Memindahkan perangkat daerah"),
        "unit.remove": _("Menghapus perangkat daerah"),
        "boundary.import": _("Memuat batas wilayah"),
        "boundary.remove": _("Menghapus batas wilayah"),
        "tenant.add": _("Mendaftarkan daerah"),
        "tenant.change": _("Mengubah identitas daerah"),
        "tenant.logo": _("Mengganti logo daerah"),
        "tenant.colour": _("Mengganti warna daerah"),
        "holiday.add": _("Menambah hari libur"),
        "holiday.change": _("Mengubah hari libur"),
        "holiday.remove": _("Menghapus hari libur"),
        "holiday.restore": _("Mengembalikan hari libur nasional"),
        "holiday.import": _("Memasukkan daftar hari libur"),
        "announcement.add": _("Menulis pengumuman"),
        "announcement.change": _("Mengubah pengumuman"),
        "announcement.publish": _("Menerbitkan pengumuman"),
        "announcement.end": _("Mengakhiri pengumuman"),
        "announcement.delete": _("Menghapus pengumuman"),
    }


def _about_applications() -> dict[str, str]:
    return {
        "app.enter": _("Masuk ke aplikasi"),
        "app.leave": _("Keluar lewat aplikasi"),
        "app.request": _("Mengirim sesuatu di aplikasi"),
        "app_account.open": _("Membuat akun di aplikasi"),
        "app_account.renew": _("Memperbarui kata sandi akun di aplikasi"),
        "app_account.role": _("Mengubah peran akun di aplikasi"),
        "app_account.close": _("Menutup akun di aplikasi"),
        "plugin.enable": _("Menyalakan aplikasi"),
        "plugin.disable": _("Mematikan aplikasi"),
        "plugin.run_by": _("Menetapkan penyelenggara layanan"),
        "plugin.install": _("Meminta pemasangan aplikasi"),
        "plugin.uninstall": _("Meminta pencopotan aplikasi"),
        "plugin.return": _("Meminta aplikasi kembali ke versi sebelumnya"),
        "plugin.archive": _("Mengarsipkan data aplikasi"),
        "plugin.archive_download": _("Mengunduh arsip aplikasi"),
        "plugin.minutes": _("Menyiapkan berita acara pemusnahan"),
        "plugin.minutes_sign": _("Menandatangani berita acara pemusnahan"),
        "plugin.minutes_withdraw": _("Membatalkan berita acara pemusnahan"),
        "plugin.purge": _("Memusnahkan data aplikasi"),
        "plugin.suspend": _("Menghentikan aplikasi untuk semua"),
        "plugin.resume": _("Membuka kembali aplikasi"),
        "plugin.setting": _("Mengubah pengaturan aplikasi"),
        "instance.log": _("Mengunduh log aplikasi"),
        "instance.halt": _("Menghentikan proses aplikasi"),
        "instance.resume": _("Menyalakan proses aplikasi"),
        "instance.restart": _("Memulai ulang proses aplikasi"),
        "plugin.data.read": _("Membaca data aplikasi yang mati"),
        "plugin.data.export": _("Mengunduh data aplikasi yang mati"),
    }


def _about_trust() -> dict[str, str]:
    return {
        "privacy.breach.add": _("Mencatat kejadian kebocoran data"),
        "privacy.breach.change": _("Mengubah kejadian kebocoran data"),
        "privacy.breach.tell": _("Memberi tahu orang yang terdampak"),
        "privacy.breach.report": _("Mencatat pelaporan kejadian"),
        "privacy.breach.close": _("Menutup kejadian kebocoran data"),
        "privacy.sweep": _("Membersihkan data yang habis masanya"),
        "session.revoke": _("Mengakhiri sesi"),
        "audit.check": _("Memeriksa rantai jejak audit"),
        "openid.client.add": _("Mendaftarkan aplikasi terhubung"),
        "openid.client.change": _("Mengubah aplikasi terhubung"),
        "openid.client.secret": _("Membuat rahasia baru untuk aplikasi terhubung"),
        "openid.client.on": _("Menyalakan aplikasi terhubung"),
        "openid.client.off": _("Mematikan aplikasi terhubung"),
        "openid.client.remove": _("Menghapus aplikasi terhubung"),
        "openid.rotate": _("Mengganti kunci tanda masuk"),
        "openid.sign_in": _("Masuk ke aplikasi lain"),
        "openid.sign_out": _("Keluar lewat aplikasi lain"),
        "openid.consent": _("Mengizinkan aplikasi"),
        "openid.withdraw": _("Mencabut izin aplikasi"),
        "openid.reuse": _("Tanda masuk dipakai dua kali"),
        "person.second_factor_add": _("Memasang faktor kedua"),
        "person.second_factor_remove": _("Menghapus faktor kedua"),
        "person.second_factor_reset": _("Mengatur ulang faktor kedua"),
        "person.recovery_code": _("Masuk dengan kode cadangan"),
        "person.recovery_codes": _("Membuat kode cadangan baru"),
        "second_factor.require": _("Menetapkan peran wajib faktor kedua"),
        "consent.give": _("Memberi persetujuan"),
        "consent.withdraw": _("Menarik persetujuan"),
        "consent.text": _("Menulis versi baru teks persetujuan"),
        "upstream.add": _("Menambah penyedia identitas"),
        "upstream.change": _("Mengubah penyedia identitas"),
        "upstream.on": _("Menyalakan penyedia identitas"),
        "upstream.off": _("Mematikan penyedia identitas"),
        "upstream.remove": _("Menghapus penyedia identitas"),
        "person.identity_link": _("Menautkan identitas lain"),
        "person.identity_unlink": _("Melepas identitas lain"),
        "data.request": _("Meminta haknya atas data pribadi"),
        "data.verified": _("Memeriksa identitas peminta data"),
        "data.working": _("Mengerjakan permintaan data pribadi"),
        "data.done": _("Menjawab permintaan data pribadi"),
        "data.refused": _("Menolak permintaan data pribadi"),
        "data.cancelled": _("Membatalkan permintaan data pribadi"),
        "data.erase": _("Menghapus data pribadi seseorang"),
        "data.copy": _("Mengunduh salinan data pribadi"),
    }


def detail_name(key: str) -> str:
    """Return the name of a detail in words; one that is not among these stays the key it is."""
    names: dict[str, str] = {
        "role": _("peran"),
        "unit": _("unit"),
        "by": _("oleh"),
        "operator": _("operator"),
        "count": _("jumlah"),
        "draft": _("konsep"),
        "reason": _("alasan"),
        "minutes": _("berita acara"),
        "file": _("berkas"),
        "plain": _("kolom tersandi dibuka"),
        "date": _("tanggal"),
        "open": _("buka"),
        "location": _("lokasi"),
        "service": _("layanan"),
        "services": _("layanan"),
        "starts": _("mulai"),
        "ends": _("selesai"),
        "quota": _("kuota"),
        "before": _("sebelumnya"),
        "after": _("sesudahnya"),
        "inherited": _("kembali mengikuti yang di atasnya"),
        "added": _("ditambahkan"),
        "removed": _("dikeluarkan"),
        "permissions": _("izin"),
        "code": _("kode"),
        "until": _("sampai"),
        "cancelled": _("dibatalkan"),
        "mail": _("surel"),
        "kind": _("jenis"),
        "scopes": _("izin"),
        "method": _("cara"),
        "every_time": _("setiap kali masuk"),
        "version": _("versi"),
        "provider": _("penyedia"),
        "path": _("alamat"),
        "status": _("kode jawaban"),
    }
    return names.get(key, key)


def detail_words(detail: Mapping[str, Any], person_name: str = "") -> str:
    """Return the details of an entry as one line; what is empty, false or ``person_name`` again is left out."""
    told = {key: value for key, value in detail.items() if value and value != person_name}
    return ", ".join(
        f"{detail_name(key)}: {_role(value) if key == 'role' else _plain(_permissions(key, value))}"
        for key, value in told.items()
    )


def reading_title(what: str) -> str:
    """Return in words what somebody read of somebody's data: a code of `lumbung.audit.note_reading`."""
    return core_readings().get(what) or _declared(what) or what


def core_readings() -> dict[str, str]:
    """Return every code under which the core records a reading, with its title."""
    return {
        "person.list": _("Melihat daftar orang"),
        "person.export": _("Mengunduh daftar orang"),
        "person.nik": _("Mencari orang dengan NIK"),
        "person.page": _("Membuka halaman orang"),
        "person.edit": _("Membuka formulir data orang"),
        "person.permissions": _("Membuka izin seseorang"),
        "breach.page": _("Membuka daftar orang yang terdampak"),
        "breach.export": _("Mengunduh daftar orang yang terdampak"),
        "privacy.request": _("Membuka permintaan atas data pribadi"),
        "privacy.copy": _("Mengunduh salinan data seseorang"),
        "privacy.letter": _("Mengunduh surat jawaban"),
        "plugin_data.list": _("Membaca data aplikasi yang mati"),
        "plugin_data.export": _("Mengunduh data aplikasi yang mati"),
    }


def _declared(action: str) -> str | None:
    plugin = current_scope().kernel.snapshot().plugins.get(action.partition(".")[0])
    if plugin is None or not plugin.usable:
        return None
    return next((one.title(language()) for one in plugin.manifest.actions if one.name == action), None)


def _role(value: object) -> str:
    scope = current_scope()
    return title_of(str(value), scope.kernel.snapshot(), current_tenant().id, language()).title


def _permissions(key: str, value: object) -> object:
    """Return the titles of permissions where a detail lists them; anything else as it stands."""
    if key not in ("permissions", "added", "removed") or not isinstance(value, list):
        return value
    snapshot, tenant = current_scope().kernel.snapshot(), current_tenant().id
    return ", ".join(permission_title(str(one), snapshot, tenant, language()).title for one in value)


def _plain(value: object) -> str:
    if value is True:
        return str(_("ya"))
    if isinstance(value, list):
        return " ".join(_plain(one) for one in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
