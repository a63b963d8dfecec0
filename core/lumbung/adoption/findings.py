"""What a person has to know of a donated application before it is opened: what, where, and what to do about it.

A donated file is never changed. What the platform's own settings of the application mend is said so; all else is for
its office to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lumbung.adoption.dump_findings import in_dumps
from lumbung.adoption.finding import Finding, Severity, finding
from lumbung.adoption.receiving import Received
from lumbung.adoption.rules import RULES, is_sql_page
from lumbung.adoption.seen import Survey
from lumbung.adoption.text import Tree, is_library, lines_of
from lumbung.adoption.versions import old_versions

MOST_PLACES = 5  # of one kind; the others are counted
_ORDER = {Severity.BAD: 0, Severity.WARNING: 1, Severity.NOTE: 2}
# These are told apart by what they name; all others by where they stand.
_ONCE_EACH = ("cdn", "http_link", "old_host", "time_zone", "default_account", "people")


def find(tree: Tree, seen: Survey, received: Received) -> list[Finding]:
    """Return all that was found, the gravest first; of a kind that is everywhere, the first few places."""
    found = [
        *_in_lines(tree),
        *_in_tree(tree, seen, received),
        *in_dumps(seen, tree.folder),
        *old_versions(seen),
    ]
    found.append(finding(Severity.NOTE, "not_seen"))
    return sorted(_thinned(found), key=lambda one: (_ORDER[one.severity], one.kind, one.where))


def _in_lines(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.texts():
        rules = [rule for rule in RULES if rule.may_find(path, text)]
        for line in lines_of(path, text) if rules else ():
            commented = line.text.lstrip().startswith(("//", "#", "*", "<!--"))
            for rule in () if commented else rules:
                values = rule.look(line)
                if values is not None:
                    yield finding(rule.severity, rule.kind, f"{line.path}:{line.number}", **values)
    if tree.unread:
        yield finding(Severity.NOTE, "unread", count=tree.unread)


def _in_tree(tree: Tree, seen: Survey, received: Received) -> Iterator[Finding]:
    for path in received.world_writable:
        yield finding(Severity.WARNING, "world_writable", path)
    for path in tree.paths:
        if path.endswith(".php") and is_sql_page(path, tree.read(path)):
            yield finding(Severity.BAD, "sql_page", path)
    for path in seen.samples:
        if path.rpartition("/")[2] in (".env", ".env.production", ".env.local"):
            yield finding(Severity.BAD, "env_file", path)
    for path in seen.htaccess:
        if not is_library(path):
            yield finding(Severity.NOTE, "htaccess", path)
    for host, where in seen.hosts.items():
        yield finding(Severity.WARNING, "old_host", where, host=host)
    for zone in sorted(seen.time_zones - {"Asia/Makassar"}):
        yield finding(Severity.WARNING, "time_zone", _first(tree, zone), zone=zone)
    for way in ("mysqli", "pdo"):
        if way in seen.drivers and seen.framework == "plain" and not seen.environment:
            words = {"mysqli": "new mysqli", "pdo": "new PDO"}[way]
            yield finding(Severity.BAD, "account_fixed", seen.drivers[way], way=words)
    if "environment" in received.left_out.values():
        where = next(path for path, why in received.left_out.items() if why == "environment")
        yield finding(Severity.NOTE, "environment_committed", where)
    others = [path for path, why in received.left_out.items() if why in ("link", "special", "own")]
    if others:
        yield finding(Severity.NOTE, "left_out", count=len(others), names=", ".join(sorted(others)[:6]))
    if seen.node and seen.stack != "node":
        yield finding(Severity.NOTE, "node", seen.inside("package.json"), scripts=", ".join(list(seen.node)[:6]))
    if seen.hints:
        yield finding(Severity.NOTE, "hints", seen.hints[0], names=", ".join(seen.hints[:6]))
    if seen.stack == "python":
        if not seen.requirements:
            yield finding(Severity.BAD, "no_requirements")
        elif not {"gunicorn", "waitress", "uwsgi"} & set(seen.packages):
            yield finding(Severity.NOTE, "no_server", seen.requirements)


def _first(tree: Tree, words: str) -> str:
    return next(
        (f"{one.path}:{one.number}" for one in tree.lines(re.compile(re.escape(words))) if words in one.text), ""
    )


def _thinned(found: list[Finding]) -> list[Finding]:
    kept: dict[object, list[Finding]] = {}
    for one in found:
        kept.setdefault((one.kind, one.what.id if one.kind in _ONCE_EACH else ""), []).append(one)
    thin = []
    for places in kept.values():
        most = 1 if places[0].kind in _ONCE_EACH else MOST_PLACES
        shown = places[:most]
        thin += [*shown[:-1], replace(shown[-1], more=len(places) - len(shown))]
    return thin
