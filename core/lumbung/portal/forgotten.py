"""A forgotten password: the same answer for an address with an account and one without."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from lumbung.context import current_scope
from lumbung.identity import forgotten, letters, people
from lumbung.notifications import secret_letters
from lumbung.portal.forms import ChooseForm, ForgottenForm
from lumbung.portal.secret_links import closed, limit_asking, limit_opening, opened, token_asked
from lumbung.web.access import public
from lumbung.web.i18n import core_domain, language

blueprint = Blueprint("forgotten", __name__)
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.route("/lupa-sandi", methods=["GET", "POST"])
@public
def ask() -> Page:
    """Ask for the address and send a letter there. Without a mail server the page says where to go instead."""
    form, sends = ForgottenForm(), secret_letters.site_sends_mail()
    if not form.is_submitted() or not sends:
        return render_template("portal/forgotten.html", form=form, sends=sends)
    if form.validate():
        limit_asking(form.email.data or "")
        try:
            letter = forgotten.ask(current_scope().session, form.email.data or "", language=language())
        except people.EmailUnsound:
            form.email.errors = [_("Ini bukan alamat surel. Contoh: nama@contoh.id")]
        else:
            secret_letters.post(letter)
            return redirect(url_for(".sent"), 303)
    return render_template("portal/forgotten.html", form=form, sends=sends), 422


@blueprint.get("/lupa-sandi/periksa-surel")
@public
def sent() -> str:
    """Say that a letter is on its way; to whom, this page does not know."""
    return render_template("portal/letter_sent.html", what="forgotten")


@blueprint.route("/kata-sandi-baru", methods=["GET", "POST"])
@public
def choose() -> Page:
    """Let whoever has the link choose a password; all sessions end, and they sign in with it."""
    limit_opening()
    session, token, form = current_scope().session, token_asked(), ChooseForm()
    try:
        letter = letters.find(session, letters.FORGOTTEN, token)
        facts = {"form": form, "token": token, "email": letter.email}
        if not form.is_submitted():
            return opened("portal/choose_password.html", **facts)
        if not form.validate():
            return render_template("portal/choose_password.html", **facts), 422
        current_scope().memory["actor"] = letter.person.name if letter.person else "-"
        person = forgotten.choose(session, token, form.password.data or "")
    except letters.LetterDead:
        return closed("forgotten")
    except people.PasswordTooWeak:
        form.password.errors = [_("Kata sandi ini mudah ditebak. Pakai kalimat dari beberapa kata.")]
        return render_template("portal/choose_password.html", **facts), 422
    secret_letters.tell(person, letters.PASSWORD)
    flash(_("Kata sandi diganti dan semua sesi diakhiri. Masuklah dengan kata sandi yang baru."), "baik")
    return redirect(url_for("sign_in.sign_in_page"), 303)
