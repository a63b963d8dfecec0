"""What ``php -S`` asks before each request: what ``.htaccess`` does under Apache, and what no visitor may ever fetch.

In every donated PHP application that was tried, the dump of the database could be downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lumbung.instances.instance import Instance

FILE = "lumbung_router.php"
ASSETS = "css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|mp4|webm|mp3|pdf"
# Parts of paths (between slashes) and file names that nobody may ask for, whatever the application is.
DENIED_PARTS = r"\.(?!well-known(/|$))[^/]*"
DENIED_FILES = (
    r"[^/]*\.(sql|sqlite3?|db3?|mdb|dump|bak|old|orig|swp|log|ini|env|lock|phar|pem|key)(\.(gz|bz2|xz|zip|7z|rar))?",
    r"[^/]*~",
    r"composer(-setup)?\.(json|phar)",
    r"package(-lock)?\.json",
    r"(artisan|spark|yii|yiic|phpunit\.xml(\.dist)?|web\.config|dockerfile|docker-compose\.ya?ml|makefile)",
)
FRAMEWORKS = {  # folders of frameworks, known by what is in them
    "application": ("config", "controllers", "core"),
    "system": ("core", "codeigniter", "libraries"),
    "protected": ("config", "controllers", "runtime"),
    "app": ("Config", "Http", "Controllers"),
    "storage": ("framework", "logs"),
    "bootstrap": ("cache",),
    "writable": ("logs", "session"),
    "vendor": ("composer", "autoload.php"),
}
WITH_ASSETS = ("vendor", "storage")  # of these, pictures and style sheets may be asked for
DUMP_FOLDERS = ("backup", "backups", "database", "db", "sql", "dump", "dumps")
_DENIES_ALL = re.compile(r"^\s*(deny\s+from\s+all|require\s+all\s+denied)\s*$", re.IGNORECASE | re.MULTILINE)
_RULE = re.compile(
    r"^\s*RewriteRule\s+\^?\(?(?:\.[*+?]?)?\)?\$?\s+[\"']?/?(?:\S*/)?index\.php(?P<rest>[^\s\"'\[]*)",
    re.IGNORECASE | re.MULTILINE,
)
_DUMP = re.compile(r".*\.(sql|sqlite3?|db3?|dump|bak)(\.(gz|bz2|xz|zip))?", re.IGNORECASE)


def router(instance: Instance) -> str:
    """Return the router script of an instance, made from what its donated tree holds."""
    root = document_root(instance)
    folders = set(closed_folders(root))
    assets = folders.intersection(WITH_ASSETS)
    front = front_controller(root)
    return _SCRIPT % {
        "root": _php(str(root)),
        "folders": _list([str(instance.source), str(instance.data)]),
        "closed": _list(folders - assets),
        "assets": _list(assets),
        "denied": _list(path.strip("/") for path in instance.process.deny),
        "pattern": _php(_pattern()),
        "asset": _php(rf"#\.({ASSETS})$#i"),
        "front": "null" if front is None else _php(front),
    }


def document_root(instance: Instance) -> Path:
    """Return the folder whose files visitors may ask for."""
    below = instance.process.document_root or instance.process.folder
    return instance.source / below if below else instance.source


def front_controller(root: Path) -> str | None:
    """Return how a path that is no file reaches ``index.php`` by the rules of ``.htaccess``; None where it does not.

    It is what stands behind ``index.php`` there: empty, ``/$1`` or a query such as ``?url=$1``.
    """
    if not (root / "index.php").is_file():
        return None
    found = _RULE.search(_text(root / ".htaccess"))
    return None if found is None else re.sub(r"%\{REQUEST_URI\}|\$0", "$1", found["rest"])


def closed_folders(root: Path) -> Iterator[str]:
    """Yield folders below ``root`` that Apache would not have served, or should not have."""
    for place in root.rglob(".htaccess"):
        if place.parent != root and place.is_file() and not place.is_symlink() and _DENIES_ALL.search(_text(place)):
            yield str(place.parent.relative_to(root))
    for name, marks in FRAMEWORKS.items():
        if any((root / name / mark).exists() for mark in marks):
            yield name
    for name in DUMP_FOLDERS:
        if (root / name).is_dir() and any(_DUMP.fullmatch(one.name) for one in (root / name).rglob("*")):
            yield name


def _pattern() -> str:
    files = "|".join(DENIED_FILES)
    return rf"#(^|/)({DENIED_PARTS}|{files})(/|$)#i"


def _text(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8", errors="replace")[:100_000]
    except OSError:
        return ""


def _list(paths: Iterable[str]) -> str:
    return "[" + ", ".join(_php(path) for path in sorted(set(paths))) + "]"


def _php(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SCRIPT = r"""<?php
// Written by Lumbung at each start: what a visitor may ask for, and where it leads. Changes here do not last.
function _lumbung_route()
{
    $root = %(root)s;
    $path = rawurldecode((string) parse_url('http://x' . $_SERVER['REQUEST_URI'], PHP_URL_PATH));
    $inside = trim($path, '/');
    $refuse = strpos($path, "\0") !== false || preg_match('~(^|/)\.\.(/|$)|\\\\~', $path)
        || preg_match(%(pattern)s, $inside) !== 0;
    $below = function ($folders) use ($inside) {
        foreach ($folders as $folder) {
            if (strcasecmp(substr($inside . '/', 0, strlen($folder) + 1), $folder . '/') === 0) {
                return true;
            }
        }
        return false;
    };
    $refuse = $refuse || $below(%(denied)s) || $below(%(closed)s)
        || ($below(%(assets)s) && preg_match(%(asset)s, $inside) !== 1);
    if ($refuse) {
        http_response_code(404);
        header('Content-Type: text/plain; charset=utf-8');
        echo 'Not found';
        return null;
    }
    $file = realpath($root . '/' . $inside);
    foreach (%(folders)s as $folder) {
        $own = isset($own) && $own || strpos($file . '/', realpath($folder) . '/') === 0;
    }
    if ($file !== false && !$own) {
        http_response_code(404);
        return null;
    }
    if ($file !== false && (is_file($file) || is_file($file . '/index.php') || is_file($file . '/index.html'))) {
        if (is_dir($file) && substr($path, -1) !== '/') {
            $query = (string) parse_url('http://x' . $_SERVER['REQUEST_URI'], PHP_URL_QUERY);
            $query = $query === '' ? '' : '?' . $query;
            header('Location: ' . str_replace('%%2F', '/', rawurlencode('/' . $inside)) . '/' . $query, true, 301);
            return null;
        }
        return false;
    }
    for ($above = $inside; strpos($above, '/') !== false;) {
        $above = substr($above, 0, strrpos($above, '/'));
        if (substr($above, -4) === '.php' && is_file($root . '/' . $above)) {
            return false;
        }
    }
    $front = %(front)s;
    if ($front === null) {
        http_response_code(404);
        header('Content-Type: text/plain; charset=utf-8');
        echo 'Not found';
        return null;
    }
    $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
    $_SERVER['SCRIPT_FILENAME'] = $root . '/index.php';
    unset($_SERVER['PATH_INFO']);
    if ($front !== '' && $front[0] === '?') {
        $query = str_replace('$1', str_replace('%%2F', '/', rawurlencode($inside)), substr($front, 1));
        parse_str($query, $more);
        $_GET = $more + $_GET;
        $_REQUEST = $more + $_REQUEST;
        $old = isset($_SERVER['QUERY_STRING']) ? $_SERVER['QUERY_STRING'] : '';
        $_SERVER['QUERY_STRING'] = $old === '' ? $query : $query . '&' . $old;
    } elseif ($front !== '') {
        $_SERVER['PATH_INFO'] = '/' . $inside;
        $_SERVER['PHP_SELF'] = '/index.php/' . $inside;
    }
    chdir($root);
    return $root . '/index.php';
}
if (PHP_SAPI !== 'cli-server') {
    exit(1);
}
$_SERVER['LUMBUNG_SCRIPT'] = _lumbung_route();
if ($_SERVER['LUMBUNG_SCRIPT'] === false) {
    unset($_SERVER['LUMBUNG_SCRIPT']);
    return false;
}
if ($_SERVER['LUMBUNG_SCRIPT'] !== null) {
    require $_SERVER['LUMBUNG_SCRIPT'];
}
"""
