"""Load an archive into an empty database, knowing nothing but its README: ``restore_archive.py ARCHIVE.zip URL``.

Run in a process of its own, with psycopg alone; prints rows and the SHA-256 of each table written out again.
"""

import hashlib
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import psycopg

KEY = """
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n)
    FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (attnum, n), pg_attribute a
    WHERE i.indrelid = to_regclass(%s) AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.attnum
"""


def copies(folder: Path) -> dict[str, tuple[str, Path]]:
    """Return the columns and the file of each table, as load.sql names them."""
    found = {}
    for line in (folder / "load.sql").read_text(encoding="utf-8").splitlines():
        if line.startswith("\\copy "):
            target, _, rest = line.removeprefix("\\copy ").partition(" FROM ")
            table, _, columns = target.partition(" (")
            found[table] = (columns.rstrip(")"), folder / rest.split("'")[1])
    return found


def load(database: psycopg.Connection, folder: Path) -> None:
    database.execute((folder / "schema.sql").read_text(encoding="utf-8"))
    for table, (columns, file) in copies(folder).items():
        with database.cursor().copy(f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
            copy.write(file.read_bytes())
    for line in (folder / "load.sql").read_text(encoding="utf-8").splitlines():
        if not line.startswith("\\copy "):
            database.execute(line)


def written_again(database: psycopg.Connection, folder: Path) -> dict:
    database.execute("SET timezone = 'UTC'")
    found = {}
    for table, (columns, _) in copies(folder).items():
        [key] = database.execute(KEY, [table]).fetchone()
        query = f"COPY (SELECT {columns} FROM {table} ORDER BY {key}) TO STDOUT WITH (FORMAT csv, HEADER)"  # noqa: S608
        with database.cursor().copy(query) as copy:
            lines = [bytes(one) for one in copy]
        found[table.strip('"')] = [len(lines) - 1, hashlib.sha256(b"".join(lines)).hexdigest()]
    return found


with tempfile.TemporaryDirectory() as unpacked, psycopg.connect(sys.argv[2]) as connection:
    zipfile.ZipFile(sys.argv[1]).extractall(unpacked)
    load(connection, Path(unpacked))
    sys.stdout.write(json.dumps(written_again(connection, Path(unpacked))))
    connection.execute((Path(unpacked) / "rules.sql").read_text(encoding="utf-8"))
assert not any(name.partition(".")[0] == "lumbung" for name in sys.modules)
