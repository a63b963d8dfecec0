"""The form of an announcement. Its times are those of the tenant's clock; the database keeps moments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import (
    DateTimeLocalField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, Optional

from lumbung.admin.forms import unit_choices
from lumbung.announcements.models import WEIGHTS, Announcement
from lumbung.announcements.services import Content
from lumbung.clock import utc_now
from lumbung.context import current_tenant
from lumbung.tenancy.models import Unit
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext

LONGEST_TITLE, LONGEST_TEXT = 120, 8000
YEARS = range(2000, 2101)
TOGETHER = _("Isi judul dan isi dalam bahasa Inggris keduanya, atau kosongkan keduanya.")


class LocalTime(DateTimeLocalField):
    """A date and time of day, as the browser's own field sends it. What cannot be read is kept and named."""

    data: datetime | None

    def __init__(self, label: Any, **given: Any) -> None:
        super().__init__(label, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **given)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was sent; raise `ValueError` with a sentence for the page."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(str(_("Tulis tanggal dan jam, misalnya 24-11-2026 pukul 08.00."))) from None
        if self.data is not None and self.data.year not in YEARS:
            self.data = None
            raise ValueError(str(_("Pilih tahun antara 2000 dan 2100.")))


class AnnouncementForm(FlaskForm):
    """What is told, in one language or two, how loudly, from when until when."""

    title = StringField(
        _("Judul"),
        description=_("Satu kalimat pendek; tampil di beranda."),
        validators=[
            InputRequired(_("Tulis judulnya.")),
            Length(3, LONGEST_TITLE, _("Judul berisi 3 sampai 120 huruf.")),
        ],
    )
    text = TextAreaField(
        _("Isi"),
        description=_(
            "Baris kosong memulai paragraf baru. Baris yang diawali tanda - menjadi daftar. Alamat web menjadi tautan."
        ),
        validators=[
            InputRequired(_("Tulis isinya.")),
            Length(max=LONGEST_TEXT, message=_("Isi paling panjang 8.000 huruf.")),
        ],
    )
    title_en = StringField(
        _("Judul dalam bahasa Inggris"),
        validators=[Optional(), Length(3, LONGEST_TITLE, _("Judul berisi 3 sampai 120 huruf."))],
    )
    text_en = TextAreaField(
        _("Isi dalam bahasa Inggris"),
        validators=[Optional(), Length(max=LONGEST_TEXT, message=_("Isi paling panjang 8.000 huruf."))],
    )
    weight = RadioField(
        _("Seberapa penting"),
        choices=[
            SelectChoice("plain", _("Biasa: tampil dalam daftar pengumuman")),
            SelectChoice("important", _("Penting: tampil paling atas di beranda")),
            SelectChoice("urgent", _("Darurat: pita merah di atas semua halaman warga")),
        ],
        default="plain",
        validators=[InputRequired(_("Pilih salah satu."))],
    )
    unit = SelectField(
        _("Dari"),
        description=_("Boleh kosong: pengumuman atas nama pemerintah daerah."),
        coerce=str,
    )
    shown_from = LocalTime(
        _("Mulai tampil"),
        description=_("Kosong: begitu diterbitkan."),
        validators=[Optional()],
    )
    shown_until = LocalTime(
        _("Selesai tampil"),
        description=_("Kosong: sampai Anda mengakhirinya."),
        validators=[Optional()],
    )

    def of(self, row: Announcement) -> AnnouncementForm:
        """Remember the moments of the announcement at hand: the field knows minutes, the database seconds."""
        self._moments = {"shown_from": row.shown_from, "shown_until": row.shown_until}
        return self

    def offer(self, units: Iterable[tuple[int, Unit]]) -> AnnouncementForm:
        """Fill in from whom it may be."""
        self.unit.choices = [SelectChoice("", current_tenant().name), *unit_choices(units)]
        return self

    def validate_shown_until(self, field: LocalTime) -> None:
        """Refuse an end before the beginning, or one that is past."""
        begin, end = self._moment(self.shown_from), self._moment(field)
        if begin and end and end <= begin:
            raise ValidationError(core_domain.gettext("Selesainya harus sesudah mulainya."))
        if end and end <= utc_now() and field.data != field.object_data:
            raise ValidationError(
                core_domain.gettext("Waktu ini sudah lewat. Untuk berhenti menampilkannya, pakai tombol Akhiri.")
            )

    def validate(self, extra_validators: Any = None) -> bool:
        """Title and text of the second language come together; an empty field would skip its own check."""
        sound: bool = super().validate(extra_validators)
        if bool(self.title_en.data) != bool(self.text_en.data):
            missing = self.text_en if self.title_en.data else self.title_en
            missing.errors = [TOGETHER]
            return False
        return sound

    def content(self) -> Content:
        """Return what was typed, ready for the services."""
        assert self.weight.data in WEIGHTS  # noqa: S101  (the field has checked)
        return Content(
            title={"id": _one_line(self.title.data), "en": _one_line(self.title_en.data)},
            text={"id": _lines(self.text.data), "en": _lines(self.text_en.data)},
            weight=self.weight.data,
            shown_from=self._moment(self.shown_from),
            shown_until=self._moment(self.shown_until),
            unit_id=UUID(self.unit.data) if self.unit.data else None,
        )

    def _moment(self, field: LocalTime) -> datetime | None:
        if field.data is None:
            return None
        if field.data == field.object_data:
            return self._moments[field.short_name]
        return field.data.replace(tzinfo=_zone()).astimezone(UTC)


def values_of(row: Announcement) -> dict[str, Any]:
    """Return an announcement as the form shows it."""
    return {
        "title": row.title["id"],
        "text": row.text["id"],
        "title_en": row.title.get("en", ""),
        "text_en": row.text.get("en", ""),
        "weight": row.weight,
        "unit": str(row.unit_id or ""),
        "shown_from": _clock_time(row.shown_from),
        "shown_until": _clock_time(row.shown_until),
    }


def _clock_time(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(_zone()).replace(tzinfo=None, second=0, microsecond=0)


def _zone() -> ZoneInfo:
    return ZoneInfo(current_tenant().time_zone)


def _one_line(typed: str | None) -> str:
    return " ".join((typed or "").split())


def _lines(typed: str | None) -> str:
    return (typed or "").replace("\r\n", "\n").strip()
