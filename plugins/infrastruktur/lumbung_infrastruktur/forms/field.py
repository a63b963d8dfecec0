"""What crews type on the page that works without a script."""

from __future__ import annotations

from typing import Any

from wtforms import FileField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, ValidationError

from ..rules import kinds, work
from ..services import work_photos
from ..services.work_orders import LONGEST_TEXT
from ..words import _, _l
from .work import WorkForm, longest


class FieldPhotoForm(WorkForm):
    """A photo."""

    word = "foto"
    kind = SelectField(_l("Jenis foto"), default="before")
    photo = FileField(_l("Foto"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = kinds.choices(work_photos.KINDS)

    def validate_photo(self, field: FileField) -> None:
        if not getattr(field.data, "filename", ""):
            raise ValidationError(_("Pilih atau ambil fotonya dulu."))


class FieldItemForm(WorkForm):
    """Something that was used."""

    word = "bahan"
    kind = SelectField(_l("Jenis"), default="material")
    name = StringField(_l("Nama"), [DataRequired(_l("Isi nama bahan, tenaga, atau alat.")), longest(120)])
    quantity = StringField(_l("Jumlah"), [DataRequired(_l("Isi jumlahnya, seperti 2,5."))])
    measure = StringField(_l("Satuan"), [longest(20)], description=_l("Seperti zak, m³, jam, atau orang."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = kinds.choices(work.ITEM_KINDS)


class FieldFinishForm(WorkForm):
    """The work is done."""

    word = "hasil"
    result = TextAreaField(
        _l("Apa yang dikerjakan dan hasilnya"),
        [DataRequired(_l("Tulis apa yang dikerjakan dan hasilnya.")), longest(LONGEST_TEXT)],
        render_kw={"rows": 4},
    )
