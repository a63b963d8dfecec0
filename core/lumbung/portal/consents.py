"""A person's own consents: what they agreed to, in which words; given anew, withdrawn."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.privacy import consents, requests
from lumbung.privacy.clocks import code_of
from lumbung.web.access import me, signed_in
from lumbung.web.i18n import core_domain, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("my_consents", __name__, url_prefix="/akun/data/persetujuan")
_ = core_domain.gettext


@blueprint.get("/")
@signed_in
def index() -> str:
    """Show what one is asked to agree to, what one agreed to, and what came before."""
    session, who = current_scope().session, me()
    past = [row for row in consents.history_of(session, who.id) if row.withdrawn_at]
    return render_template(
        "portal/data/consents.html",
        standing=consents.standing_of(session, who.id),
        past=past,
        language=language(),
        ended_words=ended_words,
    )


@blueprint.post("/<code>/beri")
@signed_in
def give(code: str) -> Response:
    """Agree to the text that stood on the page."""
    try:
        consents.give(
            current_scope().session, me().id, code, on="akun/data", version=request.form.get("version", type=int)
        )
    except consents.UnknownConsent:
        abort(404)
    except LumbungError as error:
        flash(words_of(error), "padi")
    else:
        flash(_("Persetujuan Anda dicatat."), "baik")
    return redirect(url_for(".index"), 303)


@blueprint.post("/<code>/tarik")
@signed_in
def withdraw(code: str) -> Response:
    """Withdraw a consent: it ends at once. Without the one for the account, the account is closed by the desk."""
    session, who = current_scope().session, me()
    needed = any(one.asked.code == code and one.asked.needed for one in consents.standing_of(session, who.id))
    if needed and who.is_staff:
        flash(_("Akun petugas ada karena tugas, bukan karena persetujuan. Serahkan peran Anda dulu."), "padi")
        return redirect(url_for(".index"), 303)
    if not consents.withdraw(session, who.id, code, by=who.id):
        abort(404)
    flash(_("Persetujuan Anda ditarik. Sejak sekarang data itu tidak dipakai lagi untuk hal tersebut."), "baik")
    if needed:
        try:
            made = requests.make(session, requests.WITHDRAWAL, person_id=who.id, consent_code=code)
        except requests.AlreadyOpen:
            return redirect(url_for("my_requests.index"), 303)
        flash(
            _("Akun Anda ditutup dan datanya dihapus dalam 3x24 jam: permintaan %(code)s.", code=code_of(made)), "laut"
        )
        return redirect(url_for("my_requests.detail", request_id=made.id), 303)
    return redirect(url_for(".index"), 303)


def ended_words(why: str) -> str:
    """Return why a consent ended, in a word or two."""
    words: dict[str, str] = {
        "withdrawn": _("ditarik"),
        "renewed": _("diganti versi baru"),
        "erased": _("akun dihapus"),
    }
    return words.get(why, why)
