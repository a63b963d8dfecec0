"""The forms of days off: one day, and the list of a year."""

from __future__ import annotations

from datetime import date

from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from lumbung.web.i18n import core_domain
from lumbung.web.refusals import words_of
from lumbung.working_days.national import JOINT, LOCAL, NATIONAL
from lumbung.working_days.services import FIRST_YEAR, LAST_YEAR, LONGEST_NAME, CalendarError

_ = core_domain.lazy_gettext

LONGEST_LIST = 20_000


class _Refusable(FlaskForm):
    def show(self, refusal: CalendarError) -> None:
        """Show what the services refused at its field."""
        field = self._fields.get(refusal.field) or next(iter(self._fields.values()))
        field.errors = [words_of(refusal)]


class HolidayForm(_Refusable):
    """A day off: when, what it is called, whose it is."""

    day = DateField(_("Tanggal"), validators=[InputRequired(_("Pilih tanggalnya."))])
    name = StringField(
        _("Nama"),
        description=_("Misalnya: Hari Jadi Kabupaten Sumbawa."),
        validators=[
            InputRequired(_("Tulis namanya.")),
            Length(2, LONGEST_NAME, _("Nama hari libur berisi 2 sampai 120 huruf.")),
        ],
    )
    kind = RadioField(
        _("Jenis"),
        choices=[
            SelectChoice(LOCAL, _("Libur daerah")),
            SelectChoice(NATIONAL, _("Libur nasional")),
            SelectChoice(JOINT, _("Cuti bersama")),
        ],
        default=LOCAL,
        validators=[InputRequired(_("Pilih salah satu."))],
    )

    def of(self, day: date) -> HolidayForm:
        """Change the day at hand: its date stays."""
        del self.day
        self._day = day
        return self

    @property
    def chosen(self) -> date:
        """The date, once the form was checked."""
        day: date | None = self.day.data
        assert day is not None  # noqa: S101  (the field is required)
        return day


class HolidayListForm(_Refusable):
    """The days off of a year, one a line."""

    year = IntegerField(
        _("Tahun"),
        validators=[
            InputRequired(_("Tulis tahunnya.")),
            NumberRange(FIRST_YEAR, LAST_YEAR, _("Tahun antara 2000 dan 2100.")),
        ],
    )
    lines = TextAreaField(
        _("Daftar hari libur"),
        description=_("Satu hari satu baris: tanggal; nama. Boleh disalin dari lembar kerja."),
        validators=[
            InputRequired(_("Tulis atau tempelkan daftarnya.")),
            Length(max=LONGEST_LIST, message=_("Daftar paling panjang 20.000 huruf.")),
        ],
    )
