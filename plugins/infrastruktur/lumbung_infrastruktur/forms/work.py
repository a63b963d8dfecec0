"""What units type about their work: orders, what they used, crews. Each act has a word of its own, for its ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    MultipleFileField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError

from lumbung.sdk import DomainError, people, units

from ..models import Crew, WorkItem, WorkOrder
from ..rules import kinds, work
from ..rules.work import Line
from ..services import crews, work_photos
from ..services.work_orders import LONGEST_REASON, LONGEST_TEXT, LONGEST_TITLE
from ..words import _, _l

EMPTY_LINES = 3
MOST_PHOTOS = 6


def longest(count: int) -> Length:
    """At most so many letters."""
    return Length(max=count, message=_l("Paling banyak %(count)s huruf.", count=count))


class WorkForm(FlaskForm):
    """A form about an order. ``version`` is the one that the writer saw; ``word`` keeps ids apart on one page."""

    word = ""
    version = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            if self.word and field.type != "FieldList":
                field.id = field.label.field_id = f"{self.word}-{field.short_name}"

    @property
    def seen(self) -> int:
        """The version that the writer saw; 0, which none has, when the page said nothing that can be."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0

    def typed(self, name: str) -> str:
        """What was typed in a field, without the space around it."""
        return str(self[name].data or "").strip()


class OrderForm(WorkForm):
    """What is to be done, by whom and when."""

    word = "kerja"
    title = StringField(
        _l("Pekerjaan"), [DataRequired(_l("Tulis pekerjaannya.")), longest(LONGEST_TITLE)],
        description=_l("Singkat, seperti “Tambal lubang depan Pasar Seketeng”."),
    )  # fmt: skip
    instructions = TextAreaField(
        _l("Yang harus dikerjakan"), [longest(LONGEST_TEXT)], render_kw={"rows": 6},
        description=_l("Dibaca regu di ponselnya dan tercetak pada perintah kerja. Satu langkah setiap baris."),
    )  # fmt: skip
    crew = SelectField(_l("Regu"), [Optional()], default="")
    planned_on = DateField(_l("Hari rencana"), [Optional()], description=_l("Boleh ditentukan nanti."))

    def offer(self, keeps: UUID | None = None) -> None:
        """Offer the crews of one's units; a crew that the order has already stays among them."""
        found = crews.to_choose(keeps)
        nobody = _("Belum ditentukan: semua petugas lapangan unit melihatnya")
        self.crew.choices = [("", nobody), *((str(one.id), one.name) for one in found)]

    def values(self, keeps: UUID | None = None) -> dict[str, Any]:
        """What services take."""
        return {
            "title": self.typed("title"),
            "instructions": self.typed("instructions"),
            "crew": crews.chosen(self.crew.data, keeps),
            "planned_on": self.planned_on.data,
        }

    def fill(self, order: WorkOrder) -> None:
        """Show an order as it is."""
        self.title.data, self.instructions.data = order.title, order.instructions
        self.crew.data = str(order.crew_id) if order.crew_id else ""
        self.planned_on.data, self.version.data = order.planned_on, str(order.version)


class NewOrderForm(OrderForm):
    """A new order."""

    unit = SelectField(_l("Unit"), [DataRequired(_l("Pilih unit yang mengerjakan."))], default="")
    issue_now = BooleanField(
        _l("Terbitkan sekarang"), default=True,
        description=_l("Regu langsung melihatnya. Tanpa ini perintah kerja menjadi rancangan."),
    )  # fmt: skip

    def offer_units(self, allowed: frozenset[UUID] | None, *, known: bool) -> None:
        """Offer the units that may do it; where the report or the asset says whose it is, nothing is asked."""
        if known:
            del self.unit
            return
        self.unit.choices = [("", _("Pilih unit")), *unit_choices(allowed)]

    @property
    def unit_id(self) -> UUID | None:
        """The unit that was chosen."""
        return UUID(self.unit.data) if self.unit and self.unit.data else None


class ItemForm(Form):
    """A line of what was used."""

    kind = SelectField(_l("Jenis"), default="material")
    name = StringField(_l("Nama"))
    quantity = StringField(_l("Jumlah"))
    measure = StringField(_l("Satuan"))
    price = StringField(_l("Harga satuan (Rp)"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = kinds.choices(work.ITEM_KINDS)

    def line(self) -> Line | None:
        """The line as it was typed, None when nothing was."""
        name = (self.name.data or "").strip()
        if not name and not (self.quantity.data or "").strip() and not (self.price.data or "").strip():
            return None
        quantity = (self.quantity.data or "").strip()
        return work.checked(
            Line(
                name,
                work.quantity(quantity) if quantity else Decimal(1),
                (self.measure.data or "").strip(),
                work.rupiah(self.price.data or ""),
                self.kind.data or "",
            )
        )


class CostsForm(WorkForm):
    """All that an order used."""

    lines = FieldList(FormField(ItemForm), max_entries=work.MOST_LINES + EMPTY_LINES)

    def fill(self, order: WorkOrder) -> None:
        """Show what is written down, and some empty lines."""
        self.version.data = str(order.version)
        while len(self.lines):
            self.lines.pop_entry()
        for item in order.items:
            self.lines.append_entry(_typed(item))
        self.leave_room()

    def leave_room(self) -> None:
        """Have some empty lines at the end."""
        free = 0
        for entry in reversed(self.lines.entries):
            if (entry.form.name.data or "").strip():
                break
            free += 1
        for _more in range(min(EMPTY_LINES - free, work.MOST_LINES + EMPTY_LINES - len(self.lines))):
            self.lines.append_entry()

    def read(self) -> list[Line]:
        """The lines that were typed. What is wrong stands at its line, and a `DomainError` says that something is."""
        found = []
        for entry in self.lines:
            try:
                line = entry.form.line()
            except DomainError as refusal:
                entry.form.name.errors = [*entry.form.name.errors, str(refusal)]
                continue
            if line is not None:
                found.append(line)
        if any(entry.form.name.errors for entry in self.lines):
            raise DomainError(_("Ada baris yang perlu diperbaiki."))
        return found


class FinishForm(WorkForm):
    """The work is done."""

    word = "selesai"
    result = TextAreaField(
        _l("Apa yang dikerjakan dan hasilnya"),
        [DataRequired(_l("Tulis apa yang dikerjakan dan hasilnya.")), longest(LONGEST_TEXT)],
        render_kw={"rows": 4},
    )
    photos = MultipleFileField(_l("Foto sesudah"), [Optional()])
    end_report = BooleanField(_l("Laporan dinyatakan selesai; pelapor diberi tahu"), default=True)


class CancelForm(WorkForm):
    """Nothing is done after all."""

    word = "batal"
    reason = StringField(
        _l("Alasan"), [DataRequired(_l("Tulis mengapa perintah kerja dibatalkan.")), longest(LONGEST_REASON)],
        description=_l("Dibaca regu di ponselnya."),
    )  # fmt: skip


class PhotosForm(WorkForm):
    """Pictures of the work."""

    word = "foto"
    kind = SelectField(_l("Jenis foto"), default="before")
    photos = MultipleFileField(_l("Foto"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = kinds.choices(work_photos.KINDS)

    def validate_photos(self, field: MultipleFileField) -> None:
        if not files_of(field):
            raise ValidationError(_("Pilih atau ambil fotonya dulu."))


class CrewForm(FlaskForm):
    """A crew."""

    name = StringField(
        _l("Nama regu"), [DataRequired(_l("Isi nama regu.")), Length(2, 80, _l("Tulis 2 sampai 80 huruf."))],
        description=_l("Seperti “Regu Jalan 1”."),
    )  # fmt: skip
    unit = SelectField(_l("Unit"), [DataRequired(_l("Pilih unitnya."))], default="")
    leader = SelectField(
        _l("Kepala regu"), [Optional()], default="",
        description=_l("Yang memegang ponsel: perintah kerja regu tampil di halaman Lapangan miliknya."),
    )  # fmt: skip
    phone = StringField(
        _l("Nomor telepon"), [Optional(), Regexp(r"^\+?[0-9 -]{6,20}$", message=_l("Tulis seperti 0812 3456 7890."))]
    )
    members = TextAreaField(_l("Anggota"), [longest(3000)], description=_l("Satu nama setiap baris."))

    def offer(self, allowed: frozenset[UUID] | None, crew: Crew | None, permission: str) -> None:
        """Offer the units one answers for, and who works in the field."""
        self.unit.choices = [("", _("Pilih unit")), *unit_choices(allowed)]
        found = [(str(one.id), f"{one.name} ({one.email})") for one in people.with_permission(permission)]
        kept = people.get(crew.leader_id) if crew and crew.leader_id else None
        if kept is not None and str(kept.id) not in dict(found):
            found.append((str(kept.id), _("%(name)s (tidak lagi berizin)", name=kept.name)))
        self.leader.choices = [("", _("Belum ada")), *found]

    def fill(self, crew: Crew) -> None:
        """Show a crew as it is."""
        self.name.data, self.phone.data, self.members.data = crew.name, crew.phone, crew.members
        self.unit.data = str(crew.unit_id) if crew.unit_id else ""
        self.leader.data = str(crew.leader_id) if crew.leader_id else ""

    def values(self) -> dict[str, Any]:
        """What `crews.save` takes."""
        return {
            "name": (self.name.data or "").strip(),
            "unit_id": UUID(self.unit.data) if self.unit.data else None,
            "leader_id": UUID(self.leader.data) if self.leader.data else None,
            "phone": (self.phone.data or "").strip(),
            "members": self.members.data or "",
        }


def unit_choices(allowed: frozenset[UUID] | None) -> list[tuple[str, str]]:
    """The units of the tenant that are allowed (None: all), in the order of the tree."""
    found = (one for one in units.all() if allowed is None or one.id in allowed)
    return [(str(one.id), f"{'  ' * one.depth}{one.name}") for one in found]


def files_of(field: MultipleFileField) -> Sequence[Any]:
    """The files that were chosen; a field that was left empty has none."""
    given: Iterable[Any] = field.data or ()
    return [one for one in given if getattr(one, "filename", "")]


def _typed(item: WorkItem) -> dict[str, str]:
    quantity = f"{item.quantity.normalize():f}".replace(".", ",")
    price = f"{item.price:,}".replace(",", ".") if item.price else ""
    return {"kind": item.kind, "name": item.name, "quantity": quantity, "measure": item.measure, "price": price}
