"""The front door: all that a plugin may import of the house. `docs/reference/sdk.md` shows each name in use.

Tests of a plugin may also import `lumbung.testing`. Everything else of the core may change without notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urljoin
from uuid import UUID

from flask import Response, abort, has_request_context, request

from lumbung.addresses import local_path, public_address
from lumbung.audit import note_reading
from lumbung.audit import record as audit
from lumbung.bilingual import Bilingual
from lumbung.context import current_scope, current_tenant, session
from lumbung.database.encrypted import Encrypted
from lumbung.database.model import TenantOwned, belongs_to
from lumbung.demo import Demo
from lumbung.documents import paper
from lumbung.documents.paper import document
from lumbung.documents.pdf import PDF
from lumbung.documents.pictures import Picture, PictureError
from lumbung.documents.pictures import read_picture as _read_picture
from lumbung.documents.qr import qr_svg
from lumbung.documents.spreadsheet import Column, Sheet, spreadsheet
from lumbung.errors import DomainError
from lumbung.events import emit
from lumbung.geography.boundaries import Place, boundary_shapes, centre_of, place_at
from lumbung.geography.earth import distance_m, nearest_on
from lumbung.geography.errors import GeographyError
from lumbung.geography.features import Feature, FeatureFile
from lumbung.geography.features import read_features as _read_features
from lumbung.hooks import Affair, DataSection, DataSubject, DeskTask, Erased, Event, Moved, SearchHit, hookimpl
from lumbung.identity import cards as people
from lumbung.identity.blind_index import blind_index
from lumbung.identity.current import current_person
from lumbung.identity.person import Person
from lumbung.jobs import defer
from lumbung.notifications.services import notify as _notify
from lumbung.notifications.visitor_letters import post_letter
from lumbung.openid.clients import OpenIDClient, openid_client
from lumbung.outgoing import OutgoingFailed, OutgoingRefused, Reply
from lumbung.outgoing import ask as _ask
from lumbung.plugin_settings import reading as _settings
from lumbung.privacy import consents
from lumbung.tenancy import cards as units
from lumbung.tenancy.regions import Region, districts, find_region, villages
from lumbung.tenancy.tenant import Tenant
from lumbung.web.access import machine, public, reaches, requires, signed_in, staff, within
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
from lumbung.web.refusals import words_of as _words_of
from lumbung.web.toasts import toast
from lumbung.working_days.working import add_working_days, holidays, is_working_day, working_days_between

Row = TypeVar("Row", bound=TenantOwned)

__all__ = [
    "Affair",
    "Bilingual",
    "BulkAction",
    "ChoiceFilter",
    "Column",
    "DataSection",
    "DataSubject",
    "DateFilter",
    "Day",
    "Demo",
    "DeskTask",
    "DomainError",
    "Encrypted",
    "Erased",
    "Event",
    "Feature",
    "FeatureFile",
    "ListColumn",
    "Listing",
    "Month",
    "Moved",
    "OpenIDClient",
    "OutgoingFailed",
    "OutgoingRefused",
    "Person",
    "Picture",
    "Place",
    "Region",
    "Reply",
    "SearchHit",
    "Sheet",
    "Tenant",
    "TenantOwned",
    "TooMany",
    "add_working_days",
    "ask_outside",
    "audit",
    "belongs_to",
    "blind_index",
    "boundary_shapes",
    "centre_of",
    "current_person",
    "current_tenant",
    "current_unit",
    "current_units",
    "defer",
    "distance_m",
    "districts",
    "document",
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
    "give_consent",
    "has_consent",
    "holidays",
    "hookimpl",
    "is_working_day",
    "language",
    "local_path",
    "machine",
    "month",
    "month_of",
    "nearest_on",
    "note_reading",
    "notify",
    "now",
    "openid_client",
    "paper",
    "people",
    "place_at",
    "post_letter",
    "public",
    "qr_svg",
    "rate_limit",
    "read_features",
    "read_picture",
    "requires",
    "selected_ids",
    "send_document",
    "send_spreadsheet",
    "session",
    "setting",
    "signed_in",
    "spreadsheet",
    "staff",
    "toast",
    "today",
    "translator",
    "units",
    "villages",
    "within",
    "working_days_between",
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


def find_or_404(
    model: type[Row],
    row_id: UUID,
    *,
    lock: bool = False,
    permission: str | None = None,
    unit: Callable[[Row], UUID | None] = attrgetter("unit_id"),
) -> Row:
    """Return the tenant's row with this id; answer 404 when there is none. For views.

    With a ``permission``, a row outside of the units in which the person at work holds it answers just like one that
    does not exist. ``unit`` says whose a row is: its ``unit_id``, unless told otherwise; a row of no unit is for
    those who hold the permission in the whole tenant.
    """
    row = find(model, row_id)
    if row is None or (permission is not None and not reaches(permission, unit(row))):
        abort(404)
    return find(model, row_id, lock=True) or abort(404) if lock else row


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


def ask_outside(
    url: str,
    *,
    method: str = "GET",
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    largest: int = 1024 * 1024,
    seconds: float = 8.0,
) -> Reply:
    """Ask another server and return its answer: `.status .headers .body`, ``.json()``. For jobs; a page would wait.

    Only https, to public networks (others are an operator's setting); no redirect is followed; at most ``largest``
    bytes and ``seconds``. Raises `OutgoingRefused` for an address that is not asked, `OutgoingFailed` for one that does
    not answer or cannot be used.
    """
    settings = current_scope().kernel.settings
    return _ask(settings, url, method=method, form=form, headers=headers, largest=largest, seconds=seconds)


def notify(person_id: UUID, title: Bilingual, text: Bilingual, url: str) -> None:
    """Tell one of the tenant's people something, in this transaction: in the portal, and by e-mail if they wish.

    Title and text in both languages come from the plugin's catalogue, ``translator(__package__).both("...")``;
    ``url`` is the path where they can act on it. Raises `LumbungError` for a person the tenant does not have,
    `ValueError` for an empty or endless text or an address that leads elsewhere.
    """
    _notify(person_id, title, text, url)


def give_consent(code: str) -> None:
    """Write down that whoever is signed in agrees to a text of the plugin's manifest (``[[consents]]``), as it is now.

    Call it where a form with that text was sent with its box ticked. Raises `RuntimeError` when nobody is signed in,
    `ValueError` for a text that is not the plugin's own.
    """
    person, plugin = current_person(), current_scope().plugin
    if person is None:
        raise RuntimeError("Nobody is signed in, so nobody can agree.")
    if plugin is None or not code.startswith(f"{plugin}."):
        raise ValueError(f"{plugin} asks for the consent {code!r}, which is not its own")
    consents.give(session, person.id, code, on=plugin)


def has_consent(person_id: UUID, code: str) -> bool:
    """Whether somebody agrees to a text of a manifest at this moment; False the moment they withdraw it.

    Ask before each use of data that rests on consent. Who has to act on a withdrawal listens to
    ``core.consent_withdrawn``.
    """
    return consents.has(session, person_id, code)


def setting(name: str, *, unit: UUID | None = None) -> Any:
    """Return the value of one of the plugin's own settings (``[[settings]]`` of its manifest).

    The most specific one wins: with ``unit`` that unit's, then those of the units above it, the tenant's, the
    platform's, the default; None when nothing is set. A number of Rupiah is an ``int``, a decimal a ``Decimal``,
    several choices a tuple, a unit its id; dates and times are what they are. Once the settings were read it asks the
    database for nothing, until one changes. Raises `LookupError` for a name that the manifest does not declare.
    """
    return _settings.value(name, unit=unit)


def send_spreadsheet(name: str, sheets: Sequence[Sheet]) -> Response:
    """Return a download of an xlsx file called ``name``.xlsx; see `lumbung.documents.spreadsheet`."""
    return download(f"{name}.xlsx", spreadsheet(sheets), XLSX)


def send_document(name: str, title: str, blocks: Sequence[dict[str, Any]]) -> Response:
    """Return a download of a PDF called ``name``.pdf, in the reader's language; see `paper` for its parts."""
    return download(f"{name}.pdf", document(title, blocks, language=language()), PDF)


def read_picture(source: BinaryIO | bytes, *, longest: int = 1600) -> Picture:
    """Read a picture that a visitor sent: upright, at most ``longest`` pixels a side, and nothing hidden in it.

    `.content` and `.thumbnail` are JPEGs; `.taken_at`, `.lat` and `.lon` what the camera wrote, which the JPEGs no
    longer hold. Raises `DomainError` in the reader's language: no picture, broken, too large.
    """
    try:
        return _read_picture(source, longest=longest)
    except PictureError as refusal:
        raise DomainError(_words_of(refusal)) from None


def read_features(file: BinaryIO, name: str) -> FeatureFile:
    """Read the shapes of a file: GeoJSON, CSV, a zipped shapefile, KML. ``name`` tells by its ending which.

    What comes out is WGS 84, longitude first, mended; `.notes` says what was changed. Raises `DomainError` in the
    reader's language, naming row and column, for a file that cannot be read: then nothing of it is used.
    """
    try:
        return _read_features(file, name)
    except GeographyError as refusal:
        raise DomainError(_words_of(refusal)) from None
