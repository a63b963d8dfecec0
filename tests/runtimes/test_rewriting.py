"""Addresses that an application writes become the public one, in their own spelling and wherever a block ends."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from lumbung.registry.foreign import Remote
from lumbung.runtimes.rewriting import Rewriter, kind_of, unpacked

PUBLIC = "https://antrian.sumbawa.go.id:8443"
OLD = ("lama.bandung.go.id", "localhost/antrian")


def rewriter(public: str = PUBLIC, told: list[tuple[str, str, str]] | None = None) -> Rewriter:
    report = None if told is None else lambda *what: told.append(what)
    return Rewriter(public, inner=["127.0.0.1:4711"], old_hosts=OLD, on_rewrite=report)


def cut(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("http://localhost:4711/x", f"{PUBLIC}/x"),
        ("https://127.0.0.1:4711", PUBLIC),
        (r'"http:\/\/lama.bandung.go.id\/a"', rf'"https:\/\/{PUBLIC[8:]}\/a"'),
        ("src=//lama.bandung.go.id/b.js", f"src=//{PUBLIC[8:]}/b.js"),
        ("HTTP://Lama.Bandung.go.id.", f"{PUBLIC}."),
        ("http://localhost/antrian/index.php", f"{PUBLIC}/index.php"),
        (r"http:\/\/localhost\/antrian\/", rf"https:\/\/{PUBLIC[8:]}\/"),
        ("?to=http%3A%2F%2Flocalhost%3A4711%2Fz", "?to=https%3A%2F%2Fantrian.sumbawa.go.id%3A8443%2Fz"),
        ("ws://localhost:4711/live", f"wss://{PUBLIC[8:]}/live"),
        ("http://antrian.sumbawa.go.id/login", f"{PUBLIC}/login"),
        (f"http://{PUBLIC[8:]}/login", f"{PUBLIC}/login"),
    ],
)
def test_an_address_of_its_own_becomes_the_public_one(written: str, wanted: str) -> None:
    text, wanted_text = f'a "{written}" z'.encode(), f'a "{wanted}" z'.encode()
    for size in range(1, len(text) + 1):
        assert b"".join(rewriter().body(cut(text, size))) == wanted_text


@pytest.mark.parametrize(
    "other",
    [
        "http://lama.bandung.go.id.jahat.example/",
        "http://xlama.bandung.go.id/",
        "http://localhost:47112/",
        "http://localhost/antrian2/",
        "http://localhost/",
        "ftp://lama.bandung.go.id/",
        "surat@lama.bandung.go.id",
        f"{PUBLIC}/sudah",
        "/relatif",
    ],
)
def test_what_is_another_s_stays(other: str) -> None:
    told: list[tuple[str, str, str]] = []
    text = f"<a href='{other}'>".encode()
    assert b"".join(rewriter(told=told).body(cut(text, 7))) == text
    assert told == []


def test_a_site_without_tls_gets_http() -> None:
    made = rewriter("http://antrian.sumbawa.localhost:8000")
    assert made.header("Location", "https://antrian.sumbawa.localhost/x") == "http://antrian.sumbawa.localhost:8000/x"
    assert made.header("Location", "/x?a=b") == "/x?a=b"
    assert made.header("Refresh", "0; url=http://localhost:4711/") == "0; url=http://antrian.sumbawa.localhost:8000/"


def test_each_address_is_reported_once() -> None:
    told: list[tuple[str, str, str]] = []
    made = rewriter(told=told)
    for _ in range(3):
        made.header("Location", "http://lama.bandung.go.id/")
        list(made.body([b"http://localhost:4711/ http://localhost:4711/"]))
    assert told == [("location", "http://lama.bandung.go.id", PUBLIC), ("body", "http://localhost:4711", PUBLIC)]


def test_packed_bodies_are_read_in_bounded_pieces_and_must_be_whole() -> None:
    text = b"halo " * 200_000
    raw = zlib.compressobj(wbits=-15)
    for coding, packed in (
        ("gzip", gzip.compress(text)),
        ("deflate", zlib.compress(text)),
        ("deflate", raw.compress(text) + raw.flush()),
    ):
        pieces = list(unpacked(cut(packed, 900), coding))
        assert b"".join(pieces) == text
        assert max(map(len, pieces)) <= 65536
        with pytest.raises(EOFError):
            list(unpacked([packed[:-9]], coding))
    with pytest.raises(zlib.error):
        list(unpacked([b"not packed at all"], "gzip"))


def test_a_charset_that_is_not_written_in_bytes_is_left_alone() -> None:
    assert kind_of("text/html; charset=ISO-8859-1") == "text/html"
    assert kind_of("text/html; charset=UTF-16LE") == ""


def test_a_manifest_names_former_addresses_without_a_scheme() -> None:
    kept = Remote(address="https://jauh.go.id", old_hosts=("lama.go.id", "localhost:8080", "localhost/antrian/"))
    assert kept.old_hosts == ("lama.go.id", "localhost:8080", "localhost/antrian")
    for wrong in ("http://lama.go.id", "lama.go.id/a?b", "Lama", "-a", "a..b", "*.go.id", "a b", ""):
        with pytest.raises(ValidationError, match="former address"):
            Remote(address="https://jauh.go.id", old_hosts=(wrong,))
