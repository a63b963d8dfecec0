"""Somebody who was invited accepts: they choose a password and are signed in."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from lumbung.context import current_scope, current_tenant
from lumbung.identity import invitations, letters, people, sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import SecretLetter
from lumbung.notifications import account_news
from lumbung.portal.forms import ChooseForm
from lumbung.portal.secret_links import closed, limit_opening, opened, token_asked
from lumbung.portal.sign_in import welcome
from lumbung.tenancy.models import Unit
from lumbung.web.access import public
from lumbung.web.i18n import core_domain, language
from lumbung.web.role_titles import title_of

blueprint = Blueprint("invited", __name__)
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.route("/undangan", methods=["GET", "POST"])
@public
def accept() -> Page:
    """Show who invites to what; make the account when a password was chosen."""
    limit_opening()
    scope, token, form = current_scope(), token_asked(), ChooseForm()
    try:
        letter = letters.find(scope.session, letters.INVITATION, token)
        facts = {"form": form, "token": token, **_facts(letter)}
        if not form.is_submitted():
            return opened("portal/invited.html", **facts)
        if not form.validate():
            return render_template("portal/invited.html", **facts), 422
        scope.memory["actor"] = letter.detail["name"]
        person, letter = invitations.accept(scope.session, token, form.password.data or "")
    except letters.LetterDead:
        return closed("invitation")
    except people.PasswordTooWeak:
        form.password.errors = [_("Kata sandi ini mudah ditebak. Pakai kalimat dari beberapa kata.")]
    except people.EmailTaken:
        form.form_errors.append(
            _("Alamat %(email)s sudah punya akun di sini. Mintalah pengelola memberi peran pada akun itu.",
              email=letter.email)
        )  # fmt: skip
    else:
        _tell_inviter(letter, person)
        session_token = sessions.start(scope.session, person.id, address=scope.address, agent=request.user_agent.string)
        return welcome(person, session_token, "")
    return render_template("portal/invited.html", **facts), 422


def _facts(letter: SecretLetter) -> dict[str, object]:
    scope, detail = current_scope(), letter.detail
    snapshot, tenant = scope.kernel.snapshot(), current_tenant()
    return {
        "name": detail["name"],
        "email": letter.email,
        "by": letter.made_by,
        "kind": detail["kind"],
        "organisation": detail["organisation"],
        "position": detail["position"],
        "unit": _unit(detail["unit"]),
        "role_unit": _unit(detail["role_unit"]),
        "roles": [title_of(role, snapshot, tenant.id, language()) for role in detail["roles"]],
    }


def _unit(unit_id: str | None) -> Unit | None:
    session = current_scope().session
    return session.get(Unit, (current_tenant().id, UUID(unit_id))) if unit_id else None


def _tell_inviter(letter: SecretLetter, person: PersonRow) -> None:
    """Tell whoever invited them; with where to go when they are to take over somebody's post."""
    session, key = current_scope().session, current_tenant().id
    inviter = session.get(PersonRow, (key, letter.made_by_id)) if letter.made_by_id else None
    if inviter is None or not inviter.active:
        return
    giver = letter.detail.get("successor_of")
    url = f"/admin/orang/{giver}/serah-terima?penerus={person.id}" if giver else f"/admin/orang/{person.id}/"
    account_news.invitation_accepted(inviter, person, url)
