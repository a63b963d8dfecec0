"""``lumbung doctor``: what is wrong with this site, why it matters, and the command that mends it."""

from __future__ import annotations

import json
import sys

import click

from lumbung.doctor.examination import examine
from lumbung.doctor.findings import Asked, Finding, Severity, bad, both
from lumbung.errors import LumbungError
from lumbung.settings import load_settings

_MARKS = {Severity.BAD: "NO", Severity.WARNING: "!!", Severity.GOOD: "ok"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--tenant", "slug", help="Slug of a tenant: leave out what concerns others only.")
@click.option("--quick", is_flag=True, help="Do not run any plugin's code to see whether it opens.")
def doctor(as_json: bool, slug: str | None, quick: bool) -> None:
    """Look at everything; exit code 1 when something needs mending."""
    findings = _look(slug, quick)
    if as_json:
        click.echo(json.dumps([one.as_json() for one in findings], indent=2))
    else:
        for one in findings:
            click.echo(_lines(one))
    if any(one.severity is Severity.BAD for one in findings):
        sys.exit(1)


def _look(slug: str | None, quick: bool) -> list[Finding]:
    from lumbung.kernel import Kernel
    from lumbung.site import open_database, refuse_old_schema

    settings = load_settings()
    try:
        with open_database(settings) as urls:
            if refuse_old_schema(urls, settings):
                return [_unused()]
            kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
            try:
                tenant = kernel.tenant(slug) if slug else None
                return examine(Asked(settings, kernel, urls, tenant, quick))
            finally:
                kernel.close()
    except LumbungError as error:
        if slug and "There is no tenant" in str(error):
            raise
        return [bad(both("%(reason)s", reason=str(error)), both("Situs tidak dapat dijalankan sampai ini diperbaiki."))]


def _unused() -> Finding:
    return bad(
        both("Basis data ini belum pernah dipakai."), both("Tabelnya dibuat saat situs disiapkan."), "lumbung init"
    )


def _lines(one: Finding) -> str:
    lines = [f"{_MARKS[one.severity]}  {one.what.en}"]
    if one.severity is not Severity.GOOD:
        lines += [f"      {words}" for words in (one.why.en, f"-> {one.mend}" if one.mend else "") if words]
    return "\n".join(lines)
