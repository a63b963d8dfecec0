"""Which versions their makers no longer look after, as far as an application that runs here is concerned."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from lumbung.adoption.finding import Finding, Severity, finding
from lumbung.adoption.seen import Survey
from lumbung.errors import LumbungError
from lumbung.instances import environments

# What is older than this is at its end.
OLDEST = {
    "django": ("Django", "4.2"),
    "flask": ("Flask", "2.3"),
    "laravel": ("Laravel", "10"),
    "codeigniter3": ("CodeIgniter", "3"),
    "codeigniter2": ("CodeIgniter", "3"),
    "php": ("PHP", "8.1"),
    "python": ("Python", "3.9"),
}
_LIBRARIES = {"sqlalchemy": ("SQLAlchemy", "1.4"), "werkzeug": ("Werkzeug", "2.2")}


def old_versions(seen: Survey) -> Iterator[Finding]:
    """Yield a finding for each version that is at its end, or that this machine does not have."""
    if seen.framework in OLDEST:
        yield from _old(*OLDEST[seen.framework], seen.version, seen.requirements or seen.inside("composer.json"))
    for package, (product, oldest) in _LIBRARIES.items():
        if package in seen.packages:
            yield from _old(product, oldest, seen.packages[package], seen.requirements or "")
    if seen.stack == "php" and seen.language:
        yield from _old(*OLDEST["php"], seen.language, seen.inside("composer.json"))
        here = php_version()
        if here and not _allows(seen.language, here):
            yield finding(
                Severity.WARNING,
                "language_excluded",
                seen.inside("composer.json"),
                product="PHP",
                wanted=seen.language,
                here=here,
            )
    if seen.stack == "python" and seen.language:
        yield from _old(*OLDEST["python"], seen.language, "")
        wanted = lowest(seen.language)
        if wanted and re.fullmatch(r"3\.\d+(\.\d+)?", seen.language) and not python_here(seen.language):
            here = f"{sys.version_info.major}.{sys.version_info.minor}"
            yield finding(Severity.WARNING, "language_excluded", "", product="Python", wanted=seen.language, here=here)


def _old(product: str, oldest: str, asked: str, where: str) -> Iterator[Finding]:
    version = lowest(asked)
    if version is not None and version < Version(oldest):
        yield finding(Severity.WARNING, "end_of_life", where, product=product, version=str(version))


def lowest(asked: str) -> Version | None:
    """Return the version that a range begins with, as ``==2.1.3``, ``^7.4 || ^8.0`` or ``5.2.*`` say it; None unless
    there is one. Of several alternatives the highest counts, for that one may be chosen."""
    found = []
    for part in asked.split("||"):
        numbers = re.findall(r"(?<![<\d.])(?<!<=)(?<!!=)(\d+(?:\.\d+)*)", re.sub(r"(?:<=?|!=)\s*[\d.]+", "", part))
        if numbers:
            try:
                found.append(Version(numbers[0]))
            except InvalidVersion:
                continue
    return max(found, default=None)


def _allows(asked: str, here: str) -> bool:
    """Whether a constraint of composer allows a version; whatever is not understood is allowed."""
    for part in re.split(r"\s*\|\|?\s*", asked):
        words = re.sub(r"\^(\d+)(\.\d+)*", lambda m: f">={m[0][1:]},<{int(m[1]) + 1}", part.strip())
        words = re.sub(r"~(\d+)\.(\d+)$", lambda m: f">={m[1]}.{m[2]},<{int(m[1]) + 1}", words)
        words = re.sub(r"^(\d+(?:\.\d+)*)$", r"==\1.*", words.replace(".*", ""))
        try:
            if SpecifierSet(",".join(words.replace(",", " ").split())).contains(here):
                return True
        except (InvalidSpecifier, InvalidVersion):
            return True
    return False


def python_here(wanted: str) -> str | None:
    """Return the minor version to ask for (``3.9``) when this machine has that interpreter, None when not."""
    found = re.match(r"(3\.\d+)", wanted)
    try:
        return environments.find_python("", found[1]).version if found else None
    except LumbungError:
        return None


def php_version() -> str:
    """Return the version of this machine's PHP, empty when there is none."""
    try:
        return environments.find_php("").version
    except LumbungError:
        return ""
