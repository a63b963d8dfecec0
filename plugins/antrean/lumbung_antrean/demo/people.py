"""Invented people: names as they are heard in Sumbawa, phone numbers that nobody was asked for."""

from __future__ import annotations

from random import Random

from ..rules.lanes import PRIORITIES

FIRST = [
    "Syamsuddin",
    "Nurjanah",
    "Abdul_Karim",
    "Siti_Hawa",
    "Lalu_Ahmad",
    "Baiq_Nuraini",
    "Burhanuddin",
    "Rosdiana",
    "Jamaluddin",
    "Sitti_Aminah",
    "Iskandar",
    "Marlina",
    "Dea_Guru",
    "Ida_Royani",
    "Mustafa",
    "Hasnah",
    "Zainuddin",
    "Suhartini",
    "M._Saleh",
    "Wahyuni",
    "Andi_Baso",
    "Kartini",
    "Sahabuddin",
    "Nuraini",
    "Hasanuddin",
    "Ramlah",
    "Muhlis",
    "Juriah",
    "Amiruddin",
    "Halimah",
    "Supriadi",
    "Masnah",
]
LAST = [
    "Hamzah",
    "Ismail",
    "Ibrahim",
    "Usman",
    "Yakub",
    "Mansyur",
    "Salim",
    "Umar",
    "Ridwan",
    "Anwar",
    "Tayeb",
    "Kaharuddin",
    "Makkasau",
    "Ranggalawe",
    "Djabir",
    "Latief",
    "Hasyim",
    "Sulaiman",
    "Rahman",
    "Idris",
]


def name(chance: Random) -> str:
    """A name."""
    return f"{chance.choice(FIRST)} {chance.choice(LAST)}".replace("_", " ")


def phone(chance: Random) -> str:
    """A mobile number in the form the house keeps."""
    return f"+62812{chance.randrange(10_000_000, 99_999_999)}"


def priority(chance: Random) -> str:
    """A priority class for about one in seven."""
    return chance.choice(list(PRIORITIES)) if chance.random() < 0.15 else ""
