"""Adopting, step by step: taking in, looking, asking, writing, packing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lumbung.adoption.finding import Finding
from lumbung.adoption.findings import find
from lumbung.adoption.guesses import guesses_of
from lumbung.adoption.plan import Guess, Plan
from lumbung.adoption.questions import Ask, settle
from lumbung.adoption.receiving import Received, receive, refuse_bad_place
from lumbung.adoption.seen import Survey
from lumbung.adoption.settings import fill_plan
from lumbung.adoption.survey import survey
from lumbung.adoption.text import Tree
from lumbung.adoption.wheel import build_wheel
from lumbung.adoption.writing import write_plugin
from lumbung.lifecycle.inspection import InspectedWheel


@dataclass(frozen=True)
class Looked:
    """What was seen of an application that was taken in, before anything is asked or written."""

    received: Received
    tree: Tree
    seen: Survey
    found: list[Finding]
    guesses: list[Guess]


@dataclass(frozen=True)
class Adopted:
    """What an application became: its plugin's folder and wheel, how it was made, what was found."""

    folder: Path
    wheel: InspectedWheel
    plan: Plan
    found: list[Finding]


@contextmanager
def looked_at(given: Path, to: Path) -> Iterator[Looked]:
    """Take an application in beside where its plugin is going to be, and look at it.

    What is left of it there is removed when the block ends. Raises `LumbungError` for what cannot be adopted.
    """
    refuse_bad_place(given, to)
    to.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".adopting-", dir=to))
    try:
        received = receive(given, draft / "source")
        tree = Tree(received.folder)
        seen = survey(tree)
        yield Looked(received, tree, seen, find(tree, seen, received), guesses_of(tree, seen, received))
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def adopt(
    looked: Looked,
    to: Path,
    *,
    given: Mapping[str, str],
    ask: Ask | None = None,
    tell: Callable[[str], None] = lambda _words: None,
) -> Adopted:
    """Settle what is open, write the plugin's folder into ``to`` and its wheel into ``to/dist``.

    Raises `LumbungError` for an answer that does not fit, and leaves nothing behind then.
    """
    plan = settle(looked.guesses, given, ask)
    fill_plan(looked.tree, looked.seen, looked.received, looked.found, plan)
    folder = write_plugin(to, looked.received, looked.seen, looked.found, plan)
    try:
        tell(str(folder))
        wheel = build_wheel(folder, to / "dist")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Adopted(folder, wheel, plan, looked.found)
