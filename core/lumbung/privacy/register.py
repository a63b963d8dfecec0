"""The processing register (rekaman kegiatan pemrosesan, UU 27/2022 article 31), assembled from what is installed.

The core's own lines stand here; an application's come from its manifest, so that nobody has to keep a list in step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.context import Scope, current_tenant
from lumbung.instances import adapter
from lumbung.privacy.retention import HOOK
from lumbung.privacy.subject import concerned
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin

both = Catalogue("lumbung").both

PUBLIC_SERVICE = both("UU 27/2022 pasal 20 (2) e: pelayanan publik")
LEGAL_DUTY = both("UU 27/2022 pasal 20 (2) c: kewajiban hukum")
CONSENT = both("UU 27/2022 pasal 20 (2) a: persetujuan")

_ROWS = "SELECT count(*) FROM {table}"
_EXISTS = text("SELECT to_regclass('public.' || quote_ident(:table)) IS NOT NULL")


@dataclass(frozen=True)
class Entry:
    """One kind of personal data: what it is for, on which basis, where it lies and for how long."""

    name: Bilingual
    purpose: Bilingual
    basis: Bilingual
    where: str
    keep: timedelta | None = None
    subjects: Bilingual | None = None
    recipients: Bilingual | None = None


@dataclass(frozen=True)
class Processor:
    """An application (``name`` ``core`` for the house) with its entries, and what to know about it.

    ``rows`` counts the rows in the tables that the entries name; ``sweeps`` tells whether the retention is carried
    out; ``answers`` whether it can hand out and erase what it holds.
    """

    name: str
    title: Bilingual
    donor: str
    entries: Sequence[Entry]
    on: bool = True
    rows: int = 0
    sweeps: bool = True
    answers: bool = True


def core_entries(keep: Mapping[str, timedelta]) -> list[Entry]:
    """Return what the core itself keeps; ``keep`` has the retention by table, where one is carried out."""
    people, staff = both("Warga dan pegawai yang punya akun"), both("Pegawai")
    return [
        Entry(both("Nama, surel, nomor ponsel, bahasa"), both("Mengenali pemilik akun dan menghubunginya"),
              PUBLIC_SERVICE, "lumbung_person", subjects=people),
        Entry(both("NIK (tersandi, dengan indeks buta)"), both("Memastikan satu orang satu akun, bila diisi"),
              CONSENT, "lumbung_person.nik, lumbung_person.nik_index", subjects=people),
        Entry(both("NIP, jabatan, unit, peran"), both("Menentukan wewenang dan pertanggungjawaban"),
              LEGAL_DUTY, "lumbung_person.nip, lumbung_grant, lumbung_post", subjects=staff),
        Entry(both("Sesi, perangkat, faktor kedua"), both("Melindungi akun dari orang lain"),
              PUBLIC_SERVICE, "lumbung_session, lumbung_device", keep.get("lumbung_session"), people),
        Entry(both("Percobaan masuk yang gagal"), both("Menahan tebakan kata sandi"),
              PUBLIC_SERVICE, "lumbung_sign_in_attempt", keep.get("lumbung_sign_in_attempt"), people),
        Entry(both("Pemberitahuan"), both("Mengabarkan hal yang menyangkut orang itu"),
              PUBLIC_SERVICE, "lumbung_notification", keep.get("lumbung_notification"), people),
        Entry(both("Alamat surel tamu, dan surat kepadanya"), both("Mengabarkan perkara yang ia sampaikan"),
              PUBLIC_SERVICE, "lumbung_visitor_letter", keep.get("lumbung_visitor_letter"), both("Tamu tanpa akun")),
        Entry(both("Persetujuan dan permintaan atas data pribadi"), both("Membuktikan bahwa hak dipenuhi"),
              LEGAL_DUTY, "lumbung_consent, lumbung_data_request", subjects=people),
        Entry(both("Catatan akses data pribadi"), both("Menjelaskan siapa membuka data siapa"),
              LEGAL_DUTY, "lumbung_access", keep.get("lumbung_access"), people),
        Entry(both("Jejak audit"), both("Pertanggungjawaban tindakan"), LEGAL_DUTY, "lumbung_audit", subjects=staff),
    ]  # fmt: skip


def processors(scope: Scope, keep: Mapping[str, timedelta]) -> list[Processor]:
    """Return the house, then each application that declares personal data and is on, or still holds rows here."""
    asked = concerned(scope)
    snapshot, tenant = scope.kernel.snapshot(), current_tenant()
    core = core_entries(keep)
    found = [Processor("core", both("Akun dan situs ini"), tenant.name, core, rows=_count(scope.session, core))]
    for plugin in asked.plugins:
        manifest = plugin.manifest
        entries = list(_entries_of(manifest))
        found.append(
            Processor(
                manifest.name,
                Bilingual(manifest.title.id, manifest.title.en),
                manifest.donor.name,
                entries,
                on=snapshot.is_enabled(manifest.name, tenant.id),
                rows=_rows_of(scope, plugin, entries),
                sweeps=HOOK in manifest.hooks,
            )
        )
    found += [Processor(name, title, "", (), on=False, answers=False) for name, title in asked.dumb.items()]
    return found


def _entries_of(manifest: Manifest) -> Iterator[Entry]:
    for data in manifest.personal_data:
        yield Entry(
            name=Bilingual(data.name.id, data.name.en),
            purpose=Bilingual(data.purpose.id, data.purpose.en),
            basis=Bilingual(data.basis.id, data.basis.en),
            where=data.where,
            keep=timedelta(days=data.retention_days) if data.retention_days else None,
            subjects=Bilingual(data.subjects.id, data.subjects.en) if data.subjects else None,
            recipients=Bilingual(data.recipients.id, data.recipients.en) if data.recipients else None,
        )


def _rows_of(scope: Scope, plugin: InstalledPlugin, entries: Sequence[Entry]) -> int:
    if adapter.takes_the_place_of_hooks(plugin):
        return adapter.rows_in(scope, plugin, sorted(_tables(entries)))
    return _count(scope.session, entries)


def _tables(entries: Sequence[Entry]) -> set[str]:
    """Return the tables that entries name: ``antrean_ticket.phone`` names antrean_ticket."""
    return {place.strip().partition(".")[0] for entry in entries for place in entry.where.split(",")}


def _count(session: Session, entries: Sequence[Entry]) -> int:
    """Count the rows of the tables that entries name, each once."""
    tables = _tables(entries)
    preparer = session.get_bind().dialect.identifier_preparer
    return sum(
        session.execute(text(_ROWS.format(table=preparer.quote(table)))).scalar_one()
        for table in sorted(tables)
        if session.execute(_EXISTS, {"table": table}).scalar_one()
    )
