"""Telling applications in PHP apart: CodeIgniter, Laravel, Yii, or pages that stand by themselves."""

from __future__ import annotations

import json
import re
from typing import Any

from lumbung.adoption.seen import Survey
from lumbung.adoption.text import Tree

_CI3 = re.compile(r"CI_VERSION\s*=\s*'([\d.]+)'|define\(\s*'CI_VERSION',\s*'([\d.]+)'")


def look(tree: Tree, seen: Survey) -> None:
    """Note in ``seen`` what an application in PHP is; nothing when there is none."""
    composer = _composer(tree, seen)
    required = {**_table(composer, "require")}
    if composer:
        seen.language = str(required.get("php", ""))
        seen.packages = {name: str(wanted) for name, wanted in required.items() if "/" in name}
    if tree.has(seen.inside("artisan")) or "laravel/framework" in required:
        seen.framework, seen.version = "laravel", _locked(tree, seen, "laravel/framework")
        seen.entry = "public/index.php"
    elif tree.has(seen.inside("spark")) or "codeigniter4/framework" in required:
        seen.framework, seen.version = "codeigniter4", _locked(tree, seen, "codeigniter4/framework")
        seen.entry = "public/index.php"
    elif tree.has(seen.inside("system/core/CodeIgniter.php")):
        found = _CI3.search(tree.read(seen.inside("system/core/CodeIgniter.php")))
        seen.version = (found[1] or found[2]) if found else ""
        seen.framework = "codeigniter2" if seen.version.startswith("2") else "codeigniter3"
        seen.entry = "index.php"
    elif "yiisoft/yii2" in required:
        seen.framework, seen.version = "yii2", _locked(tree, seen, "yiisoft/yii2")
        seen.entry = "web/index.php"
    elif yii := _yii1(tree):
        seen.framework, seen.version, seen.entry = "yii1", yii, "index.php"
    elif tree.has(seen.inside("index.php")) or tree.has(seen.inside("public/index.php")):
        seen.framework = "plain"
        seen.entry = "index.php" if tree.has(seen.inside("index.php")) else "public/index.php"
    else:
        return
    seen.stack = "php"


def _yii1(tree: Tree) -> str:
    for path in tree.paths:
        if path.endswith("framework/YiiBase.php"):
            found = re.search(r"return '(1\.[\d.]+)", tree.read(path))
            return found[1] if found else "1.1"
    for path in tree.named("index.php")[:5]:
        if re.search(r"Yii::createWebApplication\s*\(", tree.read(path), re.I):
            return "1.1"
    return ""


def _composer(tree: Tree, seen: Survey) -> dict[str, Any]:
    try:
        found = json.loads(tree.read(seen.inside("composer.json")) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _table(whole: dict[str, Any], key: str) -> dict[str, Any]:
    found = whole.get(key)
    return found if isinstance(found, dict) else {}


def _locked(tree: Tree, seen: Survey, package: str) -> str:
    """Return the version of a package as the lock says, else what composer.json asks for."""
    try:
        locked = json.loads(tree.read(seen.inside("composer.lock")) or "{}")
        for one in locked.get("packages", ()):
            if one.get("name") == package:
                return str(one.get("version", "")).lstrip("v")
    except (ValueError, AttributeError, TypeError):
        pass
    return re.sub(r"^[^\d]*", "", seen.packages.get(package, ""))
