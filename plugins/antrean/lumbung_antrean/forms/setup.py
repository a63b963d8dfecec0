"""What an administrator types: places, services, slots, counters, days off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    Regexp,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, ListWidget

from lumbung.sdk import today

from ..models import Location, Service
from ..services.closures import listed_years
from ..words import _, _l

WEEKDAYS = (
    _l("Senin"), _l("Selasa"), _l("Rabu"), _l("Kamis"), _l("Jumat"), _l("Sabtu"), _l("Minggu")
)  # fmt: skip


class Checkboxes(SelectMultipleField):
    """Several choices, each with its own box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def whole(low: int, high: int) -> list[Any]:
    """Validators of a number field that must be filled."""
    message = _l("Isi angka %(low)s sampai %(high)s.", low=low, high=high)
    return [InputRequired(message), NumberRange(low, high, message)]


class LocationForm(FlaskForm):
    """A place."""

    name = StringField(
        _l("Nama lokasi"), [DataRequired(_l("Isi nama lokasi.")), Length(3, 120)],
        description=_l("Seperti tertulis di depan kantornya, misalnya Puskesmas Unit I Sumbawa."),
    )  # fmt: skip
    unit = SelectField(
        _l("Perangkat daerah"), default="", description=_l("Petugas unit ini yang mengelola dan melayani lokasi.")
    )
    address = StringField(_l("Alamat"), [Length(max=300)])
    region_code = StringField(
        _l("Kode wilayah"),
        [
            Optional(),
            Regexp(r"^\d{2}\.\d{2}\.\d{2}(\.\d{4})?$", message=_l("Tulis seperti 52.04.08 atau 52.04.08.1001.")),
        ],
        description=_l("Kode Kemendagri kecamatan atau kelurahan, misalnya 52.04.08."),
    )
    head_name = StringField(_l("Nama kepala"), [Length(max=120)], description=_l("Untuk tanda tangan pada rekap."))
    head_title = StringField(_l("Jabatan kepala"), [Length(max=120)])
    recall_after = IntegerField(
        _l("Nomor yang dilewati kembali setelah"), whole(1, 50), default=5,
        description=_l("Berapa panggilan berikutnya sampai nomor yang dilewati dipanggil lagi."),
    )  # fmt: skip
    recall_times = IntegerField(
        _l("Paling banyak kembali"), whole(0, 10), default=2,
        description=_l("Sesudah itu dinyatakan tidak hadir."),
    )  # fmt: skip
    regular_per_priority = IntegerField(_l("Nomor umum setelah satu nomor prioritas"), whole(0, 20), default=2)
    open = BooleanField(_l("Buka: warga dapat mengambil nomor di sini"), default=True)

    def values(self) -> dict[str, Any]:
        """What `save_location` takes, but for the unit."""
        return {
            "name": (self.name.data or "").strip(),
            "address": (self.address.data or "").strip(),
            "region_code": self.region_code.data or None,
            "head_name": (self.head_name.data or "").strip(),
            "head_title": (self.head_title.data or "").strip(),
            "recall_after": self.recall_after.data,
            "recall_times": self.recall_times.data,
            "regular_per_priority": self.regular_per_priority.data,
            "open": self.open.data,
        }


class ServiceForm(FlaskForm):
    """A service of a place."""

    letter = StringField(
        _l("Huruf nomor"),
        [
            DataRequired(_l("Isi huruf nomor.")),
            Regexp(r"^[A-Za-z]{1,2}$", message=_l("Satu atau dua huruf, misalnya A.")),
        ],
        description=_l("Huruf di depan setiap nomor, misalnya A untuk A007."),
    )
    name = StringField(_l("Nama layanan"), [DataRequired(_l("Isi nama layanan.")), Length(3, 120)])
    description = StringField(_l("Keterangan singkat"), [Length(max=300)])
    requirements = TextAreaField(
        _l("Yang perlu dibawa"), [Length(max=4000)], description=_l("Satu syarat setiap baris.")
    )
    minutes = IntegerField(_l("Perkiraan lama melayani"), whole(1, 240), default=10)
    walk_in = BooleanField(_l("Boleh datang langsung dan mengambil nomor di mesin"), default=True)
    horizon_days = IntegerField(
        _l("Dapat dipesan sampai"), whole(0, 120), default=14,
        description=_l("Berapa hari ke depan; 0 berarti hanya hari ini."),
    )  # fmt: skip
    within_month = BooleanField(_l("Hanya dalam bulan berjalan (mengganti jumlah hari)"))
    cutoff_minutes = IntegerField(
        _l("Batas pembatalan"), whole(0, 2880), default=60,
        description=_l("Berapa menit sebelum jam sesi warga masih boleh membatalkan."),
    )  # fmt: skip
    open = BooleanField(_l("Buka: warga dapat mengambil nomor"), default=True)

    def values(self) -> dict[str, Any]:
        """What `save_service` takes."""
        names = ("name", "description", "requirements", "minutes", "walk_in", "horizon_days",
                 "within_month", "cutoff_minutes", "open")  # fmt: skip
        texts = {name: self[name].data for name in names}
        return {"letter": (self.letter.data or "").upper()} | {
            name: value.strip() if isinstance(value, str) else value for name, value in texts.items()
        }


class SlotForm(FlaskForm):
    """Hours and quotas of a slot."""

    starts = TimeField(_l("Mulai"), [DataRequired(_l("Isi jam mulai."))])
    ends = TimeField(_l("Sampai"), [DataRequired(_l("Isi jam selesai."))])
    quota = IntegerField(_l("Kuota seluruhnya"), whole(0, 2000))
    quota_web = IntegerField(
        _l("Paling banyak daring"), [Optional(), NumberRange(0, 2000)],
        description=_l("Kosongkan bila boleh memakai seluruh kuota."),
    )  # fmt: skip
    quota_staff = IntegerField(_l("Paling banyak lewat petugas"), [Optional(), NumberRange(0, 2000)])
    quota_kiosk = IntegerField(_l("Paling banyak di mesin"), [Optional(), NumberRange(0, 2000)])

    def validate_ends(self, field: TimeField) -> None:
        if isinstance(self.starts.data, time) and field.data and field.data <= self.starts.data:
            raise ValidationError(_("Jam selesai harus sesudah jam mulai."))

    def _within(self, field: IntegerField) -> None:
        if field.data is not None and self.quota.data is not None and field.data > self.quota.data:
            raise ValidationError(_("Tidak boleh lebih besar daripada kuota seluruhnya."))

    validate_quota_web = validate_quota_staff = validate_quota_kiosk = _within

    def values(self) -> dict[str, Any]:
        """What `save_slot` takes."""
        names = ("starts", "ends", "quota", "quota_web", "quota_staff", "quota_kiosk")
        return {name: self[name].data for name in names}


class NewSlotForm(SlotForm):
    """The same hours for several weekdays at once."""

    weekdays = Checkboxes(_l("Hari"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.weekdays.choices = [(number, str(name)) for number, name in enumerate(WEEKDAYS)]

    def validate_weekdays(self, field: Checkboxes) -> None:
        if not field.data:
            raise ValidationError(_("Pilih sedikitnya satu hari."))


class EditSlotForm(SlotForm):
    """A slot that exists; closing it keeps its tickets."""

    open = BooleanField(_l("Buka"))


class CounterForm(FlaskForm):
    """A counter."""

    number = IntegerField(_l("Nomor loket"), whole(1, 99), description=_l("Nomor ini yang disebut saat memanggil."))
    name = StringField(_l("Nama"), [Length(max=80)], description=_l("Boleh kosong, misalnya Perekaman KTP."))
    services = Checkboxes(_l("Layanan di loket ini"))
    open = BooleanField(_l("Buka"), default=True)

    def offer(self, services: Iterable[Service]) -> None:
        """Fill the boxes with the services of the place."""
        self.services.choices = [(str(service.id), f"{service.letter} · {service.name}") for service in services]

    def validate_services(self, field: Checkboxes) -> None:
        if not field.data:
            raise ValidationError(_("Pilih sedikitnya satu layanan untuk loket ini."))


class PlaceAndDayForm(FlaskForm):
    """A date and the places it concerns."""

    date = DateField(_l("Tanggal"), [DataRequired(_l("Isi tanggal."))])
    location = SelectField(_l("Lokasi"), default="")

    def offer(self, locations: Iterable[Location], *, all_places: bool) -> None:
        """Fill the list; all places at once only for whoever is in charge of all."""
        everywhere = [("", _("Semua lokasi"))] if all_places else []
        self.location.choices = everywhere + [(str(place.id), place.name) for place in locations]

    def validate_date(self, field: DateField) -> None:
        if field.data and not today() <= field.data <= today() + timedelta(days=800):
            raise ValidationError(_("Pilih hari ini atau sesudahnya."))


class HolidayForm(PlaceAndDayForm):
    """A day off."""

    name = StringField(_l("Nama hari libur"), [DataRequired(_l("Isi nama hari libur.")), Length(3, 160)])


class ImportForm(FlaskForm):
    """National days off of a year."""

    year = SelectField(_l("Tahun"), coerce=int)
    joint_leave = BooleanField(_l("Cuti bersama juga"), default=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.year.choices = [(year, str(year)) for year in listed_years()]


class ClosureForm(FlaskForm):
    """A sudden closing of a day; whole places and single services stand in one list."""

    date = DateField(_l("Tanggal"), [DataRequired(_l("Isi tanggal."))])
    what = SelectField(_l("Yang ditutup"))
    reason = StringField(
        _l("Alasan"), [DataRequired(_l("Isi alasan; warga membacanya pada tiket.")), Length(5, 300)],
        description=_l("Misalnya: jaringan pusat terputus. Warga membacanya pada tiket."),
    )  # fmt: skip
    sure = BooleanField(
        _l("Ya, nomor yang sudah dipesan pada hari itu dibatalkan"),
        [InputRequired(_l("Beri tanda bila Anda yakin."))],
    )

    def offer(self, locations: Iterable[Location]) -> None:
        """Fill the list with each place and its services."""
        self.what.choices = [
            choice
            for place in locations
            for choice in [
                (f"{place.id}:", _("%(place)s (seluruhnya)", place=place.name)),
                *(
                    (f"{place.id}:{service.id}", f"{place.name}: {service.name}")
                    for service in place.services
                    if service.open
                ),
            ]
        ]


def date_or_none(text: str | None) -> date | None:
    """A date of an address or a filter, None when it is none."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
