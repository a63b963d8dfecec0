"""Moments in a life at which one needs the government: how services are found without knowing an office's name.

A plugin names those it serves in its manifest (``life_events``). `lumbung.registry.manifest.LifeEvent` has the keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext


@dataclass(frozen=True)
class LifeEvent:
    """A moment in a life. ``slug`` stands in the address; ``words`` are others that people look for it by."""

    key: str
    slug: str
    icon: str
    title: Any
    text: Any
    words: str = ""


LIFE_EVENTS = (
    LifeEvent(
        "documents", "dokumen", "id", _("Dokumen kependudukan"), _("KTP, kartu keluarga, akta, dan surat pindah."),
        "adminduk dukcapil nik ktp kk surat pindah domisili identity card papers",
    ),
    LifeEvent(
        "birth", "lahir", "baby-carriage", _("Lahir dan anak"),
        _("Akta kelahiran, imunisasi, dan kesehatan ibu dan anak."),
        "kelahiran bayi balita hamil posyandu akte baby child pregnancy",
    ),
    LifeEvent(
        "school", "sekolah", "school", _("Sekolah"), _("Pendaftaran, beasiswa, dan surat-surat sekolah."),
        "pendidikan murid siswa ppdb spmb ijazah education scholarship",
    ),
    LifeEvent(
        "work", "bekerja", "tool", _("Bekerja"), _("Mencari kerja, pelatihan, dan perlindungan pekerja."),
        "kerja lowongan kartu kuning ak1 pelatihan buruh tki pmi job employment",
    ),
    LifeEvent(
        "business", "usaha", "building-store", _("Usaha"), _("Izin usaha, UMKM, pajak, dan retribusi."),
        "izin perizinan nib oss umkm dagang pajak retribusi pasar reklame licence tax permit",
    ),
    LifeEvent(
        "marriage", "menikah", "heart-handshake", _("Menikah"), _("Akta perkawinan dan kartu keluarga baru."),
        "nikah perkawinan kawin cerai perceraian wedding divorce",
    ),
    LifeEvent(
        "home", "rumah", "home", _("Rumah dan tanah"), _("Bangunan, tanah, air, sampah, dan PBB."),
        "rumah tanah bangunan imb pbg pbb bphtb sertifikat air pdam sampah house land water waste",
    ),
    LifeEvent(
        "health", "sehat", "stethoscope", _("Sehat dan sakit"), _("Puskesmas, rumah sakit, dan jaminan kesehatan."),
        "kesehatan berobat dokter puskesmas rumah sakit bpjs jkn vaksin poli doctor hospital clinic",
    ),
    LifeEvent(
        "travel", "bepergian", "bus", _("Bepergian"), _("Kendaraan, angkutan, jalan, dan tempat wisata."),
        "perjalanan transportasi angkutan terminal pelabuhan uji kir parkir wisata transport tourism road",
    ),
    LifeEvent(
        "old_age", "lanjut-usia", "old", _("Lanjut usia"), _("Bantuan sosial, pensiun, dan layanan lansia."),
        "lansia pensiun bansos pkh bantuan sosial disabilitas pension elderly aid",
    ),
    LifeEvent(
        "death", "meninggal", "leaf", _("Meninggal"), _("Akta kematian, pemakaman, dan ahli waris."),
        "kematian wafat duka makam pemakaman waris funeral inheritance",
    ),
    LifeEvent(
        "report", "lapor", "flag", _("Lapor masalah"), _("Jalan rusak, lampu mati, sampah, dan pengaduan lain."),
        "pengaduan keluhan aduan laporan rusak lampu banjir complaint broken",
    ),
)  # fmt: skip

BY_KEY = {event.key: event for event in LIFE_EVENTS}
BY_SLUG = {event.slug: event for event in LIFE_EVENTS}
