"""Managers: keys for programs that send reports."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find_or_404, requires

from ...forms.exchange import KeyForm, LimitForm
from ...models import ApiKey
from ...services import api_keys, open311
from ...words import _
from ..room import refused, say
from . import exchange

MANAGE = "infrastruktur.manage"


@exchange.get("")
@requires(MANAGE)
def start() -> ResponseReturnValue:
    """Every key and what came with it."""
    return render_template(
        "infrastruktur/exchange/keys.html",
        keys=api_keys.all_keys(),
        uses=api_keys.uses(),
        nothing=api_keys.Use(),
        base=open311.base_url(),
    )


@exchange.route("/kunci/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_key() -> ResponseReturnValue:
    """Make a key. It is shown in this very answer, and never again."""
    form = KeyForm()
    if form.validate_on_submit():
        try:
            key, text = api_keys.make(form.name.data or "", form.contact.data or "", per_hour=form.per_hour.data or 0)
        except DomainError as refusal:
            say(form, refusal)
        else:
            page = render_template("infrastruktur/exchange/key_made.html", key=key, text=text, base=open311.base_url())
            return page, 200, {"Cache-Control": "no-store"}
    page = render_template("infrastruktur/exchange/new_key.html", form=form)
    return page, 422 if form.is_submitted() else 200


@exchange.route("/kunci/<uuid:key_id>", methods=["GET", "POST"])
@requires(MANAGE)
def key(key_id: UUID) -> ResponseReturnValue:
    """One key: its limit, its use, its trail."""
    found = find_or_404(ApiKey, key_id)
    form = LimitForm(obj=found)
    if form.validate_on_submit():
        try:
            api_keys.change_limit(found, form.per_hour.data or 0)
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Batas kunci %(name)s tersimpan.", name=found.name), "baik")
            return redirect(url_for(".key", key_id=found.id), 303)
    page = render_template(
        "infrastruktur/exchange/key.html", key=found, form=form, use=api_keys.uses().get(found.id, api_keys.Use())
    )
    return page, 422 if form.is_submitted() else 200


@exchange.post("/kunci/<uuid:key_id>/cabut")
@requires(MANAGE)
def revoke_key(key_id: UUID) -> ResponseReturnValue:
    """End a key at once."""
    found = find_or_404(ApiKey, key_id, lock=True)
    try:
        api_keys.revoke(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".key", key_id=key_id))
    flash(_("Kunci %(name)s dicabut dan langsung tidak berlaku.", name=found.name), "baik")
    return redirect(url_for(".start"), 303)
