"""What an application that is off has kept for this tenant: its tables, readable and downloadable, never changed.

While the application is on, people use the application. Who may look is the holder of ``core.privacy``, or the
operator at their own tenant; each look is in the trail, and in the log of whose data was read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.admin.rights import DATA_OF_PLUGINS, need_one_of
from lumbung.context import current_scope, current_tenant
from lumbung.identity.models import PersonRow
from lumbung.lifecycle import kept_data
from lumbung.lifecycle.kept_data import KeptColumn, KeptPlugin, KeptTable
from lumbung.web.access import me, staff
from lumbung.web.i18n import core_domain, format_date, format_number, language
from lumbung.web.listing import ListColumn
from lumbung.web.listing.columns import NOTHING, plain_text
from lumbung.web.listing.files import csv_file
from lumbung.web.paging import PER_PAGE, Page, page_number, page_url

blueprint = Blueprint("admin_plugin_data", __name__, url_prefix="/admin")
_ = core_domain.gettext

MOST_ROWS = 20_000  # of a file
SHOWN = 200  # letters of a text on the page
READ, EXPORTED = "plugin.data.read", "plugin.data.export"


@blueprint.get("/data-aplikasi")
@staff
def index() -> str:
    """List the applications that are off here and have left data."""
    need_one_of(*DATA_OF_PLUGINS)
    scope = current_scope()
    found = kept_data.every_kept(scope.kernel, scope.session, current_tenant().id)
    return render_template(
        "admin/plugin_data_index.html", plugins=[(one, _title(one), _why_words(one)) for one in found]
    )


@blueprint.get("/plugin/<name>/data")
@staff
def tables(name: str) -> str:
    """List the tables of an application that is off, with how many rows are this tenant's."""
    plugin = _find(name)
    session, tenant = current_scope().session, current_tenant().id
    found = kept_data.kept_tables(session, plugin) if plugin.why_off else []
    return render_template(
        "admin/plugin_data.html",
        plugin=plugin,
        title=_title(plugin),
        why=_why_words(plugin),
        tables=[(one, kept_data.count(session, one, tenant)) for one in found],
        table_title=table_title,
    )


@blueprint.get("/plugin/<name>/data/<table>")
@staff
def rows(name: str, table: str) -> Response | str:
    """Show one of these tables a page at a time, or hand it out as a file."""
    plugin = _find(name)
    if not plugin.why_off:
        return redirect(url_for(".tables", name=name), 303)
    session = current_scope().session
    kept = next((one for one in kept_data.kept_tables(session, plugin) if one.name == table), None)
    if kept is None:
        abort(404)
    return _file(kept) if request.args.get("unduh") == "csv" else _page(plugin, kept)


def _page(plugin: KeptPlugin, kept: KeptTable) -> str:
    session, tenant = current_scope().session, current_tenant().id
    total = kept_data.count(session, kept, tenant)
    number = min(page_number(), max(1, -(-total // PER_PAGE)))
    found = kept_data.page(session, kept, tenant, number=number, size=PER_PAGE, longest=SHOWN)
    people = kept_data.subjects(kept, found)
    names = dict(session.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(people))).all())
    _note(READ, "list", kept, people, len(found))
    return render_template(
        "admin/plugin_data_table.html",
        plugin=plugin,
        title=_title(plugin),
        kept=kept,
        page=Page(found, number, total),
        page_url=page_url(),
        most=MOST_ROWS,
        table_title=table_title,
        cell=lambda one, value: names.get(value) or cell_words(one, value),
    )


def _file(kept: KeptTable) -> Response:
    session, tenant = current_scope().session, current_tenant()
    found = list(kept_data.every_row(session, kept, tenant.id, most=MOST_ROWS))
    columns = [ListColumn(one.name, one.name, value=_of(place, one)) for place, one in enumerate(kept.shown)]
    answer = csv_file(f"{kept.name}-{tenant.slug}-{tenant.today():%Y%m%d}", columns, found)
    _note(EXPORTED, "export", kept, kept_data.subjects(kept, found), len(found))
    return answer


def cell_words(one: KeptColumn, value: Any) -> str:
    """Return a cell as it stands on the page: what is encrypted stays closed, a long text is cut."""
    if one.kind == "closed":
        return str(_("tersandi")) if value else NOTHING
    if value is None or value == "":
        return NOTHING
    if one.kind == "bytes":
        return str(_("%(count)s bita", count=format_number(value)))
    if isinstance(value, date) and not isinstance(value, datetime):
        return format_date(value)
    words = plain_text(value)
    return f"{words[:SHOWN]}…" if len(words) > SHOWN else words


def table_title(kept: KeptTable) -> str:
    """Return what a table is called: its name without that of the plugin, in words."""
    return kept.name.partition("_")[2].replace("_", " ").capitalize() or kept.name


def _of(place: int, one: KeptColumn) -> Callable[[Sequence[Any]], Any]:
    """Return how a file finds the value of a column: what the page masks, the file masks."""
    if one.kind in ("closed", "bytes"):
        return lambda row: cell_words(one, row[place]) if row[place] else None
    return lambda row: row[place]


def _note(action: str, how: str, kept: KeptTable, people: set[UUID], count: int) -> None:
    """Write down who looked into what, in a transaction of its own: what a GET does besides is rolled back."""
    scope = current_scope()
    scope.session.rollback()  # nothing was written here: give the connection back before another is taken
    audit.note_reading(list(people), f"plugin_data.{how}", why=kept.name)
    with scope.kernel.scope(current_tenant(), person=me(), address=scope.address):
        audit.record(action, kept.name, count=count)


def _find(name: str) -> KeptPlugin:
    need_one_of(*DATA_OF_PLUGINS)
    scope = current_scope()
    plugin = kept_data.kept_plugin(scope.kernel, scope.session, name, current_tenant().id)
    return plugin if plugin is not None else abort(404)


def _title(plugin: KeptPlugin) -> str:
    return plugin.manifest.title(language()) if plugin.manifest else plugin.name


def _why_words(plugin: KeptPlugin) -> str:
    words: dict[str, str] = {
        "": "",
        "disabled": _("Aplikasi ini mati untuk daerah Anda. Datanya tetap disimpan dan dapat dibaca di sini."),
        "suspended": _("Aplikasi ini ditutup sementara karena sering gagal. Datanya dapat dibaca di sini."),
        "uninstalled": _("Aplikasi ini sudah dicopot. Datanya masih disimpan dan dapat dibaca di sini."),
        "purged": _("Aplikasi ini sudah dicopot dan datanya sudah dimusnahkan."),
        "broken": _("Paket aplikasi ini tidak ada atau rusak. Datanya tetap disimpan dan dapat dibaca di sini."),
    }
    return words[plugin.why_off]
