"""Reading the words of a PDF that Typst wrote: no library for it is among our packages, and tests need no more."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(?<![0-9])(\d+) 0 obj(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_FLAT = rb"(?:\\.|[^\\()])"
_NESTED = rb"(?:" + _FLAT + rb"|\((?:" + _FLAT + rb"|\(" + _FLAT + rb"*\))*\))*"  # parentheses in pairs are not escaped
_SHOWN = re.compile(rb"/Lang\([^)]*\)|/f(\d+) [\d.]+ Tf|\((" + _NESTED + rb")\)|(ET)|<([0-9A-Fa-f]+)>", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pdf_text(data: bytes) -> str:
    """Return what stands in the PDF, one piece of text a line."""
    objects = {int(number): body for number, body in _OBJECT.findall(data)}
    streams = {number: _stream(body) for number, body in objects.items()}
    pieces: list[str] = []
    for body in objects.values():
        page = re.search(rb"/Type/Page/Resources (\d+) 0 R.*?/Contents (\d+) 0 R", body, re.DOTALL)
        if page:
            fonts = {
                int(name): _letters(streams[_unicode_of(objects[int(font)])])
                for name, font in re.findall(rb"/f(\d+) (\d+) 0 R", objects[int(page[1])])
            }
            pieces += _pieces(streams[int(page[2])], fonts)
    return "\n".join(pieces)


def _stream(body: bytes) -> bytes:
    found = _STREAM.search(body)
    if found is None:
        return b""
    if b"/FlateDecode" not in body.split(b"stream", 1)[0]:
        return found[1]
    return zlib.decompressobj().decompress(found[1])  # a last byte that looks like the end of a line is not missed


def _unicode_of(font: bytes) -> int:
    found = re.search(rb"/ToUnicode (\d+) 0 R", font)
    return int(found[1]) if found else -1


def _letters(cmap: bytes) -> dict[int, str]:
    pairs = re.findall(rb"^<([0-9A-F]{4})> <([0-9A-F]+)>$", cmap, re.M)
    return {int(code, 16): bytes.fromhex(letters.decode()).decode("utf-16-be") for code, letters in pairs}


def _pieces(content: bytes, fonts: dict[int, dict[int, str]]) -> list[str]:
    pieces, line, font = [], "", fonts.get(0, {})
    for name, shown, end, as_hex in _SHOWN.findall(content):
        if name:
            font = fonts.get(int(name), {})
        elif end:
            pieces.append(line)
            line = ""
        else:
            codes = bytes.fromhex(as_hex.decode()) if as_hex else _plain(shown)
            line += "".join(font.get(codes[at] << 8 | codes[at + 1], "?") for at in range(0, len(codes) - 1, 2))
    return pieces


def _plain(shown: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        mark = found[1]
        return bytes([int(mark, 8)]) if mark.isdigit() else _ESCAPES.get(mark, mark)

    return re.sub(rb"\\([0-7]{3}|.)", one, shown, flags=re.DOTALL)
