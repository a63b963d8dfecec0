"""Pictures that visitors send: read for what they tell, then drawn anew so that nothing is hidden in them any more.

A telephone writes where and when a photo was taken into the file, and much else. Place and time are read first, since
the sender meant them; what is kept is the picture alone.
"""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from lumbung.documents.picture_facts import Facts, facts_of
from lumbung.errors import LumbungError

MOST_PIXELS = 40_000_000
LARGEST = 40 * 1024 * 1024  # bytes
LEAST_SIDE = 8  # pixels
LONGEST_THUMBNAIL = 320
QUALITY = 80
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypheim", b"ftypheis", b"ftypmif1", b"ftypmsf1")


class PictureError(LumbungError):
    """A file that cannot be taken as a picture."""


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept: a JPEG without anything hidden in it, a small one, and what the file told.

    ``sha256`` is of ``content``. ``taken_at``, ``lat`` and ``lon`` are the camera's word, None when it says nothing.
    """

    content: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None


def read_picture(source: BinaryIO | bytes, *, longest: int = 1600) -> Picture:
    """Read a JPEG, PNG, WebP or GIF picture, at most ``longest`` pixels wide and high afterwards.

    It stands upright then, on white where it was transparent. Raises `PictureError`: no picture, broken, too large.
    """
    data = source if isinstance(source, bytes) else source.read(LARGEST + 1)
    if not data:
        raise PictureError("The file is empty; choose the picture again.")
    if len(data) > LARGEST:
        raise PictureError("The picture is larger than 40 MB; choose a smaller one.")
    facts, drawn = _read(data, longest)
    small = drawn.copy()
    small.thumbnail((LONGEST_THUMBNAIL, LONGEST_THUMBNAIL), Image.Resampling.LANCZOS)
    content = _jpeg(drawn)
    return Picture(
        content=content,
        thumbnail=_jpeg(small),
        width=drawn.width,
        height=drawn.height,
        sha256=hashlib.sha256(content).hexdigest(),
        taken_at=facts.taken_at,
        lat=facts.lat,
        lon=facts.lon,
    )


def _read(data: bytes, longest: int) -> tuple[Facts, Image.Image]:
    """Return what a file tells and the picture in it; whatever goes wrong is a `PictureError`."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _refuse_size(image)
            facts = facts_of(image)
            image.draft("RGB", (longest, longest))  # of a large JPEG no more is unpacked than is used
            image.load()
            return facts, _upright(image, longest)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError("The picture has more than 40 million pixels; choose a smaller one.") from None
    except UnidentifiedImageError:
        raise _not_a_picture(data) from None
    except MemoryError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, KeyError, IndexError, TypeError, OverflowError):
        # Pillow raises any of these for a file that is broken, or made to break it
        raise PictureError("The picture is broken or was not sent whole; take or send it again.") from None


def _refuse_size(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise PictureError("The picture has more than 40 million pixels; choose a smaller one.")
    if min(image.width, image.height) < LEAST_SIDE:
        raise PictureError("The picture is too small to show anything; choose another one.")


def _not_a_picture(data: bytes) -> PictureError:
    if data[4:12] in _HEIC:
        return PictureError(
            "Pictures in the format HEIC cannot be read here; choose JPEG in the camera's settings, or send a "
            "screenshot of the picture."
        )
    return PictureError("This file is not a JPEG, PNG, WebP or GIF picture.")


def _upright(image: Image.Image, longest: int) -> Image.Image:
    """Return a new picture with the same pixels and nothing else, no longer than ``longest``."""
    seen = ImageOps.exif_transpose(image)
    seen = seen.convert("RGBA" if seen.has_transparency_data else "RGB")
    seen.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", seen.size, "white")
    sheet.paste(seen, mask=seen.getchannel("A") if seen.mode == "RGBA" else None)
    return sheet


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()
