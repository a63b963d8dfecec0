"""The whole set of packages as it would be with a newcomer: the core, what is installed, the candidate.

Nothing is ever installed along with a plugin (`docs/decisions/0012-plugin-dependencies.md`), so the plan is a question:
does what each package wants, under this Python and with the extras that others ask for, agree with what is here? As
``pip check`` asks it, but before anything is unpacked, and for the set to come.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from lumbung.errors import LumbungError, Sentence
from lumbung.kernel import Kernel
from lumbung.lifecycle.inspection import InspectedWheel
from lumbung.lifecycle.names import refuse_taken
from lumbung.registry.discovery import changed_at

CORE = canonicalize_name("lumbung")
MOST_NAMED = 6  # packages that a sentence names


@dataclass(frozen=True)
class Package:
    """A distribution that is here, or the candidate. ``part`` says which of the core, a plugin or a library it is."""

    name: NormalizedName
    version: str
    requires: tuple[str, ...] = field(repr=False, default=())
    extras: frozenset[str] = field(repr=False, default=frozenset())

    @property
    def part(self) -> str:
        """``core``, ``plugin`` or ``library``."""
        if self.name == CORE:
            return "core"
        return "plugin" if self.name.startswith("lumbung-") else "library"


@dataclass(frozen=True)
class Wish:
    """What one package wants of another, and what is here: ``present`` is None when it is not here at all."""

    by: NormalizedName
    package: NormalizedName
    wanted: str
    extras: frozenset[str]
    present: str | None
    met: bool


@dataclass(frozen=True)
class FullSet:
    """Every package with its version, and every wish with whether it is met.

    ``candidate`` is the distribution that was put in, None when the set is as it stands.
    """

    packages: Mapping[str, Package]
    wishes: tuple[Wish, ...]
    candidate: str | None = None

    @property
    def unmet(self) -> tuple[Wish, ...]:
        """The wishes that are not met, the candidate's own first."""
        return tuple(sorted((one for one in self.wishes if not one.met), key=lambda one: one.by != self.candidate))

    @property
    def of_the_candidate(self) -> tuple[Wish, ...]:
        """What the candidate wants, and what others want of it."""
        return tuple(one for one in self.wishes if self.candidate in (one.by, one.package))

    def wishers(self, package: str) -> list[str]:
        """Return who else wants a package, each with the range, such as ``lumbung flask<4,>=3.1``."""
        return [f"{one.by} {one.wanted}" for one in self.wishes if one.package == package and one.by != self.candidate]

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain data, for ``--json`` and for whoever keeps it."""
        return {
            "candidate": self.candidate,
            "packages": [
                {"name": one.name, "version": one.version, "part": one.part} for one in self.packages.values()
            ],
            "requirements": [
                {"by": one.by, "wants": one.wanted, "here": one.present, "met": one.met} for one in self.wishes
            ],
        }


def refuse_conflicts(kernel: Kernel, wheel: InspectedWheel) -> FullSet:
    """Return the set as it would be with this wheel; raises `LumbungError` when the wheel does not fit into it.

    What did not fit before, and has nothing to do with the wheel, is no reason to refuse it.
    """
    refuse_taken(kernel, wheel.manifest.name)
    before, planned = full_set(kernel), full_set(kernel, wheel)
    _refuse_shadowing(kernel, wheel, before)
    known = {(one.by, one.wanted, one.package) for one in before.unmet}
    for wish in planned.unmet:
        if wish.by == planned.candidate:
            raise _refusal_of_its_own(wheel, wish, planned)
        if wish.package == planned.candidate and (wish.by, wish.wanted, wish.package) not in known:
            raise _refusal_of_another(wheel, wish, planned)
        if (wish.by, wish.wanted, wish.package) not in known:  # an extra that only the candidate asks for
            raise _refusal_of_an_extra(wheel, wish)
    return planned


def full_set(kernel: Kernel, wheel: InspectedWheel | None = None) -> FullSet:
    """Return the set of packages of this site, with a wheel put in the place of its older version."""
    folder = kernel.settings.plugin_folder / "current"
    packages = dict(_environment(kernel.settings.plugin_folder))
    packages.update((one.name, one) for one in _in_folders((str(folder),)))
    candidate = None
    if wheel is not None:
        candidate = canonicalize_name(wheel.distribution)
        packages[candidate] = Package(
            candidate, wheel.version, wheel.requires, frozenset(map(canonicalize_name, wheel.extras))
        )
    return FullSet(dict(sorted(packages.items())), tuple(_wishes(packages, candidate)), candidate)


def words(plan: FullSet) -> Sentence:
    """Return what a plan without conflicts says of itself, for the note under its step."""
    return Sentence(
        "%(wishes)s requirements of %(packages)s packages were looked at; those of this application are met.",
        wishes=len(plan.wishes),
        packages=len(plan.packages),
    )


def _wishes(packages: Mapping[NormalizedName, Package], candidate: str | None) -> Iterator[Wish]:
    """Yield what each package wants, its extras included where another package asks for them."""
    asked: dict[NormalizedName, frozenset[str]] = {name: frozenset() for name in packages}
    while True:  # an extra may ask for another package's extra
        wishes = [wish for name, package in packages.items() for wish in _of(package, asked[name], packages)]
        more = dict(asked)
        for wish in wishes:
            if wish.package in more:
                more[wish.package] |= wish.extras
        if more == asked:
            break
        asked = more
    yield from sorted(wishes, key=lambda wish: (wish.by != candidate, wish.by, wish.package, wish.wanted))


def _of(package: Package, extras: frozenset[str], packages: Mapping[NormalizedName, Package]) -> Iterator[Wish]:
    for wanted in _active(package.requires, extras):
        name = canonicalize_name(wanted.name)
        here = packages.get(name)
        asked = frozenset(map(canonicalize_name, wanted.extras))
        met = here is not None and _in_range(wanted, here.version) and asked <= here.extras
        text = f"{name}[{','.join(sorted(asked))}]" if asked else name
        yield Wish(package.name, name, f"{text}{wanted.specifier}", asked, here.version if here else None, met)


@cache
def _active(requires: tuple[str, ...], extras: frozenset[str]) -> tuple[Requirement, ...]:
    """Return the requirements that count here: those whose marker holds, without an extra or with one of these."""
    return tuple(
        one
        for one in _parsed(requires)
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    )


@cache
def _parsed(requires: tuple[str, ...]) -> tuple[Requirement, ...]:
    parsed = []
    for text in requires:
        try:
            parsed.append(Requirement(text))
        except InvalidRequirement:  # of a library that is here already, whose author is not to be taught by us
            continue
    return tuple(parsed)


def _in_range(wanted: Requirement, version: str) -> bool:
    try:
        return wanted.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return not wanted.specifier


def _environment(plugin_folder: Path) -> Mapping[NormalizedName, Package]:
    """Return what is installed outside of the plugins' folder."""
    paths = tuple(path for path in sys.path if path and not Path(path).is_relative_to(plugin_folder))
    return _environment_at(paths, tuple(changed_at(path) for path in paths))


@cache
def _environment_at(paths: tuple[str, ...], _changed_at: tuple[int, ...]) -> Mapping[NormalizedName, Package]:
    found: dict[NormalizedName, Package] = {}
    for one in _in_folders(paths):
        found.setdefault(one.name, one)  # the first on the import path is the one that is imported
    return found


def _in_folders(paths: Iterable[str]) -> Iterator[Package]:
    for one in distributions(path=list(paths)):
        name, version = one.metadata["Name"], one.metadata["Version"]
        if name and version:
            extras = one.metadata.get_all("Provides-Extra") or []
            yield Package(
                canonicalize_name(name), version, tuple(one.requires or ()), frozenset(map(canonicalize_name, extras))
            )


def _refuse_shadowing(kernel: Kernel, wheel: InspectedWheel, before: FullSet) -> None:
    """Refuse a package that would stand before one of the same name which is not an older version of it."""
    if canonicalize_name(wheel.distribution) in before.packages:
        return
    elsewhere = [path for path in sys.path if not Path(path).is_relative_to(kernel.settings.plugin_folder)]
    spec = PathFinder.find_spec(wheel.module, elsewhere)  # not sys.modules, which may remember one that is gone
    if spec is not None:
        raise LumbungError(
            "%(file)s would hide the package %(module)s that is here already, in %(path)s.",
            file=wheel.path.name,
            module=wheel.module,
            path=spec.origin or next(iter(spec.submodule_search_locations or ()), "?"),
        )


def _refusal_of_its_own(wheel: InspectedWheel, wish: Wish, planned: FullSet) -> LumbungError:
    offer = _offer()
    if wish.present is None:
        return LumbungError(
            "%(file)s needs the package %(package)s, which this platform does not have. %(offer)s",
            file=wheel.path.name,
            package=wish.wanted,
            offer=offer,
        )
    others = planned.wishers(wish.package)
    if not others:
        return LumbungError(
            "%(file)s needs %(package)s; this platform has version %(present)s. %(offer)s",
            file=wheel.path.name,
            package=wish.wanted,
            present=wish.present,
            offer=offer,
        )
    return LumbungError(
        "%(file)s needs %(package)s; this platform has version %(present)s, which others need: %(others)s. %(offer)s",
        file=wheel.path.name,
        package=wish.wanted,
        present=wish.present,
        others=others[:MOST_NAMED],
        offer=offer,
    )


def _refusal_of_an_extra(wheel: InspectedWheel, wish: Wish) -> LumbungError:
    return LumbungError(
        "%(file)s asks for %(other)s with extras that need %(package)s; this platform has %(present)s. %(offer)s",
        file=wheel.path.name,
        other=wish.by,
        package=wish.wanted,
        present=wish.present or Sentence("none"),
        offer=_offer(),
    )


def _refusal_of_another(wheel: InspectedWheel, wish: Wish, planned: FullSet) -> LumbungError:
    others = sorted({one.by for one in planned.unmet if one.package == wish.package} - {wish.by})
    return LumbungError(
        "%(other)s, which is installed, needs %(package)s; %(file)s would put version %(version)s in its place. It "
        "would break as well: %(others)s. Ask for a version that fits both.",
        other=wish.by,
        package=wish.wanted,
        file=wheel.path.name,
        version=planned.packages[planned.candidate or ""].version,
        others=others[:MOST_NAMED],
    )


def _offer() -> Sentence:
    return Sentence(
        "Nothing is installed along with an application inside the portal: ask its giver for a version that uses what "
        "is here, or to hand it over as an application that runs as a process of its own with its own packages."
    )
