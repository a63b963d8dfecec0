"""Looking at the rest of the site: the job worker, its queue, keys, mail, anchors, and what production asks for."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import text

from lumbung.audit import anchor
from lumbung.clock import utc_now
from lumbung.doctor.findings import Asked, Finding, bad, both, good, warning
from lumbung.errors import ConfigurationError, LumbungError

ALIVE = timedelta(minutes=2)
WAITS_TOO_LONG = timedelta(minutes=15)
ANCHOR_TOO_OLD = timedelta(hours=49)
MAIL_ANSWERS = 3.0  # seconds


def job_worker(asked: Asked) -> Iterator[Finding]:
    """Whether the job worker lives, and how its queue fares."""
    with asked.kernel.database.engine.connect() as connection:
        beat = connection.execute(text("SELECT max(last_heartbeat) FROM procrastinate_workers")).scalar_one()
        waiting, failed = connection.execute(
            text(
                "SELECT count(*) FILTER (WHERE status = 'todo' AND scheduled_at < now() - CAST(:late AS interval)), "
                "count(*) FILTER (WHERE status = 'failed') FROM procrastinate_jobs"
            ),
            {"late": WAITS_TOO_LONG},
        ).one()
    if beat is None or utc_now() - beat > ALIVE:
        yield bad(
            both("Proses pekerjaan tidak berjalan."),
            both("Surel tidak terkirim, aplikasi tidak dapat dipasang, kabar antar-aplikasi tertunda."),
            "lumbung serve",
        )
    else:
        yield good(both("Proses pekerjaan berjalan."))
    if waiting:
        yield warning(
            both("%(count)s pekerjaan menunggu lebih dari 15 menit.", count=waiting),
            both("Antreannya lebih panjang daripada yang dapat dikerjakan, atau prosesnya mati."),
            "lumbung worker",
        )
    if failed:
        yield warning(
            both("%(count)s pekerjaan gagal dan tidak dicoba lagi.", count=failed),
            both("Sebabnya ada pada gangguan aplikasinya atau di log."),
            "/admin/",
        )


def keys(asked: Asked) -> Iterator[Finding]:
    """Whether the keys of encrypted columns can be read."""
    try:
        active = asked.kernel.keyring.active()
    except (ConfigurationError, LumbungError, OSError) as error:
        yield bad(
            both("Kunci kolom terenkripsi tidak dapat dibaca: %(reason)s", reason=str(error)),
            both("NIK dan rahasia tidak dapat dibuka. Kembalikan berkas kuncinya dari cadangan."),
            "docs/operating/keys.md",
        )
    else:
        yield good(both("Kunci kolom terenkripsi terbaca (%(name)s).", name=active.name))


def mail(asked: Asked) -> Iterator[Finding]:
    """Whether letters can be sent."""
    settings = asked.settings
    if not settings.smtp_host:
        yield warning(
            both("Belum ada server surel."),
            both("Warga tidak dapat mengatur ulang kata sandi, dan kabar hanya tampil di situs."),
            "docs/operating/mail.md",
        )
        return
    try:
        with socket.create_connection((settings.smtp_host, settings.smtp_port), timeout=MAIL_ANSWERS):
            yield good(both("Server surel menjawab."))
    except OSError as error:
        yield bad(
            both("Server surel %(host)s tidak menjawab: %(reason)s", host=settings.smtp_host,
                 reason=error.strerror or str(error)),
            both("Surel menunggu dan dicoba lagi selama kira-kira sehari."),
            "lumbung mail test ALAMAT",
        )  # fmt: skip


def production(asked: Asked) -> Iterator[Finding]:
    """What a site that serves the public needs."""
    settings = asked.settings
    public = [host for tenant in asked.kernel.snapshot().tenants.values() for host in tenant.hosts
              if host != "localhost" and not host.endswith(".localhost")]  # fmt: skip
    if public and not settings.secure_cookies:
        yield bad(
            both("Kuki masuk dapat terbawa lewat jalur tanpa sandi."),
            both("Siapa pun di jaringan yang sama dapat mengambil alih sesi orang lain."),
            "LUMBUNG_SECURE_COOKIES=true",
        )
    if public and not settings.trusted_proxies and settings.bind.startswith("127."):
        yield warning(
            both("Semua pengunjung terlihat datang dari satu alamat."),
            both("Di belakang server perantara, batas percobaan masuk dan anggaran gangguan salah menghitung."),
            "LUMBUNG_TRUSTED_PROXIES=1",
        )
    if not settings.memory_limit_mb:
        yield warning(
            both("Memori proses web tidak dibatasi."),
            both("Satu halaman yang rakus dapat menghabiskan memori seluruh mesin."),
            "LUMBUNG_MEMORY_LIMIT_MB=2048",
        )
    if public and settings.secure_cookies:
        yield good(both("Kuki masuk hanya dikirim lewat HTTPS."))


def anchors(asked: Asked) -> Iterator[Finding]:
    """Whether the trails were signed in the last nights."""
    if asked.kernel.snapshot().tenants:
        yield _anchor(asked)


def _anchor(asked: Asked) -> Finding:
    path = anchor.path_of(asked.settings)
    try:
        last = path.read_bytes().splitlines()[-1]
        at = datetime.fromisoformat(json.loads(last)["at"])
    except (OSError, ValueError, LookupError):
        return warning(
            both("Jejak audit belum pernah dijangkar."),
            both("Tanpa jangkar, perubahan pada jejak yang lama tidak ketahuan. Ini dilakukan tiap malam."),
            "lumbung audit anchor",
        )
    if utc_now() - at > ANCHOR_TOO_OLD:
        return bad(
            both("Jejak audit terakhir dijangkar %(at)s.", at=f"{at:%Y-%m-%d %H:%M} UTC"),
            both("Penjangkaran tiap malam tidak berjalan; lihat gangguan platform."),
            "lumbung audit anchor",
        )
    return good(both("Jejak audit dijangkar tiap malam."))
