"""All that is held of one person: by the core, and by every application that has rows of theirs.

Shown on their page, handed out as JSON and PDF (UU 27/2022, articles 7 and 13). An application that cannot answer is
named, and the rest is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.context import Scope, current_scope, current_tenant
from lumbung.database.ownership import owned
from lumbung.hooks import DataSection, DataSubject, Plain
from lumbung.identity.models import PersonRow
from lumbung.instances import adapter
from lumbung.privacy.core_data import core_sections, nik_of
from lumbung.registry.manifest import DATA_HOOKS, Manifest, ManifestError, PersonalData, manifest_of
from lumbung.registry.models import PluginRow
from lumbung.registry.state import InstalledPlugin

both = Catalogue("lumbung").both

_TABLES = text(
    f"""
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND {owned("c.relname")} ORDER BY c.relname
    """  # noqa: S608  (no value in it)
)


@dataclass(frozen=True)
class Held:
    """What one application (``name`` ``core`` for the house itself) holds, and what its register says of it."""

    name: str
    title: str
    sections: Sequence[DataSection]
    purposes: Sequence[PersonalData] = ()


@dataclass(frozen=True)
class Kept:
    """All that is held of a person, and the applications that could not answer, by title."""

    held: Sequence[Held]
    silent: Sequence[str]


@dataclass(frozen=True)
class Concerned:
    """Applications to ask about a person: those that can be asked, and those that hold rows and cannot, by title."""

    plugins: Sequence[InstalledPlugin]
    dumb: Mapping[str, Bilingual]


def subject_of(row: PersonRow, *, identified: bool = False) -> DataSubject:
    """Return a person as the hooks know them.

    Their phone number counts once it was confirmed, their NIK only when an officer saw the KTP (``identified``):
    otherwise whoever typed a neighbour's number into their account could read the neighbour's data.
    """
    return DataSubject(
        id=row.id,
        name=row.name,
        email=row.email,
        phone=row.phone if identified or row.phone_verified_at else None,
        nik=nik_of(row) if identified else None,
    )


def everything(subject: DataSubject, row: PersonRow | None, language: str) -> Kept:
    """Ask the core and the applications what they hold of somebody; ``row`` is their account, if they have one."""
    scope = current_scope()
    asked = concerned(scope)
    here = [plugin for plugin in asked.plugins if not adapter.takes_the_place_of_hooks(plugin)]
    foreign = [plugin for plugin in asked.plugins if adapter.takes_the_place_of_hooks(plugin)]
    answers = scope.kernel.caller.ask_these("export_person", here, each=DataSection, person=subject)
    told = {**answers.values, **adapter.export(scope, foreign, subject, language).values}
    held = (
        [
            Held(
                "core",
                both("Akun dan situs ini")(language),
                core_sections(scope.session, row, language, nik=subject.nik),
            )
        ]
        if row
        else []
    )
    silent = [title(language) for title in asked.dumb.values()]
    for plugin in asked.plugins:
        title = plugin.manifest.title(language)
        if plugin.name in told:
            held.append(Held(plugin.name, title, told[plugin.name], plugin.manifest.personal_data))
        else:
            silent.append(title)
    return Kept(held, silent)


def concerned(scope: Scope) -> Concerned:
    """Return the applications that declare personal data and are on for the tenant, or still hold rows of it.

    One that was switched off or uninstalled keeps its data, so it has to be asked; one whose code is gone, or that
    cannot be asked, is named.
    """
    tenant, snapshot = current_tenant(), scope.kernel.snapshot()
    able: list[InstalledPlugin] = []
    dumb: dict[str, Bilingual] = {}
    for found in scope.session.scalars(select(PluginRow).order_by(PluginRow.name)):
        manifest = _manifest_of(found)
        if manifest is not None and not manifest.personal_data:
            continue
        installed = snapshot.plugins.get(found.name)
        if not snapshot.is_enabled(found.name, tenant.id) and not _holds_data(scope, found.name):
            continue
        if manifest is None or installed is None or not _can_be_asked(scope, installed):
            dumb[found.name] = Bilingual(manifest.title.id, manifest.title.en) if manifest else _itself(found.name)
        else:
            able.append(installed)
    return Concerned(able, dumb)


def as_json(kept: Kept, row: PersonRow | None) -> dict[str, Any]:
    """Return what is held as plain JSON data, for another program to read (article 13, portability)."""
    made = {
        "tenant": current_tenant().name,
        "made_at": _plain(current_tenant().now()),
        "silent": list(kept.silent),
        "held": [
            {
                "application": one.name,
                "title": one.title,
                "sections": {
                    section.name: {
                        "title": section.title,
                        "columns": dict(section.columns),
                        "rows": [{key: _plain(value) for key, value in line.items()} for line in section.rows],
                    }
                    for section in one.sections
                },
            }
            for one in kept.held
        ],
    }
    return made | ({"account_id": str(row.id)} if row else {})


def _plain(value: Plain) -> str | int | float | bool | None:
    if isinstance(value, datetime):
        return value.astimezone(current_tenant().now().tzinfo).isoformat() if value.tzinfo else value.isoformat()
    return value.isoformat() if isinstance(value, date | time) else value


def _manifest_of(row: PluginRow) -> Manifest | None:
    try:
        return manifest_of(row.manifest, row.name)
    except ManifestError:
        return None


def _itself(name: str) -> Bilingual:
    return Bilingual(name, name)


def _holds_data(scope: Scope, plugin: str) -> bool:
    """Whether an application that is off holds data of the tenant: rows of its tables, or a database of its own."""
    return _has_rows(scope.session, plugin) or adapter.has_database(scope, plugin)


def _can_be_asked(scope: Scope, plugin: InstalledPlugin) -> bool:
    if plugin.manifest.hooks_missing:
        return False
    if plugin.manifest.is_foreign:
        return adapter.takes_the_place_of_hooks(plugin)
    try:
        return all(scope.kernel.caller.implements(hook, plugin.name) for hook in DATA_HOOKS)
    except Exception:  # whatever donated code does when it is imported, the others are asked
        return True  # asked all the same, so that its fault is written down


def _has_rows(session: Session, plugin: str) -> bool:
    """Whether a table of the plugin holds a row of the current tenant; row-level security narrows the look."""
    for table in session.execute(_TABLES, {"prefix": f"{plugin}_"}).scalars().all():
        quoted = session.connection().dialect.identifier_preparer.quote(table)
        if session.execute(text(f"SELECT EXISTS (SELECT 1 FROM {quoted})")).scalar():  # noqa: S608  (a name of pg_class)
            return True
    return False
