"""What a citizen types: the report itself, what they add to it, what they think of the work, how to find it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DecimalField,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from lumbung.sdk import DomainError, Picture, Region, current_tenant, districts, read_picture, villages

from ..models import LONGEST_TEXT, Category
from ..rules import kinds
from ..rules.contacts import checked_email, checked_phone, tidy_number
from ..services.reporting import LONGEST_NAME
from ..words import _, _l

MOST_PHOTOS = 4
ONLY_PICTURES = {"accept": "image/*"}


class Degrees(DecimalField):
    """A number of degrees, with a comma or a point."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        try:
            super().process_formdata([text.strip().replace(",", ".") for text in valuelist if text.strip()])
        except ValueError:
            raise ValueError(_("Tulis derajat sebagai angka, misalnya -8,4936.")) from None


class PhotoForm(FlaskForm):
    """Photos that are sent along, read once."""

    photos = MultipleFileField(_l("Foto"), render_kw=ONLY_PICTURES)
    pictures: list[Picture]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pictures = []

    def validate_photos(self, field: MultipleFileField) -> None:
        """Read each photo; one that cannot be read is named."""
        files = [file for file in field.data or [] if getattr(file, "filename", "")]
        if len(files) > MOST_PHOTOS:
            raise ValidationError(_("Paling banyak %(most)s foto sekali kirim.", most=MOST_PHOTOS))
        self.pictures = []
        for file in files:
            try:
                self.pictures.append(read_picture(file.stream))
            except DomainError as refusal:
                name = str(file.filename)[-60:]
                raise ValidationError(_("%(file)s: %(why)s", file=name, why=str(refusal))) from None


class ReportForm(PhotoForm):
    """A report of damage. The questions of the categories are no fields of it: `given_answers` reads them."""

    category = RadioField(
        _l("Apa yang rusak?"),
        [InputRequired(_l("Pilih apa yang rusak."))],
        validate_choice=False,
    )
    lat = Degrees(_l("Lintang"), places=None)
    lon = Degrees(_l("Bujur"), places=None)
    accuracy = HiddenField()
    village = SelectField(_l("Desa atau kelurahan"), [Optional()], default="", validate_choice=False)
    address = StringField(
        _l("Patokan"),
        [Optional(), Length(max=300, message=_l("Patokan paling panjang 300 huruf."))],
        description=_l("Misalnya: depan pasar, seberang SD. Tidak perlu alamat rumah Anda."),
    )
    description = TextAreaField(
        _l("Keterangan"),
        [Length(max=LONGEST_TEXT, message=_l("Keterangan paling panjang 4.000 huruf."))],
        description=_l("Apa yang rusak dan apa bahayanya. Jangan tulis nama, nomor, atau pelat kendaraan orang."),
    )
    severity = RadioField(_l("Seberapa parah?"), default="sedang")
    name = StringField(_l("Nama"), [Optional(), Length(max=LONGEST_NAME, message=_l("Nama paling panjang 120 huruf."))])
    phone = StringField(_l("Nomor ponsel"), [Optional(), Length(max=30)])
    email = StringField(
        _l("Surel"),
        [Optional(), Length(max=254)],
        description=_l("Kami kirim tautan laporan Anda dan kabar setiap langkahnya."),
    )
    show_name = BooleanField(_l("Tampilkan nama saya pada laporan"))
    website = StringField()  # a trap: people do not see it
    key = HiddenField(name="kunci")  # a draft's own random key: sent twice it counts once
    anyway = HiddenField(name="tetap")

    def __init__(self, groups: Sequence[tuple[str, Sequence[Category]]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = groups
        self.categories = {one.code: one for _group, categories in groups for one in categories}
        self.category.choices = [(code, one.title) for code, one in self.categories.items()]
        self.severity.choices = kinds.choices(kinds.SEVERITIES)
        self.village.choices = []
        self.districts = district_villages()
        self.answer_errors: dict[str, str] = {}

    @property
    def chosen(self) -> Category | None:
        """The category that was chosen, None for none."""
        return self.categories.get(self.category.data or "")

    @property
    def spot(self) -> tuple[float, float] | None:
        """The place that was chosen on the map, else where a photo was taken; None for neither."""
        if self.lat.data is not None and self.lon.data is not None:
            return float(self.lat.data), float(self.lon.data)
        if self.village.data:
            return None
        taken = ((one.lat, one.lon) for one in self.pictures if one.lat is not None and one.lon is not None)
        return next(taken, None)

    def validate_category(self, field: RadioField) -> None:
        """Refuse a category that is none, or that is closed by now."""
        if field.data and field.data not in self.categories:
            raise ValidationError(_("Pilihan itu tidak ada lagi. Pilih yang lain."))

    def validate_lon(self, field: DecimalField) -> None:
        """Refuse half a place."""
        is_readable = not (field.process_errors or self.lat.process_errors)
        if is_readable and (field.data is None) != (self.lat.data is None):
            raise ValidationError(_("Isi lintang dan bujur keduanya, atau kosongkan keduanya."))

    def validate_description(self, field: TextAreaField) -> None:
        """A report without a photo needs words."""
        if not (field.data or "").strip() and not any(getattr(one, "filename", "") for one in self.photos.data or []):
            raise ValidationError(_("Ceritakan kerusakannya, atau sertakan foto."))

    def validate_phone(self, field: StringField) -> None:
        """Refuse what is no number."""
        _say(field, checked_phone)

    def validate_email(self, field: StringField) -> None:
        """Refuse what is no address."""
        _say(field, checked_email)

    def validate_website(self, field: StringField) -> None:
        """Refuse programs that fill in everything."""
        if field.data:
            raise ValidationError(_("Kosongkan isian ini; isian itu hanya untuk menolak program."))


def given_answers(category: Category, form: Any = None) -> dict[str, str | list[str]]:
    """Return what was answered to a category's own questions; those of other categories stand beside them, unread."""
    sent = request.form if form is None else form
    given: dict[str, str | list[str]] = {}
    for question in category.questions:
        values = [text for text in sent.getlist(answer_name(category, question.code)) if text.strip()]
        if values:
            given[question.code] = values if question.datatype == "multivaluelist" else values[0]
    return given


def answer_name(category: Category, code: str) -> str:
    """The name of the field of a question."""
    return f"jawaban-{category.code}-{code}"


def district_villages() -> list[tuple[Region, Sequence[Region]]]:
    """The districts of the region, each with its villages."""
    region = current_tenant().region_code
    return [(district, villages(district.code)) for district in (districts(region) if region else ())]


class AddForm(PhotoForm):
    """What a reporter adds later."""

    text = TextAreaField(
        _l("Keterangan tambahan"),
        [Optional(), Length(max=1000, message=_l("Keterangan paling panjang 1.000 huruf."))],
    )


class RatingForm(FlaskForm):
    """How well it was done."""

    stars = RadioField(_l("Nilai"), [InputRequired(_l("Pilih 1 sampai 5 bintang."))])
    note = TextAreaField(
        _l("Catatan"),
        [Optional(), Length(max=1000, message=_l("Catatan paling panjang 1.000 huruf."))],
        description=_l("Boleh kosong. Dibaca petugas, tidak ditampilkan bagi umum."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stars.choices = [
            ("5", _("5 bintang: sangat baik")),
            ("4", _("4 bintang: baik")),
            ("3", _("3 bintang: cukup")),
            ("2", _("2 bintang: kurang")),
            ("1", _("1 bintang: buruk")),
        ]


class ReopenForm(FlaskForm):
    """What is not mended yet."""

    reason = TextAreaField(
        _l("Apa yang belum beres?"),
        [
            DataRequired(_l("Tulis apa yang belum beres.")),
            Length(max=1000, message=_l("Alasan paling panjang 1.000 huruf.")),
        ],
    )


class SupportForm(FlaskForm):
    """Saying "me too", with or without an address to be told at."""

    email = StringField(
        _l("Surel, bila ingin diberi kabar"),
        [Optional(), Length(max=254)],
        description=_l("Boleh kosong."),
    )

    def validate_email(self, field: StringField) -> None:
        """Refuse what is no address."""
        _say(field, checked_email)


class FindForm(FlaskForm):
    """Finding one's own report again."""

    number = StringField(
        _l("Nomor laporan"),
        [DataRequired(_l("Isi nomor laporan.")), Length(max=30)],
        description=_l("Seperti L26-000123."),
    )
    contact = StringField(
        _l("Nomor ponsel atau surel"),
        [DataRequired(_l("Isi nomor ponsel atau surel yang Anda tinggalkan.")), Length(max=254)],
        description=_l("Yang Anda isi saat melapor."),
    )

    def validate_number(self, field: StringField) -> None:
        """Refuse what cannot be a number."""
        if field.data and not tidy_number(field.data):
            raise ValidationError(_("Nomor laporan seperti L26-000123."))


def _say(field: StringField, check: Any) -> None:
    try:
        check(field.data or "")
    except DomainError as refusal:
        raise ValidationError(str(refusal)) from None
