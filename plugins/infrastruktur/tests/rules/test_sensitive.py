"""Personal data in a description: found by its shape, made unreadable on demand."""

from __future__ import annotations

import pytest
from lumbung_infrastruktur.rules.sensitive import hints, masked, parts


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hubungi 0812-3456-7890", "phone"),
        ("telepon +62 812 3456 7890 ya", "phone"),
        ("NIK saya 5204084101450001", "nik"),
        ("5204.0841.0145.0001", "nik"),
        ("mobil EA 1234 AB menabrak tiang", "plate"),
        ("motor ea1234cd", "plate"),
        ("tulis ke budi@contoh.id", "email"),
    ],
)
def test_what_looks_like_personal_data_is_found_and_masked(text: str, kind: str) -> None:
    (hint,) = hints(text)
    assert hint.kind == kind
    assert len(masked(text)) == len(text)
    assert text[hint.start : hint.end] not in masked(text)
    assert not hints(masked(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Lubang sedalam 20 cm, sudah 3 bulan, di Blok B 12 di depan toko",
        "RT 03 RW 02, Jalan Garuda No. 123, laporan L26-000123 tahun 2026",
        "Panjang 1200 m, km 17 dari Sumbawa",
    ],
)
def test_numbers_of_places_and_damage_are_harmless(text: str) -> None:
    assert hints(text) == []
    assert masked(text) == text


def test_parts_of_a_text_make_up_the_text() -> None:
    text = "Awal 08123456789 tengah EA 1 B akhir"
    assert "".join(part for part, _kind in parts(text)) == text
    assert [bool(kind) for _part, kind in parts(text)] == [False, True, False, True, False]
