"""What a manager types: categories, questions, rules, authorities outside, answers given often."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from lumbung.sdk import DomainError, current_tenant, districts

from ..models import Category, Destination, Question
from ..rules import kinds, states
from ..rules.contacts import checked_email
from ..rules.states import State
from ..words import _, _l
from .desk import unit_choices

CODE = Regexp(r"^[a-z0-9_]{2,40}$", message=_l("Huruf kecil, angka, dan garis bawah, 2 sampai 40."))
DATATYPES: dict[str, Any] = {
    "singlevaluelist": _l("Satu pilihan"),
    "multivaluelist": _l("Beberapa pilihan"),
    "string": _l("Teks pendek"),
    "text": _l("Teks panjang"),
    "number": _l("Angka"),
    "datetime": _l("Tanggal dan jam"),
}
ICONS: dict[str, Any] = {
    "road": _l("Jalan"), "barrier-block": _l("Penghalang"), "traffic-cone": _l("Kerucut"),
    "wheelchair": _l("Kursi roda"), "building-bridge": _l("Jembatan"), "droplets": _l("Saluran"), "droplet": _l("Air"),
    "cloud-rain": _l("Hujan"), "ripple": _l("Irigasi"), "bulb": _l("Lampu"), "bolt": _l("Listrik"),
    "sign-right": _l("Rambu"), "traffic-lights": _l("Lampu lalu lintas"), "tree": _l("Pohon"), "leaf": _l("Dahan"),
    "trash": _l("Sampah"),
    "building-community": _l("Bangunan"), "school": _l("Sekolah"), "building-hospital": _l("Rumah sakit"),
    "flame": _l("Api"), "wind": _l("Angin"), "tool": _l("Perkakas"), "hammer": _l("Palu"),
    "alert-triangle": _l("Peringatan"),
}  # fmt: skip
BLANK_ROWS = 4


def line(label: Any, longest: int, *, needed: Any = None, hint: Any = "") -> StringField:
    """A line of text."""
    rules: list[Any] = [DataRequired(needed)] if needed else []
    message = _l("Paling banyak %(longest)s huruf.", longest=longest)
    return StringField(label, [*rules, Length(max=longest, message=message)], description=hint)


def whole(label: Any, low: int, high: int, default: int, hint: Any = "") -> IntegerField:
    """A whole number that must be given."""
    message = _l("Isi angka %(low)s sampai %(high)s.", low=low, high=high)
    rules = [InputRequired(message), NumberRange(low, high, message)]
    return IntegerField(label, rules, default=default, description=hint)


class CategoryForm(FlaskForm):
    """A kind of damage."""

    name = line(_l("Nama"), 120, needed=_l("Isi nama kategorinya."), hint=_l("Seperti warga menyebutnya."))
    name_en = line(_l("Nama dalam bahasa Inggris"), 120)
    group = SelectField(_l("Kelompok"), [DataRequired(_l("Pilih kelompoknya."))])
    code = StringField(
        _l("Kode"), [Optional(), CODE],
        description=_l("Dipakai aplikasi lain (service_code). Kosong: dibuat dari namanya. Tidak dapat diganti."),
    )  # fmt: skip
    description = line(_l("Keterangan"), 300, hint=_l("Satu kalimat bagi warga."))
    description_en = line(_l("Keterangan dalam bahasa Inggris"), 300)
    keywords = line(_l("Kata kunci"), 200, hint=_l("Dipisah koma; membantu pencarian."))
    icon = SelectField(_l("Gambar"), default="tool")
    unit = SelectField(
        _l("Unit yang menangani"),
        [Optional()],
        default="",
        description=_l("Bila tidak ada aturan kewenangan yang cocok."),
    )
    sla_days = whole(_l("Batas perbaikan"), 1, 365, 14, _l("Hari kerja sejak laporan masuk."))
    radius_m = whole(
        _l("Jarak laporan serupa"), 1, 2000, 30, _l("Laporan terbuka sejenis sedekat ini dianggap serupa.")
    )
    asset_kind = SelectField(_l("Jenis aset"), [Optional()], default="")
    needs_photo = BooleanField(_l("Foto wajib"))
    open = BooleanField(_l("Buka: warga dapat memilihnya"), default=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group.choices = kinds.choices(kinds.GROUPS)
        self.asset_kind.choices = [("", _("Tidak ada")), *kinds.choices(kinds.ASSET_KINDS)]
        self.icon.choices = kinds.choices(ICONS)
        if self.icon.data and self.icon.data not in ICONS:
            self.icon.choices.append((self.icon.data, self.icon.data))
        self.unit.choices = [("", _("Belum ada")), *unit_choices()]

    def values(self) -> dict[str, Any]:
        """What `save_category` takes."""
        names = ("name", "name_en", "group", "code", "description", "description_en", "keywords", "icon", "sla_days",
                 "radius_m", "asset_kind", "needs_photo", "open")  # fmt: skip
        return {name: tidy(self[name].data) for name in names if name in self} | {"unit_id": id_of(self.unit.data)}


class QuestionForm(FlaskForm):
    """What is asked about a kind of damage. Options are rows of their own: see `option_rows`."""

    text = line(_l("Pertanyaan"), 200, needed=_l("Isi pertanyaannya."))
    text_en = line(_l("Pertanyaan dalam bahasa Inggris"), 200)
    datatype = SelectField(
        _l("Jenis jawaban"), [DataRequired(_l("Pilih jenis jawabannya."))], default="singlevaluelist"
    )
    hint = line(_l("Petunjuk"), 200, hint=_l("Membantu menjawab, misalnya satuan."))
    hint_en = line(_l("Petunjuk dalam bahasa Inggris"), 200)
    required = BooleanField(_l("Wajib dijawab"))
    variable = BooleanField(_l("Perlu jawaban; tanpa tanda ini hanya pemberitahuan bagi warga"), default=True)
    code = StringField(
        _l("Kode"), [Optional(), CODE], description=_l("Kosong: dibuat dari pertanyaannya. Tidak dapat diganti.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.datatype.choices = kinds.choices(DATATYPES)

    def values(self) -> dict[str, Any]:
        """What `save_question` takes, but for the options."""
        names = ("text", "text_en", "datatype", "hint", "hint_en", "required", "variable", "code")
        return {name: tidy(self[name].data) for name in names if name in self}


def option_rows(question: Question | None) -> list[dict[str, str]]:
    """The rows of the options' editor: what was sent or what there is, and some blank ones to write in."""
    if request.method == "POST":
        sent = (request.form.getlist(name) for name in ("pilihan-kunci", "pilihan-nama", "pilihan-inggris"))
        rows = [{"key": key, "name": name, "name_en": more} for key, name, more in zip(*sent, strict=False)]
        rows = [one for one in rows if one["name"].strip() or one["key"]]
    else:
        rows = [dict(one) for one in question.options] if question else []
    return rows + [{"key": "", "name": "", "name_en": ""}] * BLANK_ROWS


class RouteForm(FlaskForm):
    """A rule: where it fits, who answers."""

    category = SelectField(_l("Kategori"), [Optional()], default="")
    group = SelectField(_l("Kelompok"), [Optional()], default="")
    district = SelectField(_l("Kecamatan"), [Optional()], default="")
    road_owner = SelectField(
        _l("Status jalan terdekat"), [Optional()], default="",
        description=_l("Menurut daftar aset: siapa yang berwenang atas ruas jalan di dekatnya."),
    )  # fmt: skip
    authority = SelectField(_l("Kewenangan"), [DataRequired(_l("Pilih kewenangannya."))], default=kinds.OURS)
    unit = SelectField(_l("Unit"), [Optional()], default="", description=_l("Bila kewenangannya kabupaten."))
    destination = SelectField(
        _l("Diteruskan kepada"), [Optional()], default="", description=_l("Bila kewenangannya bukan kabupaten.")
    )
    note = line(_l("Catatan"), 200, hint=_l("Dasar aturan ini, misalnya nomor SK status jalan."))

    def offer(self, categories: Iterable[Category], destinations: Iterable[Destination]) -> None:
        """Fill the choices."""
        every = ("", _("Semua"))
        region = current_tenant().region_code
        places = districts(region) if region else ()
        self.category.choices = [every, *((str(one.id), one.title) for one in categories)]
        self.group.choices = [every, *kinds.choices(kinds.GROUPS)]
        self.district.choices = [every, *((one.code, one.name) for one in places)]
        self.road_owner.choices = [("", _("Tidak dilihat")), *kinds.choices(kinds.AUTHORITIES)]
        self.authority.choices = kinds.choices(kinds.AUTHORITIES)
        self.unit.choices = [("", _("Tidak dipilih")), *unit_choices()]
        named = [(str(one.id), f"{one.name} ({kinds.AUTHORITIES[one.authority]})") for one in destinations]
        self.destination.choices = [("", _("Tidak dipilih")), *named]

    def validate_group(self, field: SelectField) -> None:
        if field.data and self.category.data:
            raise ValidationError(_("Pilih kategori atau kelompok, tidak keduanya."))

    def values(self) -> dict[str, Any]:
        """What `save_route` takes."""
        return {
            "category_id": id_of(self.category.data),
            "group": self.group.data or "",
            "district_code": self.district.data or "",
            "road_owner": self.road_owner.data or "",
            "authority": self.authority.data,
            "unit_id": id_of(self.unit.data),
            "destination_id": id_of(self.destination.data),
            "note": tidy(self.note.data),
        }


class DestinationForm(FlaskForm):
    """An authority outside."""

    name = line(_l("Nama"), 160, needed=_l("Isi nama instansinya."))
    authority = SelectField(_l("Kewenangan"), [DataRequired(_l("Pilih kewenangannya."))])
    email = StringField(
        _l("Surel"), [Optional(), Length(max=254, message=_l("Surel itu terlalu panjang."))],
        description=_l("Ke sini laporan dikirim saat diteruskan. Kosong: petugas menghubungi sendiri."),
    )  # fmt: skip
    phone = line(_l("Telepon"), 40)
    address = line(_l("Alamat"), 300)
    open = BooleanField(_l("Buka: laporan dapat diteruskan ke sini"), default=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.authority.choices = [one for one in kinds.choices(kinds.AUTHORITIES) if one[0] != kinds.OURS]

    def validate_email(self, field: StringField) -> None:
        try:
            checked_email(field.data or "")
        except DomainError as refusal:
            raise ValidationError(str(refusal)) from None

    def values(self) -> dict[str, Any]:
        """What `save_destination` takes."""
        return {name: tidy(self[name].data) for name in ("name", "authority", "email", "phone", "address", "open")}


class ReplyTemplateForm(FlaskForm):
    """An answer that is given often."""

    title = line(_l("Judul"), 80, needed=_l("Isi judulnya."), hint=_l("Hanya petugas yang membacanya."))
    state = SelectField(_l("Ditawarkan saat"), [Optional()], default="")
    text = TextAreaField(
        _l("Isi"), [DataRequired(_l("Tulis isinya.")), Length(2, 2000, _l("Tulis 2 sampai 2000 huruf."))],
        description=_l("Mengisi kotak jawaban; petugas masih dapat mengubahnya."), render_kw={"rows": 6},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = (State.REFUSED, State.DONE)
        self.state.choices = [("", _("Semua langkah")), *((str(one), states.title(one)) for one in offered)]

    def values(self) -> dict[str, Any]:
        """What `save_template` takes."""
        return {name: tidy(self[name].data) for name in ("title", "state", "text")}


def tidy(value: Any) -> Any:
    """Take the space around a text; an empty choice is an empty text."""
    return value.strip() if isinstance(value, str) else "" if value is None else value


def id_of(value: str | None) -> UUID | None:
    """The id that was chosen in a list; None for none."""
    return UUID(value) if value else None
