"""The pages of the style guide, for operators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from lumbung.context import current_scope, current_tenant
from lumbung.geography.boundaries import boundary_shapes
from lumbung.shell import map_samples, samples
from lumbung.shell.examples import FRAMES, GROUPS, Group, find_frame, find_group
from lumbung.shell.forms import GuestForm, PlaceForm, UploadForm
from lumbung.shell.icons import icon_names
from lumbung.shell.tokens import pairs, swatches
from lumbung.web.access import requires
from lumbung.web.calendars import month_of
from lumbung.web.i18n import core_domain
from lumbung.web.toasts import toast

blueprint = Blueprint("shell", __name__, url_prefix="/_shell")
_ = core_domain.gettext

Page = BaseResponse | str | tuple[str, int]

FORMS: dict[str, tuple[str, type[FlaskForm], str]] = {
    "isian": ("form", GuestForm, ""),
    "berkas": ("upload_form", UploadForm, "berkas-"),
    "letak": ("place_form", PlaceForm, "letak-"),
}
OWN_PAGES = {"bingkai", "warna", "ikon", "kata"}


@blueprint.get("/")
@requires("platform.plugins")
def index() -> str:
    """Show what there is to look at."""
    return render_template("shell/index.html", groups=GROUPS)


@blueprint.get("/<name>/")
@requires("platform.plugins")
def group(name: str) -> Page:
    """Show a group: its examples, each beside its source; or the file that its list offers."""
    found = find_group(name) or abort(404)
    return samples.units("unit").export() or _page(found)


@blueprint.post("/formulir/<which>")
@requires("platform.plugins")
def try_form(which: str) -> Page:
    """Check a form of the guide for real. Nothing of it is kept."""
    if which not in FORMS:
        abort(404)
    name, form_class, prefix = FORMS[which]
    form = form_class(prefix=prefix)
    found = find_group("formulir") or abort(404)
    if not form.validate():
        return _page(found, **{name: form}), 422
    flash(_("Isiannya benar. Ini hanya contoh: tidak ada yang disimpan."), "baik")
    return redirect(url_for(".group", name="formulir"), 303)


@blueprint.post("/sapa")
@requires("platform.plugins")
def greet() -> BaseResponse:
    """Answer a button of the examples in passing."""
    if request.form.get("tone") == "gawat":
        toast(_("Panggilan tidak terkirim. Periksa sambungan, lalu coba lagi."), "gawat")
    else:
        toast(_("Ini hanya contoh: tidak ada yang berubah."))
    if request.headers.get("HX-Request") == "true":
        return Response(status=204)
    return redirect(url_for(".index"), 303)


@blueprint.get("/jam")
@requires("platform.plugins")
def clock() -> str:
    """Return the part of a page that renews itself."""
    return render_template("shell/_clock.html", now=current_tenant().now())


@blueprint.get("/peta/titik.json")
@requires("platform.plugins")
def map_points() -> dict[str, Any]:
    """Answer the sample map: what lies in its box, as its filters say."""
    found = map_samples.within(request.args.get("kotak", ""), request.args.get("jenis", ""))
    return map_samples.answer(found, request.args.get("z", 9, type=int))


@blueprint.get("/peta/panas.json")
@requires("platform.plugins")
def map_heat() -> dict[str, Any]:
    """Answer the sample map where much happens."""
    found = map_samples.within(request.args.get("kotak", ""), request.args.get("jenis", ""))
    return {"points": [(lat, lon, 1) for lat, lon, _kind in found]}


@blueprint.get("/peta/batas.json")
@requires("platform.plugins")
def map_shapes() -> dict[str, Any]:
    """Return the boundaries that the tenant has loaded, to draw below the sample reports."""
    return {"type": "FeatureCollection", "features": boundary_shapes()}


@blueprint.get("/bingkai/<name>")
@requires("platform.plugins")
def frame(name: str) -> str:
    """Show a kind of page, whole."""
    found = find_frame(name) or abort(404)
    return render_template(found.template)


def source(template: str) -> str:
    """Return the text of a template: the very one that is rendered."""
    loader = current_app.jinja_env.loader
    assert loader is not None  # noqa: S101 - HouseApp gives each app its own
    text, _path, _fresh = loader.get_source(current_app.jinja_env, template)
    return text.rstrip("\n")


def _page(found: Group, **shown: Any) -> str:
    if found.name in OWN_PAGES:
        return render_template(
            f"shell/{found.name}.html", groups=GROUPS, group=found, source=source, **_own(found.name)
        )
    today = current_tenant().today()
    scenery = {**samples.forms(), **samples.scenery(month_of(request.args.get("bulan"), today)), **shown}
    return render_template("shell/group.html", groups=GROUPS, group=found, source=source, **scenery)


def _own(name: str) -> dict[str, Any]:
    if name == "bingkai":
        return {"frames": FRAMES}
    if name == "warna":
        tenant = current_scope().tenant
        colour = tenant.colour if tenant else None
        return {"swatches": swatches(colour), "pairs": pairs(colour)}
    if name == "ikon":
        words = request.args.get("q", "").strip()[:40]
        return {"words": words, "icons": [icon for icon in icon_names() if words.casefold() in icon]}
    return {}
