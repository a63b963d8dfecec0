"""A person's own account: who they are, how they are reached, their password, where they are signed in."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, session, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import accounts, devices, letters, people, preferences, sessions, verification
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.identity.passwords import hash_password, matches
from lumbung.identity.role_ends import last_day
from lumbung.notifications import account_news, secret_letters
from lumbung.portal.browsers import browser_of, method_words
from lumbung.portal.forms import ContactForm, DetailsForm, MailForm, PasswordForm
from lumbung.portal.secret_links import limit_asking
from lumbung.web.access import me as who_asks
from lumbung.web.access import signed_in
from lumbung.web.house import lifetime, renew_session
from lumbung.web.i18n import COOKIE_FREE_KEY, core_domain, language
from lumbung.web.limits import rate_limit
from lumbung.web.role_titles import RoleTitle, title_of

blueprint = Blueprint("profile", __name__, url_prefix="/akun")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.route("", methods=["GET", "POST"])
@signed_in
def details() -> Page:
    """Show who a person is and what they may do; let them change their phone number and language."""
    me = _me()
    form = ContactForm(obj=me).offer(current_tenant().languages)
    if form.is_submitted():
        if form.validate():
            preferences.set_contact(
                current_scope().session, me, phone=form.phone.data, language=form.language.data or language()
            )
            session[COOKIE_FREE_KEY] = me.language
            flash(_("Data Anda disimpan."), "baik")
            return redirect(url_for(".details"), 303)
        return _details_page(me, form), 422
    form.language.data = me.language if me.language in current_tenant().languages else language()
    return _details_page(me, form)


@blueprint.route("/nama-dan-surel", methods=["GET", "POST"])
@signed_in
def rename() -> Page:
    """Let a person change their name and e-mail address, once they prove with their password who they are."""
    me = _me()
    before = me.name, me.email
    form = DetailsForm(obj=me)
    page = {"form": form, "sends": secret_letters.site_sends_mail()}
    if form.is_submitted():
        if form.validate() and _knows_password(me, form) and _rename(me, form):
            if (me.name, me.email) != before:
                account_news.details_changed(me)
            return redirect(url_for(".details"), 303)
        return render_template("portal/account/rename.html", **page), 422
    return render_template("portal/account/rename.html", **page)


@blueprint.route("/pemberitahuan", methods=["GET", "POST"])
@signed_in
def mail() -> Page:
    """Let a person choose whether notifications also come by e-mail."""
    me = _me()
    form = MailForm(obj=me)
    if form.is_submitted():
        if form.validate():
            preferences.want_mail(current_scope().session, me, wanted=bool(form.mail.data))
            flash(_("Pilihan Anda disimpan."), "baik")
            return redirect(url_for(".mail"), 303)
        return _mail_page(me, form), 422
    return _mail_page(me, form)


@blueprint.route("/kata-sandi", methods=["GET", "POST"])
@signed_in
def password() -> Page:
    """Let a person change their password; other browsers are signed out."""
    form = PasswordForm()
    if form.is_submitted():
        me = _me()
        if form.validate() and _knows_password(me, form) and _change_password(me, form):
            account_news.password_changed(me)
            flash(_("Kata sandi diganti. Peramban lain yang masih masuk sudah dikeluarkan."), "baik")
            return redirect(url_for(".password"), 303)
        return render_template("portal/account/password.html", form=form), 422
    return render_template("portal/account/password.html", form=form)


@blueprint.get("/sesi")
@signed_in
def open_sessions() -> str:
    """Show where a person is signed in."""
    scope, who = current_scope(), who_asks()
    rows = sessions.open_sessions(scope.session, who.id, lifetime(scope.kernel))
    listed = [(row, browser_of(row.agent), method_words(row), row.id == who.session_id) for row in rows]
    known = [(row, browser_of(row.agent), devices.trusted_until(row)) for row in devices.known(scope.session, who.id)]
    return render_template("portal/account/sessions.html", sessions=listed, devices=known)


@blueprint.post("/sesi/<uuid:session_id>/akhiri")
@signed_in
def revoke(session_id: UUID) -> Response:
    """End one of the person's own sessions."""
    if not sessions.revoke(current_scope().session, who_asks().id, session_id):
        abort(404)
    flash(_("Sesi itu sudah diakhiri."), "baik")
    return redirect(url_for(".open_sessions"), 303)


@blueprint.post("/sesi/akhiri-lainnya")
@signed_in
def revoke_others() -> Response:
    """End every session of the person but this one."""
    who = who_asks()
    ended = sessions.revoke_all(current_scope().session, who.id, keep=who.session_id)
    flash(_("%(count)s sesi lain diakhiri.", count=ended), "baik")
    return redirect(url_for(".open_sessions"), 303)


def _details_page(me: PersonRow, form: ContactForm) -> str:
    zone = current_tenant().time_zone
    roles = [(_role_title(grant.role), grant.unit, last_day(grant, zone)) for grant in me.live_grants]
    return render_template(
        "portal/account/details.html", form=form, me=me, roles=roles, sends=secret_letters.site_sends_mail()
    )


def _mail_page(me: PersonRow, form: MailForm) -> str:
    sends = current_scope().kernel.settings.smtp_host is not None
    return render_template("portal/account/mail.html", form=form, me=me, sends=sends)


def _role_title(role: str) -> RoleTitle:
    return title_of(role, current_scope().kernel.snapshot(), current_tenant().id, language())


def _knows_password(me: PersonRow, form: PasswordForm | DetailsForm) -> bool:
    rate_limit(f"password {me.id}", times=10, seconds=900)
    if matches(me.password_hash, form.current.data or ""):
        return True
    form.current.errors = [_("Ini bukan kata sandi Anda yang sekarang.")]
    return False


def _rename(me: PersonRow, form: DetailsForm) -> bool:
    try:
        email = people.normal_email(form.email.data or "")
        by_link = secret_letters.site_sends_mail() and email != me.email
        kept = me.email if by_link else email
        accounts.change(current_scope().session, me, name=form.name.data or "", email=kept, phone=me.phone)
    except people.EmailTaken:
        form.email.errors = [_("Alamat ini sudah dipakai akun lain di daerah ini.")]
        return False
    except LumbungError:
        form.email.errors = [_("Ini bukan alamat surel. Contoh: nama@contoh.id")]
        return False
    if by_link:
        _ask_new_address(me, email)
        flash(_("Surel dikirim ke %(email)s. Alamat itu berlaku setelah Anda membuka tautan di dalamnya.",
                email=email), "baik")  # fmt: skip
    else:
        flash(_("Nama dan alamat surel disimpan. Masuklah dengan alamat ini mulai sekarang."), "baik")
    return True


def _ask_new_address(me: PersonRow, email: str) -> None:
    """Write to the new address, and to the old one that it was asked for; a taken one gives the same answer."""
    limit_asking(email)
    database = current_scope().session
    taken = database.scalar(select(PersonRow).where(PersonRow.email == email))
    if taken is not None:
        secret_letters.tell(taken, letters.KNOWN)
    else:
        secret_letters.post(verification.ask(database, me, language=language(), email=email))
    secret_letters.tell(me, letters.ADDRESS, done=False)


def _change_password(me: PersonRow, form: PasswordForm) -> bool:
    try:
        people.check_password(form.password.data or "", me.email)
    except people.PasswordTooWeak:
        form.password.errors = [_("Kata sandi ini mudah ditebak. Pakai kalimat dari beberapa kata.")]
        return False
    me.password_hash = hash_password(form.password.data or "")
    letters.void(current_scope().session, letters.FORGOTTEN, person_id=me.id)
    _leave_only_this_browser(me)
    audit.record("person.password", me.email, about=me.id)
    return True


def _leave_only_this_browser(me: PersonRow) -> None:
    """End the other sessions, forget the other browsers, and give this session a new token."""
    session, here = current_scope().session, who_asks().session_id
    sessions.revoke_all(session, me.id, keep=here)
    row = session.get(SessionRow, (me.tenant_id, here)) if here else None
    devices.forget_all(session, me.id, keep=row.device_id if row else None)
    if row is not None:
        renew_session(sessions.renew(session, row.id, grace=False))


def _me() -> PersonRow:
    who = who_asks()
    return current_scope().session.get_one(PersonRow, (who.tenant_id, who.id))
