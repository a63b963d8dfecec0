"""Finding the application's own sign-in page, and how it keeps passwords, by what its source says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lumbung.adoption.seen import Survey
from lumbung.adoption.text import Tree, is_library

_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.I | re.S)
_INPUT = re.compile(r"<input\b[^>]*>", re.I | re.S)
_ATTRIBUTE = re.compile(r"""\b(name|type|action|value)\s*=\s*["']([^"']*)["']""", re.I)
_PLACES = re.compile(r"log_?in|masuk|auth|sign_?in|index", re.I)
_WAYS = (
    ("bcrypt", re.compile(r"password_verify\s*\(|bcrypt|check_password_hash")),
    ("md5", re.compile(r"\bmd5\s*\(\s*[^)]*(pass|sandi|pwd|_POST)", re.I)),
    ("sha1", re.compile(r"\bsha1\s*\(\s*[^)]*(pass|sandi|pwd|_POST)", re.I)),
)


@dataclass(frozen=True)
class LoginPage:
    """A form that asks for a password. ``path`` is where a browser finds it, as far as can be told."""

    where: str
    path: str
    user_field: str
    password_field: str
    hidden: tuple[tuple[str, str], ...]
    hash: str
    logout: str | None


def find_login(tree: Tree, seen: Survey) -> LoginPage | None:
    """Return the sign-in page that looks most like one, None where there is none."""
    pages = [
        path for path in tree.paths if path.endswith((".php", ".html", ".phtml", ".twig")) and not is_library(path)
    ]
    pages = [path for path in pages if _PLACES.search(path)]
    pages.sort(key=lambda path: (not re.search(r"log_?in|masuk", path, re.I), path.count("/"), path))
    for path in pages[:60]:
        for form in _FORM.findall(re.sub(r"<\?(?:php|=).*?\?>", "", tree.read(path), flags=re.S | re.I)):
            found = _fields(form)
            if found:
                user, password, hidden = found
                return LoginPage(
                    path, _address(tree, seen, path, form), user, password, hidden, _hash(tree), _logout(tree, seen)
                )
    return None


def _fields(form: str) -> tuple[str, str, tuple[tuple[str, str], ...]] | None:
    inputs = [{name.lower(): value for name, value in _ATTRIBUTE.findall(one)} for one in _INPUT.findall(form)]
    passwords = [one.get("name", "") for one in inputs if one.get("type", "").lower() == "password"]
    users = [one.get("name", "") for one in inputs if one.get("type", "text").lower() in ("text", "email", "")]
    if len(passwords) != 1 or not passwords[0] or not users or not users[0]:
        return None
    hidden = [
        (one["name"], one.get("value", ""))
        for one in inputs
        if one.get("type", "").lower() == "hidden" and one.get("name")
    ]
    return users[0], passwords[0], tuple(hidden)


def _address(tree: Tree, seen: Survey, path: str, form: str) -> str:
    inside = path.removeprefix(f"{seen.root}/" if seen.root else "")
    if seen.framework == "plain":
        return f"/{inside.removeprefix('public/')}"
    attributes: dict[str, str] = {name.lower(): value for name, value in _ATTRIBUTE.findall(form[: form.find(">") + 1])}
    action = attributes.get("action", "")
    if re.fullmatch(r"/[\w/-]+", action):
        return action
    if seen.framework in ("flask", "wsgi"):
        return _route(tree, "login|masuk|signin") or "/login"
    return "/login"


def _logout(tree: Tree, seen: Survey) -> str | None:
    for path in tree.named("logout.php", "keluar.php"):
        return f"/{path.removeprefix(f'{seen.root}/' if seen.root else '')}" if seen.framework == "plain" else "/logout"
    return _route(tree, "logout|keluar")


def _route(tree: Tree, words: str) -> str | None:
    pattern = re.compile(rf"""route\(\s*['"](/[\w/-]*(?:{words})[\w/-]*)['"]""")
    return next((found[1] for _path, text in tree.texts((".py",)) if (found := pattern.search(text))), None)


def _hash(tree: Tree) -> str:
    for _path, text in tree.texts((".php", ".py", ".inc")):
        for name, pattern in _WAYS:
            if pattern.search(text):
                return name
    return "plain"
