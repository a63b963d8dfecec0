"""Who may ask for which path: the longest rule, on segments, however the path is written."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from tests.conftest import manifest_text

from lumbung.registry.manifest import parse_manifest
from lumbung.runtimes.foreign.access import AccessTable, BadAddress, path_of


def table(rules: dict[str, str], *, stack: str = "php", deny: str = "[]") -> AccessTable:
    more = f'[process]\nstack = "{stack}"\ncommand = ["x"]\ndeny = {deny}\n[[permissions]]\n'
    more += 'name = "contoh.serve"\ntitle = { id = "x", en = "x" }\n'
    more += "".join(f'[[access]]\npath = "{path}"\nrule = "{rule}"\n' for path, rule in rules.items())
    text = manifest_text("contoh", hooks=(), plain='runtime = "process"', more=more)
    return AccessTable(parse_manifest(text, "here"))


def somebody(*permissions: str) -> Any:
    return Mock(can=lambda name: name in permissions)


def test_the_longest_rule_decides_on_segments() -> None:
    rules = table(
        {"/": "public", "/adm": "closed", "/loket": "contoh.serve", "/loket/layar": "public", "/a": "signed_in"}
    )
    nobody = {path: rules.judge(path, None).way for path in ("/", "/x", "/admin", "/adm", "/adm/x", "/loket/layar/1")}
    assert nobody == {
        "/": "in",
        "/x": "in",
        "/admin": "in",
        "/adm": "refused",
        "/adm/x": "refused",
        "/loket/layar/1": "in",
    }
    assert [rules.judge("/loket/2", who).way for who in (None, somebody(), somebody("contoh.serve"))] == [
        "sign_in",
        "refused",
        "in",
    ]
    assert rules.judge("/a", somebody()).way == "in"
    assert rules.judge("/adm", somebody("contoh.serve")).way == "refused"
    assert rules.judge("/loket/2", somebody("contoh.serve")).rule == "/loket"


def test_without_a_rule_nobody_may() -> None:
    assert table({"/a": "public"}).judge("/b", somebody("contoh.serve")).way == "refused"


@pytest.mark.parametrize(
    "path", ["/ADMIN", "/Admin/orang", "/admin;x=1/orang", "/index.php/admin", "/INDEX.PHP/Admin", "/index.php/admin;a"]
)
def test_a_lenient_application_is_no_way_around_a_rule(path: str) -> None:
    rules = table({"/": "public", "/admin": "contoh.serve", "/index.php": "public"})
    assert rules.judge(path, None).way == "sign_in"
    assert rules.judge(path, somebody("contoh.serve")).way == "in"


@pytest.mark.parametrize(
    "query", ["/admin/orang", "%2Fadmin", "/ADMIN&x=1", "r=admin/orang", "x=1&r=Admin", "r=%61dmin"]
)
def test_a_page_that_is_named_in_the_query_is_judged_too(query: str) -> None:
    rules = table({"/": "public", "/admin": "contoh.serve"})
    for path in ("/", "/index.php"):
        assert rules.judge(path, None, query).way == "sign_in"
        assert rules.judge(path, somebody("contoh.serve"), query).way == "in"
    assert rules.judge("/", None, "cari=/admin&q=admin").way == "in"
    assert rules.judge("/", None, "&".join("a=1" for _ in range(300))).way == "in"
    assert table({"/": "public", "/admin": "closed"}, stack="python").judge("/", None, query).way == "in"


def test_what_lies_in_donated_folders_is_nobodys_page() -> None:
    rules = table({"/": "public"}, deny='["/simpanan", "/app/views"]')
    for path in ("/simpanan", "/Simpanan/a.txt", "/app/views/x.php", "/index.php/simpanan", "/.env", "/.git/config"):
        assert rules.judge(path, None).way == "absent", path
    for path in ("/db/antrian.sql", "/x/antrian.SQL.gz", "/data/app.sqlite3", "/index.php.bak", "/config.php~"):
        assert rules.judge(path, None).way == "absent", path
    for path in ("/.well-known/acme/x", "/simpanan2", "/sql", "/a.sql.html"):
        assert rules.judge(path, None).way == "in", path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/a//b/./c/", "/a/b/c"),
        ("/a/../../b", "/b"),
        ("//adm", "/adm"),
        ("/..", "/"),
        ("", "/"),
        ("/\xc3\xa9", "/é"),
        ("/\xff", "/\udcff"),
    ],
)
def test_a_path_is_read_in_one_way(path: str, found: str) -> None:
    assert path_of({"PATH_INFO": path}) == found


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/a%2fb", "/a/b"),
        ("/a%5Cb", "/a\\b"),
        ("/a%00", "/a\0"),
        ("/a%252Fb", "/a%2Fb"),
        ("/%252e%252e/adm", "/%2e%2e/adm"),
        ("*", "*"),
        ("/a%0d%0ab", "/a\r\nb"),
    ],
)
def test_a_path_that_two_would_read_differently_is_refused(raw: str, path: str) -> None:
    with pytest.raises(BadAddress):
        path_of({"RAW_URI": raw, "PATH_INFO": path})
