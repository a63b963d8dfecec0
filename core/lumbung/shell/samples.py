"""What the examples show: made up, the same for everybody, never of a real person."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy import select

from lumbung.context import current_tenant
from lumbung.documents.qr import qr_svg
from lumbung.shell.forms import GuestForm, KindsForm, PlaceForm, UploadForm
from lumbung.tenancy.models import Unit
from lumbung.web.calendars import Day, Month, month
from lumbung.web.i18n import core_domain, format_date
from lumbung.web.listing import ListColumn, Listing
from lumbung.web.trail import TrailEntry

_ = core_domain.gettext


@dataclass(frozen=True)
class SamplePage:
    """The middle of a long list."""

    number: int = 5
    pages: int = 12
    total: int = 288
    has_prev: bool = True
    has_next: bool = True


def forms() -> dict[str, Any]:
    """Return the forms of the guide, empty; the one in error was sent empty."""
    refused = GuestForm(formdata=None, prefix="salah-")
    refused.name.errors = [_("Tulis nama lengkap Anda.")]
    return {
        "form": GuestForm(formdata=None),
        "kinds_form": KindsForm(formdata=None, prefix="ragam-"),
        "list_form": KindsForm(formdata=None, prefix="daftar-"),
        "upload_form": UploadForm(formdata=None, prefix="berkas-"),
        "place_form": PlaceForm(formdata=None, prefix="letak-"),
        "refused_form": refused,
    }


def scenery(shown: tuple[int, int] | None = None) -> dict[str, Any]:
    """Return what else the examples need; ``shown`` is the month of the calendar."""
    now = current_tenant().now()
    today = now.date()
    return {
        "now": now,
        "earlier": now - timedelta(days=2, hours=3),
        "first_day": today - timedelta(days=6),
        "services": [("KTP-el", 412, True), (_("Akta kelahiran"), 1288, True), (_("Surat pindah"), 0, False)],
        "page": SamplePage(),
        "page_url": lambda number: f"?halaman={number}",
        "week": [format_date(date(2026, 11, 23) + timedelta(days=day), "EEEE") for day in range(5)],
        "year": _year(today),
        "month": _month(today, shown or (today.year, today.month)),
        "month_url": _month_url(),
        "qr": Markup(qr_svg("https://sumbawa.example/antrean/tiket/AB12-CD34")),  # noqa: S704 - our own drawing
        "trail": _trail(now),
        "listing": units("unit"),
        "short_listing": units("unit-singkat", Unit.name.startswith("Dinas K")),
    }


def units(name: str, *which: Any) -> Listing:
    """Return a list as a view would make it: the units of this tenant, or those that meet some conditions."""
    return Listing(
        select(Unit).where(*which),
        [
            ListColumn("name", _("Nama"), sort=Unit.name),
            ListColumn("code", _("Kode"), sort=Unit.code),
            ListColumn("address", _("Alamat kantor")),
        ],
        name=name,
        title=_("Perangkat daerah"),
        default_sort="name",
        search=() if which else (Unit.name, Unit.code),
        noun=_("unit"),
    )


def _year(today: date) -> list[tuple[str, int]]:
    """A year of numbers that rises and falls, with its Sundays at rest."""
    days = [today - timedelta(days=364 - back) for back in range(365)]
    return [
        (format_date(day, "d MMM y"), 0 if day.weekday() == 6 else round(70 + 30 * math.sin(day.toordinal() / 17)))
        for day in days
    ]


def _month(today: date, shown: tuple[int, int]) -> Month:
    year, number = shown
    days = {
        date(year, number, 3): Day(_("Kecamatan Moyo Hilir"), "#"),
        date(year, number, 10): Day(_("Kecamatan Plampang"), "#", "baik"),
        date(year, number, 17): Day(_("Dibatalkan: hujan"), tone="gawat"),
    }
    return month(year, number, days, holidays={date(year, number, 25): _("hari besar")}, today=today)


def _month_url() -> Callable[[int, int], str]:
    return lambda year, number: url_for(".group", name="grafik", bulan=f"{year}-{number:02}")


def _trail(now: Any) -> list[TrailEntry]:
    return [
        TrailEntry(at=now, who="Ani Lestari", title=_("Unit diubah"), text=_("Nama: Dinas Kesehatan")),
        TrailEntry(at=now - timedelta(days=40), who="Budi Santoso", title=_("Unit ditambahkan"), text=""),
    ]
