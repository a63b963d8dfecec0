"""The forms of a breach. Its times are those of the tenant's clock; the database keeps moments."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import EmailField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, Optional, Regexp

from lumbung.admin.announcement_form import LocalTime
from lumbung.context import current_scope, current_tenant
from lumbung.identity.models import PersonRow
from lumbung.privacy.retention_models import Breach
from lumbung.web.i18n import core_domain, language

_ = core_domain.lazy_gettext

MOMENTS = ("found_at", "since", "until")


class BreachForm(FlaskForm):
    """What is known of a breach. The three texts go to those affected as they are."""

    title = StringField(
        _("Nama kejadian"),
        description=_("Untuk daftar di sini. Misalnya: akun loket dipakai orang lain."),
        validators=[
            InputRequired(_("Tulis nama kejadiannya.")),
            Length(3, 160, _("Berisi 3 sampai 160 huruf.")),
        ],
    )
    found_at = LocalTime(_("Diketahui"), validators=[InputRequired(_("Tulis kapan kejadian ini diketahui."))])
    since = LocalTime(_("Mulai terjadi"), validators=[InputRequired(_("Tulis perkiraan mulainya."))])
    until = LocalTime(_("Berakhir"), validators=[InputRequired(_("Tulis kapan berakhir, atau waktu sekarang."))])
    reader = EmailField(
        _("Akun yang disalahgunakan"),
        description=_("Alamat surelnya. Kosong: pembacaan oleh siapa pun dalam waktu itu."),
        validators=[Optional(), Length(max=254, message=_("Ini bukan alamat surel. Contoh: nama@contoh.id"))],
    )
    plugin = SelectField(_("Aplikasi"), coerce=str)
    address = StringField(
        _("Alamat jaringan"),
        description=_("Kosong: dari mana pun."),
        validators=[Optional(), Regexp(r"^[0-9A-Fa-f.:]{3,45}$", message=_("Contoh: 203.0.113.7"))],
    )
    data = TextAreaField(
        _("Data yang terbuka"),
        description=_("Misalnya: nama, nomor ponsel, dan alamat surel Anda."),
        validators=[
            InputRequired(_("Tulis data apa yang terbuka.")),
            Length(max=400, message=_("Paling panjang 400 huruf.")),
        ],
    )
    story = TextAreaField(
        _("Apa yang terjadi"),
        description=_("Dengan kata yang dimengerti orang yang terdampak."),
        validators=[
            InputRequired(_("Tulis apa yang terjadi.")),
            Length(max=600, message=_("Paling panjang 600 huruf.")),
        ],
    )
    measures = TextAreaField(
        _("Apa yang dilakukan"),
        description=_("Oleh kantor, dan apa yang dapat dilakukan orang yang terdampak."),
        validators=[
            InputRequired(_("Tulis apa yang dilakukan.")),
            Length(max=600, message=_("Paling panjang 600 huruf.")),
        ],
    )

    def offer(self) -> BreachForm:
        """Fill in the applications that can be named."""
        scope = current_scope()
        known = [(one.name, one.manifest.title(language())) for one in scope.kernel.snapshot().plugins.values()
                 if one.usable]  # fmt: skip
        self.plugin.choices = [("", _("Semua")), ("core", _("Akun dan situs ini")), *known]
        return self

    def validate_reader(self, field: EmailField) -> None:
        """The account has to exist: a slip of the pen would make a list of nobody."""
        if self.person() is None:
            raise ValidationError(core_domain.gettext("Tidak ada akun dengan alamat ini di daerah ini."))

    def person(self) -> PersonRow | None:
        """Return whose account was misused, None when none was named or it is unknown."""
        email = (self.reader.data or "").strip().lower()
        found = select(PersonRow).where(PersonRow.email == email)
        return current_scope().session.scalar(found) if email else None

    def facts(self) -> dict[str, Any]:
        """Return what was typed as the columns of a breach."""
        person = self.person()
        return {
            "title": " ".join((self.title.data or "").split()),
            **{name: _moment(getattr(self, name).data) for name in MOMENTS},
            "reader_id": person.id if person else None,
            "plugin": self.plugin.data or None,
            "address": (self.address.data or "").lower() or None,
            **{name: (getattr(self, name).data or "").strip() for name in ("data", "story", "measures")},
        }


class ReportForm(FlaskForm):
    """Which office was told in writing."""

    to = StringField(
        _("Dilaporkan kepada"),
        description=_("Lembaga pelindungan data pribadi, dengan nomor surat."),
        validators=[
            InputRequired(_("Tulis kepada siapa dilaporkan.")),
            Length(3, 160, _("Berisi 3 sampai 160 huruf.")),
        ],
    )


def values_of(row: Breach) -> dict[str, Any]:
    """Return a breach as the form shows it."""
    zone = ZoneInfo(current_tenant().time_zone)
    return {
        "title": row.title,
        **{name: getattr(row, name).astimezone(zone).replace(tzinfo=None) for name in MOMENTS},
        "reader": row.reader.email if row.reader else "",
        "plugin": row.plugin or "",
        "address": row.address or "",
        "data": row.data,
        "story": row.story,
        "measures": row.measures,
    }


def _moment(typed: datetime) -> datetime:
    return typed.replace(tzinfo=ZoneInfo(current_tenant().time_zone)).astimezone(UTC)
