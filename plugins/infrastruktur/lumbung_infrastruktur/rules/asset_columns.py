"""Which column of an office's file is what, by its usual Indonesian spellings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..words import _l

# What an asset has, in the order in which a reader checks it.
FIELDS: dict[str, Any] = {
    "code": _l("Kode atau nomor"),
    "name": _l("Nama"),
    "owner": _l("Pemilik (kewenangan)"),
    "road_class": _l("Kelas atau fungsi"),
    "length_m": _l("Panjang"),
    "built_year": _l("Tahun dibangun"),
    "condition": _l("Kondisi"),
    "value": _l("Nilai ukur (IRI)"),
    "on": _l("Tanggal survei"),
    "district": _l("Kecamatan"),
    "village": _l("Desa atau kelurahan"),
}

# As bare letters and digits; earlier spellings win over later ones.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "code": (
        "noruas", "nomorruas", "koderuas", "linkno", "linkid", "idruas", "idlampu", "kodelampu", "notiang", "idtiang",
        "idpel", "kodejembatan", "nojembatan", "idjembatan", "kodesaluran", "idsaluran", "kodeaset", "idaset",
        "nomoraset", "kodebarang", "koderambu", "idrambu", "kode", "code", "nomor", "id",
    ),
    "name": (
        "namaruas", "nmruas", "namajalan", "linkname", "ruasjalan", "namalampu", "namajembatan", "nmjembatan",
        "namasaluran", "namaaset", "namabarang", "namabangunan", "namarambu", "nama", "name", "uraian",
        "ruas", "lokasi",
    ),
    "owner": ("status", "statusjalan", "stsjalan", "kewenangan", "pemilik", "wewenang", "owner", "linkstatus"),
    "road_class": ("kelas", "kelasjalan", "klsjalan", "fungsi", "fungsijalan", "linkfunction", "klas", "class"),
    "length_m": (
        "panjang", "panjangruas", "panjangm", "panjangkm", "pjg", "panjangjalan", "pjgruas", "pjgsk", "panjangsk",
        "linklength", "linklengthofficial", "length", "lengthm", "lengthkm", "shapeleng", "shapelength",
    ),
    "built_year": ("tahun", "tahunbangun", "tahundibangun", "thnbangun", "thbangun", "tahunpembangunan", "builtyear"),
    "condition": ("kondisi", "kondisijalan", "kondisiruas", "knd", "kategorikondisi", "keadaan", "condition"),
    "value": ("iri", "nilaiiri", "iriavg", "iriratarata", "nilai", "sdi", "value"),
    "on": (
        "tanggal", "tanggalsurvei", "tglsurvei", "tglsurvey", "tanggalsurvey", "tgl", "surveydate", "date",
    ),
    "district": ("kecamatan", "kec", "namakecamatan", "nmkec", "wadmkc", "kodekecamatan", "kdkec", "district"),
    "village": (
        "desa", "kelurahan", "desakelurahan", "keldesa", "kel", "namadesa", "nmdesa", "wadmkd", "kodedesa", "village",
    ),
}  # fmt: skip

# Columns that say where a thing is: read as its place, not kept beside it.
PLACE = frozenset(
    (
        "lat", "latitude", "lintang", "garislintang", "koordinaty", "coordy", "y", "latdd", "lintangdd",
        "lon", "lng", "long", "longitude", "bujur", "garisbujur", "koordinatx", "coordx", "x", "londd", "bujurdd",
        "wkt", "geom", "geometry", "thegeom", "geometri", "wktgeom", "shape",
        "koordinat", "latlon", "latlong", "latlng", "koordinatlatlong", "titikkoordinat", "lokasikoordinat",
    )
)  # fmt: skip


def bare(heading: str) -> str:
    """Return a heading as small letters and digits only, as spellings are compared."""
    return re.sub(r"[^a-z0-9]", "", heading.casefold())


def guess(headings: Sequence[str]) -> dict[str, str]:
    """Return the heading of each field that can be told; no heading is taken twice."""
    known: dict[str, str] = {}
    for heading in headings:
        known.setdefault(bare(heading), heading)
    found: dict[str, str] = {}
    for field, spellings in SPELLINGS.items():
        heading = next((known[one] for one in spellings if one in known), None)
        if heading is not None and heading not in found.values():
            found[field] = heading
    return found


def says_kilometres(heading: str) -> bool:
    """Whether the heading itself says so, such as PANJANG (KM)."""
    return bare(heading).endswith("km")
