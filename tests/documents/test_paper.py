"""Parts of a document beyond words: photos, codes, maps. Readable for the blind, and data as all else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image

from lumbung.context import Scope
from lumbung.documents.plans import HEIGHT, WIDTH, plan
from lumbung.sdk import document, paper, send_document
from lumbung.testing import TestHouse
from lumbung.testing.pdf_text import pdf_text
from lumbung.testing.shapes import polygon, square


@pytest.fixture
def scope(house: TestHouse) -> Iterator[Scope]:
    with house.scope("sumbawa") as scope:
        yield scope


def jpeg(size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def said(made: bytes) -> str:
    return " ".join(pdf_text(made).replace("\u200b", "").split())


SUMBAWA_BESAR = (-8.4932, 117.4202, "Jalan Garuda")


@pytest.mark.usefixtures("scope")
class TestParts:
    def test_each_part_stands_in_a_document_that_the_blind_can_read(self) -> None:
        made = document(
            "Perintah kerja",
            [
                paper.heading("Temuan"),
                paper.picture(jpeg(), "Sebelum diperbaiki"),
                paper.pictures([(jpeg(), "Kiri"), (jpeg(), ""), (jpeg(), "Kanan"), (jpeg(), "Bawah")]),
                paper.qr("https://sumbawa.example/x", "Buka di telepon"),
                paper.map([SUMBAWA_BESAR], "Letak"),
                paper.page_break(),
                paper.table(["Bahan", "Jumlah"], [["Aspal", "1.200"]], align=["left", "right"]),
            ],
        )
        words = said(made)
        for word in ("Sebelum diperbaiki", "Kiri", "Bawah", "Buka di telepon", "Jalan Garuda", "Letak", "1 dari 3"):
            assert word in words
        assert "-8.49320, 117.42020" in words
        assert b"pdfuaid" in made
        assert made.count(b"/Alt") >= 7  # five photos, a code, a map

    def test_a_photo_stays_the_jpeg_that_it_was(self) -> None:
        photo = jpeg((300, 200))
        made = document("x", [paper.picture(photo)])
        assert b"DCTDecode" in made
        assert len(made) < len(document("x", [])) + len(photo) + 4000

    def test_captions_and_labels_are_no_markup(self) -> None:
        evil = '#evil[x] <b>&amp;"*'
        made = document(evil, [paper.picture(jpeg(), evil), paper.qr(evil), paper.map([(-8.5, 117.4, evil)], evil)])
        assert said(made).count(evil) >= 4
        assert b"pdfuaid" in made

    def test_a_photo_is_a_jpeg(self) -> None:
        for data in (b"", b"<svg/>", b"\x89PNG\r\n\x1a\n"):
            with pytest.raises(ValueError, match="JPEG"):
                paper.picture(data)

    def test_a_table_has_as_many_sides_and_texts_as_headings(self) -> None:
        for rows, align in ([["a"]], None), ([["a", "b"]], ["left"]), ([["a", "b"]], ["left", "evil"]):
            with pytest.raises(ValueError, match=r"table|align"):
                paper.table(["A", "B"], rows, align)

    def test_a_document_speaks_the_language_that_is_asked_for(self) -> None:
        assert b"/Lang(id)" in document("x", [])
        assert b"/Lang(en)" in document("x", [], language="en")

    def test_it_is_taken_home_under_its_name(self, house: TestHouse) -> None:
        with house.app.test_request_context():
            answer = send_document("perintah-K26", "Perintah", [paper.text("Isi")])
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Content-Disposition"] == "attachment; filename=perintah-K26.pdf"
        assert answer.get_data().startswith(b"%PDF")


def marks(svg: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.-]+)" cy="([\d.-]+)"', svg)]


@pytest.mark.usefixtures("scope")
class TestMaps:
    def test_every_place_is_on_the_map_and_numbered_in_the_legend(self) -> None:
        made = plan([SUMBAWA_BESAR, (-8.75, 118.1, "Empang"), (-8.9, 116.8, "")])
        assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in marks(made.svg))
        assert [number for number, _ in made.legend] == ["1", "2", "3"]
        assert made.legend[2][1] == "-8.90000, 116.80000"
        assert "km</text>" in made.svg

    def test_north_is_above_and_east_is_right(self) -> None:
        north_west, south_east = marks(plan([(-8.4, 117.0, ""), (-8.6, 117.3, "")]).svg)
        assert north_west[0] < south_east[0]
        assert north_west[1] < south_east[1]

    def test_a_single_place_is_in_the_middle(self) -> None:
        assert marks(plan([SUMBAWA_BESAR]).svg) == [(WIDTH / 2, HEIGHT / 2)]

    def test_the_boundaries_of_the_tenant_are_drawn_where_there_are_some(self, house: TestHouse) -> None:
        assert "stroke-dasharray" not in plan([SUMBAWA_BESAR]).svg
        house.boundary("52.04", polygon(square(117.0, -9.0, 1.0)))
        with house.scope("sumbawa"):
            assert "stroke-dasharray" in plan([(-8.99, 117.5, "")]).svg

    @pytest.mark.parametrize("points", [[], [(95.0, 117.0, "")], [(float("nan"), 117.0, "")]])
    def test_what_is_nowhere_is_refused(self, points: list[tuple[float, float, str]]) -> None:
        with pytest.raises(ValueError, match="place"):
            plan(points)
