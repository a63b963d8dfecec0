"""QR codes are SVG that a strict policy lets through."""

from __future__ import annotations

import re

import pytest

from lumbung.documents.qr import qr_svg


def test_a_code_is_an_svg_without_style_script_or_size() -> None:
    svg = str(qr_svg("http://sumbawa.localhost/antrean/t/abc", label='<script>alert("1")</script> & lain'))
    assert svg.startswith("<svg")
    assert "style" not in svg
    assert "<script>" not in svg
    assert "viewBox" in svg
    assert not re.search(r"<svg[^>]* (width|height)=", svg)
    assert "&lt;script&gt;" in svg


def test_another_text_is_another_code_and_the_same_text_the_same() -> None:
    assert qr_svg("a") == qr_svg("a") != qr_svg("b")


def test_too_much_text_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        qr_svg("x" * 5000)
