"""The forms of applications that sign people in with their account here."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from lumbung.admin.forms import Checkboxes
from lumbung.bilingual import Bilingual
from lumbung.openid import addresses
from lumbung.openid.addresses import AddressRefused
from lumbung.openid.models import NATIVE, WEB
from lumbung.web.i18n import core_domain
from lumbung.web.refusals import words_of

_ = core_domain.lazy_gettext

_LONG = {"rows": 3, "spellcheck": "false", "autocapitalize": "off"}


class ClientForm(FlaskForm):
    """What an administrator registers of an application."""

    name = StringField(
        _("Nama aplikasi"),
        description=_("Dibaca warga saat mereka diminta memberi izin."),
        validators=[InputRequired(_("Tulis namanya.")), Length(2, 80, _("Nama berisi 2 sampai 80 huruf."))],
    )
    name_en = StringField(
        _("Nama dalam bahasa Inggris"),
        description=_("Boleh kosong bila namanya sama."),
        validators=[Length(max=80, message=_("Nama berisi 2 sampai 80 huruf."))],
    )
    redirect_uris = TextAreaField(
        _("Alamat kembali"),
        description=_("Satu per baris, lengkap dan persis seperti yang dikirim aplikasi."),
        validators=[InputRequired(_("Tulis sedikitnya satu alamat."))],
        render_kw=_LONG,
    )
    post_logout_uris = TextAreaField(
        _("Alamat setelah keluar"), description=_("Boleh kosong. Satu per baris."), render_kw=_LONG
    )
    scopes = Checkboxes(
        _("Yang boleh diminta"),
        choices=[
            SelectChoice("profile", _("Nama, bahasa, dan zona waktu")),
            SelectChoice("email", _("Alamat surel")),
            SelectChoice("phone", _("Nomor ponsel")),
            SelectChoice("offline_access", _("Tetap terhubung setelah orangnya keluar")),
        ],
        default=["profile"],
    )

    def lines(self, field: TextAreaField) -> list[str]:
        """Return the addresses of a field, one each."""
        return [line.strip() for line in (field.data or "").splitlines() if line.strip()]

    def both(self) -> Bilingual:
        """Return the name in both languages."""
        name = (self.name.data or "").strip()
        return Bilingual(name, (self.name_en.data or "").strip() or name)

    def take(self, kind: str) -> bool:
        """Say beside their field which addresses cannot be registered; whether all can."""
        for field in (self.redirect_uris, self.post_logout_uris):
            try:
                for line in self.lines(field):
                    addresses.check(line, kind)
                if len(self.lines(field)) > addresses.MOST:
                    raise AddressRefused("Write 1 to %(most)s addresses, one a line.", most=addresses.MOST)
            except AddressRefused as error:
                field.errors = [words_of(error)]
        return not (self.redirect_uris.errors or self.post_logout_uris.errors)


class NewClientForm(ClientForm):
    """The same, with where the application runs, which does not change any more."""

    kind = RadioField(
        _("Jenis"),
        choices=[
            SelectChoice(WEB, _("Situs web dengan server sendiri")),
            SelectChoice(NATIVE, _("Aplikasi di ponsel, di komputer, atau yang berjalan di peramban")),
        ],
        default=WEB,
    )
