"""Managers: whose reports are taken over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find_or_404, rate_limit, requires

from ...forms.exchange import MappingForm, SourceForm
from ...models import Source
from ...services import open311, source_words, sources
from ...services.source_taking import NOT_TAKEN
from ...words import _
from ..room import refused, say
from . import exchange
from .keys import MANAGE

FIELD = "layanan:"  # of the page: before the code of a service, the name of its select


@exchange.get("/sumber")
@requires(MANAGE)
def source_list() -> ResponseReturnValue:
    """Every source and what the last fetching came to."""
    return render_template(
        "infrastruktur/exchange/sources.html", sources=sources.all_sources(), words=source_words.words
    )


@exchange.route("/sumber/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_source() -> ResponseReturnValue:
    """Add a source; its services are read at once, in the background."""
    return _edit(None, SourceForm())


@exchange.route("/sumber/<uuid:source_id>/ubah", methods=["GET", "POST"])
@requires(MANAGE)
def edit_source(source_id: UUID) -> ResponseReturnValue:
    """Change a source."""
    found = find_or_404(Source, source_id)
    return _edit(found, SourceForm(obj=found, category=str(found.category_id or "")))


def _edit(found: Source | None, form: SourceForm) -> ResponseReturnValue:
    form.category.choices = [("", _("Jangan diambil"))] + [(str(one.id), one.title) for one in open311.categories()]
    if form.validate_on_submit():
        try:
            made = sources.save(
                found,
                name=form.name.data or "",
                url=form.url.data or "",
                jurisdiction_id=form.jurisdiction_id.data or "",
                category_id=form.category_id,
            )
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Sumber %(name)s tersimpan.", name=made.name), "baik")
            return redirect(url_for(".source", source_id=made.id), 303)
    page = render_template("infrastruktur/exchange/edit_source.html", form=form, source=found)
    return page, 422 if form.is_submitted() else 200


@exchange.route("/sumber/<uuid:source_id>", methods=["GET", "POST"])
@requires(MANAGE)
def source(source_id: UUID) -> ResponseReturnValue:
    """One source: how it goes, and which category each of its services is."""
    found = find_or_404(Source, source_id, lock=request.method == "POST")
    form = MappingForm(obj=found)
    services = sorted(found.categories.items(), key=lambda one: (one[1].get("group", ""), one[1].get("name", "")))
    chosen = {code: service.get("ours", "") for code, service in services}
    if form.validate_on_submit():
        chosen = {code: request.form.get(f"{FIELD}{code}", "")[:40] for code in chosen}
        try:
            sources.map_services(found, chosen, is_open=bool(form.open.data))
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Padanan %(name)s tersimpan.", name=found.name), "baik")
            return redirect(url_for(".source", source_id=source_id), 303)
    page = render_template(
        "infrastruktur/exchange/source.html",
        form=form,
        services=services,
        chosen=chosen,
        field=FIELD,
        categories=open311.categories(),
        not_taken=NOT_TAKEN,
        **_state(found),
    )
    return page, 422 if form.is_submitted() else 200


@exchange.get("/sumber/<uuid:source_id>/keadaan")
@requires(MANAGE)
def source_state(source_id: UUID) -> ResponseReturnValue:
    """The part of the page that renews itself."""
    return render_template("infrastruktur/exchange/_state.html", **_state(find_or_404(Source, source_id)))


@exchange.post("/sumber/<uuid:source_id>/ambil")
@requires(MANAGE)
def fetch_source(source_id: UUID) -> ResponseReturnValue:
    """Fetch now: in the background."""
    found = find_or_404(Source, source_id)
    rate_limit(f"infrastruktur.fetch:{source_id}", times=6, seconds=600)
    try:
        sources.fetch_later(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".source", source_id=source_id))
    flash(_("Laporan dari %(name)s sedang diambil.", name=found.name), "baik")
    return redirect(url_for(".source", source_id=source_id), 303)


@exchange.post("/sumber/<uuid:source_id>/baca")
@requires(MANAGE)
def read_source(source_id: UUID) -> ResponseReturnValue:
    """Read its services again: in the background."""
    found = find_or_404(Source, source_id)
    rate_limit(f"infrastruktur.read:{source_id}", times=6, seconds=600)
    sources.read_later(found)
    flash(_("Jenis layanan %(name)s sedang dibaca.", name=found.name), "baik")
    return redirect(url_for(".source", source_id=source_id), 303)


@exchange.post("/sumber/<uuid:source_id>/hapus")
@requires(MANAGE)
def remove_source(source_id: UUID) -> ResponseReturnValue:
    """Take a source off that nothing came from."""
    found = find_or_404(Source, source_id, lock=True)
    name = found.name
    try:
        sources.remove(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".source", source_id=source_id))
    flash(_("%(name)s dihapus.", name=name), "baik")
    return redirect(url_for(".source_list"), 303)


def _state(found: Source) -> dict[str, Any]:
    return {"source": found, "words": source_words.words(found), "is_problem": source_words.is_problem(found)}
