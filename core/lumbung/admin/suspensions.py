"""Suspended applications: what happened, the button that opens one again, and the form that closes one by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from lumbung.admin.rights import acting_as
from lumbung.context import current_scope
from lumbung.errors import LumbungError, Sentence
from lumbung.lifecycle import suspending
from lumbung.registry import budget
from lumbung.registry.budget import Group
from lumbung.registry.models import SuspensionRow
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain
from lumbung.web.proof import need_fresh
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_suspensions", __name__, url_prefix="/admin/plugin")
_ = core_domain.gettext


class SuspendForm(FlaskForm):
    """Why an application is closed for everyone."""

    alasan = StringField(
        core_domain.lazy_gettext("Alasan"),
        [DataRequired(core_domain.lazy_gettext("Tulis alasannya.")), Length(max=suspending.LONGEST_REASON)],
        description=core_domain.lazy_gettext("Dibaca pengelola lain; warga tidak melihatnya."),
    )


@dataclass(frozen=True)
class Shown:
    """What the application's page says of its suspension. ``groups`` are for operators: they tell of all tenants."""

    row: SuspensionRow | None
    reason: str
    groups: Sequence[Group]
    form: SuspendForm | None


def shown(name: str) -> Shown:
    """Return what the page of an installed application says of its suspension."""
    scope, operator = current_scope(), me().can("platform.plugins")
    row = budget.standing(scope.session, name)
    groups = suspending.what_happened(scope.kernel, name) if row is not None and operator else ()
    form = SuspendForm() if operator and row is None else None
    return Shown(row, words_of(Sentence.from_json(row.reason)) if row else "", groups, form)


@blueprint.post("/<name>/buka-kembali")
@requires("platform.plugins")
def resume(name: str) -> Response:
    """Open a suspended application again for everyone."""
    kernel = current_scope().kernel
    if suspending.resume(kernel, name, by=acting_as()):
        flash(_("Aplikasi ini dibuka kembali. Pekerjaan yang tertunda dikerjakan sekarang."), "baik")
    else:
        flash(_("Aplikasi ini tidak sedang dihentikan."), "laut")
    return _back(name)


@blueprint.post("/<name>/hentikan")
@requires("platform.plugins")
def suspend(name: str) -> Response:
    """Close an application for everyone by hand."""
    need_fresh(back_to=url_for("admin_plugins.detail", name=name))
    form = SuspendForm()
    if not form.validate():
        flash(_("Tidak ada yang dihentikan. Tulis alasannya, paling panjang 300 huruf."), "gawat")
        return _back(name)
    try:
        done = suspending.suspend(current_scope().kernel, name, form.alasan.data or "", by=acting_as())
    except LumbungError as error:
        flash(_("Tidak ada yang diubah. %(reason)s", reason=words_of(error)), "gawat")
        return _back(name)
    flash(
        _("Aplikasi ini dihentikan untuk semua. Warga melihat halaman pemberitahuan.")
        if done
        else _("Aplikasi ini sudah dihentikan."),
        "baik" if done else "laut",
    )
    return _back(name)


def _back(name: str) -> Response:
    return redirect(url_for("admin_plugins.detail", name=name), 303)
