"""Invitations: who was invited to what, and how that stands."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung.admin.people import email_words
from lumbung.admin.post_forms import InvitationForm
from lumbung.admin.role_words import role_title
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.documents.qr import qr_svg
from lumbung.errors import LumbungError
from lumbung.identity import invitations, people
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import SecretLetter
from lumbung.notifications import secret_letters
from lumbung.tenancy.models import Unit
from lumbung.tenancy.services import unit_tree
from lumbung.web import role_titles
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import ChoiceFilter, ListColumn, Listing
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_invitations", __name__, url_prefix="/admin/undangan")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.people")
def index() -> Page:
    """List invitations with their state."""
    listing = _listing()
    return listing.export() or render_template(
        "admin/invitations.html", listing=listing, state_of=invitations.state_of, sends=secret_letters.site_sends_mail()
    )


@blueprint.route("/baru", methods=["GET", "POST"])
@requires("core.people")
def add() -> Page:
    """Invite somebody: by mail, or where none is sent by a link that is shown once."""
    form, giver = _form(), _successor_of()
    if form.is_submitted() and form.validate():
        try:
            letter = invitations.invite(
                current_scope().session, form.invitee(giver.id if giver else None), me(), language=language()
            )
        except (people.EmailTaken, people.EmailUnsound) as error:
            form.email.errors = [email_words(error)]
        except LumbungError as error:
            form.form_errors.append(words_of(error))
        else:
            return _handed_out(letter)
    page = render_template("admin/invitation_new.html", form=form, giver=giver, sends=secret_letters.site_sends_mail())
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/<uuid:letter_id>/kirim-ulang")
@requires("core.people")
def send_again(letter_id: UUID) -> Page:
    """Make the link a fresh one and send it, or show it where no mail is sent."""
    return _renewed(letter_id) or _handed_out(_find(letter_id))


@blueprint.post("/<uuid:letter_id>/surat")
@requires("core.people")
def on_paper(letter_id: UUID) -> Page:
    """Show the invitation as a sheet to print, with a fresh link: the one that was sent before is dead."""
    return _renewed(letter_id) or _sheet(_find(letter_id))


@blueprint.post("/<uuid:letter_id>/batal")
@requires("core.people")
def cancel(letter_id: UUID) -> Response:
    """Make an invitation worthless."""
    letter = _find(letter_id)
    try:
        invitations.cancel(current_scope().session, letter)
    except invitations.NotOpen:
        flash(_("Undangan ini sudah diterima, jadi tidak dapat dibatalkan. Nonaktifkan akunnya bila perlu."), "padi")
    else:
        flash(_("Undangan untuk %(name)s dibatalkan.", name=letter.detail["name"]), "baik")
    return redirect(url_for(".index"), 303)


def state_title(state: str) -> str:
    """Return what the state of an invitation is called."""
    titles: dict[str, str] = {
        "open": _("Menunggu"),
        "accepted": _("Diterima"),
        "expired": _("Kedaluwarsa"),
        "cancelled": _("Dibatalkan"),
    }
    return titles[state]


def _listing() -> Listing:
    now = utc_now()
    name = SecretLetter.detail["name"].astext
    return Listing(
        query=invitations.all_query(),
        columns=[
            ListColumn("nama", _("Nama"), value=lambda row: row.detail["name"], sort=name, width=30),
            ListColumn("surel", _("Surel"), value=lambda row: row.email, sort=SecretLetter.email, width=30),
            ListColumn("peran", _("Peran"), value=_roles_in_words, width=40),
            ListColumn("keadaan", _("Keadaan"), value=lambda row: state_title(invitations.state_of(row))),
            ListColumn("oleh", _("Diundang oleh"), value=lambda row: row.made_by),
            ListColumn(
                "dibuat", _("Dibuat"), kind="datetime", value=lambda row: row.created_at, sort=SecretLetter.created_at
            ),
            ListColumn("tindakan", _("Tindakan"), kind="acts"),
        ],
        name="undangan",
        title=_("Undangan"),
        noun=_("undangan"),
        default_sort="-dibuat",
        search=[name, SecretLetter.email],
        search_label=_("Cari nama atau surel"),
        filters=[
            ChoiceFilter(
                "keadaan",
                _("Keadaan undangan"),
                [(state, state_title(state)) for state in ("open", "accepted", "expired", "cancelled")],
                where=lambda state: invitations.in_state(state, now),
                tabs=True,
            )
        ],
    )


def _roles_in_words(letter: SecretLetter) -> str:
    return ", ".join(role_title(role).title for role in letter.detail["roles"]) or "–"


def _form() -> InvitationForm:
    scope = current_scope()
    scope.kernel.state.forget()
    offered = role_titles.offered(scope.kernel.snapshot(), current_tenant().id, language(), actor=me())
    return InvitationForm().offer(offered, unit_tree(scope.session))


def _successor_of() -> PersonRow | None:
    """Return whose post the invited person is to take over, when the page was opened from a hand-over."""
    try:
        person_id = UUID(request.values.get("penerus", ""))
    except ValueError:
        return None
    return current_scope().session.get(PersonRow, (current_tenant().id, person_id))


def _find(letter_id: UUID) -> SecretLetter:
    return invitations.find(current_scope().session, letter_id) or abort(404)


def _renewed(letter_id: UUID) -> Page | None:
    """Renew an invitation; return the answer when that is refused."""
    letter = _find(letter_id)
    try:
        invitations.renew(current_scope().session, letter, me())
    except invitations.MayNotGive:
        abort(403)
    except LumbungError as error:
        flash(words_of(error), "padi")
        return redirect(url_for(".index"), 303)
    return None


def _handed_out(letter: SecretLetter) -> Page:
    if secret_letters.site_sends_mail():
        secret_letters.post(letter)
        flash(_("Undangan dikirim ke %(email)s. Tautannya berlaku tujuh hari.", email=letter.email), "baik")
        return redirect(url_for(".index"), 303)
    return render_template("admin/invitation_link.html", letter=letter, link=secret_letters.link_of(letter))


def _sheet(letter: SecretLetter) -> str:
    link = secret_letters.link_of(letter)
    unit_id = letter.detail["role_unit"]
    session, tenant = current_scope().session, current_tenant()
    return render_template(
        "admin/invitation_sheet.html",
        letter=letter,
        link=link,
        qr=qr_svg(link, label=_("Kode QR tautan undangan")) if link else None,
        roles=[role_title(role) for role in letter.detail["roles"]],
        role_unit=session.get(Unit, (tenant.id, UUID(unit_id))) if unit_id else None,
    )
