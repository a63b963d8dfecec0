"""The site on a phone's first screen: its manifest, icons, service worker, and the page for when there is no network.

Nothing here knows who asks: what the service worker keeps on a device is the same for everybody.
"""

from __future__ import annotations

import hashlib
import json
import re

from flask import Blueprint, Response, abort, make_response, render_template
from flask_babel import force_locale
from sqlalchemy import select

from lumbung.context import current_scope, current_tenant
from lumbung.tenancy.colours import HOUSE
from lumbung.tenancy.models import TenantRow
from lumbung.web.access import public
from lumbung.web.i18n import core_domain
from lumbung.web.icons import ICONS, draw_icon, icon_url
from lumbung.web.security import FOR_EVER
from lumbung.web.theme import stylesheet

blueprint = Blueprint("pwa", __name__)

PAPER = "#FBFAF7"
FONT = "/_static/vendor/plus-jakarta-sans.woff2?v=5.3.0"  # as in lumbung.css
_HOUSE_FILE = re.compile(r"(?:href|src)=\"(/_(?:static|tenant)/[^\"#]+)\"")
_KINDS = ("Kabupaten ", "Kota ", "Provinsi ")


@blueprint.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """Tell a browser how the site is called and drawn when it is put on the first screen."""
    tenant = current_tenant()
    colour = tenant.colour or HOUSE

    def icon(name: str) -> dict[str, str]:
        side, whole = ICONS[name]
        address = icon_url(name, tenant.logo_hash, colour)
        return {
            "src": address,
            "sizes": f"{side}x{side}",
            "type": "image/png",
            "purpose": "maskable" if whole else "any",
        }

    with force_locale(tenant.languages[0]):
        title = core_domain.gettext("Layanan %(tenant)s", tenant=tenant.name)
    about = {
        "id": "/",
        "name": title,
        "short_name": _short(tenant.name),
        "lang": tenant.languages[0],
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": colour,
        "background_color": PAPER,
        "icons": [icon(name) for name in ("192", "512", "192-penuh", "512-penuh")],
    }
    answer = make_response(json.dumps(about, ensure_ascii=False))
    answer.headers["Content-Type"] = "application/manifest+json"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/_tenant/ikon-<name>.png")
@public
def icon(name: str) -> Response:
    """Draw the tenant's icon in one of the known sizes."""
    if name not in ICONS:
        abort(404)
    tenant = current_tenant()
    logo = current_scope().session.scalar(select(TenantRow.logo).where(TenantRow.id == tenant.id))
    side, whole = ICONS[name]
    return _for_ever(make_response(draw_icon(logo, tenant.colour or HOUSE, side, whole=whole)), "image/png")


@blueprint.get("/_tenant/warna.css")
@public
def colour() -> Response:
    """Serve the tokens of the tenant's own colour."""
    own = current_tenant().colour
    if own is None:
        abort(404)
    return _for_ever(make_response(stylesheet(own)), "text/css; charset=utf-8")


@blueprint.get("/luring")
@public
def offline() -> Response:
    """Say that there is no network, what still holds, and try again by itself."""
    answer = make_response(_offline_page())
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/sw.js")
@public
def service_worker() -> Response:
    """Serve the service worker; it changes when the page it keeps, a file of that page, or a gift's pages do."""
    page = _offline_page()
    files = ["/luring", *dict.fromkeys(_HOUSE_FILE.findall(page)), FONT]
    pages = _pages_of_gifts()
    made_of = hashlib.sha256(json.dumps([page, pages]).encode())
    kept = {
        "cache": f"lumbung-{made_of.hexdigest()[:12]}",
        "files": files,
        "pages": list(pages),
        "folders": ["/_static/", "/_tenant/", *sorted({f"{path[: path.index('/', 1)]}/static/" for path in pages})],
    }
    answer = make_response(render_template("portal/sw.js", kept=kept))
    answer.headers["Content-Type"] = "text/javascript; charset=utf-8"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _pages_of_gifts() -> dict[str, str]:
    """Return the paths that work without a network (``offline`` of a manifest), each with the version it is from."""
    enabled = current_scope().kernel.snapshot().enabled_for(current_tenant().id)
    return {f"/{one.name}{path}": one.version for one in enabled if one.usable for path in one.manifest.offline}


def _offline_page() -> str:
    """Return the page in the tenant's languages, its first one first, whatever the visitor chose."""
    return render_template("portal/offline.html", words=[_offline_words(code) for code in current_tenant().languages])


def _offline_words(language: str) -> dict[str, str]:
    _ = core_domain.gettext
    with force_locale(language):
        return {
            "language": language,
            "title": _("Tidak ada sambungan internet"),
            "lead": _("Halaman ini belum dapat dibuka karena perangkat Anda tidak tersambung."),
            "kept_title": _("Yang tetap berlaku"),
            "kept": _("Nomor atau kode yang sudah Anda foto atau catat tetap berlaku. Yang sudah terkirim aman."),
            "do_title": _("Yang dapat dilakukan"),
            "do": _("Periksa data seluler atau Wi-Fi. Halaman ini mencoba lagi sendiri begitu tersambung."),
            "again": _("Coba lagi"),
        }


def _short(name: str) -> str:
    """Return a name that fits under an icon: Sumbawa Barat, from Kabupaten Sumbawa Barat."""
    return next((name.removeprefix(kind) for kind in _KINDS if name.startswith(kind)), name)


def _for_ever(answer: Response, kind: str) -> Response:
    answer.headers["Content-Type"] = kind
    answer.headers["Cache-Control"] = FOR_EVER
    return answer
