"""What a manager types about keys and sources."""

from __future__ import annotations

from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from ..services.api_keys import MOST_PER_HOUR
from ..words import _l

_OFTEN = _l("Isi angka %(low)s sampai %(high)s.", low=1, high=MOST_PER_HOUR)


class KeyForm(FlaskForm):
    """A key for a program."""

    name = StringField(
        _l("Program"),
        [DataRequired(_l("Isi nama program atau pemiliknya.")), Length(max=120)],
        description=_l("Misalnya: Aplikasi Desa Seketeng."),
    )
    contact = StringField(
        _l("Kontak pembuatnya"),
        [Length(max=254)],
        description=_l("Surel atau nomor telepon, untuk dihubungi bila ada yang salah."),
    )
    per_hour = IntegerField(
        _l("Laporan paling banyak per jam"),
        [InputRequired(_OFTEN), NumberRange(1, MOST_PER_HOUR, _OFTEN)],
        default=60,
    )


class LimitForm(FlaskForm):
    """How often a key may be used."""

    per_hour = IntegerField(
        _l("Laporan paling banyak per jam"), [InputRequired(_OFTEN), NumberRange(1, MOST_PER_HOUR, _OFTEN)]
    )


class SourceForm(FlaskForm):
    """An endpoint of others."""

    name = StringField(_l("Nama sumber"), [DataRequired(_l("Isi nama sumber.")), Length(max=120)])
    url = StringField(
        _l("Alamat Open311"),
        [DataRequired(_l("Isi alamatnya.")), Length(max=500)],
        description=_l("Alamat dasar atau discovery-nya, misalnya https://contoh.go.id/open311/v2."),
    )
    jurisdiction_id = StringField(
        _l("jurisdiction_id"), [Length(max=120)], description=_l("Hanya bila server itu memintanya.")
    )
    category = SelectField(
        _l("Kategori bagi jenis yang tidak dipadankan"),
        default="",
        description=_l("Tanpa kategori, laporan jenis itu tidak diambil."),
    )

    @property
    def category_id(self) -> UUID | None:
        """The category that was chosen, None for none."""
        return UUID(self.category.data) if self.category.data else None


class MappingForm(FlaskForm):
    """Which category each of their services is; the selects themselves are written by the page."""

    open = BooleanField(_l("Ambil laporannya setiap jam"))
