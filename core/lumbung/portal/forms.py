"""The forms of sign-in, registration and account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, RadioField, StringField, TelField
from wtforms.validators import EqualTo, InputRequired, Length, Optional, Regexp

from lumbung.identity.passwords import LONGEST, SHORTEST
from lumbung.identity.people import PHONE
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext

LANGUAGE_NAMES = {"id": "Bahasa Indonesia", "en": "English"}


def required(what: str) -> InputRequired:
    """Return a validator that says what to write."""
    return InputRequired(message=what)


def name_field() -> StringField:
    """Return the field of a person's own name."""
    return StringField(
        _("Nama lengkap"),
        description=_("Seperti tertulis di KTP."),
        validators=[required(_("Tulis nama Anda.")), Length(2, 120, message=_("Nama berisi 2 sampai 120 huruf."))],
    )


def email_field() -> EmailField:
    """Return the field of a person's own address; whether it is one is checked when it is kept."""
    return EmailField(
        _("Alamat surel"),
        description=_("Dipakai untuk masuk. Satu alamat untuk satu akun."),
        validators=[
            required(_("Tulis alamat surel Anda.")),
            Length(max=254, message=_("Ini bukan alamat surel. Contoh: nama@contoh.id")),
        ],
    )


def phone_field() -> TelField:
    """Return the field of a person's own number, which may be left empty."""
    return TelField(
        _("Nomor ponsel"),
        description=_("Boleh kosong. Dipakai untuk kabar tentang layanan yang Anda ambil."),
        validators=[Optional(), Regexp(PHONE, message=_("Contoh: 0812 3456 7890"))],
    )


def new_password_field(label: Any, empty: Any, hint: Any = "") -> PasswordField:
    """Return the field of a password that is chosen; ``empty`` is said when nothing was."""
    return PasswordField(
        label,
        description=hint,
        validators=[
            required(empty),
            Length(SHORTEST, LONGEST, message=_("Kata sandi berisi 10 sampai 256 huruf.")),
        ],
    )


class SignInForm(FlaskForm):
    """E-mail and password."""

    email = EmailField(_("Alamat surel"), validators=[required(_("Tulis alamat surel Anda."))])
    password = PasswordField(_("Kata sandi"), validators=[required(_("Tulis kata sandi Anda."))])


class RegisterForm(FlaskForm):
    """A citizen makes an account."""

    name = name_field()
    email = email_field()
    phone = phone_field()
    password = new_password_field(
        _("Kata sandi"),
        _("Buat kata sandi."),
        _("Sedikitnya 10 huruf; kalimat pendek mudah diingat dan sulit ditebak."),
    )
    agree = BooleanField(
        _("Saya setuju data di atas disimpan untuk akun ini."),
        description=_("Anda dapat menghapus akun kapan saja melalui petugas."),
        validators=[InputRequired(message=_("Tanpa persetujuan, akun tidak dapat dibuat."))],
    )


class CompleteForm(FlaskForm):
    """Whoever registered shows that it was them."""

    password = PasswordField(
        _("Kata sandi yang Anda buat saat mendaftar"), validators=[required(_("Tulis kata sandi yang Anda buat."))]
    )


class ForgottenForm(FlaskForm):
    """The address of an account whose password was forgotten."""

    email = EmailField(
        _("Alamat surel"),
        description=_("Alamat yang Anda pakai untuk masuk."),
        validators=[
            required(_("Tulis alamat surel Anda.")),
            Length(max=254, message=_("Ini bukan alamat surel. Contoh: nama@contoh.id")),
        ],
    )


class ChooseForm(FlaskForm):
    """A password that is chosen without knowing an older one."""

    password = new_password_field(
        _("Kata sandi baru"),
        _("Tulis kata sandi baru."),
        _("Sedikitnya 10 huruf; kalimat pendek mudah diingat dan sulit ditebak."),
    )
    again = PasswordField(
        _("Ulangi kata sandi baru"),
        validators=[EqualTo("password", message=_("Kedua kata sandi baru tidak sama."))],
    )


class ContactForm(FlaskForm):
    """How a person is reached, and in which language."""

    phone = phone_field()
    language = RadioField(_("Bahasa halaman dan pesan"), validators=[InputRequired(_("Pilih bahasa."))])

    def offer(self, languages: Iterable[str]) -> ContactForm:
        """Fill in the languages of this tenant, each in its own words."""
        self.language.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in languages]
        return self


class DetailsForm(FlaskForm):
    """A person changes their name or e-mail address."""

    name = name_field()
    email = email_field()
    current = PasswordField(
        _("Kata sandi sekarang"),
        description=_("Supaya tidak ada orang lain yang mengubahnya."),
        validators=[required(_("Tulis kata sandi yang sekarang."))],
    )


class MailForm(FlaskForm):
    """Whether notifications also come by e-mail."""

    mail = BooleanField(
        _("Kirim pemberitahuan juga ke surel saya"),
        description=_("Pemberitahuan di situs ini tetap ada, juga tanpa surel."),
    )


class PasswordForm(FlaskForm):
    """A person changes their password."""

    current = PasswordField(_("Kata sandi sekarang"), validators=[required(_("Tulis kata sandi yang sekarang."))])
    password = new_password_field(_("Kata sandi baru"), _("Tulis kata sandi baru."))
    again = PasswordField(
        _("Ulangi kata sandi baru"),
        validators=[EqualTo("password", message=_("Kedua kata sandi baru tidak sama."))],
    )
