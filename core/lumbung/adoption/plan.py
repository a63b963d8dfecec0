"""What becomes of a donated application: what was worked out and why, what was answered, and the files made for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lumbung.bilingual import Bilingual


@dataclass(frozen=True)
class Guess:
    """A value that was worked out, None where it cannot be. ``sure`` says that nobody need be asked."""

    key: str
    value: str | None
    why: Bilingual
    sure: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A file that each instance gets: see `lumbung.registry.foreign.GeneratedFile`."""

    path: str
    text: str
    place: str = "generated"


@dataclass
class Plan:
    """What the plugin's folder is written from. ``process`` holds keys of the manifest's table of that name."""

    answers: dict[str, str]
    guesses: list[Guess] = field(default_factory=list)
    process: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    access: list[tuple[str, str]] = field(default_factory=list)
    sign_in: dict[str, Any] = field(default_factory=dict)
    openid: dict[str, Any] | None = None
    files: dict[str, str] = field(default_factory=dict)  # beside the manifest, in the package: account.sql
    because: dict[str, Bilingual] = field(default_factory=dict)  # keys of the manifest that were worked out, and why

    def __getitem__(self, key: str) -> str:
        """Return an answer, empty where there is none."""
        return self.answers.get(key, "")

    def set(self, key: str, value: object, why: Bilingual) -> None:
        """Note a key of the manifest's table ``process`` that was worked out."""
        self.process[key] = value
        self.because[f"process.{key}"] = why
