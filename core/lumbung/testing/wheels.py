"""Making wheels of small plugins on the spot, good ones and deliberately bad ones."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

MANIFEST = """
schema = 1
name = "{name}"
version = "{version}"
licence = "EUPL-1.2"
hooks = ["routes"]
[title]
id = "Contoh"
en = "Sample"
[summary]
id = "Aplikasi contoh."
en = "A sample application."
[donor]
name = "Kota Bandung"
[core]
requires = ">=0.1"
"""

INIT = """
from flask import Blueprint
from lumbung.sdk import hookimpl, public

blueprint = Blueprint("{name}", __name__)

@blueprint.get("/")
@public
def index():
    return "halo dari {name}"

@hookimpl
def routes():
    return [blueprint]
"""


REVISION = """
import sqlalchemy as sa
from alembic import op
revision = "{number}"
down_revision = {down!r}
def upgrade():
"""


def revision(body: str, number: str = "0001", down: str | None = None, *, name: str = "contoh") -> dict[str, str]:
    """Return a revision file of the plugin ``name`` as `make_wheel` takes it; ``body`` is indented by four."""
    return {f"lumbung_{name}/migrations/{number}_x.py": REVISION.format(number=number, down=down) + body}


def make_wheel(
    folder: Path,
    name: str = "contoh",
    *,
    version: str = "1.0.0",
    manifest: str | None = None,
    files: Mapping[str, str | bytes] | None = None,
    entry_points: str | None = None,
    requires: tuple[str, ...] = (),
    file_name: str | None = None,
) -> Path:
    """Write a wheel of the plugin ``name`` into ``folder`` and return where.

    ``files`` maps paths in the archive to contents, on top of a package with a manifest and one public page;
    ``manifest`` and ``entry_points`` replace what is written otherwise (``entry_points=""`` leaves it out).
    """
    package, info = f"lumbung_{name}", f"lumbung_{name}-{version}.dist-info"
    contents: dict[str, bytes] = {}
    texts: dict[str, str | bytes] = {
        f"{package}/__init__.py": INIT.format(name=name),
        f"{package}/plugin.toml": manifest or MANIFEST.format(name=name, version=version),
        f"{info}/METADATA": _metadata(name, version, requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: lumbung\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": (
            f"[lumbung.plugins]\n{name} = {package}\n" if entry_points is None else entry_points
        ),
        **(files or {}),
    }
    if entry_points == "":
        del texts[f"{info}/entry_points.txt"]
    for path, text in texts.items():
        contents[path] = text.encode() if isinstance(text, str) else text
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in contents.items())
    contents[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / (file_name or f"lumbung_{name}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in contents.items():
            archive.writestr(path, data)
    return wheel


def _metadata(name: str, version: str, requires: tuple[str, ...]) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: lumbung-{name.replace('_', '-')}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires), ""])


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
