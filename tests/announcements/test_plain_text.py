"""What an officer types becomes paragraphs, lists and links, and never a tag."""

from __future__ import annotations

import pytest

from lumbung.announcements.plain_text import as_html, beginning, one_line


def test_empty_lines_part_paragraphs_and_single_ones_break() -> None:
    assert as_html("Satu\r\ndua\n\n  \ntiga") == "<p>Satu<br>dua</p>\n<p>tiga</p>"


def test_dashes_and_numbers_make_lists() -> None:
    made = as_html("Bawa:\n- KK\n* KTP\n\n1. Datang\n2) Duduk")
    assert made == "<p>Bawa:</p>\n<ul><li>KK</li><li>KTP</li></ul>\n<ol><li>Datang</li><li>Duduk</li></ol>"


def test_addresses_become_links_and_nothing_else_does() -> None:
    made = as_html("Lihat https://sumbawa.example/a?b=1&c=2, tulis ke ptsp@sumbawa.example.")
    assert '<a href="https://sumbawa.example/a?b=1&amp;c=2" rel="noopener nofollow">' in made
    assert '<a href="mailto:ptsp@sumbawa.example">' in made


@pytest.mark.parametrize(
    "nasty",
    [
        "<script>alert(1)</script>",
        "- <img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        'https://a.example/"onmouseover="alert(1)',
        "data:text/html,<b>",
        "[klik](javascript:alert(1))",
    ],
)
def test_nothing_that_is_typed_runs(nasty: str) -> None:
    made = str(as_html(nasty))
    assert "<script" not in made
    assert "<img" not in made
    assert "<b>" not in made
    assert 'href="javascript' not in made
    assert 'href="data' not in made
    assert '"onmouseover' not in made


def test_nothing_at_all_is_nothing() -> None:
    assert as_html(" \n\n ") == ""


def test_the_beginning_is_cut_at_a_word_and_says_so() -> None:
    assert beginning("Satu dua tiga empat", 12) == "Satu dua…"
    assert beginning("Pendek") == "Pendek"
    assert beginning("x" * 500, 10) == "x" * 10 + "…"


def test_a_list_on_one_line_keeps_its_items_apart() -> None:
    assert one_line("Bawa:\n- KK\n- KTP") == "Bawa: · KK · KTP"
