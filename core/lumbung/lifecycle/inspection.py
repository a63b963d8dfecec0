"""Looking into a wheel before anything of it is unpacked or run.

A plugin's wheel may hold its own top-level package ``lumbung_<name>``-like and its dist-info, nothing else: no
``.pth`` file, no script, no other package's module, no path that climbs out.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tomllib
import zipfile
from collections.abc import Iterable
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from typing import Any

from installer.records import parse_record_file
from installer.sources import WheelFile
from installer.utils import parse_metadata_file
from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

import lumbung
from lumbung.errors import LumbungError, Sentence
from lumbung.lifecycle.members import (
    FOREIGN,
    INLINE,
    Bounds,
    WheelRefused,
    refuse_bad_members,
    refuse_false_sizes,
)
from lumbung.registry.discovery import GROUP, check_agreement
from lumbung.registry.manifest import MANIFEST, Manifest, ManifestError, parse_manifest

LARGEST_TEXT = 1024 * 1024  # bytes of a file of dist-info, or of the manifest, RECORD aside

# What the library says of a wheel whose files are not those it promises; all else stays in its own words.
_ISSUES = (
    "In %(wheel)s, %(path)s is not mentioned in RECORD",
    "In %(wheel)s, hash / size of %(path)s didn't match RECORD",
    "In %(wheel)s, hash / size of %(path)s is not included in RECORD",
    "Wheel doesn't contain exactly one .dist-info directory%(details)s",
    "Wheel .dist-info directory doesn't match wheel filename%(details)s",
)


@dataclass(frozen=True)
class InspectedWheel:
    """A wheel that passed inspection. ``sha256`` is of the file as received.

    ``requires`` and ``extras`` are what its METADATA says under Requires-Dist and Provides-Extra; whether they fit is
    for `lumbung.lifecycle.full_set` to say.
    """

    path: Path
    distribution: str
    version: str
    module: str
    manifest: Manifest
    sha256: str
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


def inspect_wheel(path: Path) -> InspectedWheel:
    """Look into the wheel at ``path`` without unpacking it; raises `WheelRefused` or `ManifestError`."""
    if not path.is_file():
        raise WheelRefused("%(path)s is not a file.", path=path)
    if not os.access(path, os.R_OK):
        raise WheelRefused("%(path)s cannot be read.", path=path)
    if path.suffix != ".whl":
        raise WheelRefused("%(file)s is not a wheel: a plugin is handed over as a .whl file.", file=path.name)
    _refuse_large(path, FOREIGN)
    try:
        distribution, version, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        raise WheelRefused(
            "%(file)s does not carry the name of a wheel (name-version-py3-none-any.whl).", file=path.name
        ) from None
    if not any(tag.abi == "none" and tag.platform == "any" and tag.interpreter.startswith("py") for tag in tags):
        raise WheelRefused(
            "%(file)s holds compiled code; an inline plugin is pure Python (py3-none-any).", file=path.name
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return _inspect(path, archive, str(distribution), str(version))
    except LumbungError:
        raise
    except Exception:  # a damaged archive makes zipfile and zlib raise whatever they like
        raise WheelRefused("%(file)s is damaged: it is not a zip archive.", file=path.name) from None


def _inspect(path: Path, archive: zipfile.ZipFile, distribution: str, version: str) -> InspectedWheel:
    bounds = FOREIGN if _says_foreign(archive) else INLINE
    _refuse_large(path, bounds)
    refuse_bad_members(path.name, archive, path.stat().st_size, bounds)
    refuse_false_sizes(path.name, archive)
    try:
        wheel = WheelFile(archive)
        dist_info = wheel.dist_info_dir
        wheel.validate_record()
        _refuse_missing_files(path.name, archive, wheel.read_dist_info("RECORD"))
        entry_points = _entry_points(path.name, archive, dist_info)
        facts = HeaderParser().parsestr(wheel.read_dist_info("METADATA"))
        _refuse_other_names(path.name, facts, distribution, version)
        if not parse_metadata_file(wheel.read_dist_info("WHEEL")).get("Wheel-Version", "").startswith("1."):
            raise WheelRefused("%(file)s is a wheel of a newer kind than this platform knows.", file=path.name)
    except WheelRefused:
        raise
    except Exception as error:  # the library raises several kinds, none of them ours
        issues = getattr(error, "issues", None) or [str(error) or type(error).__name__]
        issue = " ".join(str(issues[0]).replace(str(path), path.name).split())[:300]
        reason = Sentence.heard(issue, _ISSUES)
        raise WheelRefused("%(file)s is not a sound wheel: %(reason)s", file=path.name, reason=reason) from None
    if len(entry_points) != 1:
        raise WheelRefused(
            "%(file)s is not a plugin: it must name exactly one entry point in the group %(group)s, "
            "it names %(count)s.",
            file=path.name,
            group=GROUP,
            count=len(entry_points),
        )
    name, module = next(iter(entry_points.items()))
    _refuse_foreign_files(path.name, archive, module, dist_info)
    manifest = _read_manifest(path.name, archive, module)
    _refuse_what_runs(path.name, archive, module, manifest)
    check_agreement(manifest, name, version)
    if (distribution, module) != (f"lumbung-{name.replace('_', '-')}", f"lumbung_{name}"):
        raise WheelRefused(
            "%(file)s: the plugin %(plugin)s comes as the distribution lumbung-%(plugin)s with the package "
            "lumbung_%(plugin)s, not as %(distribution)s with %(module)s.",
            file=path.name,
            plugin=name,
            distribution=distribution,
            module=module,
        )
    _refuse_other_core(path.name, manifest)
    requires, extras = facts.get_all("Requires-Dist") or [], facts.get_all("Provides-Extra") or []
    _refuse_odd_requirements(path.name, requires)
    return InspectedWheel(
        path,
        distribution,
        version,
        module,
        manifest,
        _sha256(path),
        tuple(map(str, requires)),
        tuple(map(str, extras)),
    )


def _refuse_large(path: Path, bounds: Bounds) -> None:
    if path.stat().st_size > bounds.packed:
        raise WheelRefused("%(file)s is larger than %(most)s MB.", file=path.name, most=bounds.packed // 2**20)


def _says_foreign(archive: zipfile.ZipFile) -> bool:
    """Whether the manifest says that the application runs in a process of its own: such a wheel may be larger.

    Whatever is wrong with it is said later, and until then the wheel is held to the smaller bounds.
    """
    for member in archive.infolist():
        if re.fullmatch(rf"lumbung_[a-z0-9_]+/{re.escape(MANIFEST)}", member.filename):
            if member.file_size > LARGEST_TEXT:
                return False
            try:
                return tomllib.loads(archive.read(member).decode()).get("runtime") == "process"
            except Exception:  # a damaged archive or manifest: refused where it is read in earnest
                return False
    return False


def _refuse_missing_files(file: str, archive: zipfile.ZipFile, record: str) -> None:
    here = set(archive.namelist())
    for name, _, _ in parse_record_file(record.splitlines()):
        if name not in here:
            raise WheelRefused("%(file)s lacks %(path)r, which its RECORD promises.", file=file, path=name)


def _refuse_other_names(file: str, facts: Message, distribution: str, version: str) -> None:
    """What a wheel's name says and what its metadata says must be one: the second is what is found later."""
    name, said = str(facts.get("Name", "")), str(facts.get("Version", ""))
    try:
        same = canonicalize_name(name) == distribution and str(Version(said)) == version
    except InvalidVersion:
        same = False
    if not same:
        raise WheelRefused(
            "%(file)s says in its METADATA that it is %(name)r %(version)r.", file=file, name=name, version=said
        )
    if not SpecifierSet(str(facts.get("Requires-Python") or "")).contains(platform.python_version()):
        raise WheelRefused(
            "%(file)s needs Python %(wanted)s; this is %(here)s.",
            file=file,
            wanted=facts["Requires-Python"],
            here=platform.python_version(),
        )


def _refuse_foreign_files(file: str, archive: zipfile.ZipFile, module: str, dist_info: str) -> None:
    for name in archive.namelist():
        top = PurePosixPath(name).parts[0]
        if top not in (module, dist_info):
            raise WheelRefused(
                "%(file)s holds %(path)s, outside of its package %(module)s: a plugin brings only its own package.",
                file=file,
                path=name,
                module=module,
            )


def _refuse_what_runs(file: str, archive: zipfile.ZipFile, module: str, manifest: Manifest) -> None:
    """Refuse compiled code and .pth files; the tree of a foreign application may hold them, nothing imports it."""
    apart = f"{module}/{manifest.process.source}/" if manifest.process is not None else ""
    for name in archive.namelist():
        if apart and name.startswith(apart):
            continue
        if name.endswith(".pth"):
            raise WheelRefused("%(file)s holds %(path)s: a .pth file would run at every start.", file=file, path=name)
        if name.endswith((".so", ".pyd", ".dll", ".dylib")):
            raise WheelRefused(
                "%(file)s holds compiled code, %(path)s; an inline plugin is pure Python.", file=file, path=name
            )


def _entry_points(file: str, archive: zipfile.ZipFile, dist_info: str) -> dict[str, str]:
    try:
        text = _text(file, archive, f"{dist_info}/entry_points.txt")
    except KeyError:
        raise WheelRefused(
            "%(file)s is not a plugin: it has no entry point in the group %(group)s.", file=file, group=GROUP
        ) from None
    parser = ConfigParser(delimiters=("=",), strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except (ConfigError, ValueError):
        raise WheelRefused("%(file)s: its entry_points.txt cannot be read.", file=file) from None
    for scripts in ("console_scripts", "gui_scripts"):
        if parser.has_section(scripts):
            raise WheelRefused(
                "%(file)s would install the program %(program)r; a plugin has none.",
                file=file,
                program=parser.options(scripts)[0],
            )
    for group in parser.sections():
        if group != GROUP:
            raise WheelRefused(
                "%(file)s would be loaded by other programs, through the entry point group %(group)s; a plugin names "
                "%(ours)s alone.",
                file=file,
                group=group,
                ours=GROUP,
            )
    named = dict(parser.items(GROUP)) if parser.has_section(GROUP) else {}
    for module in named.values():
        if not re.fullmatch(r"lumbung_[a-z0-9_]+", module):
            raise WheelRefused(
                "%(file)s: its entry point must name a package lumbung_<name>, not %(module)r.",
                file=file,
                module=module,
            )
    return named


def _read_manifest(file: str, archive: zipfile.ZipFile, module: str) -> Manifest:
    try:
        manifest = parse_manifest(_text(file, archive, f"{module}/{MANIFEST}"), f"{file}: {MANIFEST}")
    except KeyError:
        raise WheelRefused(
            "%(file)s has no %(path)s: every plugin carries its manifest.", file=file, path=f"{module}/{MANIFEST}"
        ) from None
    except (RecursionError, ValueError):  # of numbers with thousands of digits, or lists within lists
        raise ManifestError("%(file)s: its manifest cannot be read.", file=file) from None
    if _holds_nul(manifest.as_json()):
        raise ManifestError("%(file)s: its manifest holds a character that cannot be kept.", file=file)
    return manifest


def _text(file: str, archive: zipfile.ZipFile, name: str) -> str:
    if archive.getinfo(name).file_size > LARGEST_TEXT:
        raise WheelRefused("%(file)s: %(path)s is too long to be read.", file=file, path=name)
    try:
        return archive.read(name).decode()
    except UnicodeDecodeError:
        raise WheelRefused("%(file)s: %(path)s is not UTF-8 text.", file=file, path=name) from None


def _holds_nul(value: Any) -> bool:
    """Whether a text in this plain data holds the one character that PostgreSQL keeps in no text."""
    if isinstance(value, dict):
        return any(_holds_nul(one) for pair in value.items() for one in pair)
    return any(_holds_nul(one) for one in value) if isinstance(value, list) else "\x00" in str(value)


def _refuse_other_core(file: str, manifest: Manifest) -> None:
    if not SpecifierSet(manifest.core.requires).contains(Version(lumbung.__version__), prereleases=True):
        raise WheelRefused(
            "%(file)s needs Lumbung %(wanted)s; this is %(here)s.",
            file=file,
            wanted=manifest.core.requires,
            here=lumbung.__version__,
        )


def _refuse_odd_requirements(file: str, requirements: Iterable[str]) -> None:
    for text in requirements:
        try:
            wanted = Requirement(text)
            if wanted.marker:
                wanted.marker.evaluate({"extra": ""})
        except (InvalidRequirement, UndefinedEnvironmentName, UndefinedComparison, InvalidVersion):
            raise WheelRefused("%(file)s: %(text)r is not a requirement.", file=file, text=text) from None
        if wanted.url:
            raise WheelRefused(
                "%(file)s asks for %(package)s from an address of its own; a plugin uses what this platform has.",
                file=file,
                package=wanted.name,
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
