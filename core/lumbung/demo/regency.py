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
    """A person; ``role`` is operator, admin, officer or citizen; an officer has a unit.

    NIP and NIK are made up: sound in form, issued to nobody we know of.
    """

    email: str
    name: str
    role: str
    unit: str | None = None
    phone: str | None = None
    nip: str | None = None
    position: str | None = None
    nik: str | None = None


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
        SampleUnit("BINA-MARGA", "Bidang Bina Marga", parent="PUPR"),
        SampleUnit("DISHUB", "Dinas Perhubungan"),
        SampleUnit("DLH", "Dinas Lingkungan Hidup"),
        SampleUnit("DISKOPERINDAG", "Dinas Koperasi, UKM, Perindustrian dan Perdagangan"),
    ),
    people=(
        SamplePerson(
            "operator@sumbawa.example",
            "Lalu Hendra Saputra",
            "operator",
            "DISKOMINFOTIK",
            nip="198605142011011003",
            position="Pranata Komputer Ahli Muda",
        ),
        SamplePerson(
            "admin@sumbawa.example",
            "Nurhayati Ismail",
            "admin",
            nip="198002172006042009",
            position="Analis Sistem Informasi",
        ),
        SamplePerson(
            "loket1@sumbawa.example",
            "Syamsul Bahri",
            "officer",
            "DISDUKCAPIL",
            nip="197901012005011001",
            position="Operator Layanan Operasional",
        ),
        SamplePerson(
            "loket2@sumbawa.example",
            "Baiq Ratna Dewi",
            "officer",
            "DISDUKCAPIL",
            nip="199108232024212014",
            position="Operator Layanan Operasional",
        ),
        SamplePerson("informasi@sumbawa.example", "Andi Kurniawan", "officer", "MPP", position="Petugas Informasi"),
        SamplePerson(
            "puskesmas@sumbawa.example",
            "Sri Wahyuni",
            "officer",
            "PKM-SUMBAWA-1",
            nip="198811302014032002",
            position="Perawat Ahli Pertama",
        ),
        SamplePerson(
            "kepala@sumbawa.example",
            "Drs. Zulkarnain, M.Si.",
            "officer",
            "DISDUKCAPIL",
            nip="196904051994031006",
            position="Kepala Dinas",
        ),
        SamplePerson(
            "laporan@sumbawa.example",
            "Rahmat Hidayat",
            "officer",
            "DISKOMINFOTIK",
            nip="198911032014031002",
            position="Pengelola Pengaduan Publik",
        ),
        SamplePerson(
            "jalan@sumbawa.example",
            "Ir. Sahabuddin Makkasau",
            "officer",
            "PUPR",
            nip="197506212003121004",
            position="Kepala Bidang Bina Marga",
        ),
        SamplePerson("regu@sumbawa.example", "Burhanuddin Tayeb", "officer", "BINA-MARGA", position="Mandor"),
        SamplePerson(
            "lampu@sumbawa.example",
            "Lalu Iskandar",
            "officer",
            "DISHUB",
            nip="198803152011011005",
            position="Kepala Seksi Penerangan Jalan",
        ),
        SamplePerson("warga@sumbawa.example", "Muhammad Jafar", "citizen", phone="0812 3700 1101"),
        SamplePerson(
            "warga2@sumbawa.example", "Fatimah Azzahra", "citizen", phone="0813 3800 2202", nik="5204084107900001"
        ),
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
        SamplePerson(
            "admin@sumbawabarat.example", "Abdul Haris", "admin", nip="198207092008011005", position="Analis Kebijakan"
        ),
        SamplePerson("petugas@sumbawabarat.example", "Hartini", "officer", "DISDUKCAPIL", nip="199003182019032007"),
        SamplePerson("warga@sumbawabarat.example", "Yusuf Maulana", "citizen"),
    ),
)

TENANTS = (SUMBAWA, SUMBAWA_BARAT)
