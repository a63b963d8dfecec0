"""Closed lists: groups of categories, kinds of assets, authorities, conditions, severities, channels."""

from __future__ import annotations

from typing import Any

from ..words import _l

# Group of categories: the first level of Open311's ``group``.
GROUPS: dict[str, Any] = {
    "jalan": _l("Jalan"),
    "jembatan": _l("Jembatan"),
    "drainase": _l("Drainase"),
    "irigasi": _l("Irigasi"),
    "pju": _l("Penerangan jalan umum"),
    "rambu": _l("Rambu dan marka"),
    "pohon": _l("Pohon"),
    "air_bersih": _l("Air bersih"),
    "bangunan": _l("Bangunan publik"),
    "lain": _l("Lainnya"),
}

ASSET_KINDS: dict[str, Any] = {
    "road": _l("Ruas jalan"),
    "bridge": _l("Jembatan"),
    "drain": _l("Saluran"),
    "lamp": _l("Lampu PJU"),
    "irrigation": _l("Irigasi"),
    "sign": _l("Rambu"),
    "building": _l("Bangunan publik"),
}

# Who answers for a thing. The law on roads (UU 38/2004 jo. UU 2/2022) knows these four.
AUTHORITIES: dict[str, Any] = {
    "kabupaten": _l("Kabupaten"),
    "nasional": _l("Nasional"),
    "provinsi": _l("Provinsi"),
    "desa": _l("Desa"),
    "lain": _l("Pihak lain"),
}
OURS = "kabupaten"

CONDITIONS: dict[str, Any] = {
    "baik": _l("Baik"),
    "sedang": _l("Sedang"),
    "rusak_ringan": _l("Rusak ringan"),
    "rusak_berat": _l("Rusak berat"),
}
CONDITION_TONES = {"baik": "baik", "sedang": "laut", "rusak_ringan": "padi", "rusak_berat": "gawat"}

SEVERITIES: dict[str, Any] = {
    "ringan": _l("Ringan"),
    "sedang": _l("Sedang"),
    "berat": _l("Berat"),
    "darurat": _l("Darurat"),
}
SEVERITY_TONES = {"ringan": "muted", "sedang": "laut", "berat": "padi", "darurat": "gawat"}

CHANNELS: dict[str, Any] = {
    "web": _l("Halaman ini"),
    "officer": _l("Petugas"),
    "open311": _l("Aplikasi lain (Open311)"),
    "import": _l("Diambil dari aplikasi lain"),
    "event": _l("Layanan lain di sini"),
}


def choices(kinds: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a list for a form or a filter, in the reader's language."""
    return [(code, str(words)) for code, words in kinds.items()]
