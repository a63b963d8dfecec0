"""The way back from an upgrade, on the application's page: what it leads to, and the button."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, url_for
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.admin.rights import acting_as
from lumbung.clock import utc_now
from lumbung.context import current_scope
from lumbung.lifecycle.operations import ask
from lumbung.registry.models import PluginRow, WayBackRow
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain
from lumbung.web.proof import need_fresh

blueprint = Blueprint("admin_way_back", __name__, url_prefix="/admin/plugin")
_ = core_domain.gettext


@blueprint.post("/<name>/kembali")
@requires("platform.plugins")
def go(name: str) -> Response:
    """Have the job worker take an application back to the version before its last upgrade."""
    need_fresh(back_to=url_for("admin_plugins.detail", name=name))
    if way_back_of(name) is None:
        abort(409, _("Jalan kembali untuk aplikasi ini tidak ada, atau masanya sudah lewat."))
    operation = ask("return", plugin=name, by=acting_as())
    audit.record("plugin.return", name)
    return redirect(url_for("admin_operations.show", operation_id=operation), 303)


def way_back_of(name: str) -> WayBackRow | None:
    """Return the way back of an installed application while its time is not over, for those who may go it."""
    session = current_scope().session
    if not me().can("platform.plugins"):
        return None
    plugin, kept = session.get(PluginRow, name), session.get(WayBackRow, name)
    if plugin is None or plugin.state != "installed" or kept is None or kept.keep_until <= utc_now():
        return None
    return kept
