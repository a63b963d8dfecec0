"""Settings of an application: for the whole platform, for the tenant, and for each unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from lumbung.admin.plugin_settings_form import SettingsForm, form_of, problem_words, sentence, value_words
from lumbung.admin.rights import PLUGINS, acting_as
from lumbung.audit import AuditRow
from lumbung.context import current_scope, current_tenant
from lumbung.plugin_settings import services
from lumbung.plugin_settings.services import INHERIT, ChangedMeanwhile, Line, NotSettable
from lumbung.plugin_settings.stored import Found, Place
from lumbung.registry.manifest import Manifest
from lumbung.registry.models import OperationRow
from lumbung.registry.plugin_setting import PluginSetting
from lumbung.registry.setting_values import as_plain
from lumbung.tenancy import cards
from lumbung.tenancy.cards import UnitCard
from lumbung.web.access import me, reaches, staff
from lumbung.web.erased import who_did
from lumbung.web.i18n import core_domain, language
from lumbung.web.proof import need_fresh
from lumbung.web.refusals import words_of
from lumbung.web.trail import TrailEntry

blueprint = Blueprint("admin_plugin_settings", __name__, url_prefix="/admin/plugin")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]
MOST_TOLD = 20  # changes beside the form
WHILE_WRITING = 60  # minutes: what was typed is not lost to a proof that grew old meanwhile


@dataclass(frozen=True)
class Desk:
    """What the person at work may set of a plugin, and where."""

    manifest: Manifest
    manages: bool
    operates: bool
    units: list[UnitCard]

    def settings_at(self, place: Place) -> list[PluginSetting]:
        """Return the settings that they may set at a place."""
        return [one for one in self.manifest.settings if place.scope in one.scopes and self._may(one, place)]

    def _may(self, setting: PluginSetting, place: Place) -> bool:
        if place.scope == "platform":
            return self.operates
        if self.manages:
            return True
        return place.scope == "unit" and _reaches(setting, place.unit_id)

    @property
    def places(self) -> list[Place]:
        """Every place where they may set anything."""
        every = [Place("tenant"), Place("platform"), *(Place("unit", unit.id) for unit in self.units)]
        return [place for place in every if self.settings_at(place)]


@blueprint.route("/<name>/pengaturan", methods=["GET", "POST"])
@staff
def edit(name: str) -> Page:
    """Show the settings of a plugin at one place, and change them."""
    desk = _desk(name)
    place = _place(desk)
    if place is None:
        return _nothing(desk)
    values = services.values_of(name)
    allowed = {setting.name for setting in desk.settings_at(place)}
    lines = [line for line in services.lines(desk.manifest, place, values) if line.setting.name in allowed]
    form = form_of(lines, cards.all(), values.mark(place))
    if not form.is_submitted():
        return _page(desk, place, form)
    if form.validate():
        wishes = form.wishes()
        if any(line.setting.type == "secret" and line.setting.name in wishes for line in lines):
            need_fresh(WHILE_WRITING, back_to=_address(name, place))
        try:
            changed = services.change(desk.manifest, place, wishes, by=_by(place), seen=form.seen.data or "")
        except ChangedMeanwhile as error:
            form.form_errors.append(words_of(error))
        except NotSettable as error:
            _show(form, error)
        else:
            _tell(len(changed))
            return redirect(_address(name, place), 303)
    form.seen.data = values.mark(place)
    return _page(desk, place, form), 422


@blueprint.post("/<name>/pengaturan/hapus")
@staff
def drop(name: str) -> Response:
    """Take away a value that the application no longer knows."""
    desk = _desk(name)
    place = _place(desk)
    if place is None or not (desk.operates if place.scope == "platform" else desk.manages):
        abort(403)
    wanted = request.form.get("nama", "")[:40]
    if wanted not in services.left_over(desk.manifest, place, services.values_of(name)):
        abort(404)
    services.change(desk.manifest, place, {wanted: INHERIT}, by=_by(place))
    flash(_("Nilai lama %(name)s dihapus.", name=wanted), "baik")
    return redirect(_address(name, place), 303)


def _desk(name: str) -> Desk:
    """Return what the person may do with a plugin; 404 when it is not here, 403 when they may do nothing."""
    person = me()
    manages = any(person.can(permission) for permission in PLUGINS)
    plugin = current_scope().kernel.snapshot().plugins.get(name)
    if plugin is None or not plugin.usable:
        abort(404 if manages else 403)  # who may set nothing learns nothing either
    manifest = plugin.manifest
    units = cards.all()
    if not manages:
        units = [unit for unit in units if any(_reaches(one, unit.id) for one in manifest.settings)]
        if not units:
            abort(403)
    return Desk(manifest, manages, person.can("platform.plugins"), units)


def _reaches(setting: PluginSetting, unit_id: UUID | None) -> bool:
    return setting.permission is not None and unit_id is not None and reaches(setting.permission, unit_id)


def _place(desk: Desk) -> Place | None:
    """Return the place that the address names (``untuk``: platform, daerah, or the id of a unit), else the first.

    None when there is none to choose from.
    """
    places, asked = desk.places, request.args.get("untuk", "")
    if not asked:
        return places[0] if places else None
    try:
        wanted = Place("platform") if asked == "platform" else Place("tenant") if asked == "daerah" else None
        wanted = wanted or Place("unit", UUID(asked))
    except ValueError:
        abort(404)
    if wanted.unit_id and wanted.unit_id not in {unit.id for unit in cards.all()}:
        abort(404)
    if wanted not in places:
        if desk.settings_at(wanted) or desk.manages:
            abort(404)
        abort(403)
    return wanted


def _page(desk: Desk, place: Place, form: SettingsForm) -> str:
    units = cards.all()
    names = {unit.id: unit.name for unit in units}
    manages_here = desk.operates if place.scope == "platform" else desk.manages
    values = services.values_of(desk.manifest.name)
    return render_template(
        "admin/plugin_settings.html",
        manifest=desk.manifest,
        title=desk.manifest.title(language()),
        place=place,
        where=_where(place),
        form=form,
        groups=_groups(form.lines),
        tabs=_tabs(desk, place),
        units=[unit for unit in desk.units if Place("unit", unit.id) in desk.places],
        from_where=lambda found: _from_where(found, place, names),
        value_words=lambda line: value_words(line.setting, _inherited(line), units),
        problem_words=problem_words,
        left_over=services.left_over(desk.manifest, place, values) if manages_here else [],
        history=_history(desk.manifest, place) if manages_here else [],
        drop_url=url_for(".drop", name=desk.manifest.name, untuk=_where(place)),
        manages=desk.manages,
        has_secret=any(line.setting.type == "secret" for line in form.lines),
    )


def _inherited(line: Line) -> Any:
    return as_plain(line.inherited.value)


def _nothing(desk: Desk) -> str:
    return render_template(
        "admin/plugin_settings.html",
        manifest=desk.manifest,
        title=desk.manifest.title(language()),
        place=None,
        manages=desk.manages,
    )


def _groups(lines: Any) -> list[tuple[str, list[Line]]]:
    """Return the settings under the headings that the manifest gives, in its order."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.setting.group(language()) if line.setting.group else "", []).append(line)
    return list(groups.items())


def _tabs(desk: Desk, place: Place) -> list[tuple[str, str, bool]]:
    name, places = desk.manifest.name, desk.places
    titles = {"tenant": current_tenant().name, "platform": _("Seluruh platform"), "unit": _("Perangkat daerah")}
    first = {one.scope: one for one in reversed(places)}
    return [
        (titles[scope], _address(name, first[scope]), place.scope == scope)
        for scope in ("tenant", "unit", "platform")
        if scope in first
    ]


def _from_where(found: Found, here: Place, names: dict[UUID, str]) -> str:
    """Return in words where a value comes from."""
    place = found.place
    if place is None:
        return str(_("bawaan aplikasi") if found.value not in (None, ()) else _("belum diisi"))
    if place == here:
        return str(_("diatur di sini"))
    if place.unit_id is not None:
        return str(_("mengikuti %(unit)s", unit=names.get(place.unit_id, "–")))
    where = current_tenant().name if place.scope == "tenant" else _("seluruh platform")
    return str(_("mengikuti %(unit)s", unit=where))


def _history(manifest: Manifest, place: Place) -> list[TrailEntry]:
    """Return the latest changes at a place: of the tenant from its trail, of the platform from the operations."""
    session = current_scope().session
    if place.scope == "platform":
        done = select(OperationRow).where(OperationRow.kind == services.KIND, OperationRow.plugin == manifest.name)
        rows = session.scalars(done.order_by(OperationRow.asked_at.desc()).limit(MOST_TOLD))
        return [_told(manifest, row.asked_at, row.asked_by, str(row.facts.get("setting")), row.facts) for row in rows]
    query = select(AuditRow).where(AuditRow.about == services.about(manifest.name, place))
    entries = session.scalars(query.order_by(AuditRow.at.desc(), AuditRow.id).limit(MOST_TOLD))
    return [_told(manifest, row.at, who_did(row), row.thing.partition(".")[2], row.detail) for row in entries]


def _told(manifest: Manifest, at: datetime, who: str, name: str, detail: Mapping[str, Any]) -> TrailEntry:
    titles = {setting.name: setting.title(language()) for setting in manifest.settings}
    words = " → ".join(str(detail[key]) for key in ("before", "after") if key in detail)
    let_go = _("kembali mengikuti yang di atasnya") if detail.get("inherited") else ""
    return TrailEntry(at, who, titles.get(name, name), " · ".join(filter(None, (words, let_go))))


def _show(form: SettingsForm, error: NotSettable) -> None:
    if error.setting and error.setting in {line.setting.name for line in form.lines}:
        form.value_field(error.setting).errors = [sentence(words_of(error))]
    else:
        form.form_errors.append(words_of(error))


def _tell(count: int) -> None:
    if count:
        flash(_("Pengaturan disimpan. Langsung berlaku."), "baik")
    else:
        flash(_("Tidak ada yang berubah."), "muted")


def _by(place: Place) -> str:
    return acting_as() if place.scope == "platform" else me().name


def _where(place: Place) -> str:
    return {"platform": "platform", "tenant": "daerah"}.get(place.scope, str(place.unit_id))


def _address(name: str, place: Place) -> str:
    return url_for(".edit", name=name, untuk=_where(place))
