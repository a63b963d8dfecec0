"""``lumbung plugin check``: everything an install looks at, and nothing of what it changes."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lumbung.cli import open_kernel
from lumbung.lifecycle.probing import NAMES
from lumbung.lifecycle.trial import Trial, refuse_unfit, try_wheel


@click.command("check")
@click.argument("wheel", type=click.Path(path_type=Path), metavar="FILE.whl")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(wheel: Path, as_json: bool) -> None:
    """Look into FILE.whl, at the packages that it needs, and run it once in a process of its own."""
    with open_kernel() as kernel:
        trial = try_wheel(kernel, wheel)
        click.echo(json.dumps(trial.as_json(), indent=2) if as_json else _lines(trial))
        refuse_unfit(kernel, trial)


def _lines(trial: Trial) -> str:
    lines = [f"{trial.wheel.manifest.name} {trial.wheel.version}"]
    for wish in trial.plan.of_the_candidate:
        here = f"here: {wish.present or '-'}"
        lines.append(f"  {'ok' if wish.met else 'NO'}  {wish.by} needs {wish.wanted}\t{here}")
    for one in trial.report.checks:
        words = f": {one.words}" if one.words else ""
        lines.append(f"  {'ok' if one.ok else 'NO'}  {NAMES.get(one.name, one.name)}{words}")
    return "\n".join([*lines, f"  {trial.report.words()}"])


COMMANDS = (check,)
