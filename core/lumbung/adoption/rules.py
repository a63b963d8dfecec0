"""What is looked for in each line of a donated tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from lumbung.adoption.finding import Severity
from lumbung.adoption.text import Line

PHP = (".php", ".phtml", ".inc")
PAGES = (*PHP, ".html", ".htm", ".twig", ".tpl", ".j2", ".jinja")
_PLACEHOLDER = re.compile(r"change|your[-_]|xxx|getenv|environ|\$\{|\{\{|%\(|<|\benv\(|config\(", re.I)
_HOST = re.compile(r"https?://([a-z0-9][\w.-]*)", re.I)
_NOT_REACHED = re.compile(
    r"w3\.org|schema\.org|xmlsoap|localhost|127\.0\.0\.1|\.dtd|codeigniter\.com|php\.net|example", re.I
)


@dataclass(frozen=True)
class Rule:
    """A pattern of lines. ``takes`` returns the values of the finding's words, or None where the line is harmless."""

    kind: str
    severity: Severity
    pattern: re.Pattern[str]
    suffixes: tuple[str, ...] = ()
    takes: Callable[[Line, re.Match[str]], Mapping[str, object] | None] = lambda _line, _found: {}

    def may_find(self, path: str, text: str) -> bool:
        """Whether it is worth looking at the lines of a file one by one."""
        return path.endswith(self.suffixes or ("",)) and bool(self._anywhere.search(text))

    @cached_property
    def _anywhere(self) -> re.Pattern[str]:
        return re.compile(self.pattern.pattern, self.pattern.flags | re.M)

    def look(self, line: Line) -> Mapping[str, object] | None:
        """Return the values for the words of a finding in this line, None where there is none."""
        found = self.pattern.search(line.text)
        return self.takes(line, found) if found else None


def _literal(line: Line, found: re.Match[str]) -> Mapping[str, object] | None:
    value = found["value"]
    return None if _PLACEHOLDER.search(value) or len(value) < 3 else {}


def _loaded(line: Line, found: re.Match[str]) -> Mapping[str, object] | None:
    host = found["host"].lower()
    return None if _NOT_REACHED.search(host) else {"host": host}


def _plain_link(line: Line, found: re.Match[str]) -> Mapping[str, object] | None:
    host = found["host"].lower()
    return None if _NOT_REACHED.search(host) else {"host": host}


def _assigned(line: Line, found: re.Match[str]) -> Mapping[str, object] | None:
    """Leave out what only looks like a password: the name of a field, a rule of a form, a label with blanks."""
    value = found["value"]
    harmless = " " in value or re.search(
        r"type|placeholder|name=|label|required|^[a-z_]*pass(word)?$|\$|/", value, re.I
    )
    return None if harmless else _literal(line, found)


_R = re.compile
RULES = (
    Rule("debug", Severity.BAD, _R(r"^\s*DEBUG\s*=\s*True\b"), (".py",)),
    Rule(
        "debug",
        Severity.BAD,
        _R(r"\.run\(.*\bdebug\s*=\s*True|\bapp\.debug\s*=\s*True|FLASK_DEBUG\s*=\s*['\"]?1"),
        (".py",),
    ),
    Rule("debug", Severity.BAD, _R(r"^\s*(?:APP_DEBUG|FLASK_DEBUG|DEBUG)\s*=\s*(?:true|1)\b", re.I), (".env",)),
    Rule(
        "debug", Severity.BAD, _R(r"^\s*(?:CI_ENVIRONMENT|FLASK_ENV|APP_ENV)\s*=\s*(?:development|local)\b"), (".env",)
    ),
    Rule("debug", Severity.BAD, _R(r"define\(\s*'ENVIRONMENT',.*'development'|YII_DEBUG'\)?.*\btrue\b"), PHP),
    Rule(
        "errors_shown",
        Severity.WARNING,
        _R(r"ini_set\(\s*['\"]display_errors['\"]\s*,\s*['\"]?(?:1|on|true)", re.I),
        PHP,
    ),
    Rule(
        "errors_shown",
        Severity.WARNING,
        _R(r"php_flag\s+display_errors\s+on|^display_errors\s*=\s*(?:on|1)", re.I),
        (".htaccess", ".ini"),
    ),
    Rule(
        "secret_key",
        Severity.BAD,
        _R(
            r"""(?:SECRET_KEY|JWT_SECRET|encryption_key|cookieValidationKey)['"\]]*\s*(?:=>?|:)\s*['"](?P<value>[^'"]*)['"]"""
        ),
        (".py", *PHP),
        _literal,
    ),
    Rule("secret_key", Severity.BAD, _R(r"^APP_KEY\s*=\s*(?P<value>base64:\S{20,})"), (".env",), _literal),
    Rule(
        "password_in_code",
        Severity.WARNING,
        _R(
            r"""(?:password|passwd|pwd|kata_?sandi|db_pass)\w*['"\]]*\s*(?:=>?|:)\s*['"](?P<value>[^'"]{3,})['"]""",
            re.I,
        ),
        (".py", *PHP, ".yml", ".yaml", ".ini"),
        _assigned,
    ),
    Rule(
        "password_in_code",
        Severity.WARNING,
        _R(
            r"""(?:mysqli_connect|new\s+mysqli)\s*\(\s*['"][^'"]*['"]\s*,\s*['"][^'"]*['"]\s*,\s*['"](?P<value>[^'"]+)['"]"""
        ),
        PHP,
        _literal,
    ),
    Rule(
        "password_in_code",
        Severity.WARNING,
        _R(r"\w+://[\w.-]+:(?P<value>[^@\s'\"/]{3,})@[\w.-]+"),
        (".py", *PHP),
        _literal,
    ),
    Rule(
        "password_made",
        Severity.BAD,
        _R(r"""(?:generate_password_hash|password_hash|set_password|make_password)\(\s*['"](?P<value>[^'"]+)['"]"""),
        (".py", *PHP),
        _literal,
    ),
    Rule(
        "api_key",
        Severity.BAD,
        _R(r"(?P<value>AKIA[0-9A-Z]{16}|AIza[\w-]{35}|ghp_\w{36}|xox[bp]-[\w-]{20,}|\d{8,10}:AA[\w-]{33})"),
    ),
    Rule(
        "api_key",
        Severity.WARNING,
        _R(
            r"""(?:api_?key|access_?token|client_secret|server_?key)['"\]]*\s*(?:=>?|:)\s*['"](?P<value>[\w.:-]{16,})['"]""",
            re.I,
        ),
        (".py", *PHP, ".js", ".json"),
        _literal,
    ),
    Rule("phpinfo", Severity.BAD, _R(r"(?<![\w>:])phpinfo\s*\("), PHP),
    Rule(
        "cdn",
        Severity.WARNING,
        _R(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)\s*=\s*["'](?:https?:)?//(?P<host>[\w.-]+)""", re.I),
        PAGES,
        _loaded,
    ),
    Rule(
        "http_link",
        Severity.NOTE,
        _R(r"""(?:href|src|action)\s*=\s*["']http://(?P<host>[\w.-]+)""", re.I),
        PAGES,
        _plain_link,
    ),
    Rule(
        "changing_get",
        Severity.WARNING,
        _R(
            r"""href\s*=\s*["'][^"'>]*(?:[?&](?:hapus|delete|del|aksi=hapus|act=del)|/(?:hapus|delete|panggil)/)""",
            re.I,
        ),
        PAGES,
    ),
)


def is_sql_page(path: str, text: str) -> bool:
    """Whether a file is a copy of a program that runs any SQL: Adminer, phpMyAdmin."""
    name = path.rpartition("/")[2].lower()
    if re.match(r"(adminer|phpminiadmin|sqlbuddy)[\w.-]*\.php$", name):
        return True
    return bool(re.search(r"^\s*\*?\s*(?:Adminer - Compact database|phpMyAdmin)", text[:3000], re.M)) and path.endswith(
        ".php"
    )
