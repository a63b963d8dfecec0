"""The forms of the desk. What only the database knows is checked by the services."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    ColorField,
    DateField,
    EmailField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from lumbung.context import current_tenant
from lumbung.identity.employment import LONGEST_POSITION
from lumbung.identity.models import CITIZEN, CONTRIBUTOR, SERVANT, PersonRow
from lumbung.identity.nip import formatted
from lumbung.identity.people import PHONE
from lumbung.identity.role_ends import end_of_day
from lumbung.tenancy.colours import HOUSE
from lumbung.tenancy.models import Unit
from lumbung.tenancy.services import TenancyError
from lumbung.web.i18n import core_domain
from lumbung.web.role_titles import RoleTitle

_ = core_domain.lazy_gettext

LAST_YEAR = 2100
TIME_ZONES = ("Asia/Makassar", "Asia/Jakarta", "Asia/Jayapura")
HOST = re.compile(r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$")
UNKNOWN_REGION = _("Tidak ada wilayah dengan kode ini. Contoh: 52.04 untuk Kabupaten Sumbawa.")


class Checkboxes(SelectMultipleField):
    """Several choices, each with its own box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class WheelForm(FlaskForm):
    """A plugin's package."""

    wheel = FileField(
        _("Berkas aplikasi (.whl)"),
        description=_("Paket yang diserahkan daerah pemberi. Isinya diperiksa dulu, tanpa dijalankan."),
        validators=[FileRequired(message=_("Pilih berkas .whl."))],
    )


class AccountForm(FlaskForm):
    """Who an account is of, and how they are reached."""

    name = StringField(
        _("Nama lengkap"),
        validators=[
            InputRequired(_("Tulis nama lengkapnya.")),
            Length(2, 120, _("Nama berisi 2 sampai 120 huruf.")),
        ],
    )
    email = EmailField(
        _("Alamat surel"),
        description=_("Dipakai untuk masuk. Satu alamat untuk satu akun."),
        validators=[
            InputRequired(_("Tulis alamat surelnya.")),
            Length(max=254, message=_("Ini bukan alamat surel. Contoh: nama@contoh.id")),
        ],
    )
    phone = TelField(
        _("Nomor ponsel"),
        description=_("Boleh kosong."),
        validators=[Optional(), Regexp(PHONE, message=_("Contoh: 0812 3456 7890"))],
    )


class PersonForm(AccountForm):
    """An account with what is known of the person's work."""

    kind = RadioField(
        _("Siapa orang ini?"),
        choices=[
            SelectChoice(SERVANT, _("Pegawai pemerintah daerah")),
            SelectChoice(CONTRIBUTOR, _("Kontributor dari daerah mitra")),
            SelectChoice(CITIZEN, _("Warga")),
        ],
        default=SERVANT,
    )
    nip = StringField(
        _("NIP"),
        description=_("Khusus pegawai. 18 angka; boleh kosong, misalnya untuk pegawai honorer."),
        validators=[Optional(), Length(max=60, message=_("NIP terdiri atas 18 angka."))],
    )
    position = StringField(
        _("Jabatan"),
        description=_("Khusus pegawai. Misalnya Operator Layanan Operasional."),
        validators=[Optional(), Length(max=LONGEST_POSITION, message=_("Jabatan paling panjang 160 huruf."))],
    )
    unit_id = SelectField(
        _("Unit kerja"),
        description=_("Khusus pegawai. Tempat bekerjanya; peran diberikan tersendiri."),
        coerce=str,
        validators=[Optional()],
    )

    def offer(self, units: Iterable[tuple[int, Unit]], row: PersonRow | None = None) -> PersonForm:
        """Fill in the units, and what is known of somebody who is there already."""
        self.unit_id.choices = [SelectChoice("", str(_("Belum ditentukan"))), *unit_choices(units)]
        if row is not None and not self.is_submitted():
            self.unit_id.data = str(row.unit_id or "")
            self.nip.data = formatted(row.nip)
            if row.kind == CITIZEN and (row.grants or row.operator):
                self.kind.data = SERVANT
        return self


class GrantForm(FlaskForm):
    """A role for a person."""

    role = SelectField(_("Peran"), validators=[InputRequired(_("Pilih peran."))])
    unit = SelectField(
        _("Berlaku di"),
        description=_("Peran di sebuah perangkat daerah berlaku juga di unit di bawahnya."),
        coerce=str,
    )
    until = DateField(
        _("Berlaku sampai"),
        description=_("Boleh kosong. Sampai akhir hari itu; sesudahnya peran berakhir sendiri."),
        validators=[Optional()],
    )

    def offer(self, roles: Iterable[RoleTitle], units: Iterable[tuple[int, Unit]]) -> GrantForm:
        """Fill in what may be chosen."""
        known = list(roles)
        self.role.choices = [
            SelectChoice("", str(_("Pilih peran"))),
            *(SelectChoice(role.role, role.title, optgroup=role.of or str(_("Umum"))) for role in known),
        ]
        self.unit.choices = [SelectChoice("", str(_("Seluruh daerah"))), *unit_choices(units)]
        self._tenant_wide = {role.role for role in known if role.tenant_wide}
        return self

    def validate_unit(self, field: SelectField) -> None:
        """Refuse an administrator of a single unit: what an administrator opens is the whole tenant's."""
        if field.data and self.role.data in self._tenant_wide:
            raise ValidationError(_("Peran ini hanya dapat diberikan untuk seluruh daerah."))

    def validate_until(self, field: DateField) -> None:
        """Refuse a day that is past, or one that no calendar here reaches."""
        if field.data is None:
            return  # what was typed is no date: the field has said so
        if field.data < current_tenant().today():
            raise ValidationError(_("Hari ini sudah lewat. Pilih hari ini atau sesudahnya."))
        if field.data.year > LAST_YEAR:
            raise ValidationError(_("Pilih tahun sampai 2100."))

    def ends(self) -> datetime | None:
        """Return the moment at which the role ends, None for one that does not."""
        return end_of_day(self.until.data, current_tenant().time_zone) if self.until.data else None


class UnitForm(FlaskForm):
    """A unit (OPD)."""

    name = StringField(
        _("Nama"),
        validators=[InputRequired(_("Tulis namanya.")), Length(2, 160, _("Nama berisi 2 sampai 160 huruf."))],
    )
    code = StringField(
        _("Kode"),
        description=_("Pendek dan tetap, misalnya DISKOMINFOTIK. Dipakai di rekap dan perintah."),
        validators=[
            InputRequired(_("Tulis kodenya.")),
            Regexp(
                r"^\s*[A-Za-z0-9][A-Za-z0-9._-]{0,39}\s*$",
                message=_("Kode berisi huruf, angka, titik, dan tanda hubung; paling panjang 40."),
            ),
        ],
    )
    parent = SelectField(_("Di bawah"), coerce=str)
    region_code = StringField(
        _("Kode wilayah"),
        description=_("Boleh kosong. Kode Kemendagri, misalnya 52.04.05 untuk sebuah kecamatan."),
        validators=[Optional(), Length(max=13, message=UNKNOWN_REGION)],
    )
    address = TextAreaField(
        _("Alamat kantor"),
        description=_("Boleh kosong. Tampil di halaman warga."),
        validators=[Optional(), Length(max=500, message=_("Alamat paling panjang 500 huruf."))],
        render_kw={"rows": 2},
    )

    def offer(self, units: Iterable[tuple[int, Unit]], besides: UUID | None = None) -> UnitForm:
        """Fill in below what the unit may stand."""
        top = SelectChoice("", str(_("Tidak ada, langsung di bawah pemerintah daerah")))
        self.parent.choices = [top, *unit_choices(units, besides)]
        return self


class IdentityForm(FlaskForm):
    """What a tenant's administrator decides about the tenant."""

    name = StringField(
        _("Nama resmi"),
        validators=[InputRequired(_("Tulis nama resminya.")), Length(3, 120, _("Nama berisi 3 sampai 120 huruf."))],
    )
    time_zone = SelectField(
        _("Zona waktu"),
        choices=[
            SelectChoice("Asia/Jakarta", _("WIB (Asia/Jakarta)")),
            SelectChoice("Asia/Makassar", _("WITA (Asia/Makassar)")),
            SelectChoice("Asia/Jayapura", _("WIT (Asia/Jayapura)")),
        ],
        default="Asia/Makassar",
    )
    first_language = SelectField(
        _("Bahasa utama"),
        description=_("Bahasa yang dilihat warga sebelum mereka memilih sendiri."),
        choices=[SelectChoice("id", "Bahasa Indonesia"), SelectChoice("en", "English")],
        default="id",
    )
    languages = Checkboxes(
        _("Bahasa yang ditawarkan"),
        choices=[SelectChoice("id", "Bahasa Indonesia"), SelectChoice("en", "English")],
        default=["id", "en"],
    )

    def chosen_languages(self) -> list[str]:
        """Return the languages, the main one first."""
        first = self.first_language.data or "id"
        return [first, *(code for code in self.languages.data or [] if code != first)]

    def keep_time_zone(self, current: str) -> None:
        """Offer the zone the tenant has now, should it be another than the three of Indonesia."""
        if current not in TIME_ZONES:
            self.time_zone.choices = [*self.time_zone.choices, SelectChoice(current, current)]


class LogoForm(FlaskForm):
    """The tenant's logo."""

    logo = FileField(
        _("Gambar"),
        description=_("PNG, JPEG, WebP, atau GIF; paling besar 5 MB. Dikecilkan menjadi 256 piksel."),
        validators=[FileRequired(message=_("Pilih gambarnya."))],
    )


class ColourForm(FlaskForm):
    """The tenant's own colour; whether it can be read, the service measures."""

    colour = ColorField(
        _("Warna utama"),
        description=_("Untuk tombol, tautan, dan tanda. Harus cukup gelap untuk dibaca di atas putih."),
        validators=[Optional(), Length(max=7, message=_("Ini bukan warna. Contoh: #1B6E43."))],
    )
    nearest: str | None = None  # the one that can be read, after a refusal

    @classmethod
    def showing(cls, colour: str | None) -> ColourForm:
        """Return the form with the colour in use."""
        return cls(formdata=None, colour=colour or HOUSE)


class TenantForm(IdentityForm):
    """What the operator decides about a tenant."""

    hosts = TextAreaField(
        _("Nama host"),
        description=_("Satu per baris, tanpa http:// dan tanpa nomor port. Yang pertama adalah alamat resmi."),
        validators=[InputRequired(_("Tulis sedikitnya satu nama host."))],
        render_kw={"rows": 3, "spellcheck": "false", "autocapitalize": "off"},
    )
    region_code = StringField(
        _("Kode wilayah"),
        description=_("Kode Kemendagri, misalnya 52.04 untuk Kabupaten Sumbawa."),
        validators=[Optional(), Length(max=13, message=UNKNOWN_REGION)],
    )

    def host_lines(self) -> list[str]:
        """Return the host names, one each."""
        return [line.strip().lower() for line in (self.hosts.data or "").splitlines() if line.strip()]

    def validate_hosts(self, field: TextAreaField) -> None:
        """Name the first line that is no host name."""
        for host in self.host_lines():
            if not HOST.match(host):
                raise ValidationError(core_domain.gettext("“%(host)s” bukan nama host.", host=host[:80]))


class NewTenantForm(TenantForm):
    """A tenant with, if wished, its first administrator."""

    slug = StringField(
        _("Nama singkat"),
        description=_("Huruf kecil, angka, dan tanda hubung, misalnya sumbawa. Tidak dapat diubah lagi."),
        validators=[
            InputRequired(_("Tulis nama singkatnya.")),
            Regexp(
                r"^[a-z][a-z0-9-]{1,39}$",
                message=_("Pakai huruf kecil, angka, dan tanda hubung; diawali huruf, 2 sampai 40 huruf."),
            ),
        ],
    )
    admin_name = StringField(
        _("Nama administrator"),
        validators=[Optional(), Length(2, 120, _("Nama berisi 2 sampai 120 huruf."))],
    )
    admin_email = EmailField(
        _("Alamat surel administrator"),
        description=_("Boleh kosong sekarang. Kata sandinya dibuat dan ditampilkan sekali."),
        validators=[Optional(), Length(max=254, message=_("Ini bukan alamat surel. Contoh: nama@contoh.id"))],
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """A name and an address come together; an empty field would skip its own check."""
        sound: bool = super().validate(extra_validators)
        if bool(self.admin_name.data) != bool(self.admin_email.data):
            missing = self.admin_email if self.admin_name.data else self.admin_name
            missing.errors = [_("Isi nama dan alamat surel keduanya, atau kosongkan keduanya.")]
            return False
        return sound


class ConfirmForm(FlaskForm):
    """The name of the thing, typed, before it is taken away."""

    konfirmasi = StringField()

    def names(self, title: str) -> bool:
        """Whether what was typed is this title; capitals and spaces do not matter."""
        return _squeeze(self.konfirmasi.data or "") == _squeeze(title)


def show_refusal(form: FlaskForm, error: TenancyError, words: str) -> None:
    """Put a service's refusal beside the field it names, or on top when the form has no such field."""
    field: Any = getattr(form, error.field, None)
    if field is None:
        form.form_errors.append(words)
    else:
        field.errors = [words]


def unit_choices(units: Iterable[tuple[int, Unit]], besides: UUID | None = None) -> list[SelectChoice]:
    """Return units for a select, indented by their depth; ``besides`` and all below it are left out."""
    choices: list[SelectChoice] = []
    hidden_below: int | None = None
    for depth, unit in units:
        if hidden_below is not None and depth > hidden_below:
            continue
        hidden_below = depth if unit.id == besides else None
        if hidden_below is None:
            choices.append(SelectChoice(str(unit.id), "\N{EM SPACE}" * depth + unit.name))
    return choices


def _squeeze(text: str) -> str:
    return " ".join(text.split()).casefold()
