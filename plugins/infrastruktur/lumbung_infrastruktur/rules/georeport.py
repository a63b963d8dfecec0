"""Open311 GeoReport v2 in its two formats: XML with its wrappers, JSON by the Spark convention (a list is bare)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
FORMATS = {"xml": "text/xml; charset=utf-8", "json": "application/json"}

# How one thing of a list is called in XML, where JSON needs no name for it.
ONE_OF = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
    "notes": "note",
    "photos": "photo",
}

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Refusal(Exception):
    """What cannot be done for a program: a status of HTTP, and one or several sentences that say why."""

    def __init__(self, code: int, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.code = code
        self.errors = [{"code": code, "description": sentence} for sentence in sentences]


def written(root: str, data: Any, form: str) -> bytes:
    """Return an answer in ``xml`` or ``json``. ``root`` names it in XML; None is empty there and ``null`` in JSON."""
    if form == "json":
        return json.dumps(data, ensure_ascii=False).encode()
    top = ET.Element(root)
    _fill(top, data)
    ET.indent(top)
    body: bytes = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return body


def stamp(moment: datetime) -> str:
    """Return a moment as ISO 8601 with its offset, in whole seconds."""
    return moment.isoformat(timespec="seconds")


def clean(text: str) -> str:
    """Return a text that XML can hold: characters that it knows in no form are replaced."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _fill(element: ET.Element, data: Any) -> None:
    if isinstance(data, Mapping):
        for name, value in data.items():
            _fill(ET.SubElement(element, name), value)
    elif isinstance(data, Sequence) and not isinstance(data, str):
        for value in data:
            _fill(ET.SubElement(element, ONE_OF.get(element.tag, "value")), value)
    elif data is not None:
        element.text = _text(data)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(str(value))
