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
from lumbung.database.encrypted import Unreadable
from lumbung.hooks import DataSection, DataSubject, Plain
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.identity.nik import masked
from lumbung.notifications.services import list_query
from lumbung.privacy import consents, requests
from lumbung.privacy.clocks import code_of
from lumbung.registry.manifest import DATA_HOOKS, Manifest, ManifestError, PersonalData, manifest_of
from lumbung.registry.models import PluginRow
from lumbung.registry.state import InstalledPlugin

both = Catalogue("lumbung").both

_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' "
    "AND c.relkind IN ('r', 'p') AND starts_with(c.relname, :prefix) ORDER BY c.relname"
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


def nik_of(row: PersonRow) -> str | None:
    """Return a person's NIK, None when they gave none or the key that closed it is lost."""
    try:
        return row.nik
    except Unreadable:
        return None


def everything(subject: DataSubject, row: PersonRow | None, language: str) -> Kept:
    """Ask the core and the applications what they hold of somebody; ``row`` is their account, if they have one."""
    scope = current_scope()
    asked = concerned(scope)
    answers = scope.kernel.caller.ask_these("export_person", asked.plugins, each=DataSection, person=subject)
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
        if plugin.name in answers.values:
            held.append(Held(plugin.name, title, answers.values[plugin.name], plugin.manifest.personal_data))
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
        if not snapshot.is_enabled(found.name, tenant.id) and not _has_rows(scope.session, found.name):
            continue
        installed = snapshot.plugins.get(found.name)
        if manifest is None or installed is None or not _can_be_asked(scope, installed):
            dumb[found.name] = Bilingual(manifest.title.id, manifest.title.en) if manifest else _itself(found.name)
        else:
            able.append(installed)
    return Concerned(able, dumb)


def core_sections(session: Session, row: PersonRow, language: str, *, nik: str | None = None) -> list[DataSection]:
    """Return what the core holds of a person. No password, token or secret is in it.

    Their NIK is masked unless ``nik`` gives it: an open session alone does not show the whole number.
    """
    return [
        _account(row, language, nik),
        DataSection(
            "roles",
            both("Peran")(language),
            {"role": both("Peran")(language), "unit": both("Berlaku di")(language), "since": both("Sejak")(language)},
            [
                {"role": grant.role, "unit": grant.unit.name if grant.unit else None, "since": grant.granted_at}
                for grant in row.grants
            ],
        ),
        _consents(session, row, language),
        _requests(session, row, language),
        _sessions(session, row, language),
        _notifications(session, row, language),
    ]


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


def _account(row: PersonRow, language: str, nik: str | None) -> DataSection:
    columns = {
        "name": both("Nama"),
        "email": both("Alamat surel"),
        "phone": both("Nomor ponsel"),
        "nik": both("NIK"),
        "nip": both("NIP"),
        "position": both("Jabatan"),
        "unit": both("Unit"),
        "language": both("Bahasa"),
        "mail": both("Pemberitahuan lewat surel"),
        "created_at": both("Terdaftar"),
    }
    values: dict[str, Plain] = {
        "name": row.name,
        "email": row.email,
        "phone": row.phone,
        "nik": nik or (masked(known) if (known := nik_of(row)) else None),
        "nip": row.nip,
        "position": row.position,
        "unit": row.home_unit.name if row.home_unit else None,
        "language": row.language,
        "mail": row.mail,
        "created_at": row.created_at,
    }
    return DataSection("account", both("Akun")(language), _said(columns, language), [values])


def _consents(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "title": both("Persetujuan"),
        "version": both("Versi"),
        "given_at": both("Diberikan"),
        "given_on": both("Di formulir"),
        "address": both("Alamat jaringan"),
        "withdrawn_at": both("Berakhir"),
    }
    rows: list[dict[str, Plain]] = [
        {
            "title": Bilingual(**one.text.title)(language),
            "version": one.version,
            "given_at": one.given_at,
            "given_on": one.given_on,
            "address": one.address,
            "withdrawn_at": one.withdrawn_at,
        }
        for one in consents.history_of(session, row.id)
    ]
    return DataSection("consents", both("Persetujuan")(language), _said(columns, language), rows)


def _requests(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "number": both("Nomor"),
        "kind": both("Permintaan"),
        "state": both("Keadaan"),
        "text": both("Isi"),
        "received_at": both("Diterima"),
        "ended_at": both("Selesai"),
        "answer": both("Jawaban"),
    }
    rows: list[dict[str, Plain]] = [
        {
            "number": code_of(one),
            "kind": requests.kind_title(one.kind)(language),
            "state": requests.state_title(one.state)(language),
            "text": one.text,
            "received_at": one.received_at,
            "ended_at": one.ended_at,
            "answer": one.answer,
        }
        for one in session.scalars(requests.of_person(row.id))
    ]
    return DataSection("requests", both("Permintaan data pribadi")(language), _said(columns, language), rows)


def _sessions(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "created_at": both("Masuk"),
        "seen_at": both("Terakhir dipakai"),
        "revoked_at": both("Diakhiri"),
        "address": both("Alamat jaringan"),
        "agent": both("Peramban"),
    }
    opened = select(SessionRow).where(SessionRow.person_id == row.id).order_by(SessionRow.created_at)
    rows: list[dict[str, Plain]] = [{key: getattr(one, key) for key in columns} for one in session.scalars(opened)]
    return DataSection("sessions", both("Sesi")(language), _said(columns, language), rows)


def _notifications(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "at": both("Waktu"),
        "title": both("Judul"),
        "text": both("Isi"),
        "read_at": both("Dibaca"),
        "mailed_at": both("Dikirim lewat surel"),
    }
    rows: list[dict[str, Plain]] = [
        {
            "at": one.at,
            "title": one.title_in(language),
            "text": one.text_in(language),
            "read_at": one.read_at,
            "mailed_at": one.mailed_at,
        }
        for one in session.scalars(list_query(row.id))
    ]
    return DataSection("notifications", both("Pemberitahuan")(language), _said(columns, language), rows)


def _said(columns: Mapping[str, Bilingual], language: str) -> dict[str, str]:
    return {name: title(language) for name, title in columns.items()}


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


def _can_be_asked(scope: Scope, plugin: InstalledPlugin) -> bool:
    if plugin.manifest.hooks_missing:
        return False
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
