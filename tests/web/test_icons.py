"""The icons of a regency, drawn from its logo or from the granary."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from lumbung.web.icons import ICONS, draw_icon, icon_url

GREEN = "#1B6E43"


def logo(size: tuple[int, int] = (200, 120), colour: str = "#B42318") -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, colour).save(out, "PNG")
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        return image.convert("RGBA")


@pytest.mark.parametrize(("side", "whole"), ICONS.values(), ids=ICONS)
@pytest.mark.parametrize("picture", [None, logo()], ids=["granary", "logo"])
def test_an_icon_has_its_size_and_stays_small(side: int, whole: bool, picture: bytes | None) -> None:
    data = draw_icon(picture, GREEN, side, whole=whole)
    assert opened(data).size == (side, side)
    assert len(data) < 20_000


def near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= 8 for a, b in zip(one, other, strict=True))


def test_a_whole_icon_fills_its_corners_with_the_colour_and_another_leaves_them_open() -> None:
    whole = opened(draw_icon(None, GREEN, 192, whole=True))
    for corner in ((0, 0), (191, 0), (0, 191), (191, 191)):
        assert near(whole.getpixel(corner), (27, 110, 67, 255))  # type: ignore[arg-type]
    assert opened(draw_icon(None, GREEN, 192, whole=False)).getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_a_logo_of_the_colour_of_its_ground_is_seen_all_the_same() -> None:
    icon = opened(draw_icon(logo((256, 256), GREEN), GREEN, 192, whole=True))
    assert near(icon.getpixel((96, 30)), (255, 255, 255, 255))  # type: ignore[arg-type]
    assert near(icon.getpixel((96, 96)), (27, 110, 67, 255))  # type: ignore[arg-type]


def test_a_whole_logo_stays_inside_the_part_that_no_phone_cuts_off() -> None:
    icon = opened(draw_icon(logo((256, 256)), GREEN, 512, whole=True))
    for x in range(512):
        for y in range(512):
            if (x - 256) ** 2 + (y - 256) ** 2 > (0.4 * 512) ** 2:
                assert near(icon.getpixel((x, y)), (27, 110, 67, 255))  # type: ignore[arg-type]


def test_the_address_changes_with_logo_and_colour() -> None:
    addresses = {icon_url("192", mark, colour) for mark in (None, "a", "b") for colour in (GREEN, "#0B5D66")}
    assert len(addresses) == 6
