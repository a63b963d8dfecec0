"""An operation as a terminal shows it: a line for each step, what it found, a bar while it is long."""

from __future__ import annotations

import sys
import time

import click

from lumbung.errors import Sentence
from lumbung.lifecycle.machine import Listener

STEPS = {
    "inspect": "looking into the wheel",
    "plan": "checking it against all that is installed",
    "find": "finding the package",
    "unpack": "unpacking",
    "probe": "running it for the first time, in a process of its own",
    "migrate": "making tables",
    "switch": "putting the package to use",
    "register": "registering",
    "renew": "renewing the processes of the site",
    "check": "checking that it may go",
    "archive": "writing the archive and reading it back",
    "drop": "destroying tables and settings",
    "files": "removing files",
    "seal": "sealing the minutes",
    "disable": "switching off for every tenant",
    "remove": "removing the package",
    "weigh": "working out what will be done",
    "hold": "holding what would be written",
    "snapshot": "copying tables and files",
    "rehearse": "trying the restore and the migration on the copy",
    "health": "visiting its pages",
    "release": "letting everybody write again",
    "recall": "looking at the copy that was kept",
    "exchange": "putting the copied tables back",
    "save": "saving what was written since",
    "forget": "dropping a copy whose time is over",
    "write_out": "writing out database and files of each instance",
    "remake": "making each instance for this version",
    "take_back": "putting database and files of each instance back",
    "tidy": "removing what was written out",
    "remove_instances": "destroying database and files of each instance",
    "mark": "marking it in the registry",
}
_WIDTH = 24


class Terminal(Listener):
    """Prints to standard error. A script, whose standard error is no terminal, hears the outcome alone."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._since = 0.0
        self._bar = False

    def begun(self, step: str) -> None:
        """Say what is done now."""
        self._since = time.monotonic()
        undone = step.removeprefix("undo ")
        words = STEPS.get(undone, undone)
        self._print(f"  {f'taking back: {words}' if undone != step else words} ...")

    def noted(self, words: Sentence) -> None:
        """Print what a step found, below it."""
        self._end_bar()
        self._print(f"      {words}")

    def progressed(self, done: int, total: int) -> None:
        """Draw the bar anew."""
        if self._shown and total:
            filled = min(_WIDTH, _WIDTH * done // total)
            click.echo(f"\r      [{'#' * filled}{'-' * (_WIDTH - filled)}] {done}/{total}", err=True, nl=False)
            self._bar = True

    def ended(self, step: str, state: str) -> None:
        """Say when a step took long, or failed."""
        self._end_bar()
        taken = time.monotonic() - self._since
        if state != "done":
            self._print(f"      {state}")
        elif taken >= 1:
            self._print(f"      done in {taken:.1f} s")

    def _end_bar(self) -> None:
        if self._bar:
            self._print("")
            self._bar = False

    def _print(self, line: str) -> None:
        if self._shown:
            click.echo(line, err=True)
