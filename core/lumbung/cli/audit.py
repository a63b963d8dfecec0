"""``lumbung audit``: check the chain of the trail, anchor it, take it away as a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lumbung.audit import anchor as anchors
from lumbung.audit import chain
from lumbung.audit.words import name_of, sentence_of
from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.tenancy.tenant import Tenant


@click.group()
def audit() -> None:
    """Check the audit trail, and keep proof of it outside the database."""


@audit.command()
@click.option("--tenant", "slug", help="Check this tenant only.")
@click.option("--anchor", "path", type=click.Path(path_type=Path), help="Anchors to compare with; else the site's own.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(slug: str | None, path: Path | None, as_json: bool) -> None:
    """Walk each tenant's chain and compare it with the anchors; name the first bad entry. Exit code 1 if any is."""
    with open_kernel() as kernel:
        known, refusal = _anchors(kernel, path)
        found = [(tenant, _checked(kernel, tenant, known.get(tenant.id, {}))) for tenant in _tenants(kernel, slug)]
        if as_json:
            told = [_as_json(tenant, verdict, known.get(tenant.id, {})) for tenant, verdict in found]
            click.echo(json.dumps({"anchors": refusal or "ok", "tenants": told}, indent=2))
        else:
            for tenant, verdict in found:
                click.echo(_line(tenant, verdict, known.get(tenant.id, {})))
        if refusal:
            raise LumbungError("%(refusal)s The trail was checked without them.", refusal=refusal)
        if any(verdict.bad for _tenant, verdict in found):
            raise LumbungError("The audit trail is not as it was written.")


@audit.command()
def anchor() -> None:
    """Sign where every trail stands now, add that to the file of anchors, and print it."""
    with open_kernel() as kernel:
        line = anchors.write(kernel.settings, kernel.database.engine, _tenants(kernel, None))
        click.echo(line)
        key = anchors.fingerprint(anchors.public_key(kernel.settings))
        click.echo(f"Added to {anchors.path_of(kernel.settings)}; signed with the key {key}.", err=True)


@audit.command()
@click.option("--tenant", "slug", required=True, help="Whose trail.")
def export(slug: str) -> None:
    """Print a tenant's trail as JSON lines with every hash, for somebody else to check."""
    with open_kernel() as kernel:
        tenant = kernel.tenant(slug)
        with chain.snapshot(kernel.database.engine, tenant.id) as connection:
            for entry in chain.entries(connection, tenant.id):
                told = asdict(entry) | {"prev_hash": entry.prev_hash.hex(), "hash": entry.hash.hex()}
                told["at"] = entry.at.isoformat(timespec="microseconds")
                click.echo(json.dumps(told, ensure_ascii=False, default=str))


def _tenants(kernel: Kernel, slug: str | None) -> list[Tenant]:
    return [kernel.tenant(slug)] if slug else list(kernel.snapshot().tenants.values())


def _anchors(kernel: Kernel, path: Path | None) -> tuple[Mapping[int, Mapping[int, bytes]], str]:
    """Return the anchored hashes by tenant and number, and a sentence where the file cannot be believed."""
    file = path or anchors.path_of(kernel.settings)
    if path is None and not file.exists():
        return {}, ""
    try:
        return anchors.hashes(anchors.read(file, anchors.public_key(kernel.settings), whole=path is None)), ""
    except anchors.BadAnchor as error:
        return {}, str(error)


def _checked(kernel: Kernel, tenant: Tenant, known: Mapping[int, bytes]) -> chain.Verdict:
    with chain.snapshot(kernel.database.engine, tenant.id) as connection:
        head = chain.head_of(connection, tenant.id)
        with _progress(tenant, head.seq if head else 0) as tell:
            return chain.verify(connection, tenant.id, known, tell=tell)


@contextmanager
def _progress(tenant: Tenant, total: int) -> Iterator[chain.Tell]:
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    with click.progressbar(length=total, label=tenant.slug, show_pos=True, file=sys.stderr) as bar:
        yield bar.update


def _line(tenant: Tenant, verdict: chain.Verdict, known: Mapping[int, bytes]) -> str:
    if verdict.bad:
        return f"{tenant.slug}: BAD at {name_of(verdict.bad)}: {sentence_of(verdict.bad)}."
    anchored = f"anchors agree up to entry {max(known)}" if known else "no anchor to compare with"
    return f"{tenant.slug}: {verdict.checked} entries, whole, {verdict.hash[:16]}; {anchored}."


def _as_json(tenant: Tenant, verdict: chain.Verdict, known: Mapping[int, bytes]) -> dict[str, Any]:
    bad = verdict.bad
    return {
        "tenant": tenant.slug,
        "entries": verdict.checked,
        "newest": verdict.newest,
        "hash": verdict.hash,
        "anchors": len(known),
        "ok": bad is None,
        "bad": bad and json.loads(json.dumps({**asdict(bad), "what": str(sentence_of(bad))}, default=str)),
    }
