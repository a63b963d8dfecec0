"""The browser files: exactly what was reviewed, all of it local, small enough for a slow network."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "lumbung"
STATIC = CORE / "static"
VENDOR = STATIC / "vendor"
SOURCE = CORE / "static_src"
MANIFEST = json.loads((SOURCE / "vendor.json").read_text(encoding="utf-8"))
ADDRESS = re.compile(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.IGNORECASE)
OURS = sorted(
    path
    for folder in (STATIC, CORE / "templates")
    for path in folder.rglob("*")
    if path.is_file() and VENDOR not in path.parents and path.suffix in {".css", ".js", ".html", ".svg"}
)


def test_every_vendored_file_is_the_one_that_was_recorded() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}
    assert found == MANIFEST["files"]


def test_versions_recorded_are_the_versions_pinned() -> None:
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned.values()), "pin exactly"
    recorded = MANIFEST["packages"]
    assert {name: recorded[name] for name in pinned if name in recorded} == {
        name: version for name, version in pinned.items() if name in recorded
    }


def test_every_vendored_package_brings_its_licence() -> None:
    text = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    for name, version in MANIFEST["packages"].items():
        assert f"{name} {version} (" in text
    assert "SIL OPEN FONT LICENSE" in text.upper()
    assert "Permission is hereby granted" in text


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(CORE)))
def test_no_file_of_ours_names_another_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not ADDRESS.search(text)


def test_no_vendored_stylesheet_or_sprite_loads_from_another_host() -> None:
    css = "".join((VENDOR / name).read_text(encoding="utf-8") for name in ("tabler.min.css", "leaflet.css"))
    assert "@import" not in css
    loaded = re.findall(r"url\(\s*[\"']?([^\"')\s]+)", css)
    assert [address for address in loaded if not address.startswith(("data:", "#", "%23"))] == []
    sprite = (VENDOR / "icons.svg").read_text(encoding="utf-8")
    assert not ADDRESS.search(sprite.replace("http://www.w3.org", ""))


def test_no_address_entered_the_lock() -> None:
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock
    assert '"resolved"' not in lock


def test_vendored_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in VENDOR.iterdir()) < 1_300_000


def test_the_outline_of_the_map_is_small_and_lies_around_sumbawa() -> None:
    path = VENDOR / "outline.json"
    assert path.stat().st_size <= 15_000
    rings = [ring for (ring,) in json.loads(path.read_text(encoding="utf-8"))["geometry"]["coordinates"]]
    assert len(rings) > 5
    for ring in rings:
        assert ring[0] == ring[-1]
        assert all(115 < lon < 121 and -11 < lat < -7 for lon, lat in ring)


def test_the_font_is_served_from_here() -> None:
    css = (STATIC / "css" / "lumbung.css").read_text(encoding="utf-8")
    (font,) = re.findall(r"url\(\"\.\./vendor/([^\"?]+)", css)
    assert (VENDOR / font).is_file()
