"""The sample's register: road sections, bridges, drains and lamps around Sumbawa Besar, with surveyed conditions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

from lumbung.sdk import Demo, distance_m, now, session, today

from ..models import Asset, Condition, Plan

A, B, C = (-8.4940, 117.4220), (-8.4960, 117.4150), (-8.5005, 117.4300)
ROADS = (
    # number, name, owner, class, points (latitude, longitude)
    ("052.11.K", "Jalan Garuda", "nasional", "Arteri primer", [(-8.4905, 117.4040), (-8.4925, 117.4130), A]),
    ("052.12.K", "Jalan Hasanuddin", "nasional", "Arteri primer", [A, (-8.4965, 117.4300), (-8.5010, 117.4390)]),
    ("P-0421", "Sumbawa Besar – Semongkat", "provinsi", "Kolektor primer", [(-8.4990, 117.4200), (-8.5500, 117.4050)]),
    ("K-001", "Jalan Diponegoro", "kabupaten", "Lokal", [B, (-8.4985, 117.4230), C]),
    ("K-002", "Jalan Bungur", "kabupaten", "Lokal", [(-8.4890, 117.4180), (-8.4925, 117.4255)]),
    ("K-003", "Jalan Cendrawasih", "kabupaten", "Lokal", [(-8.4870, 117.4110), (-8.4895, 117.4200)]),
    ("K-004", "Jalan Lintas Lempeh – Uma Sima", "kabupaten", "Lokal", [(-8.4998, 117.4250), (-8.5050, 117.4330)]),
    ("K-017", "Alas – Marente", "kabupaten", "Lokal", [(-8.5380, 117.0130), (-8.5600, 117.0300)]),
    ("K-024", "Plampang – Sepayung", "kabupaten", "Lokal", [(-8.8010, 117.7800), (-8.8200, 117.7650)]),
    ("D-102", "Jalan Dusun Kerato", "desa", "Lingkungan", [(-8.5210, 117.4100), (-8.5260, 117.4130)]),
)
BRIDGES = (
    ("JB-01", "Jembatan Brang Biji", -8.4958, 117.4262),
    ("JB-02", "Jembatan Polak", -8.5042, 117.4405),
    ("JB-03", "Jembatan Plampang", -8.8022, 117.7810),
)
DRAINS = (
    ("SL-01", "Saluran Jalan Diponegoro", [(-8.4962, 117.4152), (-8.4987, 117.4232)]),
    ("SL-02", "Saluran Pasar Seketeng", [(-8.4995, 117.4275), (-8.5020, 117.4310)]),
)
LAMPS = 24
YEARS = 3


def fill_register(demo: Demo) -> None:
    """Add the assets, a survey of each in the last three years, and two plans."""
    chance = Random(52_04)  # noqa: S311
    roads, lights = demo.unit("BINA-MARGA"), demo.unit("DISHUB")
    found = []
    for code, name, owner, kind, line in ROADS:
        ours = roads if owner == "kabupaten" else None
        found.append(_line("road", code, name, line, owner=owner, road_class=kind, unit_id=ours))
    found += [_line("drain", code, name, line, unit_id=roads) for code, name, line in DRAINS]
    found += [
        _point("bridge", code, name, lat, lon, unit_id=roads, built_year=1994) for code, name, lat, lon in BRIDGES
    ]
    for number in range(1, LAMPS + 1):
        part = number / LAMPS
        lat, lon = (begin + (end - begin) * part for begin, end in zip(B, C, strict=True))
        found.append(_point("lamp", f"PJU-{number:03}", f"Lampu PJU {number}", lat, lon, unit_id=lights))
    session.add_all(found)
    session.flush()
    for asset in found:
        _survey(asset, chance)
    _plan(found[3], demo)


def _line(kind: str, code: str, name: str, points: list[tuple[float, float]], **more: Any) -> Asset:
    length = sum(distance_m(*one, *two) for one, two in pairwise(points))
    lats, lons = [lat for lat, _lon in points], [lon for _lat, lon in points]
    middle = points[len(points) // 2]
    return _asset(
        kind,
        code,
        name,
        geometry={"type": "LineString", "coordinates": [[lon, lat] for lat, lon in points]},
        box=(min(lats), max(lats), min(lons), max(lons)),
        at=middle,
        length_m=Decimal(round(length)),
        **more,
    )


def _point(kind: str, code: str, name: str, lat: float, lon: float, **more: Any) -> Asset:
    lat, lon = round(lat, 6), round(lon, 6)
    where = {"type": "Point", "coordinates": [lon, lat]}
    return _asset(kind, code, name, geometry=where, box=(lat, lat, lon, lon), at=(lat, lon), **more)


def _asset(
    kind: str,
    code: str,
    name: str,
    *,
    box: tuple[float, ...],
    at: tuple[float, float],
    owner: str = "kabupaten",
    **more: Any,
) -> Asset:
    least_lat, most_lat, least_lon, most_lon = box
    return Asset(
        kind=kind,
        code=code,
        name=name,
        owner=owner,
        lat=at[0],
        lon=at[1],
        min_lat=least_lat,
        max_lat=most_lat,
        min_lon=least_lon,
        max_lon=most_lon,
        added_at=now(),
        changed_at=now(),
        **more,
    )


def _survey(asset: Asset, chance: Random) -> None:
    """A survey each year; things grow worse, now and then somebody mends them."""
    order = ("baik", "sedang", "rusak_ringan", "rusak_berat")
    at = chance.choices(range(4), weights=[5, 4, 2, 1])[0]
    for back in range(YEARS, 0, -1):
        day = date(today().year - back + (1 if today().month >= 10 else 0), 9, chance.randrange(1, 29))
        value = Decimal(3 + at * 4 + chance.randrange(0, 300) / 100).quantize(Decimal("0.01"))
        session.add(
            Condition(
                asset_id=asset.id,
                on=day,
                condition=order[at],
                value=value if asset.kind == "road" else None,
                source="Survei PKRMS" if asset.kind == "road" else "Survei dinas",
                by_name="Tim survei",
            )
        )
        asset.condition, asset.condition_on = order[at], day
        at = max(0, min(3, at + chance.choice((-1, 0, 1, 1))))


def _plan(asset: Asset, demo: Demo) -> None:
    month = ((today().month - 1) // 3 + 1) * 3 + 1
    year, month = (today().year + 1, 1) if month > 12 else (today().year, month)
    session.add(
        Plan(
            asset_id=asset.id,
            unit_id=demo.unit("BINA-MARGA"),
            title="Pelapisan ulang 600 m",
            next_on=date(year, month, 15),
            estimate=780_000_000,
            note="Dua kali setahun dibersihkan, sekali lima tahun dilapis ulang.",
        )
    )
