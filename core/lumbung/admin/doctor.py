"""The examination of the site, as far as a web process may know: the same findings as ``lumbung doctor``."""

from __future__ import annotations

from flask import Blueprint, render_template

from lumbung.context import current_scope
from lumbung.doctor.examination import examine
from lumbung.doctor.findings import Asked, Severity
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain

blueprint = Blueprint("admin_doctor", __name__, url_prefix="/admin/pemeriksaan")
_ = core_domain.gettext


@blueprint.get("/")
@requires("platform.plugins")
def show() -> str:
    """Show what needs mending, then what will, then what is well."""
    kernel = current_scope().kernel
    kernel.state.forget()
    findings = examine(Asked(kernel.settings, kernel, quick=True))
    return render_template(
        "admin/doctor.html",
        groups=[
            (_("Perlu diperbaiki"), "gawat", [one for one in findings if one.severity is Severity.BAD]),
            (_("Perlu diperhatikan"), "padi", [one for one in findings if one.severity is Severity.WARNING]),
            (_("Baik"), "baik", [one for one in findings if one.severity is Severity.GOOD]),
        ],
    )
