"""Waiting for packages: one line of JSON on standard input each, answered by lines on the pipe that was handed over.

This process never runs donated code: it has the core imported, and a process is forked off for each package.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from lumbung.lifecycle.probing import Limits
from lumbung.probe.jail import die_with_parent, run_apart
from lumbung.probe.speech import Speech


def main() -> None:
    """Answer each line until there are no more."""
    die_with_parent()
    speech, limits = Speech(int(sys.argv[1])), Limits(**json.loads(sys.argv[2]))
    from lumbung.probe.checks import CHECKS, NEEDED_BY_ALL, House, Subject

    house = House(Path(os.environ["HOME"]))
    speech.say("ready", checks=[name for name, _ in CHECKS])
    for line in sys.stdin:
        task = json.loads(line)

        def look(task: dict[str, Any] = task) -> None:
            sys.path += [path for path in task["path"] if path not in sys.path]  # where we ourselves find packages
            subject = Subject(house, Path(task["folder"]), task["name"], task["version"])
            for name, check in CHECKS:
                fine = speech.check(name, partial(check, subject))
                if not fine and name in NEEDED_BY_ALL:
                    break
            speech.say("finished")

        run_apart(look, speech, limits)
        speech.say("over")


if __name__ == "__main__":
    main()
