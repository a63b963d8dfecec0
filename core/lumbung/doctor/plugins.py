"""Looking at the plugins: is each here, whole, open to citizens, and does it keep out of trouble."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.doctor.findings import Asked, Finding, bad, both, good, in_both, warning
from lumbung.errors import Sentence
from lumbung.lifecycle.machine import OPEN
from lumbung.lifecycle.overview import PluginOverview, overview
from lumbung.lifecycle.probing import Prober
from lumbung.plugin_settings.services import unfit
from lumbung.registry.budget import PLATFORM, grouped, spent
from lumbung.registry.discovery import find_plugins
from lumbung.registry.models import FaultRow, OperationRow, SuspensionRow, WayBackRow

A_DAY = timedelta(days=1)
LATE = timedelta(minutes=10)
MOST_NAMED = 5
IN_USE = ("installed", "upgrading")


def packages(asked: Asked) -> Iterator[Finding]:
    """Whether the package of each installed plugin is here, in the version that was installed, and readable."""
    lines = [line for line in overview(asked.kernel) if line.state in IN_USE and _concerns(asked, line)]
    broken = [line for line in lines if line.problem is not None]
    for line in broken:
        yield bad(
            both("%(plugin)s: %(problem)s", plugin=line.name, problem=in_both(line.problem or Sentence())),
            both("Warga melihat halaman pemberitahuan untuk layanan ini saja; yang lain berjalan."),
            f"lumbung plugin install {line.name}" if line.package_here else f"lumbung plugin uninstall {line.name}",
        )  # fmt: skip
    if not broken:
        yield good(both("Paket semua aplikasi terpasang ada di sini (%(count)s).", count=len(lines)))


def opens(asked: Asked) -> Iterator[Finding]:
    """Whether each plugin can be opened: tried in a process of its own, with limits of time and memory."""
    if asked.quick or asked.urls is None:
        return
    found = find_plugins()
    lines = [line for line in overview(asked.kernel) if line.state in IN_USE and _concerns(asked, line)]
    tried = [line for line in lines if line.name in found and line.manifest is not None and line.problem is None]
    failed = 0
    for line in tried:
        with Prober(asked.settings) as prober:
            assert line.manifest is not None  # noqa: S101  (just asked)
            report = prober.probe(found[line.name].folder.parent, line.manifest)
        for check in report.problems:
            failed += 1
            yield bad(
                both("%(plugin)s tidak lolos percobaan: %(reason)s", plugin=line.name,
                     reason=in_both(check.words) if check.words else both("sebabnya ada di log")),
                both("Layanan ini gagal dibuka, atau dapat mengganggu yang lain. Mintalah versi yang diperbaiki."),
                f"lumbung plugin suspend {line.name} --reason '...'",
            )  # fmt: skip
    if tried and not failed:
        yield good(both("Semua aplikasi dapat dibuka (%(count)s dicoba).", count=len(tried)))


def suspended(asked: Asked) -> Iterator[Finding]:
    """Which plugins are closed for everyone, since when and why."""
    with asked.kernel.database.new_session(None) as session:
        rows = list(session.scalars(select(SuspensionRow).where(SuspensionRow.lifted_at.is_(None))))
        for row in rows:
            if asked.tenant and not asked.kernel.snapshot().is_enabled(row.plugin, asked.tenant.id):
                continue
            worst = next(iter(grouped(session, row.plugin, row.since - A_DAY, limit=1)), None)
            yield bad(
                both("%(plugin)s dihentikan untuk semua sejak %(since)s. %(reason)s", plugin=row.plugin,
                     since=f"{row.since:%Y-%m-%d %H:%M} UTC", reason=in_both(Sentence.from_json(row.reason))),
                both("Pesan terakhir: %(message)s Pasang versi yang diperbaiki, atau buka kembali bila sebabnya "
                     "hilang.",
                     message=worst.message) if worst else both("Buka kembali bila alasannya sudah tidak berlaku."),
                f"lumbung plugin resume {row.plugin}",
            )  # fmt: skip
    if asked.kernel.snapshot().safe:
        yield bad(
            both("Situs berjalan dalam mode aman: tidak ada aplikasi yang dibuka."),
            both("Warga hanya melihat halaman pemberitahuan. Setelah selesai, jalankan seperti biasa."),
            "lumbung serve",
        )
    elif not rows:
        yield good(both("Tidak ada aplikasi yang dihentikan."))


def faults(asked: Asked) -> Iterator[Finding]:
    """Which plugins failed in the last day, and how near they are to being suspended."""
    since, closed = utc_now() - A_DAY, asked.kernel.snapshot().suspended
    query = select(FaultRow.plugin).where(FaultRow.at > since).distinct()
    if asked.tenant:
        query = query.where(FaultRow.tenant_id == asked.tenant.id)
    window = utc_now() - timedelta(minutes=asked.settings.fault_window_minutes)
    with asked.kernel.database.new_session(None) as session:
        names = [name for name in session.scalars(query) if name not in closed]
        for name in sorted(names):
            groups = grouped(session, name, since, limit=MOST_NAMED)
            points, _count = spent(session, asked.settings.fault_budget, name, window)
            yield warning(
                both("%(plugin)s gagal %(count)s kali dalam sehari; yang tersering di %(place)s: %(message)s",
                     plugin=both("Platform") if name == PLATFORM else name, count=sum(one.count for one in groups),
                     place=groups[0].place, message=groups[0].message),
                both("Anggaran gangguan terpakai %(points)s dari %(budget)s; setelah habis, aplikasinya dihentikan.",
                     points=points, budget=asked.settings.fault_budget) if name != PLATFORM
                else both("Ini dari platform sendiri; sebabnya ada di log."),
                f"/admin/plugin/{name}/" if name != PLATFORM else "",
            )  # fmt: skip
    if not names:
        yield good(both("Tidak ada gangguan aplikasi dalam sehari."))


def operations(asked: Asked) -> Iterator[Finding]:
    """Operations that nobody ended, and those whose way back failed."""
    open_or_stuck = select(OperationRow).where(OperationRow.state.in_((*OPEN, "stuck")))
    clean = True
    with asked.kernel.database.new_session(None) as session:
        for row in session.scalars(open_or_stuck.order_by(OperationRow.asked_at)):
            name = row.plugin or "?"
            if row.state == "stuck":
                clean = False
                reason = in_both(Sentence.from_json(row.message)) if row.message else Bilingual("", "")
                yield bad(
                    both("Pekerjaan %(kind)s pada %(plugin)s macet. %(reason)s", kind=row.kind, plugin=name,
                         reason=reason),
                    both("Sebagian sudah dikerjakan dan sebagian belum. Coba sekali lagi dari halamannya."),
                    f"/admin/plugin/operasi/{row.id}",
                )  # fmt: skip
            elif utc_now() - (row.begun_at or row.asked_at) > LATE:
                clean = False
                yield warning(
                    both("Pekerjaan %(kind)s pada %(plugin)s belum selesai sejak %(since)s.", kind=row.kind,
                         plugin=name, since=f"{row.asked_at:%Y-%m-%d %H:%M} UTC"),
                    both("Prosesnya mungkin mati di tengah jalan. Pekerjaan dilanjutkan dari langkah terakhir."),
                    "lumbung plugin operations",
                )  # fmt: skip
    if clean:
        yield good(both("Tidak ada pekerjaan aplikasi yang tertinggal."))


def ways_back(asked: Asked) -> Iterator[Finding]:
    """Copies for a way back whose time is over: they only take room."""
    with asked.kernel.database.new_session(None) as session:
        over = list(session.scalars(select(WayBackRow.plugin).where(WayBackRow.keep_until < utc_now() - A_DAY)))
    for name in over:
        yield warning(
            both("Salinan lama %(plugin)s sudah lewat masanya dan belum dihapus.", plugin=name),
            both("Salinan itu hanya memakan ruang. Proses pekerjaan menghapusnya tiap malam; apakah ia berjalan?"),
            "lumbung worker",
        )


def settings(asked: Asked) -> Iterator[Finding]:
    """Values of plugins' settings that are kept and not used: the manifest of today does not allow them."""
    misfits = [one for one in unfit(asked.kernel) if asked.tenant is None or one.tenant in (None, asked.tenant.slug)]
    for one in misfits:
        yield warning(
            both("Pengaturan %(name)s dari %(plugin)s tidak dipakai: %(reason)s", name=one.name, plugin=one.plugin,
                 reason=in_both(one.reason)),
            both("Nilainya disimpan, tetapi versi aplikasi yang sekarang tidak menerimanya; yang berlaku nilai di "
                 "atasnya. Isi lagi atau hapus."),
            f"lumbung plugin settings {one.plugin}" + (f" --tenant {one.tenant}" if one.tenant else ""),
        )  # fmt: skip
    if not misfits:
        yield good(both("Semua pengaturan aplikasi yang tersimpan dipakai."))


def _concerns(asked: Asked, line: PluginOverview) -> bool:
    return asked.tenant is None or asked.tenant.slug in line.tenants
