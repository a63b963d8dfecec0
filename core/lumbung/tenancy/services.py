"""Registering regional governments and their units: plain functions for pages, commands and tests."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import available_timezones

from PIL import Image
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from lumbung import audit
from lumbung.bilingual import LANGUAGES
from lumbung.context import scope_or_none
from lumbung.errors import LumbungError
from lumbung.registry.state import bump
from lumbung.tenancy.colours import TooPale, normal_colour, too_pale
from lumbung.tenancy.models import TenantHost, TenantRow, Unit
from lumbung.tenancy.regions import find_region

LOGO_SIDE = 256  # pixels
LARGEST_LOGO = 5 * 1024 * 1024
MOST_PIXELS = 25_000_000
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
_HOST = re.compile(r"^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$")


class TenancyError(LumbungError):
    """A value of a tenant or unit cannot be used. ``field`` names the one, for the form."""

    def __init__(self, field: str, template: str, /, **values: object) -> None:
        super().__init__(template, **values)
        self.field = field


class ColourTooPale(TenancyError):
    """A colour that could not be read on our pages. ``measured`` says by how much, and which one would do."""

    def __init__(self, colour: str, measured: TooPale) -> None:
        super().__init__(
            "colour",
            "%(colour)s has a contrast of %(ratio)s and needs %(needed)s; the nearest that has it is %(nearest)s.",
            colour=colour,
            ratio=f"{measured.ratio:.2f}",
            needed=measured.needed,
            nearest=measured.nearest,
        )
        self.colour, self.measured = colour, measured


def add_tenant(
    session: Session,
    *,
    slug: str,
    name: str,
    hosts: Sequence[str],
    region_code: str | None = None,
    time_zone: str = "Asia/Makassar",
    languages: Sequence[str] = LANGUAGES,
) -> TenantRow:
    """Register a regional government and return it.

    Raises `TenancyError` naming the first field that cannot be used: a slug or host that is taken, an unknown
    region code or time zone.
    """
    if not _SLUG.fullmatch(slug):
        raise TenancyError(
            "slug", "%(slug)r cannot be a slug: small letters, digits and hyphens, such as sumbawa.", slug=slug
        )
    if session.scalar(select(TenantRow.id).where(TenantRow.slug == slug)):
        raise TenancyError("slug", "There is a tenant %(slug)r already.", slug=slug)
    row = TenantRow(slug=slug)
    describe(
        session,
        row,
        name=name,
        hosts=hosts,
        region_code=region_code,
        time_zone=time_zone,
        languages=languages,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise TenancyError(
            "slug", "Somebody registered %(slug)s or one of its hosts at this very moment.", slug=slug
        ) from None
    bump(session)
    return row


def describe(
    session: Session,
    row: TenantRow,
    *,
    name: str,
    hosts: Sequence[str],
    region_code: str | None,
    time_zone: str,
    languages: Sequence[str],
) -> None:
    """Set what a tenant is called and where it answers; raises `TenancyError` and changes nothing."""
    name = " ".join(name.split())
    if not 3 <= len(name) <= 120:
        raise TenancyError("name", "A tenant's name has 3 to 120 letters, such as Kabupaten Sumbawa.")
    if region_code and find_region(region_code) is None:
        raise TenancyError(
            "region_code", "There is no region with the code %(code)r; 52.04 is Sumbawa.", code=region_code
        )
    if time_zone not in available_timezones():
        raise TenancyError("time_zone", "There is no time zone %(zone)r; WITA is Asia/Makassar.", zone=time_zone)
    wrong = [language for language in languages if language not in LANGUAGES]
    if wrong or not languages:
        raise TenancyError("languages", "Languages are id and en, not %(wrong)s.", wrong=wrong)
    wanted = _free_hosts(session, row, hosts)
    with session.no_autoflush:
        row.name = name
        row.region_code = region_code or None
        row.time_zone = time_zone
        row.languages = list(dict.fromkeys(languages))
        known = {host.host: host for host in row.hosts}
        row.hosts = [known.get(host) or TenantHost(host=host) for host in wanted]
        for position, host in enumerate(row.hosts):
            host.position = position


def _free_hosts(session: Session, row: TenantRow, hosts: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(host.strip().lower().removesuffix(".") for host in hosts if host.strip()))
    if not wanted:
        raise TenancyError("hosts", "A tenant needs a host name, such as sumbawa.localhost.")
    for host in wanted:
        if not _HOST.fullmatch(host):
            raise TenancyError(
                "hosts", "%(host)r is not a host name; write it without http:// and without a port.", host=host
            )
        owner = session.get(TenantHost, host)
        if owner is not None and owner.tenant_id != row.id:
            raise TenancyError("hosts", "The host %(host)s belongs to another tenant already.", host=host)
    return wanted


def change_tenant(session: Session, row: TenantRow, **values: object) -> None:
    """Change a tenant's description (see `describe`), with a line in the trail."""
    describe(session, row, **values)  # type: ignore[arg-type]
    session.flush()
    _note("tenant.change", row.slug)
    bump(session)


def set_logo(session: Session, row: TenantRow, picture: bytes) -> None:
    """Keep a tenant's logo: any picture Pillow reads, made into a PNG of at most 256 pixels, with nothing hidden in it.

    Raises `TenancyError` when it is no picture or too large.
    """
    if len(picture) > LARGEST_LOGO:
        raise TenancyError("logo", "The logo is larger than 5 MB; choose a smaller picture.")
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise TenancyError("logo", "The logo has more than 25 million pixels; choose a smaller picture.")
            image.thumbnail((LOGO_SIDE, LOGO_SIDE))
            out = io.BytesIO()
            image.convert("RGBA").save(out, "PNG", optimize=True)
    except TenancyError:
        raise
    except Exception:  # Pillow raises a dozen kinds for pictures that are broken or made to break it
        raise TenancyError("logo", "This file is not a PNG, JPEG, WebP or GIF picture.") from None
    row.logo = out.getvalue()
    row.logo_hash = hashlib.sha256(row.logo).hexdigest()[:16]
    session.flush()
    _note("tenant.logo", row.slug)
    bump(session)


def set_colour(session: Session, row: TenantRow, text: str | None) -> None:
    """Keep a tenant's own colour (``#1B6E43``); None or an empty text gives back the house's.

    Raises `ColourTooPale` when it could not be read, `TenancyError` when it is no colour.
    """
    colour = normal_colour(text) if text else None
    if text and colour is None:
        raise TenancyError("colour", "%(text)r is not a colour; write six digits, such as #1B6E43.", text=text)
    measured = too_pale(colour) if colour else None
    if colour and measured:
        raise ColourTooPale(colour, measured)
    row.colour = colour
    session.flush()
    _note("tenant.colour", row.slug)
    bump(session)


def find_tenant(session: Session, slug: str) -> TenantRow | None:
    """Return a tenant by slug, with its hosts."""
    return session.scalar(select(TenantRow).where(TenantRow.slug == slug).options(selectinload(TenantRow.hosts)))


def all_tenants(session: Session) -> list[TenantRow]:
    """Return every tenant by name, with its hosts."""
    return list(session.scalars(select(TenantRow).options(selectinload(TenantRow.hosts)).order_by(TenantRow.name)))


def add_unit(
    session: Session,
    *,
    code: str,
    name: str,
    parent: Unit | None = None,
    region_code: str | None = None,
    address: str | None = None,
    position: int = 0,
) -> Unit:
    """Add a unit (OPD) to the current tenant; raises `TenancyError` when its code is taken or empty."""
    unit = Unit(parent_id=parent.id if parent else None, position=position)
    describe_unit(session, unit, code=code, name=name, region_code=region_code, address=address)
    session.add(unit)
    session.flush()
    bump(session)  # settings of a unit hold below it, as far as a snapshot knows the tree
    _note("unit.add", unit.code, unit.id)
    return unit


def describe_unit(
    session: Session, unit: Unit, *, code: str, name: str, region_code: str | None, address: str | None
) -> None:
    """Set what a unit is called; raises `TenancyError` and changes nothing."""
    code, name = code.strip().upper(), " ".join(name.split())
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9._-]{0,39}", code):
        raise TenancyError("code", "A unit's code has letters, digits, dots and hyphens, such as DISKOMINFOTIK.")
    if not 2 <= len(name) <= 160:
        raise TenancyError("name", "A unit's name has 2 to 160 letters.")
    if region_code and find_region(region_code) is None:
        raise TenancyError("region_code", "There is no region with the code %(code)r.", code=region_code)
    with session.no_autoflush:
        holder = session.scalar(select(Unit.id).where(Unit.code == code))
        if holder is not None and holder != unit.id:
            raise TenancyError("code", "There is a unit with the code %(code)s already.", code=code)
        unit.code, unit.name = code, name
        unit.region_code, unit.address = region_code or None, (address or "").strip() or None


def move_unit(session: Session, unit: Unit, parent: Unit | None) -> None:
    """Hang a unit below another (None: at the top); raises `TenancyError` when that would make a circle."""
    above = parent
    while above is not None:
        if above.id == unit.id:
            raise TenancyError("parent", "A unit cannot be placed below itself.")
        above = above.parent
    unit.parent_id = parent.id if parent else None
    session.flush()
    bump(session)
    _note("unit.move", unit.code, unit.id)


def remove_unit(session: Session, unit: Unit) -> None:
    """Remove a unit that nothing hangs on; raises `TenancyError` when units, roles, services or rows do."""
    try:
        with session.begin_nested():
            session.delete(unit)
    except IntegrityError:
        raise TenancyError(
            "code",
            "%(unit)s is still in use: units below it, roles, a service it runs, announcements or a service's data "
            "refer to it.",
            unit=unit.name,
        ) from None
    _note("unit.remove", unit.code, unit.id)


def find_unit(session: Session, code: str) -> Unit | None:
    """Return a unit of the current tenant by its code."""
    return session.scalar(select(Unit).where(Unit.code == code.strip().upper()))


def unit_tree(session: Session) -> list[tuple[int, Unit]]:
    """Return the units of the current tenant in the order of their tree, each with its depth."""
    below: dict[UUID | None, list[Unit]] = {}
    for unit in session.scalars(select(Unit).order_by(Unit.position, Unit.name)):
        below.setdefault(unit.parent_id, []).append(unit)
    tree: list[tuple[int, Unit]] = []

    def walk(parent: UUID | None, depth: int) -> None:
        for unit in below.get(parent, []):
            tree.append((depth, unit))
            walk(unit.id, depth + 1)

    walk(None, 0)
    return tree


def _note(action: str, thing: str, about: UUID | None = None) -> None:
    scope = scope_or_none()
    if scope is not None and scope.tenant is not None:
        audit.record(action, thing, about=about)
