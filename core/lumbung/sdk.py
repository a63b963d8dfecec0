"""The front door: all that a plugin may import of the house. `docs/reference/sdk.md` shows each name in use.

Tests of a plugin may also import `lumbung.testing`. Everything else of the core may change without notice.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urljoin
from uuid import UUID

from flask import Response, abort, has_request_context, request

from lumbung.addresses import local_path, public_address
from lumbung.audit import record as audit
from lumbung.bilingual import Bilingual
from lumbung.context import current_scope, current_tenant, session
from lumbung.database.model import TenantOwned, belongs_to
from lumbung.demo import Demo
from lumbung.documents.qr import qr_svg
from lumbung.documents.spreadsheet import Column, Sheet, spreadsheet
from lumbung.errors import DomainError
from lumbung.events import emit
from lumbung.hooks import Affair, DeskTask, Event, SearchHit, hookimpl
from lumbung.identity import cards as people
from lumbung.identity.current import current_person
from lumbung.identity.person import Person
from lumbung.jobs import defer
from lumbung.notifications.services import notify as _notify
from lumbung.tenancy import cards as units
from lumbung.tenancy.regions import Region, districts, find_region, villages
from lumbung.tenancy.tenant import Tenant
from lumbung.web.access import public, requires, signed_in, staff
from lumbung.web.calendars import Day, Month, month, month_of
from lumbung.web.current_unit import current_unit, current_units
from lumbung.web.downloads import XLSX, download
from lumbung.web.errors import TooMany
from lumbung.web.i18n import (
    format_date,
    format_datetime,
    format_number,
    format_rupiah,
    format_time,
    language,
    translator,
)
from lumbung.web.limits import rate_limit
from lumbung.web.listing import BulkAction, ChoiceFilter, DateFilter, ListColumn, Listing, selected_ids
from lumbung.web.toasts import toast

Row = TypeVar("Row", bound=TenantOwned)

__all__ = [
    "Affair",
    "Bilingual",
    "BulkAction",
    "ChoiceFilter",
    "Column",
    "DateFilter",
    "Day",
    "Demo",
    "DeskTask",
    "DomainError",
    "Event",
    "ListColumn",
    "Listing",
    "Month",
    "Person",
    "Region",
    "SearchHit",
    "Sheet",
    "Tenant",
    "TenantOwned",
    "TooMany",
    "audit",
    "belongs_to",
    "blind_index",
    "current_person",
    "current_tenant",
    "current_unit",
    "current_units",
    "defer",
    "districts",
    "emit",
    "external_url",
    "find",
    "find_or_404",
    "find_region",
    "format_date",
    "format_datetime",
    "format_number",
    "format_rupiah",
    "format_time",
    "hookimpl",
    "language",
    "local_path",
    "month",
    "month_of",
    "notify",
    "now",
    "people",
    "public",
    "qr_svg",
    "rate_limit",
    "requires",
    "selected_ids",
    "send_spreadsheet",
    "session",
    "signed_in",
    "spreadsheet",
    "staff",
    "toast",
    "today",
    "translator",
    "units",
    "villages",
]


def now() -> datetime:
    """Return this moment in the tenant's time zone."""
    return current_tenant().now()


def today() -> date:
    """Return today's date where the tenant is."""
    return current_tenant().today()


def find(model: type[Row], row_id: UUID, *, lock: bool = False) -> Row | None:
    """Return the tenant's row with this id, None when there is none. ``lock`` keeps others from changing it."""
    return session.get(model, (current_tenant().id, row_id), with_for_update=lock or None)


def find_or_404(model: type[Row], row_id: UUID, *, lock: bool = False) -> Row:
    """Return the tenant's row with this id; answer 404 when there is none. For views."""
    row = find(model, row_id, lock=lock)
    return row if row is not None else abort(404)


def external_url(path: str) -> str:
    """Return the whole address of a path on this tenant's host, for a QR code or a message.

    A host name that is not the tenant's own (a single-tenant site answers to any) never gets into it. In a job no
    request says how visitors come; there it is the official host as the settings say, the path alone without one.
    """
    tenant = current_tenant()
    if not has_request_context():
        return public_address(current_scope().kernel.settings, tenant, path) or path
    asked = request.host.rpartition(":")[0] or request.host
    if tenant.host and asked not in tenant.hosts:
        return urljoin(f"{request.scheme}://{tenant.host}/", path)
    return urljoin(request.host_url, path)


def notify(person_id: UUID, title: Bilingual, text: Bilingual, url: str) -> None:
    """Tell one of the tenant's people something, in this transaction: in the portal, and by e-mail if they wish.

    Title and text in both languages come from the plugin's catalogue, ``translator(__package__).both("...")``;
    ``url`` is the path where they can act on it. Raises `LumbungError` for a person the tenant does not have,
    `ValueError` for an empty or endless text or an address that leads elsewhere.
    """
    _notify(person_id, title, text, url)


def blind_index(text: str) -> bytes:
    """Return a keyed hash (HMAC-SHA256) of an identity number, to find it by without keeping it.

    The key is the site's own; the same number gives another hash for another tenant.
    """
    key = current_scope().kernel.settings.index_key()
    return hmac.digest(key, f"{current_tenant().id}:{text}".encode(), hashlib.sha256)


def send_spreadsheet(name: str, sheets: Sequence[Sheet]) -> Response:
    """Return a download of an xlsx file called ``name``.xlsx; see `lumbung.documents.spreadsheet`."""
    return download(f"{name}.xlsx", spreadsheet(sheets), XLSX)
