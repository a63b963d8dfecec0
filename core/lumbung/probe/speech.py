"""Saying what happens, as lines of JSON on a pipe: one before each check, so that a crash names where it struck."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable
from typing import Any

from lumbung.errors import LumbungError, Sentence
from lumbung.registry.discovery import describe_error


class Speech:
    """The pipe to whoever asked."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    def say(self, what: str, **more: Any) -> None:
        """Say one thing, in one write: lines of several processes do not mix."""
        os.write(self.pipe, json.dumps({"say": what, **more}).encode() + b"\n")

    def check(self, name: str, check: Callable[[], Sentence | None]) -> bool:
        """Make one check, say what it found, and return whether all is well; whatever it raises is a finding."""
        self.say("check", name=name)
        begun = time.monotonic()
        try:
            problem = check()
        except LumbungError as error:
            problem = error.sentence
        except BaseException as error:
            traceback.print_exc()
            problem = Sentence("An unexpected fault: %(reason)s", reason=describe_error(error))
        self.say(
            "checked",
            name=name,
            problem=problem.as_json()[:3000] if problem else None,
            seconds=round(time.monotonic() - begun, 3),
        )
        return problem is None
