"""The settings made for an application in PHP: a php.ini of its own, and a file that runs before each of its pages.

PHP reads ``generated/php/lumbung.ini`` through PHP_INI_SCAN_DIR, whichever server it runs under. The file before each
page hands the database over in the ways in which applications ask for one: by environment, and where the account stands
in the code, in the place of ``mysqli_connect`` (a disabled function may be defined anew). No donated file is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lumbung.adoption.environment import values_for
from lumbung.adoption.plan import Made, Plan
from lumbung.adoption.seen import Survey
from lumbung.adoption.sentences import both
from lumbung.adoption.text import Tree

_BEFORE = """<?php
// Made for this instance; it runs before each page of the application, whose own files stay as they were received.
function lumbung_environment(array $values): void
{
    foreach ($values as $name => $value) {
        if ($value === null) {
            continue;
        }
        putenv("$name=$value");
        $_ENV[$name] = $_SERVER[$name] = $value;
    }
}
"""
_DATABASE = """
function lumbung_database(): array
{
    static $kept = null;
    if ($kept === null) {
        $url = parse_url({{ database.url | php }});
        parse_str($url['query'] ?? '', $more);
        $kept = [
            'host' => $url['host'] ?? 'localhost',
            'port' => $url['port'] ?? 3306,
            'user' => rawurldecode($url['user'] ?? ''),
            'password' => rawurldecode($url['pass'] ?? ''),
            'name' => rawurldecode(ltrim($url['path'] ?? '', '/')),
            'socket' => $more['unix_socket'] ?? null,
        ];
    }
    return $kept;
}
if (lumbung_database()['socket'] !== null) {
    ini_alter('mysqli.default_socket', lumbung_database()['socket']);
}
"""
_CONNECT = """
// The account stands in the code; what it is replaced by is this instance's own.
function mysqli_connect($host = null, $user = null, $password = null, $name = null, $port = null, $socket = null)
{
    $own = lumbung_database();
    $link = mysqli_init();
    ['user' => $user, 'password' => $password, 'name' => $name] = $own;
    return $link->real_connect($own['host'], $user, $password, $name, $own['port'], $own['socket']) ? $link : false;
}
function mysqli_select_db($link, $name)
{
    return $link->select_db(lumbung_database()['name']);
}
"""
_ZONE = """
function date_default_timezone_set($zone)
{
    return true;  // the time zone is the regency's
}
"""
_SHOWN = """
function ini_set($option, $value)
{
    return strtolower($option) === 'display_errors' ? '0' : ini_alter($option, $value);
}
"""
_CI3_DATABASE = """<?php
defined('BASEPATH') OR exit('No direct script access allowed');
// Made for this instance: the donated settings, with its own database in them.
include APPPATH . 'config/database.php';
foreach (array_keys($db) as $group) {
    $own = lumbung_database();
    $db[$group]['dsn'] = '';
    $db[$group]['hostname'] = $own['socket'] ?? $own['host'];
    $db[$group]['port'] = $own['socket'] === null ? $own['port'] : null;
    $db[$group]['username'] = $own['user'];
    $db[$group]['password'] = $own['password'];
    $db[$group]['database'] = $own['name'];
    $db[$group]['dbdriver'] = 'mysqli';
    $db[$group]['db_debug'] = FALSE;
}
"""
_CI3_CONFIG = """<?php
defined('BASEPATH') OR exit('No direct script access allowed');
$config['base_url'] = {{ address | php }} . '/';
$config['log_threshold'] = 1;
"""
_NEVER_SERVED = re.compile(
    r"(^|/)(\.env[^/]*|\.htaccess|\.git[^/]*|composer\.(json|lock)|package(-lock)?\.json|artisan|spark)$"
    r"|\.(sql|sql\.gz|sqlite3?|db|bak|old|orig|log|md|sh|ini)$",
    re.I,
)
_NEVER_FOLDERS = frozenset(
    (
        *("application", "system", "app", "framework", "protected", "vendor", "config", "storage", "writable"),
        *("database", "sql", "db", "dump", "backup", "backups", "tests", "docs"),
    )
)


def settings_for_php(tree: Tree, seen: Survey, plan: Plan) -> None:
    """Put into ``plan`` what an application in PHP is run with."""
    plan.process["stack"] = "php"
    root = seen.inside(seen.entry).rpartition("/")[0]
    if root:
        plan.set("document_root", root, both("Di sana ada index.php."))
    own_database = plan["database"] == "mysql"
    off = _switched_off(tree, seen, plan, own_database)
    plan.made.append(Made("php/before.php", _before(seen, off, own_database)))
    plan.made.append(Made("php/lumbung.ini", _ini(off)))
    plan.environment["PHP_INI_SCAN_DIR"] = ":{{ generated }}/php"
    plan.because["process.environment.PHP_INI_SCAN_DIR"] = both(
        "Membaca pengaturan PHP yang dibuatkan, di samping milik mesin."
    )
    if seen.framework == "codeigniter3":
        for name, text in (("database", _CI3_DATABASE if own_database else ""), ("config", _CI3_CONFIG)):
            path = seen.inside(f"application/config/production/{name}.php")
            if text and not tree.has(path):
                plan.made.append(Made(path, text, "source"))
    migrations = any(path.startswith(seen.inside("database/migrations/")) for path in tree.paths)
    if seen.framework == "laravel" and migrations and plan["dump"] in ("", "none"):
        artisan = "{{ source }}/" + seen.inside("artisan")
        plan.set("prepare", [["{{ php }}", artisan, "migrate", "--force"]], both("Laravel membuat tabelnya sendiri."))
    plan.set(
        "deny",
        sorted(never_served(tree, root))[:100],
        both("Dump, rahasia, dan folder kerangka tidak untuk pengunjung."),
    )


def _switched_off(tree: Tree, seen: Survey, plan: Plan, own_database: bool) -> list[str]:
    """Return the functions of PHP that the file before each page defines anew."""
    off = []
    if own_database and "mysqli_connect" in seen.drivers and seen.framework == "plain":
        off += ["mysqli_connect", "mysqli_select_db"]
        plan.because["generated/php/before.php"] = both(
            "Akun basis data tertulis di %(where)s; panggilannya diberi akun instans ini.",
            where=seen.drivers["mysqli_connect"],
        )
    if plan["time_zone"] == "tenant" and _calls(tree, r"\bdate_default_timezone_set\s*\("):
        off.append("date_default_timezone_set")
    if _calls(tree, r"\bini_set\s*\(\s*['\"]display_errors"):
        off.append("ini_set")
    return off


def _calls(tree: Tree, pattern: str) -> bool:
    return any(re.search(pattern, text) for _path, text in tree.texts((".php", ".inc", ".phtml")))


def _before(seen: Survey, off: list[str], own_database: bool) -> str:
    parts = [_BEFORE]
    if own_database:
        parts.append(_DATABASE)
    parts += [text for name, text in (("mysqli_connect", _CONNECT), ("ini_set", _SHOWN)) if name in off]
    if "date_default_timezone_set" in off:
        parts.append(_ZONE)
    parts.append(
        "lumbung_environment([\n" + "".join(f"    {line},\n" for line in _handed_over(seen, own_database)) + "]);\n"
    )
    return "".join(parts)


def _handed_over(seen: Survey, own_database: bool) -> Iterator[str]:
    """Yield the pairs of the environment, in PHP."""
    parts = {"host": "host", "user": "user", "password": "password", "name": "name", "port": "port"}
    fixed = {
        "codeigniter2": {"CI_ENV": "'production'"},
        "codeigniter3": {"CI_ENV": "'production'"},
        "codeigniter4": {"CI_ENVIRONMENT": "'production'", "app.baseURL": "{{ address | php }} . '/'"},
        "laravel": {
            "APP_ENV": "'production'",
            "APP_DEBUG": "'false'",
            "APP_URL": "{{ address | php }}",
            "APP_KEY": "'base64:' . base64_encode(hash('sha256', {{ secret | php }}, true))",
        },
        "yii2": {"YII_ENV": "'prod'", "YII_DEBUG": "'0'"},
    }.get(seen.framework, {})
    pairs = dict(fixed)
    if own_database and seen.framework == "laravel":
        pairs |= {"DB_CONNECTION": "'mysql'", "DB_SOCKET": "lumbung_database()['socket']"}
        pairs |= {f"DB_{name}": f"lumbung_database()['{part}']" for name, part in _LARAVEL.items()}
    if own_database and seen.framework == "codeigniter4":
        pairs["database.default.hostname"] = "lumbung_database()['socket'] ?? lumbung_database()['host']"
        pairs |= {f"database.default.{name}": f"lumbung_database()['{part}']" for name, part in _CI4.items()}
    for name, value in values_for(seen.environment, database=own_database, openid=False).items():
        asked = value.strip("{} ")
        part = asked.removeprefix("database.")
        if asked.startswith("database.") and part in parts:
            pairs.setdefault(name, f"lumbung_database()['{part}']")
        elif asked not in ("port", "host"):
            pairs.setdefault(name, f"{{{{ {asked} | php }}}}")
    yield from (f"'{name}' => {value}" for name, value in pairs.items())


_LARAVEL = {"HOST": "host", "PORT": "port", "DATABASE": "name", "USERNAME": "user", "PASSWORD": "password"}
_CI4 = {"port": "port", "database": "name", "username": "user", "password": "password"}


def _ini(off: list[str]) -> str:
    lines = ["; Made for this instance.", 'auto_prepend_file = "{{ generated }}/php/before.php"']
    if off:
        lines.append(f"disable_functions = {','.join(off)}")
    return "\n".join(lines) + "\n"


def never_served(tree: Tree, root: str) -> set[str]:
    """Return the addresses that nobody may fetch: dumps, secrets, the folders of a framework, what .htaccess denies."""
    begin = f"{root}/" if root else ""
    found = set()
    for path in tree.paths:
        if not path.startswith(begin):
            continue
        inside = path.removeprefix(begin)
        top, below, _rest = inside.partition("/")
        if below and top.lower() in _NEVER_FOLDERS and not _holds_pages(tree, begin + top):
            found.add(f"/{top}/")
        elif _NEVER_SERVED.search(inside):
            found.add(f"/{inside}")
        if inside.endswith(".htaccess"):
            found |= set(_denied(tree.read(path), inside.removesuffix(".htaccess")))
    return {one for one in found if not re.search(r"[\s?#\\]|//", one) and len(one) <= 200}


def _holds_pages(tree: Tree, folder: str) -> bool:
    """Whether a folder of such a name is part of the site after all: its pages, or pictures and style sheets."""
    if folder.rpartition("/")[2].lower() in ("application", "system", "vendor", "writable", "storage", "protected"):
        return False
    inside = [path for path in tree.paths if path.startswith(f"{folder}/")]
    return any(path.endswith((".css", ".js", ".png", ".jpg", "index.php")) for path in inside)


def _denied(text: str, folder: str) -> Iterator[str]:
    outside = re.sub(r"<(Files|FilesMatch|IfModule|Directory)\b.*?</\1>", "", text, flags=re.S | re.I)
    if folder and re.search(r"^\s*(deny\s+from\s+all|require\s+all\s+denied)", outside, re.I | re.M):
        yield f"/{folder}"
    for name, rules in re.findall(r"<Files\s+\"?([\w./-]+)\"?\s*>(.*?)</Files>", text, re.S | re.I):
        if re.search(r"deny\s+from\s+all|require\s+all\s+denied", rules, re.I):
            yield f"/{folder}{name}"
