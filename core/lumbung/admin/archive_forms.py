"""The forms of archives and minutes."""

from __future__ import annotations

from collections.abc import Iterable

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from lumbung.lifecycle.minutes import LONGEST_REASON, SHORTEST_REASON
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext


class ArchiveForm(FlaskForm):
    """Which plugin is archived, until when it is kept, and whether encrypted columns are opened."""

    plugin = SelectField(_("Aplikasi"), validators=[InputRequired(_("Pilih aplikasinya."))])
    keep_until = DateField(
        _("Disimpan sampai"),
        description=_("Boleh kosong: selama masa simpan terpanjang menurut aplikasinya, atau satu tahun."),
        validators=[Optional()],
    )
    plain = BooleanField(
        _("Buka kolom yang tersandi"),
        description=_("Arsipnya lalu memuat NIK yang dapat dibaca siapa pun yang memegang berkasnya."),
    )
    reason = StringField(
        _("Alasan membukanya"),
        description=_("Wajib bila kolom tersandi dibuka. Tercatat di jejak audit setiap daerah."),
        validators=[Optional(), Length(max=300, message=_("Paling panjang 300 huruf."))],
    )

    def offer(self, plugins: Iterable[tuple[str, str]]) -> ArchiveForm:
        """Fill in what may be archived."""
        self.plugin.choices = [SelectChoice(name, title) for name, title in plugins]
        return self


class MinutesForm(FlaskForm):
    """Why the data is destroyed, and what becomes of the file of the archive."""

    reason = TextAreaField(
        _("Alasan pemusnahan"),
        description=_("Misalnya: masa simpan menurut jadwal retensi arsip sudah lewat."),
        validators=[
            InputRequired(_("Tulis alasannya.")),
            Length(SHORTEST_REASON, LONGEST_REASON, _("Alasan berisi 10 sampai 1.000 huruf.")),
        ],
        render_kw={"rows": 3},
    )
    also_archive = BooleanField(
        _("Musnahkan berkas arsipnya juga"),
        description=_("Tanpa ini berkas arsip tetap disimpan. Undang-undang kearsipan dapat mewajibkannya."),
    )
    archive_lost = BooleanField(
        _("Berkas arsipnya hilang atau rusak"),
        description=_("Dinyatakan dalam berita acara, dan diketahui yang menandatangani."),
    )
