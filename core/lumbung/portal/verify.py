"""An e-mail address is verified by the link that was sent there."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from lumbung.context import current_scope
from lumbung.identity import letters, people, verification
from lumbung.identity.models import PersonRow
from lumbung.notifications import account_news, secret_letters
from lumbung.portal.secret_links import closed, limit_asking, limit_opening, opened, token_asked
from lumbung.web.access import me, public, signed_in
from lumbung.web.i18n import core_domain, language

blueprint = Blueprint("verify", __name__)
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.route("/surel", methods=["GET", "POST"])
@public
def confirm() -> Page:
    """Show whose address is about to be verified; verify it when the button is pressed."""
    limit_opening()
    session, token = current_scope().session, token_asked()
    try:
        letter = letters.find(session, letters.VERIFICATION, token)
        if request.method == "GET":
            return opened("portal/verify.html", form=FlaskForm(), token=token, email=letter.email)
        if letter.person is not None:
            current_scope().memory["actor"] = letter.person.name
        person, before = verification.confirm(session, token)
    except (letters.LetterDead, people.EmailTaken):
        return closed("verification")
    if before is not None:
        secret_letters.tell(person, letters.ADDRESS, email=before, done=True)
        account_news.details_changed(person)
    flash(_("Alamat surel %(email)s sudah dipastikan.", email=person.email), "baik")
    return redirect(url_for("profile.details"), 303)


@blueprint.post("/akun/surel/kirim")
@signed_in
def send() -> Response:
    """Send a person another letter to verify their address."""
    session = current_scope().session
    row = session.get_one(PersonRow, (me().tenant_id, me().id))
    if row.email_verified_at is None and secret_letters.site_sends_mail():
        limit_asking(row.email)
        secret_letters.post(verification.ask(session, row, language=language()))
        flash(_("Surel dikirim ke %(email)s. Bukalah tautan di dalamnya.", email=row.email), "baik")
    return redirect(url_for("profile.details"), 303)
