"""Reading a login page as a browser does: its forms, and what stands in their fields already."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_NOT_SENT = frozenset(["button", "file", "image", "reset", "submit"])


@dataclass
class Form:
    """One form: where it is sent, the values it is sent with as it stands, and the names of all its fields."""

    action: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    has_password: bool = False
    has_button: bool = False


def forms_in(page: str) -> list[Form]:
    """Return the forms of a page, in their order. Whatever stands on it, nothing is raised."""
    return _read(page).forms


def page_token(page: str) -> str | None:
    """Return the token that a page keeps for its scripts (``<meta name="csrf-token">``), None where there is none."""
    return _read(page).token


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.token: str | None = None
        self._form: Form | None = None
        self._select: str | None = None
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta" and given.get("name", "").lower() in ("csrf-token", "csrf_token"):
            self.token = given.get("content") or None
        elif tag == "form":
            self._form = Form(given.get("action"))
            self.forms.append(self._form)
        elif self._form is not None and "disabled" not in given:
            self._field(self._form, tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._text is not None:
            self._form.fields[self._text] += data

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if tag == "option" and self._select:
            if "selected" in given or self._select not in form.fields:
                form.fields[self._select] = given.get("value", "")
            return
        if not name:
            return
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._text, form.fields[name] = name, ""
        elif tag == "button" or (tag == "input" and kind == "submit"):
            self._button(form, name, given, "submit" if tag == "input" else given.get("type", "submit").lower())
            return
        elif tag == "input":
            self._input(form, name, kind, given)
        else:
            return
        form.names.add(name)

    @staticmethod
    def _input(form: Form, name: str, kind: str, given: dict[str, str]) -> None:
        form.has_password = form.has_password or kind == "password"
        ticked = kind not in ("checkbox", "radio") or "checked" in given
        if kind not in _NOT_SENT and ticked:
            form.fields[name] = given.get("value", "on" if kind in ("checkbox", "radio") else "")

    @staticmethod
    def _button(form: Form, name: str, given: dict[str, str], kind: str) -> None:
        """A page may look whether its button was pressed (``isset($_POST["login"])``): the first one is."""
        if kind == "submit" and not form.has_button:
            form.fields[name], form.has_button = given.get("value", ""), True
