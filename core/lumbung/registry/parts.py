"""What the parts of a manifest are made of: strict, frozen, in both languages."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from lumbung.errors import LumbungError

_NOBODY_ASKS: set[str] = set()
NAME = r"^[a-z][a-z0-9_]{1,38}$"

Name = Annotated[str, Field(pattern=NAME)]


class Unfit(LumbungError, ValueError):
    """A value that a check of ours refuses: pydantic hands it on with its key, `manifest_of` takes it out again."""


class Part(BaseModel):
    """A table of a manifest: no key that nobody knows, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def model_post_init(self, _context: Any) -> None:
        """Forget which keys were written out: nobody asks, and such a set for each part is a third of its memory."""
        object.__setattr__(self, "__pydantic_fields_set__", _NOBODY_ASKS)


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Words:
    """A text in Indonesian and in English. With slots, for a manifest is made of little else: a third of its memory."""

    id: Annotated[str, Field(min_length=1, max_length=400)]
    en: Annotated[str, Field(min_length=1, max_length=400)]

    def __call__(self, language: str) -> str:
        """Return the text in ``language``; Indonesian when it is neither."""
        return self.en if language == "en" else self.id
