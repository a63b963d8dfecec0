"""README.txt of an archive: for whoever opens it years from now, in Indonesian and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RULE = "=" * 78

_INDONESIAN = """\
ARSIP APLIKASI: {title_id}

Apa ini       Seluruh data dan berkas aplikasi "{title_id}" ({plugin}) versi {version},
              dari situs Lumbung yang melayani: {tenants}.
Pemberi       {donor}
Lisensi       {licence}
Dibuat        {made_at} (UTC), oleh {made_by}
Disimpan      sekurangnya sampai {keep_until}. Pemusnahannya memerlukan berita acara.
{reason_id}
Isinya
  archive.json    keterangan arsip ini, untuk dibaca mesin
  manifest.json   apa yang dinyatakan aplikasi tentang dirinya; plugin.toml bila
                  berkas aslinya masih ada
  schema.sql      membuat tabel-tabelnya di PostgreSQL yang kosong
  tables/*.csv    satu berkas per tabel, UTF-8, baris pertama nama kolom
  load.sql        mengisi tabel dari berkas CSV itu (naskah untuk psql)
  rules.sql       hubungan antartabel, tampilan, pemicu, dan aturan baris; tidak
                  diperlukan untuk membaca
  settings/       pengaturan aplikasi; nilai rahasia tidak disertakan
  audit.csv       jejak audit aplikasi ini
  ledger.csv      riwayat pemasangannya
  files/          berkas milik aplikasi, bila ada
  wheel/          paket programnya, bila masih ada
  SHA256SUMS      sidik SHA-256 setiap berkas

Cara membaca
  Buka berkas CSV dengan aplikasi lembar kerja mana pun, atau muat kembali:
    createdb arsip
    psql -d arsip -f schema.sql
    psql -d arsip -f load.sql
  Jalankan dari folder tempat arsip ini dibuka.

Nilai dalam CSV
  Kosong di antara dua koma (,,) berarti tidak ada nilai (NULL). Dua tanda kutip
  (,"",) berarti teks kosong. Waktu ditulis dalam UTC, tanggal TTTT-BB-HH,
  data biner sebagai \\x diikuti angka heksadesimal.
  Kolom tenant_id menyebut daerahnya:
{tenant_lines}

Memeriksa keutuhan
    sha256sum -c SHA256SUMS
{encrypted_id}{missing_id}"""

_ENGLISH = """\
ARCHIVE OF AN APPLICATION: {title_en}

What this is  All data and files of the application "{title_en}" ({plugin}) version
              {version}, from the Lumbung site that serves: {tenants}.
Donor         {donor}
Licence       {licence}
Made          {made_at} (UTC), by {made_by}
Kept          until {keep_until} at least. Destroying it takes signed minutes.
{reason_en}
What is in it
  archive.json    what this archive holds, for machines
  manifest.json   what the application says about itself; plugin.toml where the
                  original was still there
  schema.sql      makes its tables in an empty PostgreSQL
  tables/*.csv    a file for each table, UTF-8, the first line names the columns
  load.sql        fills the tables from these files (a script for psql)
  rules.sql       references between tables, views, triggers and rules of rows;
                  not needed to read
  settings/       settings of the application; secret values are left out
  audit.csv       the audit trail of this application
  ledger.csv      the history of its installation
  files/          files of the application, if there are any
  wheel/          the package of its program, if it was still there
  SHA256SUMS      the SHA-256 of each file

How to read it
  Open a CSV with any spreadsheet, or load them again:
    createdb archive
    psql -d archive -f schema.sql
    psql -d archive -f load.sql
  Run these in the folder where this archive was unpacked.

Values in the CSV
  Nothing between two commas (,,) is no value (NULL). Two quotes (,"",) are an
  empty text. Times are UTC, dates YYYY-MM-DD, binary data \\x and hexadecimal
  digits.
  The column tenant_id names the regional government:
{tenant_lines}

How to check that it is whole
    sha256sum -c SHA256SUMS
{encrypted_en}{missing_en}"""

_CLOSED_ID = """
Kolom tersandi
  Kolom berikut diarsipkan tersandi (AES-256-GCM). Untuk membacanya diperlukan
  berkas kunci situs asal, dengan kunci bernama:
{lines}
"""
_CLOSED_EN = """
Encrypted columns
  These columns are archived encrypted (AES-256-GCM). To read them takes the key
  file of the site they come from, with the keys named:
{lines}
"""
_OPEN_ID = """
PERHATIAN: kolom yang tersandi di situs asal ada di sini TERBUKA:
{lines}
  Simpan arsip ini seperti menyimpan berkas rahasia.
"""
_OPEN_EN = """
CAUTION: columns that are encrypted on the site are OPEN in here:
{lines}
  Keep this archive as you keep secret files.
"""


def readme(about: Mapping[str, Any]) -> str:
    """Return the text for an archive, given its ``archive.json``."""
    title, encrypted, missing = about["title"], about["encrypted"], about["missing"]
    lines = "\n".join(f"    {column}  {', '.join(keys) or '-'}" for column, keys in encrypted.items())
    id_, en = (_OPEN_ID, _OPEN_EN) if about["plain"] else (_CLOSED_ID, _CLOSED_EN)
    words = {
        **{name: about[name] for name in ("plugin", "version", "donor", "licence", "made_at", "made_by", "keep_until")},
        "title_id": title["id"],
        "title_en": title["en"],
        "tenants": ", ".join(one["name"] for one in about["tenants"]) or "-",
        "tenant_lines": "\n".join(f"    {one['id']}  {one['name']}" for one in about["tenants"]) or "    -",
        "reason_id": f"Alasan        {about['reason']}\n" if about["reason"] else "",
        "reason_en": f"Reason        {about['reason']}\n" if about["reason"] else "",
        "encrypted_id": id_.format(lines=lines) if encrypted else "",
        "encrypted_en": en.format(lines=lines) if encrypted else "",
        "missing_id": f"\nTabel yang disebut aplikasi tetapi tidak ada lagi: {', '.join(missing)}\n" if missing else "",
        "missing_en": f"\nTables the application names that were gone: {', '.join(missing)}\n" if missing else "",
    }
    return f"{_INDONESIAN.format(**words)}\n{_RULE}\n\n{_ENGLISH.format(**words)}"
