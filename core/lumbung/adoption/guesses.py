"""What can be worked out of a donated tree, and why: each is a key that a person may answer otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lumbung.adoption.dump_findings import dump_of
from lumbung.adoption.login_page import find_login
from lumbung.adoption.plan import Guess
from lumbung.adoption.receiving import Received
from lumbung.adoption.seen import Survey
from lumbung.adoption.sentences import both
from lumbung.adoption.text import Tree
from lumbung.adoption.versions import python_here
from lumbung.bilingual import Bilingual
from lumbung.registry.manifest import RESERVED

_LICENCES = (
    ("GPL-3.0-or-later", r"GNU GENERAL PUBLIC LICENSE\s+Version 3"),
    ("AGPL-3.0-or-later", r"GNU AFFERO GENERAL PUBLIC LICENSE"),
    ("GPL-2.0-or-later", r"GNU GENERAL PUBLIC LICENSE\s+Version 2"),
    ("EUPL-1.2", r"EUROPEAN UNION PUBLIC LICEN[CS]E v\. 1\.2"),
    ("Apache-2.0", r"Apache License\s+Version 2\.0"),
    ("BSD-3-Clause", r"Redistribution and use in source and binary forms"),
    ("MIT", r"Permission is hereby granted, free of charge"),
)
_PREPARES = re.compile(r"(buat|init|create|setup|siapkan)_?(db|database|basis_?data|tabel|tables?)\.py")


def guesses_of(tree: Tree, seen: Survey, received: Received) -> list[Guess]:
    """Return what was worked out of a tree, in the order in which one would be asked."""
    return [*_of_the_gift(tree, seen, received), *_of_the_process(tree, seen), *_of_the_house(tree, seen)]


def _of_the_gift(tree: Tree, seen: Survey, received: Received) -> Iterator[Guess]:
    name = name_from(received.given)
    yield Guess("name", name or None, both("Dari nama yang diserahkan (%(given)s).", given=received.given), bool(name))
    title = seen.title or (name or "").replace("_", " ").title()
    why = both("Judul README.") if seen.title else both("Dari namanya.")
    yield Guess("title", title or None, why, bool(seen.title))
    yield Guess("donor", None, both("Tidak dapat dibaca dari kode: siapa yang memberi aplikasi ini?"), False)
    licence, where = _licence(tree)
    why = (
        both("Dari %(where)s.", where=where) if where else both("Tidak ada berkas lisensi: tanyakan kepada penyumbang.")
    )
    yield Guess("licence", licence, why, bool(where))
    yield Guess("version", "1.0.0", both("Penyerahan yang pertama."))


def _of_the_process(tree: Tree, seen: Survey) -> Iterator[Guess]:
    engine, why = engine_of(seen)
    yield Guess("database", engine, why, engine != "none", ("mysql", "postgresql", "sqlite", "none"))
    dump = dump_of(seen, None, tree.folder)
    if dump is not None:
        path = str(dump.path.relative_to(tree.folder))
        why = (
            both("Dump yang terbaru dari %(count)s.", count=len(seen.dumps))
            if seen.dumps[1:]
            else both("Satu-satunya dump.")
        )
        choices = (*(str(one.path.relative_to(tree.folder)) for one in seen.dumps), "none")
        yield Guess("dump", path, why, len(seen.dumps) == 1, choices)
    if seen.stack == "python":
        yield _python(seen)
        script = next((path for path in tree.paths if _PREPARES.fullmatch(path.removeprefix(f"{seen.root}/"))), "")
        if script and seen.framework != "django":
            why = both(
                "Menurut namanya %(script)s membuat tabel; dijalankan setiap kali versi baru disiapkan.", script=script
            )
            yield Guess("prepare", script, why, False)
    yield Guess(
        "start", "first_use", both("Hemat memori: dijalankan ketika pertama kali dibuka."), True, ("first_use", "boot")
    )


def _python(seen: Survey) -> Guess:
    wanted = seen.language
    found = python_here(wanted) if wanted else None
    if found:
        return Guess("python", found, both("Aplikasinya meminta Python %(wanted)s.", wanted=wanted))
    if wanted and re.match(r"3\.\d", wanted):
        why = both(
            "Aplikasinya meminta Python %(wanted)s, yang tidak ada di mesin ini: dicoba dengan milik kita.",
            wanted=wanted,
        )
        return Guess("python", "", why)
    return Guess("python", "", both("Aplikasinya tidak meminta versi tertentu."))


def _of_the_house(tree: Tree, seen: Survey) -> Iterator[Guess]:
    ways = ("none", "openid", "header", "form")
    login = find_login(tree, seen)
    if seen.openid == "mozilla-django-oidc":
        yield Guess("sign_in", "openid", both("Aplikasinya memakai mozilla-django-oidc."), True, ways)
    elif login:
        why = both(
            "Ia mempunyai halaman masuk sendiri (%(where)s): 'none' membiarkannya, 'form' mengisinya.",
            where=login.where,
        )
        yield Guess("sign_in", "none", why, False, ways)
    else:
        yield Guess("sign_in", "none", both("Tidak ada halaman masuk yang dikenali."), True, ways)
    why = both("Paling aman: hanya yang masuk di sini. Pilih 'public' untuk layanan bagi warga tanpa akun.")
    yield Guess("access", "signed_in", why, False, ("public", "signed_in", "closed"))
    zones = sorted(seen.time_zones - {"Asia/Makassar"})
    if zones:
        why = both("Kodenya memakai %(zones)s; 'tenant' memakai zona waktu daerah.", zones=", ".join(zones))
        yield Guess("time_zone", "tenant", why, True, ("tenant", "keep"))
    path, why = (
        (login.path, both("Halaman masuknya."))
        if login and seen.framework == "plain"
        else ("/", both("Halaman depan."))
    )
    yield Guess("health", path, why)


def name_from(given: str) -> str:
    """Return a name for a plugin out of that of a file or folder; empty when nothing is left of it."""
    stem = re.sub(r"\.(zip|git)$", "", given.lower())
    stem = re.sub(r"[-_](main|master|develop|v?\d[\d.]*)$", "", stem)
    words = re.sub(r"[^a-z0-9]+", "_", stem).strip("_").lstrip("0123456789_")
    name = words[:39].rstrip("_")
    return "" if len(name) < 2 or name in RESERVED or name.startswith("lumbung") else name


def engine_of(seen: Survey) -> tuple[str, Bilingual]:
    """Return the database engine that an application wants, and why."""
    packages = set(seen.packages)
    if seen.stack == "php":
        if seen.drivers or seen.dumps or seen.framework not in ("plain", "") or "DB_HOST" in seen.environment:
            return "mysql", both("Aplikasi PHP yang memakai MySQL.")
        return "none", both("Tidak ada tanda basis data.")
    for engine, drivers in (
        ("postgresql", {"psycopg", "psycopg2", "psycopg2-binary", "psycopg-binary", "asyncpg"}),
        ("mysql", {"mysqlclient", "pymysql", "mysql-connector-python", "flask-mysqldb"}),
    ):
        if found := drivers & packages:
            return engine, both("Di antara paketnya ada %(package)s.", package=sorted(found)[0])
    reads = {"DATABASE_URL", "DATABASE_URI", "SQLALCHEMY_DATABASE_URI"} & seen.environment
    if seen.framework == "django" or reads:
        return "sqlite", both("Tidak ada penggerak basis data di antara paketnya, jadi SQLite.")
    return "none", both("Basis datanya, bila ada, adalah berkas di foldernya sendiri.")


def _licence(tree: Tree) -> tuple[str, str]:
    for path in tree.named("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license.txt", "COPYING"):
        text = tree.read(path)[:4000]
        for name, pattern in _LICENCES:
            if re.search(pattern, text, re.I):
                return name, path
    return "NOASSERTION", ""
