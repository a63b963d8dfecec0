"""Looking at the processes of foreign applications: do they run, does their keeper, have they what they need."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, text

from lumbung.clock import utc_now
from lumbung.doctor.findings import Asked, Finding, bad, both, good, in_both, warning
from lumbung.errors import LumbungError
from lumbung.instances.asking import KeeperAway, ask
from lumbung.instances.databases.mysql_cluster import SERVERS, find_program
from lumbung.instances.environments import environment_of, find_php, find_python
from lumbung.instances.instance import Instance, instances_wanted
from lumbung.instances.models import SHARED, InstanceRow
from lumbung.instances.rows import reason_of
from lumbung.registry.state import Snapshot

ALIVE = timedelta(minutes=2)
WAITS_TOO_LONG = timedelta(minutes=5)
LARGE = 10 * 1024**3
MOST_FILES = 200_000  # that are looked at for one folder
GUIDE = "docs/operating/foreign-apps.md"


def instances(asked: Asked) -> Iterator[Finding]:
    """Which instances do not start, or die again and again."""
    wanted = _wanted(asked)
    with asked.kernel.database.new_session(None) as session:
        rows = {(row.plugin, row.tenant): row for row in session.scalars(select(InstanceRow))}
        known = [(one, rows[one.key]) for one in wanted if one.key in rows]
        trouble = [(one, row) for one, row in known if row.state == "failed" or _waits_long(row)]
        for one, row in trouble:
            yield _about(one, row)
        halted = [one for one, row in known if row.state == "halted"]
        for one in halted:
            yield warning(
                both("%(instance)s dihentikan dengan sengaja.", instance=one.label),
                both("Tidak seorang pun dapat memakainya sampai dinyalakan lagi."),
                f"lumbung plugin start {_named(one)}",
            )
    if wanted and not trouble and not halted:
        yield good(both("Tidak ada aplikasi yang gagal menyala (%(count)s proses).", count=len(wanted)))


def keeper(asked: Asked) -> Iterator[Finding]:
    """Whether the keeper answers, while the site is being served and there is something to keep."""
    if not _wanted(asked) or not _is_served(asked):
        return
    try:
        ask(asked.settings, timeout=3.0, do="status")
    except KeeperAway as error:
        yield bad(
            both("Penjaga aplikasi tidak menjawab: %(reason)s", reason=in_both(error.sentence)),
            both("Aplikasi yang berjalan dalam prosesnya sendiri tidak dapat dibuka."),
            "lumbung serve",
        )
    else:
        yield good(both("Penjaga aplikasi menjawab."))


def tools(asked: Asked) -> Iterator[Finding]:
    """Whether this machine has the programs that applications need which are on: PHP, MariaDB, that very Python."""
    wanted = {one.name: one for one in _wanted(asked)}
    missing = 0
    for one in wanted.values():
        for error in _missing(asked, one):
            missing += 1
            yield bad(
                both("%(plugin)s: %(problem)s", plugin=one.name, problem=in_both(error.sentence)),
                both("Tanpa program itu aplikasi ini tidak dapat menyala."),
                GUIDE,
            )
    if wanted and not missing:
        yield good(both("Program yang dibutuhkan aplikasi ada di mesin ini."))


def environments(asked: Asked) -> Iterator[Finding]:
    """Which environments of Python no plugin that is installed uses any more."""
    folder = asked.settings.home / "environments"
    if asked.tenant is not None or not folder.is_dir():
        return
    used = {place for one in _python(asked) if (place := _environment(asked, one)) is not None}
    installed = asked.kernel.snapshot().plugins
    for place in sorted(folder.glob("*/*")):
        if place.is_dir() and place not in used:
            known = place.parent.name in installed
            yield warning(
                both("Lingkungan Python %(name)s tidak dipakai lagi.", name=f"{place.parent.name}/{place.name}"),
                both("Hanya memakan ruang; dibuat lagi bila kelak diperlukan."),
                f"rm -r {shlex.quote(str(place if known else place.parent))}",
            )


def space(asked: Asked) -> Iterator[Finding]:
    """Which instances take much of the disk."""
    if asked.quick:
        return
    for one in _wanted(asked):
        size = _size(one.folder)
        if size > LARGE:
            yield warning(
                both("%(instance)s memakai %(size)s GB.", instance=one.label, size=f"{size / 1024**3:.1f}"),
                both("Berkas unggahan atau log aplikasinya tumbuh; bersihkan lewat aplikasinya sendiri."),
                f"du -h --max-depth=2 {shlex.quote(str(one.folder))}",
            )


def _wanted(asked: Asked) -> list[Instance]:
    """Return the instances that should run, of the tenant that was asked about if one was."""
    snapshot: Snapshot = asked.kernel.snapshot()
    found = instances_wanted(asked.settings, snapshot).values()
    return [one for one in found if asked.tenant is None or one.key[1] in (SHARED, asked.tenant.id)]


def _about(one: Instance, row: InstanceRow) -> Finding:
    reason = reason_of(row)
    because = in_both(reason) if reason else both("sebabnya ada di log")
    if row.state == "failed":
        return bad(
            both("%(instance)s gagal menyala: %(reason)s", instance=one.label, reason=because),
            both("Warga melihat halaman pemberitahuan. Lihat log-nya, perbaiki sebabnya, lalu nyalakan lagi."),
            f"lumbung plugin log {_named(one)}",
        )
    return warning(
        both("%(instance)s mati berulang kali: %(reason)s", instance=one.label, reason=because),
        both("Penjaga mencobanya lagi, makin lama makin jarang."),
        f"lumbung plugin log {_named(one)}",
    )


def _waits_long(row: InstanceRow) -> bool:
    return row.state == "waiting" and (row.restarts >= 3 or utc_now() - row.since > WAITS_TOO_LONG)


def _is_served(asked: Asked) -> bool:
    """Whether the site is served somewhere, as the heart-beat of its job worker says."""
    with asked.kernel.database.engine.connect() as connection:
        beat = connection.execute(text("SELECT max(last_heartbeat) FROM procrastinate_workers")).scalar_one()
    return beat is not None and utc_now() - beat < ALIVE


def _missing(asked: Asked, one: Instance) -> Iterator[LumbungError]:
    process = one.process
    needs: list[Callable[[], object]] = []
    if process.stack == "php":
        needs.append(lambda: find_php(one.name))
    if process.stack == "python":
        needs.append(lambda: find_python(one.name, process.python))
    if process.database is not None and process.database.engine == "mysql" and not asked.settings.mysql_url:
        needs.append(lambda: find_program(*SERVERS))
    for need in needs:
        try:
            need()
        except LumbungError as error:
            yield error


def _python(asked: Asked) -> Iterable[Instance]:
    for plugin in asked.kernel.snapshot().plugins.values():
        if plugin.usable and plugin.manifest.process is not None and plugin.manifest.process.stack == "python":
            yield Instance(asked.settings.home, plugin, None)


def _environment(asked: Asked, one: Instance) -> Path | None:
    try:
        return environment_of(asked.settings, one)
    except LumbungError:
        return None  # its Python or its package is missing, which is said elsewhere


def _size(folder: Path) -> int:
    """Return the bytes of a folder, as far as its first files go."""
    whole = count = 0
    for where, _folders, files in os.walk(folder):
        for name in files:
            count += 1
            try:
                whole += Path(where, name).lstat().st_size
            except OSError:
                continue
        if count > MOST_FILES:
            break
    return whole


def _named(one: Instance) -> str:
    return f"{one.name} --tenant {one.tenant.slug}" if one.tenant else one.name
