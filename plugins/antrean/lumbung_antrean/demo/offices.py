"""The sample offices: Disdukcapil, two puskesmas and the Mal Pelayanan Publik of Sumbawa."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import select

from lumbung.sdk import Demo, session, today

from ..models import Holiday, Location
from ..services import closures, setup

WORKDAYS, SIX_DAYS, EVERY_DAY = range(5), range(6), range(7)


@dataclass(frozen=True)
class Hours:
    """Slots of a service: weekdays, from, to, quota, and the kiosk's ceiling."""

    weekdays: range
    starts: time
    ends: time
    quota: int
    kiosk: int | None = None


@dataclass(frozen=True)
class Office:
    """A place with its services (letter, name, minutes, requirements, hours) and counters (number, letters)."""

    unit: str
    name: str
    address: str
    region: str
    head: tuple[str, str]
    services: tuple[tuple[str, str, str, int, str, tuple[Hours, ...]], ...]
    counters: tuple[tuple[int, str, str], ...]


MORNING = (Hours(WORKDAYS, time(8), time(10), 40, 20), Hours(WORKDAYS, time(10), time(12), 40, 20),
           Hours(WORKDAYS, time(13), time(15), 30, 15))  # fmt: skip
CLINIC = (Hours(SIX_DAYS, time(8), time(10), 30, 15), Hours(SIX_DAYS, time(10), time(12), 20, 10))
# The example of Bogor's Prima Antri: five sessions of an hour, 40 numbers each. The evening keeps today bookable.
MALL = (
    *(Hours(EVERY_DAY, time(hour), time(hour + 1), 40, 15) for hour in range(8, 13)),
    Hours(EVERY_DAY, time(13), time(18), 60, 30),
    Hours(EVERY_DAY, time(18), time(23, 59), 60, 30),
)

OFFICES = (
    Office(
        "DISDUKCAPIL", "Disdukcapil Kabupaten Sumbawa", "Jalan Bungur, Sumbawa Besar", "52.04.08",
        ("Drs. Zulkarnain, M.Si.", "Kepala Dinas Kependudukan dan Pencatatan Sipil"),
        (
            ("A", "Perekaman KTP-el", "Foto, sidik jari, dan iris mata", 6,
             "Fotokopi Kartu Keluarga\nBerusia 17 tahun atau sudah menikah", MORNING),
            ("B", "Kartu Keluarga", "Baru, pecah KK, tambah anggota", 10,
             "KK lama asli\nBuku nikah atau akta perkawinan\nSurat pindah bila dari luar daerah", MORNING),
            ("C", "Akta Kelahiran dan Kematian", "Penerbitan dan perbaikan akta", 12,
             "Surat keterangan lahir atau kematian\nKK dan KTP orang tua\nKTP dua saksi", MORNING),
        ),
        ((1, "Perekaman", "A"), (2, "Kartu Keluarga", "B"), (3, "Kartu Keluarga", "AB"), (4, "Akta", "C")),
    ),
    Office(
        "PKM-SUMBAWA-1", "Puskesmas Unit I Kecamatan Sumbawa", "Kelurahan Seketeng, Kecamatan Sumbawa", "52.04.08",
        ("dr. Hj. Sulastri", "Kepala Puskesmas Unit I Sumbawa"),
        (
            ("A", "Poli Umum", "Pemeriksaan dokter umum", 6, "KTP atau KK\nKartu BPJS bila ada", CLINIC),
            ("B", "Poli Gigi", "Pemeriksaan dan tindakan gigi", 15, "KTP atau KK\nKartu BPJS bila ada", CLINIC),
            ("C", "KIA dan Imunisasi", "Ibu hamil, bayi, dan anak", 10, "Buku KIA\nKTP atau KK", CLINIC),
        ),
        ((1, "Poli Umum", "A"), (2, "Poli Gigi", "B"), (3, "KIA", "C")),
    ),
    Office(
        "PKM-ALAS", "Puskesmas Alas", "Desa Dalam, Kecamatan Alas", "52.04.05",
        ("dr. Imran Hasbi", "Kepala Puskesmas Alas"),
        (
            ("A", "Poli Umum", "Pemeriksaan dokter umum", 6, "KTP atau KK\nKartu BPJS bila ada", CLINIC),
            ("B", "KIA dan Imunisasi", "Ibu hamil, bayi, dan anak", 10, "Buku KIA\nKTP atau KK", CLINIC),
        ),
        ((1, "Poli Umum", "A"), (2, "KIA", "B")),
    ),
    Office(
        "MPP", "Mal Pelayanan Publik Sumbawa", "Jalan Hasanuddin, Sumbawa Besar", "52.04.08",
        ("Rahmawati, S.Sos.", "Kepala Mal Pelayanan Publik"),
        (
            ("A", "Perizinan Berusaha", "NIB dan izin usaha lewat OSS", 15,
             "KTP\nNPWP\nAlamat surel yang aktif", MALL),
            ("B", "Adminduk di MPP", "Cetak KTP-el dan KK", 6, "KK asli\nKTP lama bila ada", MALL),
            ("C", "Pajak dan Retribusi Daerah", "PBB-P2, pajak restoran, reklame", 8, "SPPT tahun terakhir\nKTP", MALL),
        ),
        ((1, "Perizinan", "A"), (2, "Adminduk", "B"), (3, "Adminduk", "B"), (4, "Pajak", "C"), (5, "Umum", "ABC")),
    ),
)  # fmt: skip

ROLES = (
    ("loket1@sumbawa.example", "antrean.operator", "DISDUKCAPIL"),
    ("loket2@sumbawa.example", "antrean.operator", "DISDUKCAPIL"),
    ("informasi@sumbawa.example", "antrean.information", "MPP"),
    ("informasi@sumbawa.example", "antrean.operator", "MPP"),
    ("puskesmas@sumbawa.example", "antrean.manager", "PKM-SUMBAWA-1"),
    ("kepala@sumbawa.example", "antrean.head", "DISDUKCAPIL"),
)


def open_offices(demo: Demo) -> list[Location]:
    """Return the sample offices, opening those that are missing."""
    for email, role, unit in ROLES:
        demo.grant(email, role, unit)
    known = {place.name: place for place in session.scalars(select(Location))}
    for position, office in enumerate(OFFICES):
        if office.name not in known:
            known[office.name] = _open(office, position, demo)
    if session.scalar(select(Holiday.id).limit(1)) is None:
        closures.import_national(today().year, joint_leave=True)
        _open_the_mall_on_holidays()
    return [known[office.name] for office in OFFICES]


def _open_the_mall_on_holidays() -> None:
    """Today must be bookable in a demo, whatever day it is."""
    for holiday in session.scalars(select(Holiday).where(Holiday.date == today())):
        session.delete(holiday)


def _open(office: Office, position: int, demo: Demo) -> Location:
    place = setup.save_location(
        None, unit_id=demo.unit(office.unit), name=office.name, address=office.address, position=position,
        region_code=office.region, head_name=office.head[0], head_title=office.head[1],
    )  # fmt: skip
    services: dict[str, Any] = {}
    for letter, name, description, minutes, requirements, hours in office.services:
        service = services[letter] = setup.save_service(
            place, None, letter=letter, name=name, description=description, minutes=minutes,
            requirements=requirements, horizon_days=30,
        )  # fmt: skip
        for one in hours:
            setup.add_slots(
                service, one.weekdays, one.starts, one.ends, quota=one.quota, quota_web=None, quota_staff=None,
                quota_kiosk=one.kiosk,
            )  # fmt: skip
    for number, name, letters in office.counters:
        setup.save_counter(place, None, [services[letter] for letter in letters], number=number, name=name)
    return place
