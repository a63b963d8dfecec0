"""What a donated tree is: which language, which framework and version, where it begins, what it comes with.

Nothing of it is run. What is only guessed from this is in `guesses`; what one should know of it is in `findings`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lumbung.adoption import php_apps, python_apps
from lumbung.adoption.seen import Survey
from lumbung.adoption.text import Line, Tree, is_library
from lumbung.errors import LumbungError
from lumbung.instances.databases.dump_reading import dumps_in

_ENV = (
    re.compile(r"""\b(?:getenv|env)\(\s*['"]([A-Za-z_][A-Za-z0-9_.]*)['"]"""),
    re.compile(r"""os\.environ(?:\.get\(|\[|\.setdefault\()\s*['"]([A-Z_][A-Z0-9_]*)['"]"""),
    re.compile(r"""\$_(?:ENV|SERVER)\[['"]([A-Z][A-Z0-9_]*)['"]\]"""),
    re.compile(r"""\b(?:config|env)\(\s*['"]([A-Z][A-Z0-9_]+)['"]"""),  # python-decouple, django-environ
)
_HOST = re.compile(r"https?://([a-z0-9][a-z0-9.-]+)(:\d{1,5})?", re.I)
_OWN_ADDRESS = re.compile(
    r"base_?url|site_?url|app_?url|alamat|allowed_hosts|csrf_trusted|server_name|domain|localhost", re.I
)
_OLD_CALL = re.compile(r"(?<![\w>:$])mysql_p?connect\s*\(")
_PHP_DRIVERS = {
    "mysqli_connect": re.compile(r"(?<![\w>:$])mysqli_connect\s*\("),
    "mysqli": re.compile(r"\bnew\s+\\?mysqli\s*\(\s*[^)\s]"),
    "pdo": re.compile(r"\bnew\s+\\?PDO\s*\("),
}
_CODE = (".php", ".inc", ".phtml", ".py")
_WORTH = re.compile(r"mysql|\bPDO\b|Asia/|https?://", re.I)
_SERVER_VARIABLES = re.compile(r"^(HTTP_|REQUEST_|SERVER_|REMOTE_|SCRIPT_|PHP_|QUERY_|DOCUMENT_|HTTPS$|PATH)")


def survey(tree: Tree) -> Survey:
    """Look at a tree; raises `LumbungError` for an application that cannot run here whatever one does."""
    seen = Survey()
    seen.root = _root(tree)
    seen.title = _title(tree, seen)
    seen.node = _node(tree, seen)
    python_apps.look(tree, seen)
    if seen.stack == "unknown":
        php_apps.look(tree, seen)
    if seen.stack == "unknown" and seen.node:
        seen.stack = "node"
    seen.dumps = [one for one in dumps_in(tree.folder) if one.engine != "sqlite"]
    seen.sqlite = [path for path in tree.paths if _is_sqlite(tree.folder / path)]
    for path in tree.paths:
        name = path.rpartition("/")[2]
        if name.startswith(".env") or name in ("env.example", "env.sample", "env"):
            seen.samples.append(path)
        elif name == ".htaccess":
            seen.htaccess.append(path)
        elif name in ("Dockerfile", "docker-compose.yml", "docker-compose.yaml", "compose.yaml", "Procfile"):
            seen.hints.append(path)
    for path in tree.paths:
        if path.endswith(_CODE) and not is_library(path):
            _note_environment(path, tree.read(path), seen)
    for line in tree.lines(_WORTH):
        _note(line, seen)
    refuse_hopeless(tree, seen)
    return seen


def refuse_hopeless(tree: Tree, seen: Survey) -> None:
    """Refuse what would be adopted only to fail: PHP 5 code, Yii 1.1, a framework without its libraries."""
    if seen.stack == "php" and seen.old_calls and "mysqli_connect" not in seen.drivers:
        raise LumbungError(
            "This application calls mysql_connect (%(where)s), which PHP has not had since version 7: it has to be "
            "brought to mysqli first.",
            where=seen.old_calls[0],
        )
    if seen.framework == "yii1":
        raise LumbungError(
            "This application is made with Yii %(version)s, which does not run under the PHP of today: it has to be "
            "brought to Yii 2 first.",
            version=seen.version or "1.1",
        )
    if seen.framework in ("laravel", "codeigniter4", "yii2") and not tree.has(seen.inside("vendor/autoload.php")):
        raise LumbungError(
            "This %(framework)s application came without its folder vendor: run 'composer install --no-dev' where it "
            "was developed, and hand it over with that folder.",
            framework={"laravel": "Laravel", "yii2": "Yii"}.get(seen.framework, "CodeIgniter 4"),
        )
    if seen.stack == "node":
        raise LumbungError(
            "This is an application for Node.js, which is not made ready by itself: write its plugin.toml by hand, "
            "with stack = 'command'."
        )
    if seen.stack == "unknown":
        raise LumbungError(
            "Nothing that is known begins here (index.php, artisan, manage.py, app.py, wsgi.py): hand over the folder "
            "in which the application begins, or write its plugin.toml by hand, with stack = 'command'."
        )


def _note(line: Line, seen: Survey) -> None:
    text, where = line.text, f"{line.path}:{line.number}"
    code = line.path.endswith(_CODE)
    if line.path.endswith((".php", ".inc", ".phtml")) and not text.lstrip().startswith(("//", "#", "*", "/*")):
        if _OLD_CALL.search(text):
            seen.old_calls.append(where)
        for driver, pattern in _PHP_DRIVERS.items():
            if pattern.search(text):
                seen.drivers.setdefault(driver, where)
    if code or "/.env" in f"/{line.path}":
        for name in re.findall(r"Asia/[A-Z][a-z]+(?:_[A-Z][a-z]+)?", text):
            seen.time_zones.add(name)
        if _OWN_ADDRESS.search(text) and "openid" not in text.lower() and not re.search(r"OIDC|SSO|CDN", text):
            for host, port in _HOST.findall(text):
                seen.hosts.setdefault(host.lower() + port, where)


def _note_environment(path: str, text: str, seen: Survey) -> None:
    for pattern in _ENV:
        seen.environment |= {name for name in pattern.findall(text) if not _SERVER_VARIABLES.match(name)}
    if re.search(r"dj_database_url\.config\(|\benv\.db\(", text):
        seen.environment.add("DATABASE_URL")
    for hosts in re.findall(r"^ALLOWED_HOSTS\s*=\s*\[([^\]]*)\]", text, re.M):
        for host in re.findall(r"['\"]([a-z0-9-]+(?:\.[a-z0-9-]+)+)['\"]", hosts):
            if not re.fullmatch(r"[\d.]+", host):
                seen.hosts.setdefault(host, path)


def _root(tree: Tree) -> str:
    """Return the folder in which the application begins: the root, or the only one that looks like a beginning."""
    marks = ("index.php", "manage.py", "artisan", "spark", "app.py", "wsgi.py", "main.py", "run.py", "application.py")
    if any(tree.has(mark) for mark in marks):
        return ""
    near = [path for path in tree.named(*marks) if path.count("/") == 1]
    tops = {path.partition("/")[0] for path in near} - {"public", "docs", "tests"}
    if len(tops) == 1:
        return next(iter(tops))
    return ""


def _title(tree: Tree, seen: Survey) -> str:
    for path in (seen.inside("README.md"), "README.md", "readme.md", "README.rst", "README.txt"):
        for line in tree.read(path).splitlines()[:20]:
            heading = re.sub(r"^#+\s*|[*_`<>]|\[|\]\(.*?\)", "", line).strip()
            if line.startswith("#") and 2 <= len(heading) <= 80:
                return heading
    return ""


def _node(tree: Tree, seen: Survey) -> dict[str, str]:
    try:
        found: Any = json.loads(tree.read(seen.inside("package.json")) or "{}")
    except ValueError:
        return {}
    scripts = found.get("scripts") if isinstance(found, dict) else None
    return {str(k): str(v)[:200] for k, v in scripts.items()} if isinstance(scripts, dict) else {}


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False
