"""``lumbung adopt``: an application that nobody here wrote becomes a plugin."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from lumbung.adoption.adopting import Adopted, Looked, looked_at
from lumbung.adoption.adopting import adopt as make_plugin
from lumbung.adoption.finding import Finding, Severity
from lumbung.adoption.plan import Guess
from lumbung.errors import LumbungError, Sentence

_MARKS = {Severity.BAD: "NO", Severity.WARNING: "!!", Severity.NOTE: "--"}


@click.command()
@click.argument("what", metavar="PATH|ZIP|GIT-FOLDER", type=click.Path(path_type=Path))
@click.option("--name", help="What the plugin is called; worked out unless given.")
@click.option("--no-input", is_flag=True, help="Ask nothing: take what was worked out, refuse what is missing.")
@click.option("--to", type=click.Path(path_type=Path), default=Path(), help="Folder that the plugin is written into.")
@click.option("--install", is_flag=True, help="Install it on this site.")
@click.option("--tenant", "slug", help="Slug of a tenant to switch it on for; goes with --install.")
@click.option(
    "--set", "answers", multiple=True, metavar="KEY=VALUE", help="Answer a question beforehand; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def adopt(
    what: Path,
    name: str | None,
    no_input: bool,
    to: Path,
    install: bool,
    slug: str | None,
    answers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Look at a donated application, ask what is missing, and make a plugin of it."""
    if slug and not install:
        raise click.UsageError("--tenant goes with --install.")
    given = dict(_pair(one) for one in answers) | ({"name": name} if name else {})
    with looked_at(what, to) as looked:
        if not as_json:
            _tell_seen(looked)
        asked = None if no_input or as_json else _ask
        adopted = make_plugin(looked, to, given=given, ask=asked)
    if as_json:
        click.echo(json.dumps(_plain(adopted), indent=2, ensure_ascii=False))
    else:
        _tell_written(adopted)
    if install:
        _open(adopted, slug)


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise click.BadParameter(f"{text!r} is not KEY=VALUE.", param_hint="--set")
    return key.strip(), value.strip()


def _ask(guess: Guess) -> str:
    click.echo(f"\n{guess.key}: {guess.why.en}", err=True)
    kind = click.Choice(guess.choices) if guess.choices else str
    return str(click.prompt(guess.key, default=guess.value or None, type=kind, err=True)).strip()


def _tell_seen(looked: Looked) -> None:
    got, seen = looked.received, looked.seen
    commit = f", commit {got.commit[:12]}" if got.commit else ""
    click.echo(f"{got.given} ({got.kind}{commit}): {got.files} files, {got.size / 2**20:.1f} MB, SHA-256 {got.hash}")
    click.echo(f"{seen.stack}: {seen.framework} {seen.version}".rstrip() + (f", in {seen.root}/" if seen.root else ""))
    for dump in seen.dumps:
        cut = "" if dump.complete else ", cut off"
        path = dump.path.relative_to(looked.tree.folder)
        click.echo(
            f"dump {path}: {dump.engine} {dump.server_version or ''}, {len(dump.tables)} tables, {dump.rows} rows{cut}"
        )
    for one in looked.found:
        click.echo(_lines(one))


def _lines(one: Finding) -> str:
    more = f" and {one.more} more" if one.more else ""
    where = f" [{one.where}{more}]" if one.where else ""
    return f"{_MARKS[one.severity]}  {one.what.en}{where}\n      -> {one.do.en}"


def _tell_written(adopted: Adopted) -> None:
    for guess in adopted.plan.guesses:
        click.echo(f"worked out: {guess.key} = {guess.value or '-'} ({guess.why.en})")
    click.echo(f"Written: {adopted.folder} and {adopted.wheel.path}")
    open_still = [one for one in adopted.found if one.severity is Severity.BAD]
    click.echo(f"To be decided before it is opened: {len(open_still)} (README.md lists them).")


def _plain(adopted: Adopted) -> dict[str, object]:
    return {
        "name": adopted.plan["name"],
        "folder": str(adopted.folder),
        "wheel": str(adopted.wheel.path),
        "sha256": adopted.wheel.sha256,
        "worked_out": {one.key: one.value for one in adopted.plan.guesses},
        "findings": [one.as_json() for one in adopted.found],
    }


def _open(adopted: Adopted, slug: str | None) -> None:
    from lumbung.adoption import opening
    from lumbung.cli import open_kernel
    from lumbung.cli._terminal import Terminal
    from lumbung.site import system_actor

    with open_kernel() as kernel:
        tenant = opening.refuse_bad_tenant(kernel, slug) if slug else None
        manifest = opening.install(kernel, adopted.wheel.path, by=system_actor(), tell=Terminal())
        click.echo(f"{manifest.name} {manifest.version} is installed.", err=True)
        if tenant is None:
            return
        opened = opening.open_for(kernel, manifest, tenant, by=system_actor(), tell=_tell)
    if opened.state in ("running", "made", "stopped"):
        how = "runs" if opened.state == "running" else "is ready, and starts when it is first opened"
        click.echo(f"{manifest.name} {how}: {opened.address}", err=True)
        return
    for line in opened.log:
        click.echo(f"    {line}", err=True)
    raise LumbungError(
        "Plugin %(plugin)s is installed and switched on, but does not run: %(reason)s",
        plugin=manifest.name,
        reason=opened.reason or Sentence(opened.state),
    )


def _tell(words: Sentence) -> None:
    if sys.stderr.isatty():
        click.echo(f"      {words}", err=True)
