"""The sample governments: real regions and plausible offices, invented people.

Kabupaten Sumbawa (52.04) has 24 districts and 165 villages, Kabupaten Sumbawa Barat (52.07) has 8 districts;
each district is a unit of its own (kecamatan), beside the offices named here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SampleUnit:
    """A unit; ``parent`` is the code of the one above."""

    code: str
    name: str
    parent: str | None = None
    region_code: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class SamplePerson:
    """A person; ``role`` is operator, admin, officer or citizen; an officer has a unit."""

    email: str
    name: str
    role: str
    unit: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class SampleTenant:
    """A government with its units and people. ``colours`` are its own and that of the grain in its logo."""

    slug: str
    name: str
    host: str
    region_code: str
    colours: tuple[str, str]
    units: tuple[SampleUnit, ...]
    people: tuple[SamplePerson, ...]


SUMBAWA = SampleTenant(
    slug="sumbawa",
    name="Kabupaten Sumbawa",
    host="sumbawa.localhost",
    region_code="52.04",
    colours=("#0B5D66", "#E3A72F"),
    units=(
        SampleUnit("SETDA", "Sekretariat Daerah", address="Jalan Garuda 1, Sumbawa Besar"),
        SampleUnit("BAG-ORGANISASI", "Bagian Organisasi", parent="SETDA"),
        SampleUnit("INSPEKTORAT", "Inspektorat Daerah"),
        SampleUnit("BAPPERIDA", "Badan Perencanaan Pembangunan, Riset dan Inovasi Daerah"),
        SampleUnit(
            "DISKOMINFOTIK",
            "Dinas Komunikasi, Informatika, Statistik dan Persandian",
            address="Jalan Garuda, Sumbawa Besar",
        ),
        SampleUnit(
            "DISDUKCAPIL",
            "Dinas Kependudukan dan Pencatatan Sipil",
            address="Jalan Bungur, Sumbawa Besar",
        ),
        SampleUnit("DINKES", "Dinas Kesehatan", address="Jalan Garuda, Sumbawa Besar"),
        SampleUnit(
            "PKM-SUMBAWA-1",
            "Puskesmas Sumbawa Unit I",
            parent="DINKES",
            region_code="52.04.08",
            address="Kelurahan Seketeng, Kecamatan Sumbawa",
        ),
        SampleUnit("PKM-ALAS", "Puskesmas Alas", parent="DINKES", region_code="52.04.05", address="Kecamatan Alas"),
        SampleUnit("DPMPTSP", "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu"),
        SampleUnit("MPP", "Mal Pelayanan Publik", parent="DPMPTSP", address="Jalan Hasanuddin, Sumbawa Besar"),
        SampleUnit("PUPR", "Dinas Pekerjaan Umum dan Penataan Ruang"),
        SampleUnit("DISHUB", "Dinas Perhubungan"),
        SampleUnit("DISKOPERINDAG", "Dinas Koperasi, UKM, Perindustrian dan Perdagangan"),
    ),
    people=(
        SamplePerson("operator@sumbawa.example", "Lalu Hendra Saputra", "operator", "DISKOMINFOTIK"),
        SamplePerson("admin@sumbawa.example", "Nurhayati Ismail", "admin"),
        SamplePerson("loket1@sumbawa.example", "Syamsul Bahri", "officer", "DISDUKCAPIL"),
        SamplePerson("loket2@sumbawa.example", "Baiq Ratna Dewi", "officer", "DISDUKCAPIL"),
        SamplePerson("informasi@sumbawa.example", "Andi Kurniawan", "officer", "MPP"),
        SamplePerson("puskesmas@sumbawa.example", "Sri Wahyuni", "officer", "PKM-SUMBAWA-1"),
        SamplePerson("kepala@sumbawa.example", "Drs. Zulkarnain, M.Si.", "officer", "DISDUKCAPIL"),
        SamplePerson("warga@sumbawa.example", "Muhammad Jafar", "citizen", phone="0812 3700 1101"),
        SamplePerson("warga2@sumbawa.example", "Fatimah Azzahra", "citizen", phone="0813 3800 2202"),
    ),
)

SUMBAWA_BARAT = SampleTenant(
    slug="sumbawabarat",
    name="Kabupaten Sumbawa Barat",
    host="sumbawabarat.localhost",
    region_code="52.07",
    colours=("#1B6E43", "#E3A72F"),
    units=(
        SampleUnit("SETDA", "Sekretariat Daerah", address="Kompleks KTC, Taliwang"),
        SampleUnit("DISKOMINFO", "Dinas Komunikasi dan Informatika", address="Kompleks KTC, Taliwang"),
        SampleUnit("DISDUKCAPIL", "Dinas Kependudukan dan Pencatatan Sipil", address="Taliwang"),
    ),
    people=(
        SamplePerson("admin@sumbawabarat.example", "Abdul Haris", "admin"),
        SamplePerson("petugas@sumbawabarat.example", "Hartini", "officer", "DISDUKCAPIL"),
        SamplePerson("warga@sumbawabarat.example", "Yusuf Maulana", "citizen"),
    ),
)

TENANTS = (SUMBAWA, SUMBAWA_BARAT)
