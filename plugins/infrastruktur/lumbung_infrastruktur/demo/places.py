"""Where things happen in the sample: towns of Kabupaten Sumbawa, about where they are."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lumbung.sdk import villages


@dataclass(frozen=True)
class Town:
    """A district's main place: its code, about where it is, how far it spreads in degrees, how much happens there."""

    code: str
    lat: float
    lon: float
    spread: float
    weight: int


TOWNS = (
    Town("52.04.08", -8.4936, 117.4207, 0.014, 34),
    Town("52.04.22", -8.5250, 117.4150, 0.012, 12),
    Town("52.04.18", -8.4700, 117.3700, 0.012, 10),
    Town("52.04.09", -8.5100, 117.4900, 0.014, 7),
    Town("52.04.05", -8.5380, 117.0130, 0.010, 9),
    Town("52.04.06", -8.4180, 117.1420, 0.010, 6),
    Town("52.04.12", -8.6320, 117.6180, 0.010, 5),
    Town("52.04.13", -8.8010, 117.7800, 0.010, 7),
    Town("52.04.14", -8.7750, 117.9880, 0.010, 6),
    Town("52.04.02", -8.9800, 117.2250, 0.008, 4),
)


def somewhere(chance: Random) -> tuple[float, float, str]:
    """A place: latitude, longitude and the code of a village in its district."""
    town = chance.choices(TOWNS, weights=[one.weight for one in TOWNS])[0]
    lat = town.lat + chance.gauss(0, town.spread / 2)
    lon = town.lon + chance.gauss(0, town.spread / 2)
    return round(lat, 6), round(lon, 6), chance.choice(villages(town.code)).code
