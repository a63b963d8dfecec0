"""People of the tenant: finding, adding and changing accounts. Their roles are next door, in `roles`."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.addresses import local_path
from lumbung.admin.employment import keep_employment, person_form
from lumbung.admin.forms import GrantForm
from lumbung.admin.people_list import closing_words, people_listing
from lumbung.admin.role_words import days_left, last_day, role_title, why_title
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import accounts, letters, nik, people, post_history, sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.nip import formatted
from lumbung.identity.second_factor.rules import has_factor
from lumbung.notifications import account_news, secret_letters
from lumbung.tenancy.services import unit_tree
from lumbung.web import role_titles
from lumbung.web.access import me, requires
from lumbung.web.house import lifetime
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import selected_ids
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_people", __name__, url_prefix="/admin/orang")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.people")
def index() -> Page:
    """List people: searched, filtered, sorted, a page at a time or as a file."""
    listing = people_listing()
    return listing.export() or render_template("admin/people.html", listing=listing, role_title=role_title)


@blueprint.post("/nonaktifkan")
@requires("core.people")
def close_several() -> Response:
    """Close the accounts that are ticked, but for one's own, an operator's and the last administrator's."""
    session = current_scope().session
    rows = accounts.several(session, selected_ids())
    if rows:
        closing = accounts.close_several(session, rows, me())
        flash(closing_words(closing), "padi" if closing.left else "baik")
    else:
        flash(_("Belum ada akun yang dipilih. Beri centang pada akun yang dimaksud, lalu ulangi."), "padi")
    return redirect(local_path(request.form.get("kembali"), url_for("admin_people.index")), 303)


@blueprint.route("/tambah", methods=["GET", "POST"])
@requires("core.people")
def add() -> Page:
    """Add an account; its password is shown once, on the page that answers."""
    form = person_form()
    if not form.is_submitted():
        return render_template("admin/person_new.html", form=form)
    if form.validate():
        password = accounts.make_password()
        try:
            row = people.add_person(
                current_scope().session,
                email=form.email.data or "",
                name=form.name.data or "",
                password=password,
                phone=form.phone.data,
            )
        except LumbungError as error:
            form.email.errors = [email_words(error)]
        else:
            if keep_employment(row, form):
                flash(_("Akun %(name)s dibuat.", name=row.name), "baik")
                return render_template("admin/password.html", row=row, password=password, fresh=True)
    return render_template("admin/person_new.html", form=form), 422


@blueprint.get("/<uuid:person_id>/")
@requires("core.people")
def detail(person_id: UUID) -> str:
    """Show one person: who they are, what they may do, where they are signed in."""
    row = find(person_id)
    audit.note_reading(row.id, "person.page")
    return person_page(row)


@blueprint.route("/<uuid:person_id>/ubah", methods=["GET", "POST"])
@requires("core.people")
def edit(person_id: UUID) -> Page:
    """Change name, address and number of an account."""
    row = find_mine(person_id)
    before = row.email
    form = person_form(row)
    if not form.is_submitted():
        audit.note_reading(row.id, "person.edit")
        return render_template("admin/person_edit.html", form=form, row=row)
    if form.validate():
        try:
            accounts.change(
                current_scope().session,
                row,
                name=form.name.data or "",
                email=form.email.data or "",
                phone=form.phone.data,
            )
        except LumbungError as error:
            form.email.errors = [email_words(error)]
        else:
            if keep_employment(row, form):
                if row.email != before:
                    account_news.details_changed(row)
                    secret_letters.tell(row, letters.ADDRESS, email=before, done=True)
                flash(_("Data akun disimpan."), "baik")
                return back(row)
    return render_template("admin/person_edit.html", form=form, row=row), 422


@blueprint.post("/<uuid:person_id>/nonaktifkan")
@requires("core.people")
def close(person_id: UUID) -> Page:
    """Close an account: its sessions end and nobody can sign in with it."""
    row = find_mine(person_id)
    try:
        accounts.close(current_scope().session, row, me())
    except accounts.OwnAccount:
        return refused(row, _("Akun yang sedang Anda pakai tidak dapat dinonaktifkan."))
    except accounts.LastAdmin:
        return refused(row, _("Ini pengelola terakhir. Beri peran pengelola kepada orang lain dulu."))
    flash(_("Akun %(name)s dinonaktifkan dan semua sesinya diakhiri.", name=row.name), "baik")
    return back(row)


@blueprint.post("/<uuid:person_id>/aktifkan")
@requires("core.people")
def reopen(person_id: UUID) -> Response:
    """Open a closed account again."""
    row = find_mine(person_id)
    accounts.reopen(current_scope().session, row)
    flash(_("Akun %(name)s aktif kembali.", name=row.name), "baik")
    return back(row)


@blueprint.post("/<uuid:person_id>/kata-sandi")
@requires("core.people")
def reset_password(person_id: UUID) -> Page:
    """Make a new password, show it once, and end the person's sessions."""
    row = find_mine(person_id)
    if row.id == me().id:
        return refused(row, _("Ganti kata sandi Anda sendiri di halaman Akun saya."))
    password = accounts.reset_password(current_scope().session, row)
    account_news.password_reset(row)
    return render_template("admin/password.html", row=row, password=password, fresh=False)


@blueprint.post("/<uuid:person_id>/akhiri-sesi")
@requires("core.people")
def end_sessions(person_id: UUID) -> Response:
    """End every session of a person, but for the one in which this is asked."""
    row = find_mine(person_id)
    ended = sessions.revoke_all(current_scope().session, row.id, keep=me().session_id)
    audit.record("session.revoke", row.email, about=row.id, count=ended)
    flash(_("%(count)s sesi diakhiri.", count=ended), "baik")
    return back(row)


def person_page(row: PersonRow, form: GrantForm | None = None, refusal: str | None = None) -> str:
    """Render one person's page."""
    scope = current_scope()
    return render_template(
        "admin/person.html",
        row=row,
        form=form or grant_form(),
        refusal=refusal,
        mine=accounts.may_touch(me(), row),
        myself=row.id == me().id,
        role_title=role_title,
        last_day=last_day,
        days_left=days_left,
        nik=nik.shown(scope.session, row),
        nip=formatted(row.nip),
        posts=post_history.of_person(scope.session, row.id),
        why_title=why_title,
        has_factor=has_factor(scope.session, row.id),
        open_sessions=len(sessions.open_sessions(scope.session, row.id, lifetime(scope.kernel))),
    )


def grant_form() -> GrantForm:
    """Return the form with the units of this tenant, and the roles that one may give in some of them."""
    scope = current_scope()
    scope.kernel.state.forget()
    roles = role_titles.offered(scope.kernel.snapshot(), current_tenant().id, language(), actor=me())
    return GrantForm().offer(roles, unit_tree(scope.session))


def find(person_id: UUID) -> PersonRow:
    """Return a person of the tenant, or answer 404."""
    row = current_scope().session.get(PersonRow, (current_tenant().id, person_id))
    return row if row is not None else abort(404)


def find_mine(person_id: UUID) -> PersonRow:
    """Return a person whose account one may change: 403 for who may more than oneself (`accounts.may_touch`)."""
    row = find(person_id)
    if not accounts.may_touch(me(), row):
        abort(403)
    return row


def refused(row: PersonRow, why: str) -> tuple[str, int]:
    """Show the person's page with the reason why nothing was changed."""
    return person_page(row, refusal=why), 422


def back(row: PersonRow) -> Response:
    """Return to the person's page."""
    return redirect(url_for("admin_people.detail", person_id=row.id), 303)


def email_words(error: LumbungError) -> str:
    """Return why an e-mail address was refused."""
    if isinstance(error, people.EmailTaken):
        return str(_("Alamat ini sudah dipakai akun lain di daerah ini."))
    if isinstance(error, people.EmailUnsound):
        return str(_("Ini bukan alamat surel. Contoh: nama@contoh.id"))
    return words_of(error)
