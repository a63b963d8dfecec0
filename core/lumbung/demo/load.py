"""Loading the demo: tenants, units, people, every bundled plugin. Harmless to repeat; a second run adds nothing."""

from __future__ import annotations

import io
import json
import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung.database.roles import DatabaseUrls
from lumbung.demo import Demo
from lumbung.demo.announcements import load_announcements
from lumbung.demo.boundaries import load_boundary
from lumbung.demo.regency import SUMBAWA, TENANTS, SamplePerson, SampleTenant
from lumbung.demo.roles import load_roles
from lumbung.identity import employment, nik, people
from lumbung.identity.models import SERVANT, PersonRow
from lumbung.identity.passwords import hash_password, matches
from lumbung.identity.person import ADMIN, OFFICER
from lumbung.kernel import Kernel
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_found
from lumbung.registry.discovery import describe_error, find_plugins
from lumbung.registry.models import PluginRow
from lumbung.settings import Settings, keep_secret
from lumbung.tenancy import services
from lumbung.tenancy.colours import HOUSE
from lumbung.tenancy.regions import districts
from lumbung.tenancy.tenant import Tenant

logger = logging.getLogger(__name__)

ACTOR = "demo"
Tell = Callable[[str], None]


def load_demo(settings: Settings, urls: DatabaseUrls, *, tell: Tell) -> None:
    """Fill in what is missing of the demo; ``tell`` hears each step."""
    kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
    try:
        for sample in TENANTS:
            tell(sample.name)
            _load_tenant(kernel, sample, demo_password(settings))
        for name in _bundled_plugins(kernel):
            tell(f"plugin {name}")
            try:
                _load_plugin(kernel, name)
            except Exception as error:  # one bad gift must not keep the others from being shown
                logger.exception("plugin %s is not in the demo", name)
                tell(f"plugin {name} is left out: {describe_error(error)}")
    finally:
        kernel.close()


def demo_password(settings: Settings) -> str:
    """Return the password of every demo account: made once for this data folder."""
    return keep_secret(settings.secrets_folder / "demo-password", lambda: f"lumbung-{secrets.token_hex(4)}")


def accounts(settings: Settings) -> dict[str, Any]:
    """Return tenants and accounts as scripts read them from ``demo.json``."""
    password = demo_password(settings)
    return {
        "port": settings.port,
        "tenants": [
            {
                "slug": tenant.slug,
                "name": tenant.name,
                "host": tenant.host,
                "url": f"http://{tenant.host}:{settings.port}/",
            }
            for tenant in TENANTS
        ],
        "accounts": [
            {
                "email": person.email,
                "password": password,
                "role": person.role,
                "tenant": tenant.slug,
                "name": person.name,
            }
            for tenant in TENANTS
            for person in tenant.people
        ],
    }


def write_accounts(settings: Settings) -> Path:
    """Write ``demo.json`` in one piece, readable by its owner alone, and return where."""
    path = settings.home / "demo.json"
    draft = path.with_suffix(".json.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(accounts(settings), file, indent=2)
    draft.replace(path)
    return path


def report(settings: Settings, written: Path) -> str:
    """Return what a person at the terminal wants to know: addresses and accounts."""
    known = accounts(settings)
    lines = ["", "Lumbung is running.", ""]
    lines += [f"  {tenant['name']:<28}{tenant['url']}" for tenant in known["tenants"]]
    lines += ["", f"  Accounts (password of all: {demo_password(settings)})"]
    lines += [f"    {one['email']:<32}{one['role']:<10}{one['tenant']}" for one in known["accounts"]]
    return "\n".join([*lines, "", f"  For scripts: {written}", "  Ctrl-C stops everything.", ""])


def _load_tenant(kernel: Kernel, sample: SampleTenant, password: str) -> None:
    with kernel.scope(actor=ACTOR) as scope:
        row = services.find_tenant(scope.session, sample.slug)
        if row is None:
            row = services.add_tenant(
                scope.session,
                slug=sample.slug,
                name=sample.name,
                hosts=[sample.host],
                region_code=sample.region_code,
            )
            services.set_logo(scope.session, row, draw_logo(sample))
            if sample.colours[0] != HOUSE:
                services.set_colour(scope.session, row, sample.colours[0])
    with kernel.scope(kernel.tenant(sample.slug), actor=ACTOR) as scope:
        _load_units(scope.session, sample)
        _load_people(scope.session, sample, password)
        if sample is SUMBAWA:
            load_announcements(scope.session)
            load_roles(scope.session)
            load_boundary(scope.session, sample.region_code, by=ACTOR)


def _load_units(session: Session, sample: SampleTenant) -> None:
    known = {unit.code: unit for _, unit in services.unit_tree(session)}
    for position, unit in enumerate(sample.units):
        if unit.code not in known:
            known[unit.code] = services.add_unit(
                session,
                code=unit.code,
                name=unit.name,
                parent=known[unit.parent] if unit.parent else None,
                region_code=unit.region_code,
                address=unit.address,
                position=position,
            )
    for position, district in enumerate(districts(sample.region_code), start=100):
        code = f"KEC-{district.name.upper().replace(' ', '-')}"
        if code not in known:
            services.add_unit(
                session,
                code=code,
                name=f"Kecamatan {district.name}",
                region_code=district.code,
                position=position,
            )


def _load_people(session: Session, sample: SampleTenant, password: str) -> None:
    rows = {row.email: row for row in session.scalars(select(PersonRow))}
    missing = [person for person in sample.people if person.email not in rows]
    for person in missing:
        _add_person(session, person, password)
    known = [rows[person.email] for person in sample.people if person.email in rows]
    if known and not matches(known[0].password_hash, password):  # the data folder is new, the database is not
        for row in known:
            row.password_hash = hash_password(password)


def _add_person(session: Session, sample: SamplePerson, password: str) -> None:
    person = people.add_person(
        session,
        email=sample.email,
        name=sample.name,
        password=password,
        phone=sample.phone,
        operator=sample.role == "operator",
    )
    unit = services.find_unit(session, sample.unit) if sample.unit else None
    if sample.role == "admin":
        people.grant(session, person, ADMIN)
    elif sample.role in ("officer", "operator"):
        people.grant(session, person, OFFICER, unit)
    if sample.role != "citizen":
        employment.describe(session, person, kind=SERVANT, nip=sample.nip, position=sample.position, unit=unit)
    if sample.nik:
        nik.keep(session, person, sample.nik)


def _bundled_plugins(kernel: Kernel) -> list[str]:
    """Return the plugins that came with the environment; wheels installed by hand are the affair of whoever did."""
    by_hand = kernel.settings.plugin_folder
    return [name for name, found in sorted(find_plugins().items()) if not found.folder.is_relative_to(by_hand)]


def _load_plugin(kernel: Kernel, name: str) -> None:
    """Install a bundled plugin, switch it on for Sumbawa alone, and let it fill in its sample data.

    What an operator has switched off or uninstalled since stays so; one that is installed gets its newest tables.
    """
    tenant: Tenant = kernel.tenant(SUMBAWA.slug)
    with kernel.database.new_session(None) as session:
        known = session.get(PluginRow, name)
    if known is None or known.state == "installed":
        install_found(kernel, name, by=ACTOR)
    if known is None:
        enable(kernel, name, tenant, by=ACTOR)
    snapshot = kernel.snapshot()
    if not snapshot.is_enabled(name, tenant.id) or snapshot.plugins[name].held:
        return
    if "load_demo" in snapshot.plugins[name].manifest.hooks:
        with kernel.scope(tenant, actor=ACTOR, plugin=name):
            kernel.caller.ask("load_demo", name, demo=Demo())


def draw_logo(sample: SampleTenant) -> bytes:
    """Draw a logo for a sample government: a granary's roof over a grain, in its colours."""
    ground, grain = sample.colours
    image = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((8, 8, 248, 248), radius=56, fill=ground)
    pen.line([(52, 128), (128, 60), (204, 128)], fill="#FFFFFF", width=20, joint="curve")
    pen.ellipse((98, 120, 158, 212), fill=grain)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
