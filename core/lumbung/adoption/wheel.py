"""Packing a plugin's folder as a wheel: the same folder gives the same bytes, and a large file needs no memory."""

from __future__ import annotations

import base64
import hashlib
import stat
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lumbung.instances.tree import LEFT_OUT
from lumbung.lifecycle.inspection import InspectedWheel, inspect_wheel

_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip archive can hold
_BLOCK = 1024 * 1024


def build_wheel(folder: Path, into: Path) -> InspectedWheel:
    """Pack the plugin in ``folder`` into a wheel in ``into``, and look into it as when it is installed.

    Raises `lumbung.lifecycle.members.WheelRefused` when it would not be accepted; then there is no wheel.
    """
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    module = f"lumbung_{next(iter(project['entry-points']['lumbung.plugins']))}"
    info = f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    into.mkdir(parents=True, exist_ok=True)
    wheel = into / f"{info.removesuffix('.dist-info')}-py3-none-any.whl"
    draft = wheel.with_suffix(".draft")
    records = []
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(_files(folder / module)):
                name = path.relative_to(folder).as_posix()
                records.append(f"{_field(name)},{_put(archive, name, path)},{path.stat().st_size}\n")
            for name, text in _metadata(project, info, (folder / "README.md").read_text()).items():
                archive.writestr(_member(name, 0o644), text)
                records.append(f"{name},{_digest(hashlib.sha256(text.encode()))},{len(text.encode())}\n")
            archive.writestr(_member(f"{info}/RECORD", 0o644), "".join(records) + f"{info}/RECORD,,\n")
        draft.replace(wheel)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    try:
        return inspect_wheel(wheel)
    except BaseException:
        wheel.unlink()
        raise


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and LEFT_OUT.isdisjoint(path.relative_to(folder).parts):
            yield path


def _put(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    """Write a file into the archive piece by piece, and return its digest as RECORD has it."""
    mode = 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644
    digest = hashlib.sha256()
    member = _member(name, mode)
    member.file_size = path.stat().st_size
    with path.open("rb") as file, archive.open(member, "w") as packed:
        while piece := file.read(_BLOCK):
            digest.update(piece)
            packed.write(piece)
    return _digest(digest)


def _member(name: str, mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = (stat.S_IFREG | mode) << 16
    return member


def _field(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(sign in name for sign in ',"') else name


def _digest(digest: hashlib._Hash) -> str:
    return "sha256=" + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def _metadata(project: dict[str, object], info: str, readme: str) -> dict[str, str]:
    points = project["entry-points"]
    assert isinstance(points, dict)  # noqa: S101  (written by this house)
    named = "".join(f"{name} = {module}\n" for name, module in points["lumbung.plugins"].items())
    return {
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
            f"Summary: {project['description']}\nRequires-Python: {project['requires-python']}\n"
            f"Description-Content-Type: text/markdown\n\n{readme}"
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: lumbung\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[lumbung.plugins]\n{named}",
    }
