"""What officers type about a report. Every form of the page has a word of its own, so that their ids do not clash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import (
    BooleanField,
    DecimalField,
    HiddenField,
    MultipleFileField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from lumbung.sdk import today, units

from ..models import LONGEST_TEXT, Asset, Category, Destination, ReplyTemplate
from ..rules import kinds
from ..words import _, _l

LONGEST_NOTE = 2000
QUARTERS = 8
MOST_PHOTOS = 5


def note_field(label: Any, *, needed: Any = None, least: int = 0, hint: Any = "", longest: int = LONGEST_NOTE) -> Any:
    """A box for a few sentences; ``needed`` is what is said when it stays empty."""
    rules: list[Any] = [DataRequired(needed)] if needed else [Optional()]
    message = _l("Tulis %(least)s sampai %(longest)s huruf.", least=least, longest=longest)
    return TextAreaField(label, [*rules, Length(least, longest, message)], description=hint, render_kw={"rows": 3})


class ActForm(FlaskForm):
    """One act on a report. ``seen`` says how the report was when the page was opened."""

    word = ""
    seen = HiddenField()

    def __init__(self, formdata: Any = _Auto, **kwargs: Any) -> None:
        self.formdata = formdata
        super().__init__(formdata=formdata, **kwargs)
        for field in self:
            field.id = field.label.field_id = f"{self.word}-{field.short_name}"

    def typed(self, name: str) -> str:
        """What was typed in a field, without the space around it."""
        return str(self[name].data or "").strip()


class TemplateForm(ActForm):
    """An act with a text that may come from a template. Without a script a chosen template fills an empty box."""

    template = SelectField(_l("Templat"), [Optional()], default="")
    box = ""

    def offer_templates(self, templates: Sequence[ReplyTemplate]) -> None:
        """Offer templates of this step; without any the choice is left away."""
        if not templates:
            del self.template
            return
        self.template.choices = [
            SelectChoice("", _("Tulis sendiri")),
            *(SelectChoice(str(one.id), one.title, render_kw={"data-text": one.text}) for one in templates),
        ]
        self.template.render_kw = {"data-desk-fills": self[self.box].id}
        text = {str(one.id): one.text for one in templates}.get(self.template.data or "", "")
        if self.formdata is not None and not (self[self.box].data or "").strip() and text:
            self[self.box].data = text
            self[self.box].raw_data = [text]


class VerifyForm(ActForm):
    """A report is real."""

    word = "verifikasi"
    note = note_field(_l("Catatan untuk pelapor"), hint=_l("Boleh dikosongkan."))


class RouteForm(ActForm):
    """A unit takes it up."""

    word = "disposisi"
    unit = SelectField(_l("Unit"), [DataRequired(_l("Pilih unit yang menangani."))], default="")
    note = note_field(_l("Pesan"), hint=_l("Dibaca pelapor juga. Boleh dikosongkan."))

    def offer(self, allowed: frozenset[UUID] | None) -> None:
        """Offer the units that the person may hand a report to; None means all of them."""
        self.unit.choices = [("", _("Pilih unit")), *unit_choices(allowed)]


class ForwardForm(ActForm):
    """Somebody outside of the regency answers for it."""

    word = "teruskan"
    destination = SelectField(_l("Diteruskan kepada"), [DataRequired(_l("Pilih tujuannya."))], default="")
    note = note_field(_l("Keterangan untuk pelapor"), needed=_l("Tulis mengapa laporan diteruskan."), least=5)
    reference = StringField(
        _l("Nomor surat atau tiket"), [Length(max=80, message=_l("Paling banyak 80 huruf."))],
        description=_l("Bila sudah ada, misalnya nomor surat pengantar."),
    )  # fmt: skip

    def offer(self, destinations: Iterable[Destination]) -> None:
        """Offer the authorities that take reports."""
        named = [(str(one.id), f"{one.name} ({kinds.AUTHORITIES[one.authority]})") for one in destinations]
        self.destination.choices = [("", _("Pilih tujuan")), *named]


class MergeForm(ActForm):
    """Another report is about the same damage."""

    word = "gabung"
    number = StringField(
        _l("Nomor laporan utama"), [DataRequired(_l("Tulis nomor laporan utamanya.")), Length(max=16)],
        description=_l("Seperti L26-000123. Pelapor dan pendukung laporan ini ikut mengikuti laporan utama."),
    )  # fmt: skip


class RefuseForm(TemplateForm):
    """It is not taken up."""

    word, box = "tolak", "reason"
    reason = note_field(
        _l("Alasan"), needed=_l("Tulis alasannya; pelapor dan umum membacanya."), least=10,
        hint=_l("Dibaca pelapor dan umum. Jelaskan dengan sopan apa yang dapat ia lakukan."),
    )  # fmt: skip


class PostponeForm(ActForm):
    """It waits for a budget."""

    word = "tunda"
    quarter = SelectField(_l("Direncanakan pada"), [DataRequired(_l("Pilih triwulannya."))], default="")
    note = note_field(_l("Alasan"), needed=_l("Tulis mengapa ditunda; pelapor membacanya."), least=5)
    budget_reference = StringField(
        _l("Nomor usulan anggaran"), [Length(max=80, message=_l("Paling banyak 80 huruf."))],
        description=_l("Bila sudah diusulkan."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.quarter.choices = [("", _("Pilih triwulan")), *quarters(today())]


class FinishForm(TemplateForm):
    """The work is done."""

    word, box = "selesai", "note"
    note = note_field(_l("Apa yang dikerjakan"), needed=_l("Tulis apa yang dikerjakan."), least=5)
    photos = MultipleFileField(_l("Foto sesudah perbaikan"), [Optional()])


class ReopenForm(ActForm):
    """It has to be looked at again."""

    word = "buka"
    reason = note_field(_l("Alasan"), needed=_l("Tulis mengapa dibuka kembali."), least=5)


class ReplyForm(TemplateForm):
    """An answer to the reporter, or a note among officers."""

    word, box = "jawab", "text"
    text = note_field(_l("Jawaban"), needed=_l("Tulis jawabannya."), least=2)
    internal = BooleanField(_l("Catatan internal: hanya petugas yang membacanya"))


class HideForm(ActForm):
    """Nobody but officers sees it."""

    word = "sembunyikan"
    reason = note_field(_l("Alasan"), needed=_l("Tulis alasannya."), least=5, longest=300)


class OutsideAnswerForm(ActForm):
    """What the authority outside answered."""

    word = "jawaban"
    text = note_field(_l("Jawaban instansi itu"), needed=_l("Tulis jawaban instansi itu."), least=5)
    reference = StringField(
        _l("Nomor surat atau tiket mereka"), [Length(max=80, message=_l("Paling banyak 80 huruf."))]
    )


class StartForm(ActForm):
    """Work begins."""

    word = "mulai"


class CloseForm(ActForm):
    """Nothing is left to do."""

    word = "tutup"


class SplitForm(ActForm):
    """It was not a duplicate after all."""

    word = "pisah"
    reason = note_field(_l("Alasan"), hint=_l("Dibaca pelapor juga. Boleh dikosongkan."))


class ShowForm(ActForm):
    """Everybody may see it."""

    word = "tampilkan"


class ChangeForm(ActForm):
    """Kind, severity and place are put right."""

    word = "ubah"
    category = SelectField(_l("Kategori"), [DataRequired(_l("Pilih kategori."))])
    severity = SelectField(_l("Tingkat kerusakan"), [DataRequired(_l("Pilih tingkatnya."))])
    lat = DecimalField(_l("Lintang"), [Optional(), NumberRange(-90, 90, _l("Lintang antara -90 dan 90."))], places=6)
    lon = DecimalField(_l("Bujur"), [Optional(), NumberRange(-180, 180, _l("Bujur antara -180 dan 180."))], places=6)
    address = StringField(_l("Alamat atau patokan"), [Length(max=300, message=_l("Paling banyak 300 huruf."))])
    asset = SelectField(_l("Aset"), [Optional()], default="")

    def offer(self, categories: Iterable[Category], assets: Sequence[tuple[Asset, str]]) -> None:
        """Offer the categories, and the assets nearby with how far away they are."""
        self.category.choices = [(str(one.id), one.title) for one in categories]
        self.severity.choices = kinds.choices(kinds.SEVERITIES)
        self.asset.choices = [
            ("", _("Tidak diketahui")),
            *((str(asset.id), " · ".join(filter(None, [asset.code, asset.name, far]))) for asset, far in assets),
        ]

    def validate_lat(self, field: DecimalField) -> None:
        both_or_none(self.lat, self.lon)

    def validate_lon(self, field: DecimalField) -> None:
        both_or_none(self.lat, self.lon)


class PhonedForm(FlaskForm):
    """A report that somebody makes by telephone or at the counter; the officer types it."""

    category = SelectField(_l("Apa yang rusak"), [DataRequired(_l("Pilih jenis kerusakannya."))], default="")
    description = TextAreaField(
        _l("Keterangan"), [Length(max=LONGEST_TEXT, message=_l("Paling banyak 4000 huruf."))], render_kw={"rows": 4}
    )
    severity = SelectField(_l("Tingkat kerusakan"), [DataRequired(_l("Pilih tingkatnya."))], default="sedang")
    lat = DecimalField(_l("Lintang"), [Optional(), NumberRange(-90, 90, _l("Lintang antara -90 dan 90."))], places=6)
    lon = DecimalField(_l("Bujur"), [Optional(), NumberRange(-180, 180, _l("Bujur antara -180 dan 180."))], places=6)
    village = SelectField(
        _l("Desa atau kelurahan"), [Optional()], default="",
        description=_l("Bila letaknya di peta tidak diketahui."),
    )  # fmt: skip
    address = StringField(_l("Alamat atau patokan"), [Length(max=300, message=_l("Paling banyak 300 huruf."))])
    name = StringField(_l("Nama pelapor"), [Length(max=120, message=_l("Paling banyak 120 huruf."))])
    phone = StringField(
        _l("Nomor ponsel pelapor"), [Length(max=30, message=_l("Nomor itu terlalu panjang."))],
        description=_l("Supaya laporan dapat ditemukan lagi lewat halaman pencarian."),
    )  # fmt: skip
    email = StringField(
        _l("Surel pelapor"), [Length(max=254, message=_l("Surel itu terlalu panjang."))],
        description=_l("Bila diisi, pelapor menerima tautan untuk mengikuti laporannya."),
    )  # fmt: skip
    photos = MultipleFileField(_l("Foto"), [Optional()])

    def offer(self, categories: Iterable[Category], villages: Iterable[tuple[str, str]]) -> None:
        """Offer what can be reported, under its groups, and the villages."""
        by_group: dict[str, list[tuple[str, str]]] = {}
        for one in categories:
            by_group.setdefault(str(kinds.GROUPS[one.group]), []).append((str(one.id), one.title))
        self.category.choices = {_("Pilih"): [("", _("Pilih jenis kerusakan"))], **by_group}
        self.severity.choices = kinds.choices(kinds.SEVERITIES)
        self.village.choices = [("", _("Tidak dipilih")), *villages]

    def validate_lat(self, field: DecimalField) -> None:
        both_or_none(self.lat, self.lon)

    def validate_lon(self, field: DecimalField) -> None:
        both_or_none(self.lat, self.lon)


def both_or_none(lat: DecimalField, lon: DecimalField) -> None:
    """Refuse half a place. Asked from both fields: one that is empty is not validated."""
    if (lat.data is None) != (lon.data is None):
        raise ValidationError(_("Isi lintang dan bujur, atau kosongkan keduanya."))


def quarters(day: date) -> list[tuple[str, str]]:
    """The quarters from that of a day on, as they are kept and as they are read."""
    first = day.year * 4 + (day.month - 1) // 3
    found = [divmod(first + step, 4) for step in range(QUARTERS)]
    return [(f"{year}-Q{part + 1}", _("Triwulan %(part)s %(year)s", part=part + 1, year=year)) for year, part in found]


def unit_choices(allowed: frozenset[UUID] | None = None) -> list[tuple[str, str]]:
    """The units as a list for a form, those below others indented; None allows all."""
    return [
        (str(unit.id), "\N{NO-BREAK SPACE}" * 3 * unit.depth + unit.name)
        for unit in units.all()
        if allowed is None or unit.id in allowed
    ]
