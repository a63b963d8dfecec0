"""The examination: every check in its order, each kept apart, so that one that fails does not silence the others."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from lumbung.doctor import database, instances, plugins, remote, site
from lumbung.doctor.findings import Asked, Check, Finding, Severity, bad, both
from lumbung.registry.discovery import describe_error

logger = logging.getLogger(__name__)

CHECKS: dict[str, Check] = {
    "database": database.reachable,
    "roles": database.roles,
    "schema": database.schema,
    "clock": database.clock,
    "room": database.room,
    "packages": plugins.packages,
    "opens": plugins.opens,
    "suspended": plugins.suspended,
    "faults": plugins.faults,
    "operations": plugins.operations,
    "ways back": plugins.ways_back,
    "settings": plugins.settings,
    "instances": instances.instances,
    "keeper": instances.keeper,
    "tools": instances.tools,
    "environments": instances.environments,
    "space": instances.space,
    "elsewhere": remote.remote,
    "job worker": site.job_worker,
    "keys": site.keys,
    "mail": site.mail,
    "production": site.production,
    "anchors": site.anchors,
}
FIRST = "database"  # without it nothing else can be looked at


def examine(asked: Asked) -> list[Finding]:
    """Look at everything and return what was found, the gravest first."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            findings += [replace(one, check=name) for one in check(asked)]
        except Exception as error:
            logger.exception("the check %r failed", name)
            findings.append(replace(_failed(name, error), check=name))
            if name == FIRST:
                break
    return in_order(findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with the gravest first, those alike in the order in which they were made."""
    rank = list(Severity)
    return sorted(findings, key=lambda one: rank.index(one.severity))


def _failed(name: str, error: Exception) -> Finding:
    if name == FIRST:
        return bad(
            both("Basis data tidak menjawab: %(reason)s", reason=describe_error(error)),
            both("Situs tidak dapat melayani siapa pun sampai basis data kembali."),
            "lumbung db status",
        )
    return bad(
        both("Pemeriksaan %(name)s sendiri gagal: %(reason)s", name=name, reason=describe_error(error)),
        both("Yang diperiksanya tidak diketahui keadaannya."),
    )
