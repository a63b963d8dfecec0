"""Archives and minutes from a terminal; signing is not among what it can do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lumbung.audit import anchor
from lumbung.lifecycle import archives
from lumbung.testing import TestHouse, frozen_clock, make_wheel


def test_an_archive_is_made_listed_and_verified_as_a_bare_file(
    lumbung: Any, house: TestHouse, tmp_path: Path, monkeypatch: Any
) -> None:
    assert "No archive yet" in lumbung("plugin", "archives").out
    assert lumbung("plugin", "install", str(make_wheel(tmp_path))).code == 0
    said = lumbung("plugin", "archive", "contoh", "--keep-until", "2090-12-31")
    assert said.code == 0, said
    assert "keep it until 2090-12-31" in said.out
    [row] = json.loads(lumbung("plugin", "archives", "--json").out)
    assert (row["plugin"], row["version"], row["here"], row["plain"]) == ("contoh", "1.0.0", True, False)
    path = archives.folder(house.settings) / row["file"]
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path / "nowhere"))
    said = lumbung("plugin", "verify-archive", str(path))
    assert f"{path.name} is whole: contoh 1.0.0, 0 rows in 0 tables" in said.out
    assert not (tmp_path / "nowhere").exists()
    path.write_bytes(path.read_bytes()[:100])
    assert "is damaged" in lumbung("plugin", "verify-archive", str(path)).refused()
    monkeypatch.setenv("LUMBUNG_HOME", str(house.settings.home))
    assert "Say why" in lumbung("plugin", "archive", "contoh", "--plain").refused()
    assert lumbung("plugin", "archive", "contoh", "--reason", "tanpa --plain").code == 2
    assert "is not a date" in lumbung("plugin", "uninstall", "contoh", "--keep-until", "kelak").refused()


def test_minutes_are_prepared_but_not_signed_here(lumbung: Any, house: TestHouse, tmp_path: Path) -> None:
    assert lumbung("plugin", "install", str(make_wheel(tmp_path))).code == 0
    assert "no archive of contoh" in lumbung("plugin", "minutes", "contoh", "--reason", "Sudah diganti.").refused()
    assert lumbung("plugin", "uninstall", "contoh").code == 0
    assert "has to be kept until" in lumbung("plugin", "minutes", "contoh", "--reason", "Sudah diganti.").refused()
    with frozen_clock("2030-01-01T08:00+08:00"):
        said = lumbung("plugin", "minutes", "contoh", "--reason", "Sudah diganti.")
        assert "BA-0001/2030 is prepared" in said.out, said
        assert "/admin/arsip/berita-acara/" in said.out
        assert "bear 0 of 2 signatures" in lumbung("plugin", "purge", "contoh").refused()
    sealed = anchor.sealed(house.settings, {"format": "lain"})
    file = tmp_path / "ba.json"
    file.write_text(json.dumps(sealed))
    assert "no sealed statement of minutes" in lumbung("plugin", "verify-minutes", str(file)).refused()
    assert "no public key" in lumbung("plugin", "verify-minutes", str(file), "--key", "bukan").refused()
    file.write_text("[]")
    assert "no sealed statement" in lumbung("plugin", "verify-minutes", str(file)).refused()
