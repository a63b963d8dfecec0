"""A person's identities from elsewhere that open their account: seeing, linking, taking off."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from lumbung.context import current_scope
from lumbung.notifications import account_news
from lumbung.openid.upstream import mapping, services
from lumbung.portal.second_factor import leads_away, me
from lumbung.portal.upstream import Page, find_way, lead_away, title_of
from lumbung.web.access import me as who_asks
from lumbung.web.access import signed_in
from lumbung.web.i18n import core_domain
from lumbung.web.proof import need_fresh

blueprint = Blueprint("my_identities", __name__, url_prefix="/akun/identitas")
_ = core_domain.gettext


@blueprint.get("")
@signed_in
def overview() -> str:
    """Show a person the identities that open their account, and those they can link."""
    return _overview()


@blueprint.post("/<code>/tautkan")
@signed_in
def link(code: str) -> Page:
    """Begin to link an identity: the answer leads to its provider."""
    if to_show := leads_away():
        return to_show
    way = find_way(code)
    need_fresh(back_to=url_for(".overview"))
    return lead_away(way, url_for(".overview"), who_asks().id)


@blueprint.post("/<uuid:identity_id>/lepas")
@signed_in
def unlink(identity_id: UUID) -> Page:
    """Take an identity off."""
    if to_show := leads_away():
        return to_show
    session, who = current_scope().session, who_asks()
    if identity_id not in {row.id for row in mapping.identities_of(session, who.id)}:
        abort(404)
    need_fresh(back_to=url_for(".overview"))
    person = me()
    try:
        upstream = mapping.unlink(session, person, identity_id)
    except mapping.OnlyWayIn:
        words = _("Ini satu-satunya cara Anda masuk. Buat kata sandi atau tambah kunci sandi dulu, lalu lepaskan.")
        return _overview(words), 422
    if upstream is None:
        abort(404)
    account_news.identity_unlinked(person)
    flash(_("%(title)s tidak lagi membuka akun Anda.", title=title_of(upstream)), "baik")
    return redirect(url_for(".overview"), 303)


def _overview(refusal: str | None = None) -> str:
    session = current_scope().session
    mine = {row.upstream_id: row for row in mapping.identities_of(session, who_asks().id)}
    linked = [(title_of(row.upstream), row) for row in mine.values()]
    others = [(row.code, title_of(row)) for row in services.active(session) if row.id not in mine]
    return render_template("portal/account/identities.html", linked=linked, others=others, refusal=refusal)
