"""The forms of invitations and of handing over a post."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from lumbung.admin.forms import Checkboxes, unit_choices
from lumbung.identity.hand_over import NOTE
from lumbung.identity.invitations import Invitee
from lumbung.identity.models import CONTRIBUTOR, SERVANT, Grant
from lumbung.tenancy.models import Unit
from lumbung.web.i18n import core_domain
from lumbung.web.role_titles import RoleTitle

_ = core_domain.lazy_gettext

NO_ADDRESS = _("Ini bukan alamat surel. Contoh: nama@contoh.id")


class InvitationForm(FlaskForm):
    """Who is invited, and as what."""

    name = StringField(
        _("Nama lengkap"),
        validators=[InputRequired(_("Tulis nama lengkapnya.")), Length(2, 120, _("Nama berisi 2 sampai 120 huruf."))],
    )
    email = EmailField(
        _("Alamat surel"),
        description=_("Dipakai orang ini untuk masuk."),
        validators=[InputRequired(_("Tulis alamat surelnya.")), Length(max=254, message=NO_ADDRESS)],
    )
    kind = RadioField(
        _("Siapa orang ini?"),
        choices=[
            SelectChoice(SERVANT, _("Pegawai pemerintah daerah")),
            SelectChoice(CONTRIBUTOR, _("Kontributor dari daerah mitra")),
        ],
        default=SERVANT,
    )
    organisation = StringField(
        _("Asal"),
        description=_("Khusus kontributor. Kota atau lembaga asalnya, misalnya Kota Bandung."),
        validators=[Optional(), Length(max=160, message=_("Asal paling panjang 160 huruf."))],
    )
    position = StringField(
        _("Jabatan"),
        description=_("Boleh kosong. Misalnya Kepala Seksi Pelayanan."),
        validators=[Optional(), Length(max=160, message=_("Jabatan paling panjang 160 huruf."))],
    )
    unit = SelectField(_("Unit kerja"), description=_("Boleh kosong. Tempat bekerjanya."), coerce=str)
    roles = Checkboxes(
        _("Peran yang diberikan"),
        description=_("Diberikan saat undangan diterima. Yang tampil ialah peran yang boleh Anda berikan."),
    )
    role_unit = SelectField(
        _("Peran berlaku di"),
        description=_("Peran di sebuah perangkat daerah berlaku juga di unit di bawahnya."),
        coerce=str,
    )

    def offer(self, roles: Iterable[RoleTitle], units: Iterable[tuple[int, Unit]]) -> InvitationForm:
        """Fill in what may be chosen."""
        known, tree = list(roles), list(units)
        self.roles.choices = [(one.role, f"{one.title} ({one.of})" if one.of else one.title) for one in known]
        self.unit.choices = [SelectChoice("", str(_("Belum ditentukan"))), *unit_choices(tree)]
        self.role_unit.choices = [SelectChoice("", str(_("Seluruh daerah"))), *unit_choices(tree)]
        self._tenant_wide = {one.role for one in known if one.tenant_wide}
        return self

    def validate_role_unit(self, field: SelectField) -> None:
        """Refuse a single unit for what an administrator opens."""
        if field.data and self._tenant_wide & set(self.roles.data or []):
            raise ValidationError(_("Salah satu peran ini hanya dapat diberikan untuk seluruh daerah."))

    def validate(self, extra_validators: object = None) -> bool:
        """A contributor comes from somewhere; an empty field would skip its own check."""
        sound: bool = super().validate(extra_validators)
        if self.kind.data == CONTRIBUTOR and not (self.organisation.data or "").strip():
            self.organisation.errors = [_("Tulis kota atau lembaga asalnya.")]
            return False
        return sound

    def invitee(self, successor_of: UUID | None) -> Invitee:
        """Return who is invited. Raises `LumbungError` for what is no address."""
        return Invitee(
            email=self.email.data or "",
            name=self.name.data or "",
            kind=self.kind.data,
            organisation=self.organisation.data or "",
            position=self.position.data or "",
            unit_id=UUID(self.unit.data) if self.unit.data else None,
            roles=self.roles.data or [],
            role_unit=UUID(self.role_unit.data) if self.role_unit.data else None,
            successor_of=successor_of,
        )


class HandOverForm(FlaskForm):
    """Whose post goes to whom."""

    receiver = EmailField(
        _("Alamat surel penerus"),
        description=_("Akun yang sudah ada di daerah ini. Belum punya akun? Undang dulu."),
        validators=[InputRequired(_("Tulis alamat surel penerusnya.")), Length(max=254, message=NO_ADDRESS)],
    )
    grants = Checkboxes(
        _("Peran yang diserahkan"),
        validators=[InputRequired(_("Pilih sedikitnya satu peran."))],
    )
    note = TextAreaField(
        _("Catatan"),
        description=_("Boleh kosong. Misalnya nomor surat keputusan. Tampil di berita acara."),
        validators=[Optional(), Length(max=NOTE, message=_("Catatan paling panjang 500 huruf."))],
        render_kw={"rows": 2},
    )
    close = BooleanField(
        _("Nonaktifkan akun yang menyerahkan"),
        description=_("Untuk orang yang pindah atau pensiun. Akunnya dapat diaktifkan lagi."),
    )

    def offer(self, grants: Iterable[tuple[Grant, str]]) -> HandOverForm:
        """Fill in what may be handed over, all of it chosen at first."""
        self.grants.choices = [(str(grant.id), title) for grant, title in grants]
        if not self.is_submitted():
            self.grants.data = [value for value, _title in self.grants.choices]
        return self
