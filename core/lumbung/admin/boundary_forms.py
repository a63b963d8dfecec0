"""The forms of boundaries: a file and where it is from; and which of those loaded go."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lumbung.geography.importing import LONGEST_SOURCE
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext


class BoundaryFileForm(FlaskForm):
    """A file of boundaries, and who drew them."""

    file = FileField(
        _("Berkas batas wilayah"),
        description=_("Shapefile dalam .zip (.shp, .dbf, .prj), GeoJSON, KML, atau CSV dengan kolom WKT."),
        validators=[FileRequired(message=_("Pilih berkasnya."))],
    )
    source = StringField(
        _("Sumber"),
        description=_("Siapa yang membuat batas ini dan kapan, misalnya: BIG, batas desa 2024, skala 1:10.000."),
        validators=[
            InputRequired(_("Tulis sumbernya.")),
            Length(3, LONGEST_SOURCE, _("Sumber berisi 3 sampai 300 huruf.")),
        ],
    )

    def refuse(self, words: Any) -> BoundaryFileForm:
        """Say below the file what is wrong with it."""
        self.file.errors = [words]
        return self
