"""The audit trail in words: what an action is called, and what its details say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lumbung.context import current_scope, current_tenant
from lumbung.web.i18n import core_domain, language
from lumbung.web.role_titles import title_of

_ = core_domain.gettext


def action_title(action: str) -> str:
    """Return an action in words: the core's own, or one that an installed plugin's manifest declares.

    An action that nobody declared stays the code it is.
    """
    return core_actions().get(action) or _declared(action) or action


def core_actions() -> dict[str, str]:
    """Return every action of the core with its title."""
    return {
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
        "plugin.run_by": _("Menetapkan penyelenggara layanan"),
        "plugin.install": _("Meminta pemasangan aplikasi"),
        "plugin.uninstall": _("Meminta pencopotan aplikasi"),
        "unit.add": _("Menambah perangkat daerah"),
        "unit.change": _("Mengubah perangkat daerah"),
        "unit.move": _("Memindahkan perangkat daerah"),
        "unit.remove": _("Menghapus perangkat daerah"),
        "tenant.add": _("Mendaftarkan daerah"),
        "tenant.change": _("Mengubah identitas daerah"),
        "tenant.logo": _("Mengganti logo daerah"),
        "tenant.colour": _("Mengganti warna daerah"),
        "announcement.add": _("Menulis pengumuman"),
        "announcement.change": _("Mengubah pengumuman"),
        "announcement.publish": _("Menerbitkan pengumuman"),
        "announcement.end": _("Mengakhiri pengumuman"),
        "announcement.delete": _("Menghapus pengumuman"),
        "session.revoke": _("Mengakhiri sesi"),
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
        "date": _("tanggal"),
        "open": _("buka"),
        "location": _("lokasi"),
        "service": _("layanan"),
        "services": _("layanan"),
        "starts": _("mulai"),
        "ends": _("selesai"),
        "quota": _("kuota"),
        "before": _("sebelumnya"),
        "added": _("ditambahkan"),
        "cancelled": _("dibatalkan"),
        "mail": _("surel"),
    }
    return names.get(key, key)


def detail_words(detail: Mapping[str, Any], person_name: str = "") -> str:
    """Return the details of an entry as one line; what is empty, false or ``person_name`` again is left out."""
    told = {key: value for key, value in detail.items() if value and value != person_name}
    return ", ".join(
        f"{detail_name(key)}: {_role(value) if key == 'role' else _plain(value)}" for key, value in told.items()
    )


def _declared(action: str) -> str | None:
    plugin = current_scope().kernel.snapshot().plugins.get(action.partition(".")[0])
    if plugin is None or not plugin.usable:
        return None
    return next((one.title(language()) for one in plugin.manifest.actions if one.name == action), None)


def _role(value: object) -> str:
    scope = current_scope()
    return title_of(str(value), scope.kernel.snapshot(), current_tenant().id, language()).title


def _plain(value: object) -> str:
    if value is True:
        return str(_("ya"))
    if isinstance(value, list):
        return " ".join(_plain(one) for one in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
