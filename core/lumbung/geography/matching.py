"""Which region a shape of a file is the boundary of: by its code in one of many spellings, or else by its name.

Offices write the code as ``52.04.08``, ``520408`` or ``ID520408``, in columns such as KDCPUM, kode_kec, ADM3_PCODE. The
codes of the statistics office (BPS) look alike and mean other places: columns that hold them are not asked for a code.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lumbung.geography.boundaries import level_of
from lumbung.geography.features import Feature
from lumbung.tenancy.regions import Region, districts, find_region, villages

_PREFIX = re.compile(
    r"^(provinsi|prov|kabupaten|kab|kecamatan|kec|distrik|kelurahan|kel|desa|ds)"
    r"\b\.?\s*",
    re.IGNORECASE,
)

# Columns that name a region, by how many parts its code has; those of any kind last.
_NAMES: Mapping[int, tuple[str, ...]] = {
    4: ("wadmkd", "namadesa", "nmdesa", "desa", "namakel", "nmkel", "kelurahan", "namakelurahan", "desakel",
        "desakelurahan", "kelurahandesa", "adm4en", "adm4id", "adm4name", "village", "nmdesakel"),
    3: ("wadmkc", "namakec", "nmkec", "kecamatan", "namakecamatan", "kec", "nmkecamatan", "adm3en", "adm3id",
        "adm3name", "district", "distrik"),
    2: ("wadmkk", "namakab", "nmkab", "kabupaten", "kabkota", "kabkot", "namakabupaten", "kabupatenkota", "adm2en",
        "adm2id", "adm2name", "regency"),
}  # fmt: skip
_COUNTERS = ("id", "gid", "fid")  # may hold a code, or just count
_ANY_NAME = ("namobj", "nama", "name", "namawilayah", "nm", "label", "namaobj", "nmwil")


@dataclass(frozen=True)
class Match:
    """A region, and the shapes of the file that are its boundary. ``by`` is code or name; ``doubt`` another name."""

    region: Region
    features: tuple[Feature, ...]
    by: str
    doubt: str = ""

    @property
    def rows(self) -> list[int]:
        """The rows of the file."""
        return [feature.row for feature in self.features]


@dataclass(frozen=True)
class Unmatched:
    """A shape that is nobody's boundary as far as can be told. ``why`` is unknown, ambiguous, no_area or no_name."""

    feature: Feature
    why: str
    name: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Matching:
    """What was found: regions with shapes, shapes without a region, shapes of other regencies, regions without one."""

    matches: tuple[Match, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    elsewhere: int = 0
    missing: tuple[Region, ...] = ()


@dataclass
class _Gathered:
    """What is found while going through the file."""

    features: dict[str, list[Feature]] = field(default_factory=lambda: defaultdict(list))
    by: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    unmatched: list[Unmatched] = field(default_factory=list)
    elsewhere: int = 0


def match(features: Iterable[Feature], own_code: str) -> Matching:
    """Return which regions of a tenant the shapes of a file are."""
    register = Register(own_code)
    found = _Gathered()
    known = [(feature, _Said(feature.properties)) for feature in features]
    level = _level_of_plain_names([said for _, said in known], register)
    for feature, said in known:
        _settle(feature, said, register, level, found)
    matches = tuple(
        Match(register.regions[code], tuple(found.features[code]), found.by[code], found.doubts.get(code, ""))
        for code in sorted(found.features)
    )
    return Matching(matches, tuple(found.unmatched), found.elsewhere, tuple(_missing(matches, register)))


def dotted(text: object) -> str | None:
    """Return a Kemendagri code with its dots, whatever way it was written; None for what is none."""
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    digits = re.sub(r"^(ID|IDN)", "", str(text).strip().upper()).removesuffix(".0")
    if not re.fullmatch(r"[\d.\- ]{2,16}", digits):
        return None
    digits = re.sub(r"\D", "", digits)
    if len(digits) not in (2, 4, 6, 10):
        return None
    parts = [digits[:2], digits[2:4], digits[4:6], digits[6:]]
    return ".".join(part for part in parts if part)


def plain_name(text: object) -> str:
    """Return a name as it is compared: without ``Kec.``, capitals, spaces, dashes."""
    name = str(text or "").strip()
    shorter = _PREFIX.sub("", name)
    return re.sub(r"[^a-z0-9]", "", (shorter or name).casefold())


class Register:
    """The regions of one tenant, to look names and codes up in."""

    def __init__(self, own_code: str) -> None:
        self.own_code = own_code
        own = find_region(own_code)
        below = districts(own_code) if own_code.count(".") == 1 else ()
        known = [*([own] if own else []), *below, *(villages(own_code) if below else ())]
        self.regions = {region.code: region for region in known}

    @cached_property
    def _by_name(self) -> dict[tuple[int, str], list[Region]]:
        names: dict[tuple[int, str], list[Region]] = defaultdict(list)
        for region in self.regions.values():
            names[(level_of(region.code), plain_name(region.name))].append(region)
        return names

    def named(self, level: int, name: str, above: str | None = None) -> list[Region]:
        """Return the regions of a level with this name, those within the district called ``above`` if it is known."""
        found = self._by_name.get((level, plain_name(name)), [])
        if above is None or level != 4:
            return found
        within = {region.code for region in self._by_name.get((3, plain_name(above)), [])}
        return [region for region in found if region.code.rpartition(".")[0] in within] if within else found

    def at(self, level: int) -> list[Region]:
        """Return the regions of a level, in code order."""
        return [region for region in self.regions.values() if level_of(region.code) == level]


class _Said:
    """What a feature says of itself: columns with their names made comparable."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._said = {
            re.sub(r"[^a-z0-9]", "", key.casefold()): value
            for key, value in properties.items()
            if value not in (None, "")
        }

    def codes(self) -> Iterator[str]:
        """Yield every code that it gives, the deepest first."""
        found = {
            code
            for key, value in self._said.items()
            if _holds_codes(key)
            and isinstance(value, str | int | float)
            and (code := dotted(value))
            and (key not in _COUNTERS or level_of(code) >= 3)
        }
        return iter(sorted(found, key=lambda code: (-code.count("."), code)))

    def name(self, level: int) -> str:
        """Return the name it gives for a region of a level; empty when none."""
        return next((str(self._said[key]) for key in _NAMES[level] if key in self._said), "")

    @property
    def any_name(self) -> str:
        """The name in a column that does not say of what."""
        return next((str(self._said[key]) for key in _ANY_NAME if key in self._said), "")

    @property
    def level(self) -> int | None:
        """The level of the deepest region that it names."""
        return next((level for level in (4, 3, 2) if self.name(level)), None)


def _holds_codes(key: str) -> bool:
    """Whether a column may hold a code of the Ministry of Home Affairs."""
    if "bps" in key or "pos" in key or key.startswith("kdunik"):
        return False
    return (
        key.startswith(("kode", "kd", "idkec", "iddesa", "idkab", "idkel"))
        or re.fullmatch(r"adm\d(pcode|code)", key) is not None
        or key in ("id", "code", "pcode", "regioncode", "kemendagri", "kodedagri", "wilayah", "region", *_COUNTERS)
    )


def _level_of_plain_names(said: list[_Said], register: Register) -> int:
    """Return what a column called just "name" names in this file: districts or villages, whichever fits oftener."""
    names = [one.any_name for one in said if one.any_name]
    fits = {level: sum(len(register.named(level, name)) == 1 for name in names) for level in (3, 4)}
    return 4 if fits[4] > fits[3] else 3


def _settle(feature: Feature, said: _Said, register: Register, plain_level: int, found: _Gathered) -> None:
    """Find the region of one feature, or say why there is none."""
    name = said.name(said.level) if said.level else said.any_name
    if not feature.geometry or not feature.geometry["type"].endswith("Polygon"):
        found.unmatched.append(Unmatched(feature, "no_area", name))
        return
    codes = list(said.codes())
    mine = next((code for code in codes if code in register.regions), None)
    code, doubt = _by_code(mine, said, register, plain_level) if mine else (None, "")
    named = _by_name(said, register, plain_level, within=mine)
    if code is None and len(named) != 1:
        if _is_elsewhere(codes, said, register):
            found.elsewhere += 1
        elif len(named) > 1:
            hint = ", ".join(one.code for one in named[:4])
            found.unmatched.append(Unmatched(feature, "ambiguous", name, hint))
        else:
            hint = codes[0] if codes else ""
            found.unmatched.append(Unmatched(feature, "unknown" if name or hint else "no_name", name, hint))
        return
    chosen = code or named[0].code
    found.by.setdefault(chosen, "code" if code else "name")
    found.features[chosen].append(feature)
    if doubt:
        found.doubts[chosen] = doubt


def _by_code(code: str, said: _Said, register: Register, plain_level: int) -> tuple[str | None, str]:
    """Return the code of a feature when it is that of the feature itself, and a name beside it that says otherwise.

    A file of villages often carries the code of their district or regency alone: then the name has to tell.
    """
    level = level_of(code)
    if said.level and said.level > level:
        return None, ""
    given = said.name(level) or ("" if said.level else said.any_name)
    region = register.regions[code]
    if not given or plain_name(given) == plain_name(region.name) or (level == 2 and _same_regency(given, region)):
        return code, ""
    if not said.level and level < 4 and (level == 2 or plain_level == 4):
        return None, ""
    return code, given


def _by_name(said: _Said, register: Register, plain_level: int, *, within: str | None) -> list[Region]:
    """Return the regions that may be meant by the names of a feature, those below the code it gives if it gives one."""
    found = _named(said, register, plain_level)
    return [one for one in found if within is None or f"{one.code}.".startswith(f"{within}.")]


def _named(said: _Said, register: Register, plain_level: int) -> list[Region]:
    regency = said.name(2)
    own = register.regions.get(register.own_code)
    if regency and own and not _same_regency(regency, own):
        return []
    level = said.level
    if level == 2 or level is None:
        # "Kabupaten: Sumbawa, nama: Lape" names a regency only when nothing deeper is named
        if said.any_name and (found := register.named(plain_level, said.any_name)):
            return found
        return [own] if own and (regency or _same_regency(said.any_name, own)) else []
    return register.named(level, said.name(level), said.name(3) or None)


def _same_regency(name: str, own: Region) -> bool:
    """Whether a name is the tenant's. A city and a regency of one name are two: "Kota Bima" is not "Kabupaten Bima"."""
    city = bool(re.match(r"\s*kota\b", name, re.IGNORECASE))
    return plain_name(re.sub(r"^\s*kota\s+", "", name, flags=re.IGNORECASE)) == plain_name(
        re.sub(r"^\s*kota\s+", "", own.name, flags=re.IGNORECASE)
    ) and (not city or own.kind == "kota")


def _is_elsewhere(codes: list[str], said: _Said, register: Register) -> bool:
    """Whether a shape belongs to another regency, as a file of the whole province has them."""
    own = register.regions.get(register.own_code)
    if said.name(2) and own and not _same_regency(said.name(2), own):
        return True
    deep = [code for code in codes if level_of(code) >= 2]
    return bool(deep) and not any(code.startswith(register.own_code) for code in deep) and bool(find_region(deep[0]))


def _missing(matches: Iterable[Match], register: Register) -> Iterator[Region]:
    """Yield the regions without a shape, of the levels of which the file has some: one of 24 districts, say."""
    levels = Counter(level_of(one.region.code) for one in matches)
    known = {one.region.code for one in matches}
    for level in sorted(levels):
        if levels[level] > 1 or level == 2:
            yield from (region for region in register.at(level) if region.code not in known)
