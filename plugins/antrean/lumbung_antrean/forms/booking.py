"""What a citizen, or an officer for them, types to take and to find a number."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from lumbung.sdk import DomainError

from ..rules.lanes import PRIORITIES
from ..rules.visitors import Visitor, checked_nik, checked_phone, visitor
from ..words import _, _l


class VisitorForm(FlaskForm):
    """Who the number is for."""

    name = StringField(
        _l("Nama lengkap"),
        [DataRequired(_l("Isi nama lengkap.")), Length(3, 120, _l("Nama terdiri atas 3 sampai 120 huruf."))],
    )
    phone = StringField(
        _l("Nomor ponsel"),
        [Optional(), Length(max=30)],
        description=_l("Untuk menemukan tiket kembali dan diberi tahu bila hari itu ditutup."),
    )
    nik = StringField(
        _l("NIK"),
        [Optional(), Length(max=30)],
        description=_l("Boleh diisi sebagai pengganti nomor ponsel. Hanya empat angka terakhir yang disimpan."),
    )
    priority = RadioField(_l("Prioritas"), [Optional()], default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.priority.choices = [
            ("", _("Tidak ada")),
            *((key, str(title)) for key, title in PRIORITIES.items()),
        ]

    def validate_nik(self, field: StringField) -> None:
        _say(field, checked_nik)

    def validate_phone(self, field: StringField) -> None:
        _say(field, checked_phone)

    def visitor(self, person_id: Any = None) -> Visitor:
        """Who was typed in; raises `DomainError` when neither NIK nor phone was given."""
        return visitor(
            self.name.data or "",
            nik=self.nik.data or "",
            phone=self.phone.data or "",
            priority=self.priority.data or "",
            person_id=person_id,
        )


class BookingForm(VisitorForm):
    """A citizen's own booking."""

    consent = BooleanField(
        _l("Saya setuju data ini dipakai untuk antrean dan dihapus setelah 90 hari."),
        [InputRequired(_l("Beri tanda setuju supaya nomor dapat diambil."))],
    )


class StaffBookingForm(VisitorForm):
    """A booking by an officer: the hour is chosen on the same page."""

    slot = RadioField(_l("Jam"), [InputRequired(_l("Pilih jam."))])
    arrived = BooleanField(_l("Orangnya sudah di sini (langsung masuk antrean)"))


class FindForm(FlaskForm):
    """Finding a ticket again."""

    code = StringField(
        _l("Kode tiket"),
        [DataRequired(_l("Isi kode tiket.")), Length(max=120)],
        description=_l("Sepuluh huruf dan angka, seperti K7MPX-29QRT."),
    )
    phone = StringField(
        _l("Nomor ponsel"),
        [DataRequired(_l("Isi nomor ponsel yang dipakai saat mengambil nomor.")), Length(max=30)],
    )


class CodeForm(FlaskForm):
    """A booking code, typed or read by a scanner."""

    code = StringField(_l("Kode tiket"), [DataRequired(_l("Isi atau pindai kode tiket.")), Length(max=200)])


class KioskForm(FlaskForm):
    """What the kiosk asks: nothing but the lane."""

    priority = SelectField(_l("Prioritas"), [Optional()], default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.priority.choices = [("", _("Umum")), *((key, str(title)) for key, title in PRIORITIES.items())]


class ReasonForm(FlaskForm):
    """Why the office cancels a number."""

    reason = StringField(_l("Alasan"), [DataRequired(_l("Isi alasan; warga membacanya pada tiket.")), Length(5, 300)])


def _say(field: StringField, check: Any) -> None:
    try:
        check(field.data or "")
    except DomainError as refusal:
        raise ValidationError(str(refusal)) from None
