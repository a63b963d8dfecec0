"""The forms of sign-in, registration and account."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField, TelField
from wtforms.validators import EqualTo, InputRequired, Length, Optional, Regexp

from lumbung.identity.passwords import LONGEST, SHORTEST
from lumbung.identity.people import PHONE
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext


def required(what: str) -> InputRequired:
    """Return a validator that says what to write."""
    return InputRequired(message=what)


class SignInForm(FlaskForm):
    """E-mail and password."""

    email = EmailField(_("Alamat surel"), validators=[required(_("Tulis alamat surel Anda."))])
    password = PasswordField(_("Kata sandi"), validators=[required(_("Tulis kata sandi Anda."))])


class RegisterForm(FlaskForm):
    """A citizen makes an account."""

    name = StringField(
        _("Nama lengkap"),
        description=_("Seperti tertulis di KTP."),
        validators=[
            required(_("Tulis nama Anda.")),
            Length(2, 120, message=_("Nama berisi 2 sampai 120 huruf.")),
        ],
    )
    email = EmailField(
        _("Alamat surel"),
        description=_("Dipakai untuk masuk. Satu alamat untuk satu akun."),
        validators=[required(_("Tulis alamat surel Anda."))],
    )
    phone = TelField(
        _("Nomor ponsel"),
        description=_("Boleh kosong. Dipakai untuk kabar tentang layanan yang Anda ambil."),
        validators=[Optional(), Regexp(PHONE, message=_("Contoh: 0812 3456 7890"))],
    )
    password = PasswordField(
        _("Kata sandi"),
        description=_("Sedikitnya 10 huruf; kalimat pendek mudah diingat dan sulit ditebak."),
        validators=[
            required(_("Buat kata sandi.")),
            Length(SHORTEST, LONGEST, message=_("Kata sandi berisi 10 sampai 256 huruf.")),
        ],
    )
    agree = BooleanField(
        _("Saya setuju data di atas disimpan untuk akun ini."),
        description=_("Anda dapat menghapus akun kapan saja melalui petugas."),
        validators=[InputRequired(message=_("Tanpa persetujuan, akun tidak dapat dibuat."))],
    )


class PasswordForm(FlaskForm):
    """A person changes their password."""

    current = PasswordField(_("Kata sandi sekarang"), validators=[required(_("Tulis kata sandi yang sekarang."))])
    password = PasswordField(
        _("Kata sandi baru"),
        validators=[
            required(_("Tulis kata sandi baru.")),
            Length(SHORTEST, LONGEST, message=_("Kata sandi berisi 10 sampai 256 huruf.")),
        ],
    )
    again = PasswordField(
        _("Ulangi kata sandi baru"),
        validators=[EqualTo("password", message=_("Kedua kata sandi baru tidak sama."))],
    )
