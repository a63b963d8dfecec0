"""What an officer types about assets: facts, findings, files, plans."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from lumbung.sdk import DomainError, current_person, current_tenant, districts, today, units

from ..models import Asset
from ..rules import kinds, shapes
from ..rules.asset_columns import FIELDS
from ..services.assets import ASSET
from ..words import _, _l

DEGREES = {"places": 6, "render_kw": {"inputmode": "decimal"}}


class CommaDecimalField(DecimalField):
    """A number with a decimal comma or point."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read 1.234,5 and 1234.5 alike; what is typed stays in the box when it is no number."""
        if valuelist and valuelist[0].strip():
            written = valuelist[0].strip().replace(" ", "")
            if "," in written:
                valuelist = [written.replace(".", "").replace(",", ".")]
        try:
            super().process_formdata([one.strip() for one in valuelist])
        except ValueError:
            raise ValueError(_("Tulis angka, misalnya 1250,5.")) from None


def my_units(*, none: bool = True) -> list[tuple[str, str]]:
    """The units for which one may keep assets; none at all only for whoever keeps those of the whole tenant."""
    person = current_person()
    mine = person.units_with(ASSET) if person else frozenset()
    found = [(str(unit.id), unit.name) for unit in units.all() if mine is None or unit.id in mine]
    return [("", _("Tanpa unit")), *found] if none and mine is None else found


def my_districts() -> list[tuple[str, str]]:
    """The districts of the tenant, with an empty choice."""
    region = current_tenant().region_code
    found = districts(region) if region else ()
    return [("", _("Dari letaknya")), *((one.code, one.name) for one in found)]


class AssetForm(FlaskForm):
    """One asset: its facts and where it is, a point on the map or a geometry that was pasted."""

    kind = SelectField(_l("Jenis"), [DataRequired(_l("Pilih jenis aset."))])
    code = StringField(
        _l("Kode atau nomor"),
        [DataRequired(_l("Isi kode atau nomor aset.")), Length(max=40, message=_l("Paling panjang 40 huruf."))],
        description=_l("Nomor resminya, misalnya nomor ruas pada SK atau nomor tiang lampu."),
    )
    name = StringField(
        _l("Nama"), [DataRequired(_l("Isi nama aset.")), Length(max=160, message=_l("Paling panjang 160 huruf."))]
    )
    owner = SelectField(_l("Pemilik (kewenangan)"), default=kinds.OURS)
    unit = SelectField(_l("Unit pengelola"), default="")
    road_class = StringField(
        _l("Kelas atau fungsi"), [Length(max=40)], description=_l("Misalnya Lokal atau Kelas III.")
    )
    length_m = CommaDecimalField(
        _l("Panjang"),
        [Optional(), NumberRange(0, 9_999_999, _l("Isi panjang dalam meter, nol atau lebih."))],
        places=2,
        description=_l("Kosongkan agar dihitung dari geometrinya."),
        render_kw={"inputmode": "decimal"},
    )
    built_year = IntegerField(_l("Tahun dibangun"), [Optional()])
    district = SelectField(
        _l("Kecamatan"), default="", description=_l("Dipakai bila letaknya tidak diketahui atau batas belum dimuat.")
    )
    lat = CommaDecimalField(_l("Lintang"), [Optional(), NumberRange(-90, 90, _l("Antara -90 dan 90."))], **DEGREES)
    lon = CommaDecimalField(_l("Bujur"), [Optional(), NumberRange(-180, 180, _l("Antara -180 dan 180."))], **DEGREES)
    geometry = TextAreaField(
        _l("Geometri (GeoJSON)"),
        description=_l("Untuk garis atau bidang. Bujur dulu, lalu lintang. Bila diisi, titik di peta tidak dipakai."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notes: list[Any] = []
        self.shape: dict[str, Any] | None = None
        self.kind.choices = kinds.choices(kinds.ASSET_KINDS)
        self.owner.choices = kinds.choices(kinds.AUTHORITIES)
        self.unit.choices = my_units()
        self.district.choices = my_districts()

    def validate_built_year(self, field: IntegerField) -> None:
        if field.data is not None and not 1800 <= field.data <= today().year + 1:
            raise ValidationError(_("Isi tahun antara 1800 dan %(year)s.", year=today().year + 1))

    def validate_geometry(self, field: TextAreaField) -> None:
        if not (field.data or "").strip():
            return
        try:
            self.shape, self.notes = shapes.read_pasted(field.data)
        except DomainError as refusal:
            raise ValidationError(str(refusal)) from None

    def validate(self, extra_validators: Any = None) -> bool:
        """Look at the two numbers of a place together too; an empty field alone is fine."""
        fine = bool(super().validate(extra_validators))
        for one, other in ((self.lat, self.lon), (self.lon, self.lat)):
            if one.data is None and other.data is not None and not one.errors:
                one.errors = [_("Isi lintang dan bujur, atau kosongkan keduanya.")]
                fine = False
        return fine

    def values(self, asset: Asset | None, old: dict[str, Any] | None) -> dict[str, Any]:
        """What `assets.save` takes. The geometry only when it changed: it is measured anew then."""
        values: dict[str, Any] = {
            "kind": self.kind.data,
            "code": " ".join((self.code.data or "").split()),
            "name": " ".join((self.name.data or "").split()),
            "owner": self.owner.data,
            "unit_id": _uuid(self.unit.data),
            "road_class": (self.road_class.data or "").strip(),
            "built_year": self.built_year.data,
        }
        geometry = self._geometry()
        if asset is None or geometry != old:
            values["geometry"] = geometry
        if geometry is None or self.district.data:
            values["district_code"] = self.district.data
        values["length_m"] = self._length(asset, old, geometry)
        if asset is not None and values.get("district_code", asset.district_code) != asset.district_code:
            values["village_code"] = ""
        return values

    def _length(
        self, asset: Asset | None, old: dict[str, Any] | None, geometry: dict[str, Any] | None
    ) -> Decimal | None:
        """The length typed, else that of the geometry; one that was measured before is measured again."""
        measured = shapes.measured(geometry).length_m if geometry else None
        if self.length_m.data is None:
            return measured
        length = Decimal(self.length_m.data).quantize(shapes.CENTIMETRE)
        untouched = asset is not None and asset.length_m == length
        if untouched and old and geometry != old and shapes.measured(old).length_m == length:
            return measured
        return length

    def _geometry(self) -> dict[str, Any] | None:
        if self.shape is not None:
            return self.shape
        if self.lat.data is None or self.lon.data is None:
            return None
        return {"type": "Point", "coordinates": [float(self.lon.data), float(self.lat.data)]}


class ReasonForm(FlaskForm):
    """Why something is taken out of use or given up."""

    reason = StringField(_l("Alasan"), [DataRequired(_l("Tulis alasannya.")), Length(3, 300, _l("Tulis alasannya."))])


class ConditionForm(FlaskForm):
    """A finding of a day."""

    on = DateField(_l("Tanggal survei"), [DataRequired(_l("Isi tanggal survei."))])
    condition = SelectField(_l("Kondisi"), [DataRequired(_l("Pilih kondisi aset."))])
    value = CommaDecimalField(
        _l("Nilai ukur"),
        [Optional(), NumberRange(0, 99_999_999, _l("Isi nol atau lebih."))],
        places=2,
        description=_l("Misalnya IRI dalam m/km. Boleh kosong."),
        render_kw={"inputmode": "decimal"},
    )
    source = StringField(_l("Sumber"), [Length(max=80)], description=_l("Misalnya Survei PKRMS 2026."))
    note = StringField(_l("Catatan"), [Length(max=300)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.condition.choices = [("", _("Pilih")), *kinds.choices(kinds.CONDITIONS)]

    def validate_on(self, field: DateField) -> None:
        if field.data and field.data > today():
            raise ValidationError(_("Tanggal survei belum tiba."))


class UploadForm(FlaskForm):
    """A file of assets."""

    kind = SelectField(_l("Jenis aset di berkas ini"), [DataRequired(_l("Pilih jenis aset."))])
    unit = SelectField(_l("Unit pengelola aset baru"), default="")
    file = FileField(_l("Berkas"), [FileRequired(_l("Pilih berkasnya."))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = kinds.choices(kinds.ASSET_KINDS)
        self.unit.choices = my_units()


class ColumnsForm(FlaskForm):
    """Which column of a file is what. One select a field, named ``k_<field>``."""

    length_unit = SelectField(_l("Panjang dalam"))
    survey_on = DateField(
        _l("Tanggal survei kondisi"), [Optional()], description=_l("Bila berkas tidak punya kolom tanggal.")
    )
    keep_rest = BooleanField(_l("Simpan kolom lain sebagai rincian aset"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.length_unit.choices = [("m", _("meter")), ("km", _("kilometer"))]

    def validate_survey_on(self, field: DateField) -> None:
        if field.data and field.data > today():
            raise ValidationError(_("Tanggal survei belum tiba."))


def columns_form(headings: Sequence[str], samples: dict[str, str], chosen: dict[str, str], **data: Any) -> ColumnsForm:
    """Return the form for a file with these headings; each is offered with an example of what stands in it."""
    offered = [("", _("tidak ada"))] + [
        (one, f"{one} ({samples[one]})" if samples.get(one) else one) for one in headings
    ]

    class Form(ColumnsForm):
        pass

    for field, title in FIELDS.items():
        setattr(Form, f"k_{field}", SelectField(title, default=""))
    form = Form(data={**data, **{f"k_{field}": heading for field, heading in chosen.items()}})
    for field in FIELDS:
        form[f"k_{field}"].choices = offered
    return form


class SurveyForm(FlaskForm):
    """A table of findings."""

    kind = SelectField(_l("Jenis aset"), [DataRequired(_l("Pilih jenis aset."))])
    source = StringField(_l("Sumber"), [Length(max=80)], description=_l("Misalnya Survei PKRMS 2026."))
    file = FileField(_l("Berkas CSV"), [FileRequired(_l("Pilih berkasnya."))])
    leave_out_bad = BooleanField(_l("Lewati baris yang bermasalah, catat yang lain"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = kinds.choices(kinds.ASSET_KINDS)


class PlanForm(FlaskForm):
    """Planned maintenance."""

    title = StringField(
        _l("Pekerjaan"), [DataRequired(_l("Isi pekerjaannya.")), Length(3, 160, _l("Isi 3 sampai 160 huruf."))],
        description=_l("Misalnya Pelapisan ulang 600 m."),
    )  # fmt: skip
    unit = SelectField(_l("Unit pelaksana"), default="")
    next_on = DateField(_l("Jatuh tempo"), [DataRequired(_l("Isi tanggal jatuh tempo."))])
    every_months = IntegerField(
        _l("Diulang setiap"),
        [InputRequired(_l("Isi 0 bila hanya sekali.")), NumberRange(0, 240, _l("Isi angka 0 sampai 240."))],
        default=0,
        description=_l("0 berarti hanya sekali."),
    )
    estimate = StringField(
        _l("Perkiraan biaya"), [Length(max=24)], description=_l("Dalam Rupiah, tanpa sen. Boleh kosong."),
        render_kw={"inputmode": "numeric"},
    )  # fmt: skip
    note = TextAreaField(_l("Catatan"), [Length(max=4000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit.choices = my_units()

    def validate_estimate(self, field: StringField) -> None:
        written = (field.data or "").strip()
        if written and rupiah(written) is None:
            raise ValidationError(_("Tulis jumlah Rupiah, misalnya 780.000.000."))

    def values(self) -> dict[str, Any]:
        """What `plans.save` takes, but for asset and report."""
        return {
            "title": (self.title.data or "").strip(),
            "unit_id": _uuid(self.unit.data),
            "next_on": self.next_on.data,
            "every_months": self.every_months.data,
            "estimate": rupiah(self.estimate.data or "") or 0,
            "note": (self.note.data or "").strip(),
        }


def rupiah(written: str) -> int | None:
    """Read an amount such as Rp 780.000.000; None for anything else."""
    digits = written.strip().removeprefix("Rp").replace(" ", "").replace(".", "").replace(",", "")
    if not digits:
        return 0
    found = int(digits) if digits.isascii() and digits.isdigit() else None
    return found if found is not None and found <= 10**14 else None


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None
