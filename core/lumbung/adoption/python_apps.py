"""Telling applications in Python apart: Django, Flask, or any other that speaks WSGI. Read as text, never imported."""

from __future__ import annotations

import ast
import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lumbung.adoption.seen import Survey
from lumbung.adoption.text import Tree

_BEGINNINGS = ("wsgi.py", "app.py", "main.py", "run.py", "application.py", "server.py", "__init__.py")


def look(tree: Tree, seen: Survey) -> None:
    """Note in ``seen`` what an application in Python is; nothing when there is none."""
    requirements = [
        seen.inside(name) for name in ("requirements.txt", "requirements/production.txt", "requirements/base.txt")
    ]
    seen.requirements = next((path for path in requirements if tree.has(path)), None)
    if seen.requirements:
        seen.packages = packages_in(tree.read(seen.requirements))
    elif tree.has(seen.inside("Pipfile")) or tree.has(seen.inside("pyproject.toml")):
        seen.packages = packages_in(
            _loosely(tree.read(seen.inside("Pipfile")) + tree.read(seen.inside("pyproject.toml")))
        )
    seen.language = _language(tree, seen)
    manage = tree.read(seen.inside("manage.py"))
    if "DJANGO_SETTINGS_MODULE" in manage:
        seen.stack, seen.framework = "python", "django"
        found = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)['\"]", manage)
        seen.entry = found[1] if found else ""
        seen.wsgi = next((path for path in tree.named("wsgi.py") if path.startswith(seen.root)), "")
        seen.version = seen.packages.get("django", "")
        if "mozilla-django-oidc" in seen.packages:
            seen.openid = "mozilla-django-oidc"
    else:
        _flask(tree, seen)
    if not seen.openid and "authlib" in seen.packages:
        seen.openid = "authlib"


def packages_in(text: str) -> dict[str, str]:
    """Return the packages that a requirements file names, each with what it asks for."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        words = line.partition(" #")[0].strip().removesuffix("\\").strip()
        try:
            wanted = Requirement(re.sub(r"\s+--hash=\S+", "", words))
        except InvalidRequirement:
            continue
        found[canonicalize_name(wanted.name)] = str(wanted.specifier)
    return found


def _loosely(text: str) -> str:
    """Return the packages of a Pipfile or pyproject.toml as lines of a requirements file, as far as can be seen."""
    pairs = re.findall(r"^\s*[\"']?([A-Za-z][\w.-]*)[\"']?\s*=\s*[\"']([^\"']*)[\"']\s*$", text, re.M)
    plain = re.findall(r"^\s*[\"']([A-Za-z][\w.-]*(?:\[\w+\])?\s*[<>=~!][^\"']*)[\"'],?\s*$", text, re.M)
    return "\n".join([*(f"{name}{'' if wanted == '*' else wanted}" for name, wanted in pairs), *plain])


def _language(tree: Tree, seen: Survey) -> str:
    for name in ("runtime.txt", ".python-version"):
        found = re.search(r"(\d+\.\d+)", tree.read(seen.inside(name)))
        if found:
            return found[1]
    found = re.search(
        r"(?:requires-python|python_version)\s*=\s*[\"']([^\"']+)", tree.read(seen.inside("pyproject.toml"))
    )
    return found[1] if found else ""


def _flask(tree: Tree, seen: Survey) -> None:
    near = [path for path in tree.named(*_BEGINNINGS) if path.startswith(seen.root) and path.count("/") <= 2]
    near.sort(key=lambda path: (path.count("/"), _BEGINNINGS.index(path.rpartition("/")[2])))
    for path in near:
        found = _application_in(tree.read(path))
        if not found:
            continue
        name, framework = found
        inside = path.removeprefix(f"{seen.root}/" if seen.root else "")
        module = inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        seen.stack, seen.entry = "python", f"{module}:{name}"
        seen.framework = "flask" if framework == "flask" or "flask" in seen.packages else "wsgi"
        seen.version = seen.packages.get("flask", "") if seen.framework == "flask" else ""
        return


def _application_in(text: str) -> tuple[str, str] | None:
    """Return the name of the application object of a module, and whether it is Flask's or any that speaks WSGI."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        found = re.search(r"^(app|application)\s*=\s*Flask\(", text, re.M)
        return (found[1], "flask") if found else None
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
            name, called = node.targets[0].id, ast.unparse(node.value.func)
            if called.rpartition(".")[2] == "Flask" or (called == "create_app" and name in ("app", "application")):
                return name, "flask"
            if name in ("app", "application"):
                return name, "wsgi"
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == "application":
                    return "application", "wsgi"
    factories = [
        one.name for one in body if isinstance(one, ast.FunctionDef) and one.name in ("create_app", "make_app")
    ]
    return (f"{factories[0]}()", "flask") if factories else None
