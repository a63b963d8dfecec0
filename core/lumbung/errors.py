"""The errors a person may see. Each is one sentence that says what happened, where, and what to do.

The sentence is English: the command line and the log say it as it stands. It keeps its values apart, so that a page
can say it in the language of its reader (`lumbung.web.refusals`)::

    raise LumbungError("Plugin %(plugin)s needs %(needed)s; enable that first.", plugin=plugin, needed=needed)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self


class Sentence(str):
    """English words that remember their ``template`` and its ``values``; for all else it is a plain text.

    A value may be a sentence or a `LumbungError` too. A list is joined with commas; an empty one reads "none".
    Without values the template is said as it stands, whatever ``%`` it holds.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str = "", /, **values: object) -> Self:
        kept = {name: _kept(value) for name, value in values.items()}
        made = super().__new__(cls, _filled(template, kept, str))
        made.template, made.values = template, kept
        return made

    @classmethod
    def heard(cls, text: str, templates: Iterable[str]) -> Sentence:
        """Return what a library said as the first of ``templates`` that it fits; as it stands when it fits none.

        What stands at a placeholder may be known words too, and becomes a sentence of its own.
        """
        for template in templates:
            pattern = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(template))
            found = re.fullmatch(pattern, text, re.DOTALL)
            if found:
                return cls(template, **{name: cls(part) for name, part in found.groupdict().items()})
        return cls(text)

    def said(self, translate: Callable[[str], str]) -> str:
        """Return the sentence with its template, and each that is a value of it, put through ``translate``."""
        return _filled(self.template, self.values, translate)

    def as_json(self) -> str:
        """Return the sentence in a form that is kept for whoever reads it later; `from_json` reads it."""
        return json.dumps(_plain(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Sentence:
        """Return the sentence that `as_json` wrote; any other text is a sentence without values."""
        try:
            kept = json.loads(text)
        except ValueError:
            return cls(text)
        made = _unpacked(kept)
        return made if isinstance(made, cls) else cls(text)


class LumbungError(Exception):
    """Something an operator can mend: the command line prints it and exits 1, a page shows it to its reader.

    Made of an English ``template`` and its ``values`` (see `Sentence`); ``str()`` gives the whole sentence.
    """

    def __init__(self, template: str = "", /, **values: object) -> None:
        self.sentence = template if isinstance(template, Sentence) and not values else Sentence(template, **values)
        super().__init__(str(self.sentence))


class ConfigurationError(LumbungError):
    """A setting has a value that cannot work; the message names the setting."""


class DatabaseUnavailable(LumbungError):
    """The database does not answer; pages turn this into 503 with Retry-After."""


class DomainError(Exception):
    """A rule of the office said no (no seats left, wrong day). A page shows it and nothing is written.

    The message is already translated and addressed to the person who asked.
    """


def _kept(value: object) -> object:
    if isinstance(value, LumbungError):
        return value.sentence
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_kept(one) for one in value]
    return str(value)


def _filled(template: str, values: Mapping[str, object], translate: Callable[[str], str]) -> str:
    words = translate(template)
    return words % {name: _written(value, translate) for name, value in values.items()} if values else words


def _written(value: object, translate: Callable[[str], str]) -> object:
    if isinstance(value, Sentence):
        return value.said(translate)
    if isinstance(value, list):
        return ", ".join(str(_written(one, translate)) for one in value) or translate("none")
    return value


def _plain(value: object) -> Any:
    if isinstance(value, Sentence):
        return {"template": value.template, "values": {name: _plain(one) for name, one in value.values.items()}}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _unpacked(value: Any) -> object:
    if isinstance(value, dict) and value.keys() == {"template", "values"}:
        return Sentence(value["template"], **{name: _unpacked(one) for name, one in value["values"].items()})
    return [_unpacked(one) for one in value] if isinstance(value, list) else value
