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


def load(database: psycopg.Connection, folder: Path) -> None:
    database.execute((folder / "schema.sql").read_text(encoding="utf-8"))
    for line in (folder / "load.sql").read_text(encoding="utf-8").splitlines():
        if not line.startswith("\\copy "):
            database.execute(line)
            continue
        target, _, rest = line.removeprefix("\\copy ").partition(" FROM ")
        with database.cursor().copy(f"COPY {target} FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
            copy.write((folder / rest.split("'")[1]).read_bytes())


def written_again(database: psycopg.Connection, folder: Path) -> dict:
    database.execute("SET timezone = 'UTC'")
    found = {}
    for path in sorted((folder / "tables").glob("*.csv")):
        columns = path.read_text(encoding="utf-8").partition("\n")[0]
        [key] = database.execute(KEY, [path.stem]).fetchone()
        query = f"COPY (SELECT {columns} FROM {path.stem} ORDER BY {key}) TO STDOUT WITH (FORMAT csv, HEADER)"
        with database.cursor().copy(query) as copy:
            lines = [bytes(one) for one in copy]
        found[path.stem] = [len(lines) - 1, hashlib.sha256(b"".join(lines)).hexdigest()]
    return found


with tempfile.TemporaryDirectory() as unpacked, psycopg.connect(sys.argv[2]) as connection:
    zipfile.ZipFile(sys.argv[1]).extractall(unpacked)
    load(connection, Path(unpacked))
    print(json.dumps(written_again(connection, Path(unpacked))))
    connection.execute((Path(unpacked) / "rules.sql").read_text(encoding="utf-8"))
assert not any(name.partition(".")[0] == "lumbung" for name in sys.modules)
