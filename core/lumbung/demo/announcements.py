"""Sample announcements of Kabupaten Sumbawa: such as an office tells its citizens in an ordinary month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung.announcements import services
from lumbung.announcements.models import IMPORTANT, PLAIN, Announcement
from lumbung.announcements.services import Content
from lumbung.context import current_tenant
from lumbung.tenancy.services import find_unit

AUTHOR = "Nurhayati Ismail"


@dataclass(frozen=True)
class SampleAnnouncement:
    """An announcement; days count from today, ``until`` None stays."""

    title: tuple[str, str]
    text: tuple[str, str]
    weight: str
    unit: str | None
    since: int
    until: int | None


ANNOUNCEMENTS = (
    SampleAnnouncement(
        ("Listrik kantor Disdukcapil padam hari Kamis", "Power cut at the Civil Registry office on Thursday"),
        (
            "PLN memperbaiki jaringan di Jalan Bungur. Kamis ini pukul 08.00 sampai 12.00 WITA loket Disdukcapil "
            "tidak dapat mencetak KTP-el dan Kartu Keluarga.\n\n"
            "Yang dapat Anda lakukan:\n"
            "- datang sesudah pukul 13.00, atau\n"
            "- mengurusnya di Mal Pelayanan Publik, Jalan Hasanuddin, yang tetap buka.\n\n"
            "Nomor antrean yang sudah Anda ambil tetap berlaku sampai loket tutup.",
            "The power company repairs the line in Jalan Bungur. This Thursday from 08:00 to 12:00 WITA the counters "
            "of the Civil Registry cannot print identity and family cards.\n\n"
            "What you can do:\n"
            "- come after 13:00, or\n"
            "- go to the Public Service Mall in Jalan Hasanuddin, which stays open.\n\n"
            "A queue number that you have taken stays valid until the counters close.",
        ),
        IMPORTANT, "DISDUKCAPIL", -1, 7,
    ),
    SampleAnnouncement(
        ("Jadwal perekaman KTP-el keliling bulan ini", "Mobile identity card registration this month"),
        (
            "Mobil perekaman KTP-el datang ke kantor camat, pukul 09.00 sampai 14.00 WITA:\n"
            "- Senin pekan pertama: Lunyuk\n"
            "- Senin pekan kedua: Tarano dan Empang\n"
            "- Senin pekan ketiga: Batu Lanteh\n"
            "- Senin pekan keempat: Labangka\n\n"
            "Bawalah fotokopi Kartu Keluarga. Tidak perlu mengambil nomor antrean, dan tidak dipungut biaya.",
            "The registration van comes to the district offices from 09:00 to 14:00 WITA:\n"
            "- first Monday: Lunyuk\n"
            "- second Monday: Tarano and Empang\n"
            "- third Monday: Batu Lanteh\n"
            "- fourth Monday: Labangka\n\n"
            "Bring a copy of your family card. No queue number is needed, and it is free of charge.",
        ),
        PLAIN, "DISDUKCAPIL", -3, 27,
    ),
    SampleAnnouncement(
        ("Mal Pelayanan Publik buka sampai malam", "The Public Service Mall is open in the evening"),
        (
            "Mulai bulan ini Mal Pelayanan Publik di Jalan Hasanuddin, Sumbawa Besar, melayani setiap hari pukul 08.00 "
            "sampai malam, juga pada hari Minggu.\n\n"
            "Ambil nomor antrean dari rumah agar tidak menunggu lama.",
            "From this month the Public Service Mall in Jalan Hasanuddin, Sumbawa Besar, is open every day from 08:00 "
            "until the evening, on Sundays too.\n\n"
            "Take a queue number from home, so that you do not wait long.",
        ),
        PLAIN, "MPP", -9, None,
    ),
)  # fmt: skip


def load_announcements(session: Session) -> None:
    """Write the sample announcements for the current tenant, unless it has written any."""
    if session.scalar(select(Announcement.id).limit(1)) is not None:
        return
    for sample in ANNOUNCEMENTS:
        unit = find_unit(session, sample.unit) if sample.unit else None
        content = Content(
            title=dict(zip(("id", "en"), sample.title, strict=True)),
            text=dict(zip(("id", "en"), sample.text, strict=True)),
            weight=sample.weight,
            shown_from=_morning(sample.since),
            shown_until=None if sample.until is None else _morning(sample.until),
            unit_id=unit.id if unit else None,
        )
        services.add(session, content, by=AUTHOR, draft=False)


def _morning(days: int) -> datetime:
    tenant = current_tenant()
    day = tenant.today() + timedelta(days=days)
    return datetime.combine(day, time(7, 30), ZoneInfo(tenant.time_zone)).astimezone(UTC)
