"""What the portal's search finds here: open services of open places, by name, by place, by what people call them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from lumbung.sdk import SearchHit, session

from ..models import Location, Service
from ..words import _

MOST = 10

# What people also call a thing, by a word that stands in the name or description of a service.
ALSO_CALLED = {
    "ktp": "ektp e-ktp kartu tanda penduduk identitas rekam identity card",
    "kartu keluarga": "kk c1 family card",
    "kelahiran": "akte lahir bayi birth certificate",
    "kematian": "akte meninggal wafat death certificate",
    "akta": "akte",
    "umum": "dokter berobat sakit periksa doctor",
    "gigi": "dokter gigi cabut tambal dentist tooth",
    "imunisasi": "vaksin vaksinasi suntik posyandu vaccine",
    "kia": "hamil bidan kandungan balita pregnant midwife",
    "usaha": "izin nib oss umkm dagang business licence permit",
    "pajak": "pbb bumi bangunan retribusi tax",
    "adminduk": "kependudukan ktp ektp e-ktp kk dukcapil",
    "puskesmas": "berobat klinik clinic",
}
OURS = "antrean antrian antri nomor tiket ambil daftar queue number ticket"


def hits(words: Sequence[str]) -> list[SearchHit]:
    """Return where a number can be taken, for the services in which all words occur; those named so come first."""
    query = (
        select(Service)
        .join(Service.location)
        .where(Service.open, Location.open)
        .options(contains_eager(Service.location))
        .order_by(Location.position, Location.name, Service.letter)
    )
    found = [service for service in session.scalars(query) if all(word in _known_by(service) for word in words)]
    found.sort(key=lambda service: not any(word in service.name.casefold() for word in words))
    return [_hit(service) for service in found[:MOST]]


def _known_by(service: Service) -> str:
    place = service.location
    text = f"{service.name} {service.description} {place.name} {place.address}".casefold()
    return " ".join([text, OURS, *(others for name, others in ALSO_CALLED.items() if name in text)])


def _hit(service: Service) -> SearchHit:
    return SearchHit(
        title=service.name,
        text=f"{service.location.name}. {service.description}".rstrip(". ") + ".",
        url=f"/antrean/ambil/{service.id}",
        kind=_("Ambil nomor antrean"),
        icon="ticket",
    )
