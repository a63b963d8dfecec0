"""The forms of an identity from elsewhere."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField
from wtforms.validators import InputRequired

from lumbung.portal.forms import name_field, required
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext


class LinkForm(FlaskForm):
    """Whose account it is shows their password, once."""

    password = PasswordField(
        _("Kata sandi akun Anda di sini"),
        description=_("Cukup sekali ini. Sesudahnya Anda langsung masuk."),
        validators=[required(_("Tulis kata sandi Anda."))],
    )


class NewAccountForm(FlaskForm):
    """Somebody whom we do not know makes an account."""

    name = name_field()
    version = HiddenField()
    agree = BooleanField(
        _("Saya setuju."), validators=[InputRequired(message=_("Tanpa persetujuan, akun tidak dapat dibuat."))]
    )
