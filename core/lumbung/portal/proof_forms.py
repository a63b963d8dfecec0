"""The forms of the second factor."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from lumbung.identity.second_factor.passkeys import LONGEST
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext

_NO_CODE = _("Ini bukan kode. Tulis 6 angka dari aplikasi, atau satu kode cadangan.")


class ShowFactorForm(FlaskForm):
    """A code, of the app or from paper."""

    code = StringField(
        _("Kode"),
        description=_("6 angka dari aplikasi autentikator, atau satu kode cadangan."),
        validators=[InputRequired(_("Tulis kodenya.")), Length(max=40, message=_NO_CODE)],
    )
    trust = BooleanField(
        _("Ingat peramban ini 30 hari"),
        description=_("Jangan dicentang di komputer yang dipakai bersama."),
    )


class PasswordAgainForm(FlaskForm):
    """The password of whoever is signed in."""

    password = PasswordField(_("Kata sandi"), validators=[InputRequired(_("Tulis kata sandi Anda."))])


class PasskeyShownForm(FlaskForm):
    """What a passkey signed. A script fills it in."""

    credential = HiddenField(validators=[InputRequired(), Length(max=LONGEST)])
    trust = BooleanField(
        _("Ingat peramban ini 30 hari"),
        description=_("Jangan dicentang di komputer yang dipakai bersama."),
        id="trust-passkey",
    )


class ConfirmAppForm(FlaskForm):
    """The first code of an app that was just set up."""

    code = StringField(
        _("Kode dari aplikasi"),
        description=_("6 angka yang sekarang tampil di aplikasi."),
        validators=[InputRequired(_("Tulis kodenya.")), Length(max=40, message=_("Kode berisi 6 angka."))],
    )


class PasskeyNameForm(FlaskForm):
    """What a passkey is called in the list of its owner."""

    name = StringField(
        _("Nama kunci"),
        description=_("Supaya Anda mengenalinya, misalnya: Ponsel saya."),
        validators=[
            InputRequired(_("Beri kunci ini nama.")),
            Length(1, 80, message=_("Nama kunci paling panjang 80 huruf.")),
        ],
    )


class NewPasskeyForm(PasskeyNameForm):
    """A passkey that was just made. A script fills in what the device says of it."""

    credential = HiddenField(validators=[Length(max=LONGEST)])
