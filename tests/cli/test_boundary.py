"""``lumbung boundary``: what a file brings is said, then all of it stands or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lumbung.testing.shapes import feature, geojson, polygon, square


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "batas.geojson"
    ring = [[y, x] for x, y in square(117.0, -9.0)]
    lost = feature(polygon([[y, x] for x, y in square(117.4, -9.0)]), WADMKC="Entah")
    path.write_bytes(geojson(feature(polygon(ring), KODE_KEC="520402"), lost).read())
    return path


def test_a_file_is_looked_at_taken_in_listed_and_removed(lumbung: Any, file: Path) -> None:
    said = lumbung("boundary", "import", "sumbawa", str(file), "--dry-run")
    assert (said.code, "52.04.02\tLunyuk\tby code" in said.out) == (0, True)
    assert "row 2\tEntah\tnot recognised: unknown" in said.err
    assert "no boundaries yet" in lumbung("boundary", "list", "sumbawa").out
    said = lumbung("boundary", "import", "sumbawa", str(file), "--source", "BIG 2024")
    assert said.out.endswith("sumbawa has the boundaries of 1 regions from batas.geojson.\n")
    assert lumbung("boundary", "list", "sumbawa").out == "52.04.02\tLunyuk\tkecamatan\tBIG 2024\n"
    (row,) = json.loads(lumbung("boundary", "list", "sumbawa", "--json").out)
    assert (row["region_code"], row["derived"], row["box"][0]) == ("52.04.02", False, 117.0)
    assert lumbung("boundary", "list", "sumbawabarat", "--json").out == "[]\n"
    assert "has no boundary of 52.04.05" in lumbung("boundary", "remove", "sumbawa", "52.04.05").refused()
    assert lumbung("boundary", "remove", "sumbawa").code == 2
    assert lumbung("boundary", "remove", "sumbawa", "--all").out == "1 boundaries of sumbawa are removed.\n"


def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(lumbung: Any, tmp_path: Path, file: Path) -> None:
    elsewhere = lumbung("boundary", "import", "sumbawabarat", str(file)).refused()
    assert elsewhere.startswith("All 1 shapes of the file belong to other regencies")
    assert "No such file" in lumbung("boundary", "import", "sumbawa", str(tmp_path / "tiada.zip")).refused()
    assert "There is no tenant" in lumbung("boundary", "import", "bima", str(file)).refused()
