"""A citizen makes an account: at once, or, where mail is sent, by a link to the address they wrote."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung.addresses import local_path
from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.identity import letters, people, registration, sessions
from lumbung.identity.models import PersonRow
from lumbung.notifications import secret_letters
from lumbung.portal.forms import CompleteForm, RegisterForm
from lumbung.portal.secret_links import closed, limit_asking, limit_opening, opened, token_asked
from lumbung.portal.sign_in import welcome
from lumbung.privacy import consents
from lumbung.web.access import public
from lumbung.web.i18n import core_domain, language
from lumbung.web.limits import rate_limit

blueprint = Blueprint("register", __name__)
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.route("/daftar", methods=["GET", "POST"])
@public
def register() -> Page:
    """Let a citizen ask for an account. Where mail is sent, the answer is the same whether they have one or not."""
    form = RegisterForm()
    target = local_path(request.values.get("next"))
    if not form.is_submitted():
        return _page(form, target)
    if not form.validate() or not _read_the_text(form):
        return _page(form, target), 422
    scope = current_scope()
    rate_limit(f"register {scope.address}", times=60, seconds=3600)  # before a password is hashed
    scope.memory["actor"] = (form.name.data or "")[:120]
    try:
        return _ask_by_mail(form, target) if secret_letters.site_sends_mail() else _make_at_once(form, target)
    except people.EmailTaken:
        form.email.errors = [_("Alamat ini sudah punya akun di sini. Masuk dengan akun itu.")]
    except people.PasswordTooWeak:
        form.password.errors = [_("Kata sandi ini mudah ditebak. Pakai kalimat dari beberapa kata.")]
    except LumbungError:
        form.email.errors = [_("Ini bukan alamat surel. Contoh: nama@contoh.id")]
    return _page(form, target), 422


@blueprint.get("/daftar/periksa-surel")
@public
def sent() -> str:
    """Say that a letter is on its way; to whom, this page does not know."""
    return render_template("portal/letter_sent.html", what="registration")


@blueprint.route("/daftar/selesai", methods=["GET", "POST"])
@public
def complete() -> Page:
    """Make the account of a registration, by the link and the password that was chosen then."""
    limit_opening()
    session, token, form = current_scope().session, token_asked(), CompleteForm()
    try:
        letter = letters.find(session, letters.REGISTRATION, token)
    except letters.LetterDead:
        return closed("registration")
    facts = {"form": form, "token": token, "name": letter.detail["name"], "email": letter.email}
    if not form.is_submitted():
        return opened("portal/register_complete.html", **facts)
    if not form.validate():
        return render_template("portal/register_complete.html", **facts), 422
    rate_limit(f"complete {letter.id}", times=10, seconds=3600)
    current_scope().memory["actor"] = facts["name"]
    version = letter.detail.get("consent")
    try:
        person, target = registration.complete(session, token, form.password.data or "")
    except registration.OtherPassword:
        form.password.errors = [_("Ini bukan kata sandi yang Anda buat saat mendaftar. Atau daftarlah sekali lagi.")]
    except people.EmailTaken:
        form.password.errors = [_("Alamat ini sudah punya akun di sini. Masuk dengan akun itu.")]
    except letters.LetterDead:
        return closed("registration")
    else:
        _consent(person, version)
        return _sign_in(person, local_path(target))
    return render_template("portal/register_complete.html", **facts), 422


def _page(form: RegisterForm, target: str) -> str:
    """Show the form, with the text that is agreed to and its version."""
    text = consents.asked(current_scope().session, consents.ACCOUNT)
    form.agree.description = text.text(language())
    return render_template("portal/register.html", form=form, next=target, consent=text.version)


def _read_the_text(form: RegisterForm) -> bool:
    """Whether the text that stood on the page is still the newest; says so beside the box when not."""
    now = consents.asked(current_scope().session, consents.ACCOUNT).version
    if request.form.get("consent", now, type=int) == now:
        return True
    form.agree.errors = [_("Teks persetujuan baru saja diperbarui. Baca lagi, lalu kirim sekali lagi.")]
    return False


def _ask_by_mail(form: RegisterForm, target: str) -> Response:
    limit_asking(form.email.data or "")
    scope = current_scope()
    letter = registration.ask(
        scope.session,
        email=form.email.data or "",
        name=form.name.data or "",
        password=form.password.data or "",
        phone=form.phone.data,
        language=language(),
        target=target,
        consent=consents.asked(scope.session, consents.ACCOUNT).version,
    )
    secret_letters.post(letter)
    return redirect(url_for(".sent"), 303)


def _make_at_once(form: RegisterForm, target: str) -> Response:
    person = people.add_person(
        current_scope().session,
        email=form.email.data or "",
        name=form.name.data or "",
        password=form.password.data or "",
        phone=form.phone.data,
    )
    _consent(person, None)
    return _sign_in(person, target)


def _consent(person: PersonRow, version: int | None) -> None:
    """Write down what they agreed to; when the text was renewed since, they are asked again in their account."""
    try:
        consents.give(current_scope().session, person.id, consents.ACCOUNT, on="daftar", version=version)
    except consents.TextChanged:
        return


def _sign_in(person: PersonRow, target: str) -> Response:
    scope = current_scope()
    token = sessions.start(scope.session, person.id, address=scope.address, agent=request.user_agent.string)
    return welcome(person, token, target)
