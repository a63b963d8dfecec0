"""Writing the plugin's folder: the donated tree byte for byte, and beside it all that the platform needs to know."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from lumbung.adoption.finding import Finding
from lumbung.adoption.handover import handover_text, readme_text
from lumbung.adoption.manifest_text import manifest_text
from lumbung.adoption.plan import Plan
from lumbung.adoption.receiving import Received
from lumbung.adoption.seen import Survey
from lumbung.errors import LumbungError

_PROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "lumbung-{dashed}"
version = "{version}"
description = {title}
readme = "README.md"
requires-python = ">=3.11"
license = {{ text = {licence} }}

[project.entry-points."lumbung.plugins"]
{name} = "lumbung_{name}"

[tool.hatch.build.targets.wheel]
packages = ["lumbung_{name}"]

# What was received is handed on whole, whatever a .gitignore in it says.
[tool.hatch.build]
ignore-vcs = true
"""
_PACKAGE = '"""{title}: an application that runs as a process of its own. Nothing here is imported by the portal."""\n'
_TESTS = '''\
"""What was received is still here byte for byte, and what was made for it does not stand in its way."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "lumbung_{name}"
RECEIVED = "{hash}"


def manifest() -> dict:
    return tomllib.loads((PACKAGE / "plugin.toml").read_text())


def donated() -> dict[str, str]:
    source = PACKAGE / "source"
    return {{
        str(path.relative_to(source)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }}


def test_the_donated_tree_is_as_it_was_received():
    files = donated()
    whole = hashlib.sha256("".join(f"{{files[path]}}  {{path}}\\n" for path in sorted(files)).encode())
    assert whole.hexdigest() == RECEIVED


def test_the_manifest_is_one_of_an_application_that_runs_as_a_process():
    assert manifest()["name"] == "{name}"
    assert manifest()["runtime"] == "process"
    assert manifest()["access"], "nobody may come in"


def test_no_generated_file_stands_in_the_place_of_a_donated_one():
    files = set(donated())
    for made in manifest()["process"].get("files", []):
        assert made.get("place") != "source" or made["path"] not in files


def test_what_the_manifest_names_was_received():
    process = manifest()["process"]
    for path in (process.get("requirements"), process.get("database", {{}}).get("dump")):
        assert path is None or path in donated()
'''


def write_plugin(folder: Path, received: Received, seen: Survey, found: list[Finding], plan: Plan) -> Path:
    """Write ``folder/lumbung_<name>`` and return it; the donated tree is moved there. Raises `LumbungError`.

    Nothing is written when there is such a folder already, or when the manifest would not be a sound one.
    """
    name = plan["name"]
    target = folder / f"lumbung_{name}"
    if target.exists():
        raise LumbungError("%(path)s is there already; remove it, or name another folder with --to.", path=target)
    manifest = manifest_text(plan, "file-text" if seen.stack == "php" else "apps")
    package = target / target.name
    package.mkdir(parents=True)
    try:
        shutil.move(received.folder, package / "source")
        words = {"name": name, "dashed": name.replace("_", "-"), "version": plan["version"], "hash": received.hash}
        quoted = {"title": json.dumps(plan["title"], ensure_ascii=False), "licence": json.dumps(plan["licence"])}
        files = {
            package / "__init__.py": _PACKAGE.format(title=plan["title"].replace("\\", "").replace('"', "'")),
            package / "plugin.toml": manifest,
            target / "pyproject.toml": _PROJECT.format(**words, **quoted),
            target / "tests" / f"test_{name}.py": _TESTS.format(**words),
            target / "README.md": readme_text(plan, seen, found),
            target / "HANDOVER.md": handover_text(plan, received, found),
            **{package / path: text for path, text in plan.files.items()},
        }
        for path, text in files.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return target
