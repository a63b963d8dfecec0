"""What the dumps that came with an application say: accounts that anybody can guess, people, what will not load."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lokal import is_valid_nik

from lumbung.adoption.finding import Finding, Severity, finding
from lumbung.adoption.seen import Survey
from lumbung.errors import LumbungError
from lumbung.instances.databases.dump_files import open_dump
from lumbung.instances.databases.dump_reading import DumpReport

_SIXTEEN = re.compile(rb"(?<!\d)\d{16}(?!\d)")
MOST_NUMBERS = 1_000


def dump_of(seen: Survey, chosen: str | None, folder: Path) -> DumpReport | None:
    """Return the dump that is loaded: the one chosen by its path in the tree, else the newest; None without any."""
    known = {str(one.path.relative_to(folder)): one for one in seen.dumps}
    return known.get(chosen or "") or (seen.dumps[0] if seen.dumps else None)


def in_dumps(seen: Survey, folder: Path) -> Iterator[Finding]:
    """Yield what is to be known of each dump."""
    if len(seen.dumps) > 1:
        chosen = str(seen.dumps[0].path.relative_to(folder))
        yield finding(Severity.WARNING, "several_dumps", chosen, count=len(seen.dumps), chosen=chosen)
    for dump in seen.dumps:
        where = str(dump.path.relative_to(folder))
        yield from _of_dump(dump, where)
        try:
            yield from _people_in(dump.path, where)
        except LumbungError as error:
            yield finding(Severity.BAD, "dump_bad", where, reason=str(error))


def _of_dump(dump: DumpReport, where: str) -> Iterator[Finding]:
    if not dump.complete:
        yield finding(Severity.BAD, "dump_cut", where)
    for account in [one for one in dump.accounts if one.well_known][:10]:
        yield finding(
            Severity.BAD, "default_account", f"{where}:{account.line}", name=account.name, table=account.table
        )
    kinds = Counter((one.table, one.kind) for one in dump.accounts)
    for (table, kind), count in kinds.items():
        first = next(one.line for one in dump.accounts if (one.table, one.kind) == (table, kind))
        if kind == "plain":
            yield finding(Severity.BAD, "clear_text", f"{where}:{first}", table=table, count=count)
        elif kind in ("md5", "sha1"):
            yield finding(Severity.BAD, "weak_hash", f"{where}:{first}", way=kind, table=table, count=count)
    for table, columns in dump.personal.items():
        yield finding(Severity.WARNING, "people", where, table=table, columns=", ".join(columns))
    if dump.not_utf8:
        yield finding(Severity.NOTE, "dump_bytes", f"{where}:{dump.not_utf8_lines[0]}", count=dump.not_utf8)
    if dump.foreign_collations:
        yield finding(Severity.NOTE, "collations", where, names=", ".join(dump.foreign_collations))
    if dump.old_storage:
        yield finding(Severity.NOTE, "old_storage", where, tables=", ".join(dump.old_storage))


def _people_in(path: Path, where: str) -> Iterator[Finding]:
    """Yield a finding when numbers of the dump are sound NIKs; the numbers themselves are written nowhere."""
    seen: set[bytes] = set()
    first = 0
    with open_dump(path) as dump:
        for number, line in dump.lines():
            for found in _SIXTEEN.findall(line):
                if found not in seen and is_valid_nik(found.decode()):
                    seen.add(found)
                    first = first or number
            if len(seen) >= MOST_NUMBERS:
                break
    if seen:
        yield finding(Severity.BAD, "nik", f"{where}:{first}", count=len(seen))
