"""What the tables of a dump hold, gathered while it is read: columns, rows, data of people, accounts anyone knows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import bcrypt

from lumbung.instances.databases.dump_statements import NAME, STRING

ROWS_LOOKED_AT = 200  # of a table of accounts
MOST_ACCOUNTS = 20
Kind = Literal["md5", "sha1", "bcrypt", "plain", "other"]

# fmt: off
WORDS = (
    "admin", "password", "123456", "12345", "1234", "12345678", "123456789", "1234567890", "123", "111111",
    "000000", "admin123", "admin1234", "admin12345", "administrator", "superadmin", "root", "toor", "user",
    "user123", "test", "test123", "demo", "guest", "secret", "qwerty", "rahasia", "bismillah", "operator",
    "petugas", "kasir", "pegawai", "password123", "pass", "p@ssw0rd", "admin@123", "indonesia", "sumbawa",
)
# fmt: on
FIRST_GUESSES = ("admin", "password", "123456", "admin123", "12345678")  # each takes a tenth of a second or more
MOST_TRIED = 3
KNOWN_BCRYPT = frozenset(
    [
        "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi",  # "password", of Laravel's factories
        "$2y$10$TKh8H1.PfQx37YgCzwiKb.KjNyWgaHb9cbcoQgdIVFlYg7B77UdFm",  # "secret", of older ones
    ]
)
HASHES = frozenset(
    digest
    for word in WORDS
    for digest in (
        hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(),
        hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest(),
        hashlib.md5(
            hashlib.md5(word.encode(), usedforsecurity=False).hexdigest().encode(), usedforsecurity=False
        ).hexdigest(),
    )
)
_STRONG = re.compile(
    r"(?:^|_)(?:nik|no_?ktp|ktp|no_?kk|e_?mail|surel|no_?te?lp\w*|telp\w*|telepon|phone|mobile|no_?hp|hp|handphone|wa|"
    r"whatsapp|alamat|address|password|passwd|pwd|sandi|tgl_?lahir|tanggal_?lahir|tempat_?lahir|birth\w*|npwp|nip|nisn|"
    r"no_?rek\w*|rekening|agama|gol_?darah)(?:_|$)"
)
_WEAK = re.compile(r"(?:^|_)(?:nama|name|fullname|username|foto|photo|jenis_?kelamin|gender|pekerjaan|ttd)(?:_|$)")
_PEOPLE = re.compile(
    r"user|warga|penduduk|pegawai|karyawan|pasien|siswa|pelanggan|pemohon|anggota|member|person|people|tamu"
)
_PASSWORD = re.compile(r"(?:^|_)(?:password|passwd|pass|pwd|sandi|kata_?sandi|userpass)(?:_|$)")
_NO_PASSWORD = re.compile(r"token|reset|hint|expire|_at$|change|last|date|tgl")
_USER_NAMES = (
    "username",
    "user_name",
    "login",
    "userid",
    "user_id",
    "user",
    "nama_user",
    "email",
    "nip",
    "nama",
    "name",
)
_ROLE = re.compile(r"(?:^|_)(?:role|level|hak|akses|type|group|jabatan|status|admin)(?:_|$)")
_VALUE = re.compile(
    rb"\s*(?:_binary\s*)?(?:(%s)|((?:[^,()'\"]|\([^()]*\))*+))\s*([,)])" % STRING, re.IGNORECASE | re.DOTALL
)
_NO_COLUMN = re.compile(
    r"(?:PRIMARY|KEY|UNIQUE|CONSTRAINT|FOREIGN|INDEX|FULLTEXT|SPATIAL|CHECK|PERIOD|EXCLUDE|LIKE)\b", re.IGNORECASE
)
CREATE = re.compile(
    rb"CREATE\s+(?:(?:TEMPORARY|UNLOGGED)\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?((?:%s\s*\.\s*)?%s)\s*\(" % (
        (NAME[:-1] + rb'|"(?:[^"]|"")+")',) * 2
    ), re.IGNORECASE,
)  # fmt: skip
INSERT = re.compile(
    rb"(?:INSERT|REPLACE)\s+(?:(?:IGNORE|DELAYED|LOW_PRIORITY|OR\s+\w+)\s+)*(?:INTO\s+)?((?:%s\s*\.\s*)?%s)\s*"
    rb"(\([^)]*\))?\s*VALUES?\s*" % ((NAME[:-1] + rb'|"(?:[^"]|"")+")',) * 2), re.IGNORECASE,
)  # fmt: skip
_NEXT_ROW = re.compile(rb"\)\s*,\s*\(")


@dataclass
class Gathered:
    """A table while its dump is read."""

    columns: tuple[str, ...] = ()
    rows: int = 0
    storage: str | None = None
    charset: str | None = None


@dataclass(frozen=True)
class Found:
    """An account that stands in a dump."""

    table: str
    name: str
    line: int
    kind: Kind
    well_known: bool
    administrator: bool


@dataclass
class Contents:
    """All tables of a dump, by name, and the accounts in them that one should know of."""

    tables: dict[str, Gathered] = field(default_factory=dict)
    accounts: list[Found] = field(default_factory=list)
    tried: int = 0

    def create(self, code: bytes) -> None:
        """Take a ``CREATE TABLE``."""
        found = CREATE.match(code)
        if found is None:
            return
        table = self.tables.setdefault(plain_name(found[1]), Gathered())
        table.columns = tuple(_columns(code[found.end() :]))
        rest = code[code.rfind(b")") :]
        if storage := re.search(rb"\b(?:ENGINE|TYPE)\s*=\s*(\w+)", rest, re.IGNORECASE):
            table.storage = storage[1].decode()
        if charset := re.search(rb"(?:CHARSET|CHARACTER\s+SET)[\s=]+(\w+)", rest, re.IGNORECASE):
            table.charset = charset[1].decode().lower()

    def insert(self, code: bytes, line: int) -> None:
        """Take an ``INSERT``, of one row or many."""
        found = INSERT.match(code)
        if found is None:
            return
        name = plain_name(found[1])
        table = self.tables.setdefault(name, Gathered())
        named = tuple(plain_name(one) for one in found[2].strip(b"()").split(b",")) if found[2] else table.columns
        if table.rows < ROWS_LOOKED_AT and any(is_password(column) for column in named):
            rows = _rows(code, found.end())
            for number, row in enumerate(rows, table.rows):
                if number >= ROWS_LOOKED_AT:
                    break
                self.row(name, named, row, line + number - table.rows if code.count(b"\n", 0, 2000) else line)
        table.rows += 1 + len(_NEXT_ROW.findall(code, found.end()))

    def row(self, table: str, columns: Sequence[str], row: Sequence[str], line: int) -> None:
        """Look whether a row is an account that one should know of."""
        by_name = {column.lower(): value for column, value in zip(columns, row, strict=False)}
        secret = next((by_name[column] for column in by_name if is_password(column)), "")
        who = next((by_name[column] for column in _USER_NAMES if by_name.get(column)), "")
        if not secret or secret.upper() == "NULL" or len(self.accounts) >= MOST_ACCOUNTS:
            return
        kind = kind_of(secret)
        lower = who.lower()
        roles = [value.lower() for column, value in by_name.items() if _ROLE.search(column)]
        administrator = lower.startswith(("admin", "super", "root")) or any("admin" in role for role in roles)
        guesses = (lower, lower + "123", *WORDS)
        well_known = (
            secret in KNOWN_BCRYPT or secret.lower() in HASHES or (kind == "plain" and secret.lower() in guesses)
        )
        if kind == "bcrypt" and administrator and not well_known and self.tried < MOST_TRIED:
            self.tried += 1
            well_known = any(_fits(secret, word) for word in dict.fromkeys((who, *FIRST_GUESSES)))
        if kind in ("md5", "sha1"):
            digest = getattr(hashlib, kind)
            own = (digest(text.encode(), usedforsecurity=False).hexdigest() for text in (who, lower, lower + "123"))
            well_known = well_known or secret.lower() in own
        if administrator or well_known or kind == "plain":
            self.accounts.append(Found(table, who[:80], line, kind, well_known, administrator))


def _fits(secret: str, word: str) -> bool:
    """Whether a bcrypt hash is that of a word; one that would take long is not tried."""
    if int(secret.split("$")[2]) > 12:
        return False
    try:
        return bcrypt.checkpw(word.encode()[:72], secret.encode())
    except ValueError:
        return False


def personal_columns(table: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return which columns hold data of people. A name alone is none, unless the table is one of people."""
    plain = {column: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).lower() for column in columns}
    strong = [column for column in columns if _STRONG.search(plain[column])]
    if not strong and not _PEOPLE.search(table.lower()):
        return ()
    return tuple(column for column in columns if column in strong or _WEAK.search(plain[column]))


def is_password(column: str) -> bool:
    """Whether a column of this name holds passwords, or what was made of them."""
    lower = column.lower()
    return bool(_PASSWORD.search(lower)) and not _NO_PASSWORD.search(lower)


def kind_of(secret: str) -> Kind:
    """Return how a password is kept, by its look."""
    if re.fullmatch(r"[0-9a-fA-F]{32}", secret):
        return "md5"
    if re.fullmatch(r"\*?[0-9a-fA-F]{40}", secret):
        return "sha1"
    if re.fullmatch(r"\$2[abxy]?\$\d\d\$.{53}", secret):
        return "bcrypt"
    return "other" if len(secret) > 30 or secret.startswith(("$", "{", "pbkdf2", "scrypt", "sha")) else "plain"


def plain_name(name: bytes) -> str:
    """Return a name without quotes and without the database or schema in front."""
    whole = re.sub(rb'.*[`"\w\s]\.\s*(?=[`"\w$])', b"", name.strip(), flags=re.DOTALL)
    return whole.strip(b' `"').decode(errors="replace")


def _columns(code: bytes) -> Iterator[str]:
    body = re.sub(STRING if b"`" in code else rb"'[^']*'", b"''", code, flags=re.DOTALL)
    while (shorter := re.sub(rb"\([^()]*\)", b"", body)) != body:
        body = shorter
    for part in body.partition(b")")[0].split(b","):
        text = part.strip().decode(errors="replace")
        if text and not _NO_COLUMN.match(text):
            quoted = re.match(r'[`"]([^`"]+)[`"]', text)
            yield quoted[1] if quoted else text.split()[0]


def _rows(code: bytes, at: int) -> Iterator[list[str]]:
    while at < len(code) and code[at : at + 1] == b"(":
        row: list[str] = []
        at += 1
        while found := _VALUE.match(code, at):
            at = found.end()
            row.append(_text(found[1]) if found[1] is not None else found[2].strip().decode(errors="replace"))
            if found[3] == b")":
                break
        else:
            return
        yield row
        more = re.compile(rb"\s*,\s*(?=\()").match(code, at)
        if more is None:
            return
        at = more.end()


def _text(quoted: bytes) -> str:
    inside = re.sub(rb"\\(.)", rb"\1", quoted[1:-1], flags=re.DOTALL)
    return inside.replace(quoted[:1] * 2, quoted[:1]).decode(errors="replace")
