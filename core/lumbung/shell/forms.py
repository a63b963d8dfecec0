"""The forms of the style guide. They are checked for real, and nothing of them is kept."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    FileField,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    MultipleFileField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from lumbung.identity.people import PHONE
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext


class GuestForm(FlaskForm):
    """A form as a plugin would write it."""

    name = StringField(
        _("Nama lengkap"),
        [InputRequired(_("Tulis nama lengkap Anda.")), Length(2, 120, _("Nama berisi 2 sampai 120 huruf."))],
        description=_("Seperti di KTP."),
    )
    phone = TelField(
        _("Nomor ponsel"),
        [Optional(), Regexp(PHONE, message=_("Contoh: 0812 3456 7890"))],
        description=_("Boleh kosong."),
    )
    people = IntegerField(
        _("Rombongan"), [InputRequired(_("Tulis berapa orang.")), NumberRange(1, 20, _("Isi 1 sampai 20 orang."))]
    )
    service = SelectField(
        _("Layanan"),
        [InputRequired(_("Pilih layanannya."))],
        choices=[
            SelectChoice("", _("Pilih layanan")),
            SelectChoice("ktp", "KTP-el"),
            SelectChoice("akta", _("Akta kelahiran")),
        ],
    )
    agree = BooleanField(
        _("Data saya boleh dipakai untuk layanan ini"), [InputRequired(_("Beri tanda bila Anda setuju."))]
    )


class HoursForm(Form):
    """Two fields that belong together."""

    opens = TimeField(_("Buka"))
    closes = TimeField(_("Tutup"))


class KindsForm(FlaskForm):
    """One field of each kind."""

    code = StringField(_("Teks"), description=_("Petunjuk berdiri di antara nama dan isian."))
    secret = PasswordField(_("Kata sandi"))
    day = DateField(_("Tanggal"))
    amount = IntegerField(_("Angka"))
    note = TextAreaField(_("Catatan"))
    group = RadioField(
        _("Satu dari beberapa"), choices=[SelectChoice("u", _("Umum")), SelectChoice("l", _("Lansia"))], default="u"
    )
    days = SelectMultipleField(
        _("Beberapa sekaligus"),
        choices=[SelectChoice("1", _("Senin")), SelectChoice("2", _("Selasa"))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    urgent = BooleanField(_("Ya atau tidak"))
    letter = FileField(_("Satu berkas"))
    hours = FormField(HoursForm, _("Isian berpasangan"))
    phones = FieldList(StringField(_("Nomor telepon")), _("Isian berulang"), min_entries=1)


class UploadForm(FlaskForm):
    """Files."""

    photos = MultipleFileField(_("Berkas pendukung"), description=_("KTP dan kartu keluarga."))
    spot = FileField(_("Foto di tempat"))


class PlaceForm(FlaskForm):
    """A place."""

    latitude = DecimalField(
        _("Lintang"),
        [
            InputRequired(_("Taruh penanda di peta, atau tulis lintangnya.")),
            NumberRange(-90, 90, _("Lintang −90 sampai 90.")),
        ],
        places=6,
    )
    longitude = DecimalField(
        _("Bujur"),
        [
            InputRequired(_("Taruh penanda di peta, atau tulis bujurnya.")),
            NumberRange(-180, 180, _("Bujur −180 sampai 180.")),
        ],
        places=6,
    )
    accuracy = HiddenField()
