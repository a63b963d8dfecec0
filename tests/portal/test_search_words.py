"""What a citizen types is made small, and shown where it was found."""

from __future__ import annotations

import pytest

from lumbung.portal.search_words import around, highlighted, words_of


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("  KTP  ", ["ktp"]),
        ("cara membuat KTP-el?", ["ktp-el"]),
        ("saya mau ke", ["saya", "mau", "ke"]),
        ("a b c", []),
        ("", []),
        ("ktp KTP Ktp", ["ktp"]),
        ('"kartu" (keluarga)', ["kartu", "keluarga"]),
        (" ".join(f"kata{n}" for n in range(20)), [f"kata{n}" for n in range(8)]),
        ("x" * 5000, ["x" * 100]),
        ("... !!! ---", []),
    ],
)
def test_words_to_look_for(typed: str, words: list[str]) -> None:
    assert words_of(typed) == words


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("Perekaman KTP-el", ["ktp"], "Perekaman <mark>KTP</mark>-el"),
        ("<b>KTP</b>", ["ktp"], "&lt;b&gt;<mark>KTP</mark>&lt;/b&gt;"),
        ("a & amp", ["amp"], "a &amp; <mark>amp</mark>"),
        ("satu", [], "satu"),
        ("(a+b)", ["a+b"], "(<mark>a+b</mark>)"),
        ("<script>", ["<script>"], "<mark>&lt;script&gt;</mark>"),
        ("kartu keluarga", ["kartu", "kartu keluarga"], "<mark>kartu keluarga</mark>"),
    ],
)
def test_found_words_are_marked_and_all_is_escaped(text: str, words: list[str], shown: str) -> None:
    assert highlighted(text, words) == shown


def test_a_long_text_is_cut_around_the_first_word() -> None:
    text = "awal " * 100 + "KTP ada di sini " + "akhir " * 100
    piece = around(text, ["ktp"])
    assert "KTP ada di sini" in piece
    assert piece.startswith("…") and piece.endswith("…")
    assert len(piece) <= 165
    assert around("pendek", ["ktp"]) == "pendek"
