"""An archive holds everything, is readable without us, and never pretends to be whole when it is not."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import LumbungError
from lumbung.lifecycle import archive_contents, archive_file, archives, packages
from lumbung.lifecycle.archive_file import BadArchive
from lumbung.lifecycle.operations import resume, run, uninstall
from lumbung.testing import TestHouse


def the_archive(house: TestHouse, as_owner: Any) -> tuple[Path, dict[str, Any]]:
    rows = as_owner("SELECT file, contents, keep_until, sha256, size FROM lumbung_archive ORDER BY made_at")
    file, contents, until, sha256, size = rows[-1]
    path = archives.folder(house.settings) / str(file)
    return path, {"contents": contents, "keep_until": until, "sha256": sha256, "size": size, "count": len(rows)}


def test_uninstalling_archives_first_and_the_archive_restores_without_us(
    house: TestHouse, as_owner: Any, hard_words: list[str | None], restore: Any, full_gift: Any
) -> None:
    full_gift()
    told: list[str] = []
    uninstall(house.kernel, "contoh", by="siti", tell=told.append)
    assert told == ["check", "hold", "archive", "disable", "remove"]
    path, row = the_archive(house, as_owner)
    tables = row["contents"]["tables"]
    assert {name: told["rows"] for name, told in tables.items()} == {
        "contoh_../a'b": 0,
        "contoh_note": 2 * len(hard_words),
        "contoh_place": 2,
    }
    assert restore(path) == {name: [told["rows"], told["sha256"]] for name, told in tables.items()}
    assert row["contents"]["missing"] == ["contoh_gone"]
    assert row["keep_until"] == house.kernel.tenant("sumbawa").today() + timedelta(days=400)
    assert as_owner("SELECT count(*) FROM contoh_note") == [(2 * len(hard_words),)]
    assert as_owner("SELECT DISTINCT action FROM lumbung_audit WHERE thing = 'contoh'") == [("plugin.archive",)]
    _look_inside(path, hard_words)


def _look_inside(path: Path, hard_words: list[str | None]) -> None:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        notes = list(csv.DictReader(io.TextIOWrapper(archive.open("tables/contoh_note.csv"), "utf-8", newline="")))
        readme, sums = archive.read("README.txt").decode(), archive.read("SHA256SUMS").decode()
        assert "Online Queue" not in readme
        assert not any(b"5204084107900001" in archive.read(name) for name in names)
    assert {"plugin.toml", "manifest.json", "archive.json", "schema.sql", "load.sql", "rules.sql", "audit.csv",
            "ledger.csv", "settings/platform.csv", "settings/tenants.csv", "files/sub/surat 1.txt",
            "files/sub/aneh%0A%25.txt", "wheel/lumbung_contoh-1.0.0-py3-none-any.whl"} <= names  # fmt: skip
    assert not any("keluar" in name or "passwd" in name for name in names)
    assert {note["words"] for note in notes} == {words or "" for words in hard_words}
    for words in ("ARSIP APLIKASI: Contoh", "ARCHIVE OF AN APPLICATION: Sample", "Kota Bandung", "EUPL-1.2", "siti",
                  "sha256sum -c SHA256SUMS", "NULL", "Kabupaten Sumbawa Barat", "contoh_note.nik"):  # fmt: skip
        assert words in readme
    assert len(sums.splitlines()) == len(names) - 1


def test_a_killed_archive_leaves_no_draft_that_counts_and_is_written_anew(
    house: TestHouse, as_owner: Any, full_gift: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_gift()
    with monkeypatch.context() as patch:
        patch.setattr(archive_contents, "rules_sql", _killed)
        with pytest.raises(KeyboardInterrupt):
            uninstall(house.kernel, "contoh", by="test")
    folder = archives.folder(house.settings)
    assert [path.name[:7] for path in folder.iterdir()] == [".draft-"]
    assert as_owner("SELECT state FROM lumbung_plugin") == [("upgrading",)]  # held until it is taken up again
    assert resume(house.kernel) == 1
    path, row = the_archive(house, as_owner)
    assert [path] == list(folder.iterdir())
    assert row["count"] == 1
    assert archive_file.check(path).sha256 == row["sha256"]
    assert as_owner("SELECT state FROM lumbung_plugin") == [("uninstalled",)]


def test_what_cannot_be_written_or_read_back_changes_nothing(
    house: TestHouse, as_owner: Any, full_gift: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_gift()
    as_owner("INSERT INTO lumbung_enabled (tenant_id, plugin, enabled_by) SELECT id, 'contoh', 'x' FROM lumbung_tenant")

    def refused(said: str, **given: Any) -> None:
        with pytest.raises(LumbungError, match=said):
            uninstall(house.kernel, "contoh", by="test", **given)
        assert as_owner("SELECT state FROM lumbung_plugin") == [("installed",)]
        assert as_owner("SELECT count(*) FROM lumbung_enabled") == [(2,)]
        assert as_owner("SELECT count(*) FROM lumbung_archive") == [(0,)]
        assert not archives.folder(house.settings).exists() or not any(archives.folder(house.settings).iterdir())

    refused("has to be kept until .* at least; 2026-11-24 is too early", keep_until="2026-11-24")
    refused("'besok' is not a date", keep_until="besok")
    with monkeypatch.context() as patch:
        patch.setattr(archives.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1_000_000))
        refused("has 1 MB free")
    with monkeypatch.context() as patch:
        patch.setattr(archive_file, "_read", lambda member: ("0" * 64, 0))
        refused("is not as it was written")
    with monkeypatch.context() as patch:
        patch.setattr(archive_contents, "writing", _no_space)
        refused("cannot be written in .*: No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(packages, "take_out", lambda *_: 1 / 0)
        refused("unexpected fault")


def test_a_file_that_was_touched_is_found_out(house: TestHouse, as_owner: Any, full_gift: Any, tmp_path: Path) -> None:
    full_gift()
    run(house.kernel, "archive", plugin="contoh", by="test")
    path, _row = the_archive(house, as_owner)
    checked = archive_file.check(path)
    assert (checked.rows, checked.description["plugin"]) == (22, "contoh")
    assert oct(path.stat().st_mode)[-3:] == "600"

    def changed(name: str, contents: bytes | None, *, extra: str | None = None) -> Path:
        other = tmp_path / "other.zip"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
            for one in old.namelist():
                if one != name or contents is not None:
                    new.writestr(one, contents if one == name else old.read(one))
            if extra:
                new.writestr(extra, "x")
        return other

    with zipfile.ZipFile(path) as archive:
        table = archive.read("tables/contoh_note.csv")
    for said, make in {
        "its hash is another": lambda: changed("tables/contoh_note.csv", table.replace(b"biasa", b"biasb")),
        "do not name the same files: tables/contoh_note.csv": lambda: changed("tables/contoh_note.csv", None),
        "do not name the same files: lain.txt": lambda: changed("", None, extra="lain.txt"),
        "is damaged or is no archive": lambda: changed("SHA256SUMS", None),
        "There is no file": lambda: tmp_path / "tidak-ada.zip",
    }.items():
        with pytest.raises(BadArchive, match=said):
            archive_file.check(make())
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(BadArchive, match="is damaged or is no archive"):
        archive_file.check(path)


def test_opening_encrypted_columns_takes_a_reason_and_stands_in_every_trail(
    house: TestHouse, as_owner: Any, full_gift: Any, restore: Any
) -> None:
    full_gift()
    with pytest.raises(LumbungError, match="Say why encrypted columns are to be opened"):
        run(house.kernel, "archive", plugin="contoh", by="test", plain=True, reason="  karena ")
    assert as_owner("SELECT count(*) FROM lumbung_archive") == [(0,)]
    run(house.kernel, "archive", plugin="contoh", by="siti", plain=True, reason="Serah terima tahunan")
    path, row = the_archive(house, as_owner)
    with zipfile.ZipFile(path) as archive:
        notes = list(csv.DictReader(io.TextIOWrapper(archive.open("tables/contoh_note.csv"), "utf-8", newline="")))
        readme = archive.read("README.txt").decode()
    assert {note["nik"] for note in notes} == {"5204084107900001", ""}
    assert "TERBUKA" in readme
    assert "Serah terima tahunan" in readme
    tables = row["contents"]["tables"]
    assert restore(path) == {name: [told["rows"], told["sha256"]] for name, told in tables.items()}
    assert tables["contoh_note"]["source"] != tables["contoh_note"]["sha256"]
    trail = as_owner("SELECT detail FROM lumbung_audit WHERE action = 'plugin.archive'")
    assert trail == [({"plain": True, "reason": "Serah terima tahunan"},)] * 2


def test_a_plugin_whose_package_and_a_table_are_gone_is_archived_all_the_same(
    house: TestHouse, as_owner: Any, full_gift: Any, restore: Any
) -> None:
    full_gift()
    run(house.kernel, "archive", plugin="contoh", by="test")
    shutil.rmtree(house.settings.plugin_folder)
    shutil.rmtree(house.settings.home / "wheels")
    as_owner("DROP TABLE contoh_note CASCADE")
    uninstall(house.kernel, "contoh", by="test", keep_until="2099-01-02")
    path, row = the_archive(house, as_owner)
    assert row["contents"]["missing"] == ["contoh_gone", "contoh_note"]
    assert str(row["keep_until"]) == "2099-01-02"
    assert {name: rows for name, (rows, _) in restore(path).items()} == {
        "contoh_../a'b": 0,
        "contoh_place": 2,
    }
    with zipfile.ZipFile(path) as archive:
        assert "plugin.toml" not in archive.namelist()
        assert json.loads(archive.read("manifest.json"))["title"]["id"] == "Contoh"
    # An archive made once more takes the place of this one, and is kept as long.
    with pytest.raises(LumbungError, match="until 2099-01-02 at least"):
        run(house.kernel, "archive", plugin="contoh", by="test", keep_until="2098-01-01")
    run(house.kernel, "archive", plugin="contoh", by="test")
    assert str(the_archive(house, as_owner)[1]["keep_until"]) == "2099-01-02"
    with pytest.raises(LumbungError, match="no data here to archive"):
        run(house.kernel, "archive", plugin="lain", by="test")


def _killed(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def _no_space(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")
