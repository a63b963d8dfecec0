"""The regency's icon on a phone: its logo, or the granary, on a ground of its colour. Drawn once per worker."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache

from PIL import Image, ImageDraw

# What a browser asks for: a tab's, an iPhone's, and the two sizes of a web app, each also whole for other shapes.
ICONS = {
    "48": (48, False),
    "180": (180, True),
    "192": (192, False),
    "512": (512, False),
    "192-penuh": (192, True),
    "512-penuh": (512, True),
}
_DRAWING = "1"  # raise it when the drawing changes: browsers keep icons for ever, by their hash
_FINE = 1024  # pixels at which everything is drawn before it is made small
_WHITE, _RICE = "#FFFFFF", "#E3A72F"

# The mark of static/img/mark.svg, whose square has a side of 48.
_ROOF = (((25.5, 8.5), (21, 17), (15, 21.5), (8, 23.5)), ((22.5, 8.5), (27, 17), (33, 21.5), (40, 23.5)))
_GRAIN = (
    ((24, 20.5), (29.2, 25.1), (31.3, 29.5), (31.3, 33.2)),
    ((31.3, 33.2), (31.3, 37.5), (28.3, 40.5), (24, 41.5)),
    ((24, 41.5), (19.7, 40.5), (16.7, 37.5), (16.7, 33.2)),
    ((16.7, 33.2), (16.7, 29.5), (18.8, 25.1), (24, 20.5)),
)
Point = tuple[float, float]


def icon_url(name: str, logo_hash: str | None, colour: str) -> str:
    """Return where an icon of `ICONS` is served, with its hash: browsers may keep it for ever."""
    mark = hashlib.sha256(f"{_DRAWING} {logo_hash} {colour}".encode()).hexdigest()[:12]
    return f"/_tenant/ikon-{name}.png?v={mark}"


@lru_cache(maxsize=128)
def draw_icon(logo: bytes | None, colour: str, side: int, *, whole: bool) -> bytes:
    """Return a square PNG.

    ``whole`` fills the square to its edges, for systems that cut their own shape out of it (what matters stays
    inside the middle 80 %); otherwise the corners are round, and the smallest, for a browser's tab, is a bare logo.
    """
    if logo is not None and side < 64:
        return _png(_fitted(logo, _FINE), side)
    image = Image.new("RGBA", (_FINE, _FINE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, _FINE - 1, _FINE - 1), 0 if whole else _FINE * 11 // 48, fill=colour)
    if logo is None:
        _draw_mark(image, colour, 0.72 if whole else 1.0)
    else:
        _lay_logo(image, logo, 0.76 if whole else 0.84)
    return _png(image, side)


def _lay_logo(image: Image.Image, logo: bytes, share: float) -> None:
    """Lay a logo on a white disc: it may have the colour of the ground itself."""
    edge = round(_FINE * (1 - share) / 2)
    ImageDraw.Draw(image).ellipse((edge, edge, _FINE - edge, _FINE - edge), fill=_WHITE)
    picture = _fitted(logo, round(_FINE * share * 0.68))
    corner = (_FINE - picture.width) // 2
    image.alpha_composite(picture, (corner, corner))


def _fitted(logo: bytes, side: int) -> Image.Image:
    """Return the logo in the middle of a transparent square."""
    with Image.open(io.BytesIO(logo), formats=("PNG",)) as opened:
        picture = opened.convert("RGBA")
    scale = side / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.alpha_composite(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def _draw_mark(image: Image.Image, colour: str, share: float) -> None:
    pen = ImageDraw.Draw(image)
    unit = _FINE * share / 48
    edge = _FINE * (1 - share) / 2

    def place(points: list[Point]) -> list[Point]:
        return [(edge + x * unit, edge + y * unit) for x, y in points]

    for curve in _ROOF:
        _stroke(pen, place(_bent(curve)), 4 * unit, _WHITE)
    pen.polygon(place([point for curve in _GRAIN for point in _bent(curve)]), fill=_RICE)
    _stroke(pen, place([(24, 29), (24, 37.5)]), 1.8 * unit, colour)


def _stroke(pen: ImageDraw.ImageDraw, points: list[Point], width: float, colour: str) -> None:
    pen.line(points, fill=colour, width=round(width), joint="curve")
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)


def _bent(curve: tuple[Point, Point, Point, Point]) -> list[Point]:
    """Return points along a cubic Bézier curve."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = curve
    found = []
    for step in range(25):
        t = step / 24
        p, q, r, s = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        found.append((p * ax + q * bx + r * cx + s * dx, p * ay + q * by + r * cy + s * dy))
    return found


def _png(image: Image.Image, side: int) -> bytes:
    out = io.BytesIO()
    image.resize((side, side), Image.Resampling.LANCZOS).quantize(256, Image.Quantize.FASTOCTREE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()
