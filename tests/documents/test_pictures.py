"""Pictures that visitors send: upright, small, nothing hidden in them, and no file brings the house down."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from lumbung.documents.pictures import MOST_PIXELS, PictureError, read_picture
from lumbung.sdk import DomainError
from lumbung.sdk import read_picture as read_for_a_page
from lumbung.testing import TestHouse

RED, BLUE = (200, 30, 30), (30, 30, 200)


def photo(size: tuple[int, int] = (400, 200), mode: str = "RGB", kind: str = "JPEG", **more: Any) -> bytes:
    """A picture whose left half is red and right half is blue."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.convert(mode).save(out, kind, **more)
    return out.getvalue()


def with_facts(
    *,
    place: tuple[Any, str, Any, str] | None = None,
    taken: str | None = None,
    offset: str | None = None,
    orientation: int | None = None,
    size: tuple[int, int] = (400, 200),
) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Kamera Rahasia"
    if orientation:
        exif[ExifTags.Base.Orientation] = orientation
    photo_facts = exif.get_ifd(ExifTags.IFD.Exif)
    if taken:
        photo_facts[ExifTags.Base.DateTimeOriginal] = taken
    if offset:
        photo_facts[ExifTags.Base.OffsetTimeOriginal] = offset
    if place:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        names = ExifTags.GPS
        for name, value in zip(
            (names.GPSLatitude, names.GPSLatitudeRef, names.GPSLongitude, names.GPSLongitudeRef), place, strict=True
        ):
            gps[name] = value
    return photo(size=size, exif=exif, comment=b"catatan rahasia")


HERE = ((8.0, 29.0, 24.0), "S", (117.0, 25.0, 12.0), "E")


def colours(jpeg: bytes, *spots: tuple[float, float]) -> list[str]:
    with Image.open(io.BytesIO(jpeg)) as image:
        found = [image.convert("RGB").getpixel((int(x * image.width), int(y * image.height))) for x, y in spots]
    return ["red" if one[0] > one[2] + 60 else "blue" if one[2] > one[0] + 60 else str(one) for one in found]


class TestWhatIsKept:
    def test_place_and_time_are_read_and_nothing_is_left_in_the_file(self) -> None:
        picture = read_picture(with_facts(place=HERE, taken="2026:11:24 08:30:00", offset="+08:00"))
        assert (picture.lat, picture.lon) == (-8.49, 117.42)
        assert picture.taken_at == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
        for kept in (picture.content, picture.thumbnail):
            with Image.open(io.BytesIO(kept)) as image:
                assert image.format == "JPEG"
                assert dict(image.getexif()) == {}
                assert not {"exif", "icc_profile", "comment", "xmp"} & image.info.keys()
            assert b"Rahasia" not in kept
            assert b"rahasia" not in kept
        assert picture.sha256 == hashlib.sha256(picture.content).hexdigest()

    def test_profiles_and_descriptions_go_too(self) -> None:
        picture = read_picture(photo(icc_profile=b"profil rahasia" * 40, xmp=b"<x>rahasia</x>"))
        assert b"rahasia" not in picture.content
        assert b"ICC_PROFILE" not in picture.content

    @pytest.mark.parametrize(
        ("orientation", "size", "left_red"), [(1, (400, 200), True), (3, (400, 200), False), (6, (200, 400), None)]
    )
    def test_it_stands_as_the_camera_was_held(
        self, orientation: int, size: tuple[int, int], left_red: bool | None
    ) -> None:
        picture = read_picture(with_facts(orientation=orientation))
        assert (picture.width, picture.height) == size
        if left_red is None:  # turned by a quarter: what was left is above
            assert colours(picture.content, (0.5, 0.2), (0.5, 0.8)) == ["red", "blue"]
        else:
            assert colours(picture.content, (0.2, 0.5)) == ["red" if left_red else "blue"]

    def test_it_is_no_longer_than_asked_and_the_small_one_no_more_than_320(self) -> None:
        picture = read_picture(photo((3000, 1500)), longest=1000)
        assert (picture.width, picture.height) == (1000, 500)
        with Image.open(io.BytesIO(picture.thumbnail)) as small:
            assert small.size == (320, 160)
        assert read_picture(photo((40, 20))).width == 40  # never blown up

    @pytest.mark.parametrize(
        ("mode", "kind"),
        [("CMYK", "JPEG"), ("L", "JPEG"), ("P", "PNG"), ("RGBA", "PNG"), ("1", "PNG"), ("RGBA", "WEBP"), ("P", "GIF")],
    )
    def test_pictures_of_other_kinds_become_ordinary_ones(self, mode: str, kind: str) -> None:
        picture = read_picture(photo(mode=mode, kind=kind))
        with Image.open(io.BytesIO(picture.content)) as image:
            assert (image.mode, image.size) == ("RGB", (400, 200))
        if mode in ("CMYK", "P", "RGBA"):
            assert colours(picture.content, (0.2, 0.5), (0.8, 0.5)) == ["red", "blue"]

    def test_what_was_transparent_is_white(self) -> None:
        out = io.BytesIO()
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(out, "PNG")
        assert colours(read_picture(out.getvalue()).content, (0.5, 0.5)) == ["(255, 255, 255)"]

    def test_a_file_is_read_as_well_as_bytes(self) -> None:
        assert read_picture(io.BytesIO(photo())) == read_picture(photo())


class TestWhatTheCameraSays:
    @pytest.mark.parametrize(
        "place",
        [
            ((0.0, 0.0, 0.0), "N", (0.0, 0.0, 0.0), "E"),  # no fix
            ((98.0, 0.0, 0.0), "S", (117.0, 0.0, 0.0), "E"),
            ((8.0, 0.0, 0.0), "S", (517.0, 0.0, 0.0), "E"),
            ((IFDRational(8, 0), 0.0, 0.0), "S", (117.0, 0.0, 0.0), "E"),
        ],
    )
    def test_a_place_that_cannot_be_is_none(self, place: tuple[Any, str, Any, str]) -> None:
        picture = read_picture(with_facts(place=place))
        assert (picture.lat, picture.lon) == (None, None)

    def test_a_clock_without_a_zone_is_the_region_s(self, house: TestHouse) -> None:
        with house.scope("sumbawa"):
            picture = read_picture(with_facts(taken="2026:11:24 08:30:00"))
        assert picture.taken_at == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)

    @pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "1980:01:01 00:00:00", "2126:01:01 00:00:00", "kemarin"])
    def test_a_clock_that_nobody_set_says_nothing(self, taken: str) -> None:
        assert read_picture(with_facts(taken=taken)).taken_at is None

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")
    def test_facts_that_are_broken_do_not_spoil_the_picture(self) -> None:
        picture = read_picture(photo(exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff" + b"\xff" * 60))
        assert (picture.width, picture.lat, picture.taken_at) == (400, None, None)


def png_of(width: int, height: int) -> bytes:
    """The head of a PNG that says it is as large as this; there are hardly any pixels in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class TestWhatIsRefused:
    @pytest.mark.parametrize(("width", "height"), [(8000, 5001), (20_000, 20_000), (60_000, 60_000)])
    def test_a_picture_that_would_fill_the_memory(self, width: int, height: int) -> None:
        assert width * height > MOST_PIXELS
        with pytest.raises(PictureError, match="40 million pixels"):
            read_picture(png_of(width, height))

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "empty"),
            (b"%PDF-1.7 bukan gambar", "not a JPEG"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG"),
            (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00" + b"\x00" * 60, "HEIC"),
            (photo()[: len(photo()) // 2], "broken"),
            (photo(kind="PNG")[:200], "broken"),
            (png_of(500, 500), "broken"),
            (photo((400, 4)), "too small"),
            (photo(kind="TIFF"), "not a JPEG"),
            (photo(kind="BMP"), "not a JPEG"),
        ],
    )
    def test_what_is_no_picture_or_not_a_whole_one(self, data: bytes, said: str) -> None:
        with pytest.raises(PictureError, match=said):
            read_picture(data)

    def test_a_file_beyond_all_measure(self) -> None:
        with pytest.raises(PictureError, match="40 MB"):
            read_picture(photo() + b"\x00" * (41 * 1024 * 1024))

    def test_a_page_hears_it_in_the_language_of_its_reader(self, house: TestHouse) -> None:
        with house.scope("sumbawa"), pytest.raises(DomainError):
            read_for_a_page(b"bukan gambar")
