"""A citizen makes an account."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from lumbung.addresses import local_path
from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.identity import people, sessions
from lumbung.portal.forms import RegisterForm
from lumbung.portal.sign_in import welcome
from lumbung.web.access import public
from lumbung.web.i18n import core_domain
from lumbung.web.limits import rate_limit

blueprint = Blueprint("register", __name__)
_ = core_domain.gettext


@blueprint.route("/daftar", methods=["GET", "POST"])
@public
def register() -> Response | str | tuple[str, int]:
    """Let a citizen make an account, and sign them in."""
    form = RegisterForm()
    target = local_path(request.values.get("next"))
    if not form.is_submitted():
        return render_template("portal/register.html", form=form, next=target)
    if not form.validate():
        return render_template("portal/register.html", form=form, next=target), 422
    scope = current_scope()
    rate_limit(f"register {scope.address}", times=60, seconds=3600)  # before a password is hashed
    scope.memory["actor"] = (form.name.data or "")[:120]
    try:
        person = people.add_person(
            scope.session,
            email=form.email.data or "",
            name=form.name.data or "",
            password=form.password.data or "",
            phone=form.phone.data,
        )
    except people.EmailTaken:
        form.email.errors = [_("Alamat ini sudah punya akun di sini. Masuk dengan akun itu.")]
    except people.PasswordTooWeak:
        form.password.errors = [_("Kata sandi ini mudah ditebak. Pakai kalimat dari beberapa kata.")]
    except LumbungError:
        form.email.errors = [_("Ini bukan alamat surel. Contoh: nama@contoh.id")]
    else:
        token = sessions.start(scope.session, person.id, address=scope.address, agent=request.user_agent.string)
        return welcome(person, token, target)
    return render_template("portal/register.html", form=form, next=target), 422
