"""Pictures for the sample: drawn, not photographed, so that nobody's street and nobody's face is in them."""

from __future__ import annotations

import io
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from lumbung.sdk import Picture, read_picture

SKY, GRASS, ROAD, HOLE, WATER = "#cfe3ea", "#8fa77a", "#77787a", "#3c3a38", "#5f7f86"


def picture(chance: Random, group: str, *, mended: bool = False) -> Picture:
    """A scene of a kind of damage, or the same place when it is mended."""
    image = Image.new("RGB", (960, 720), SKY)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 330, 960, 720), fill=GRASS)
    draw.polygon([(390, 330), (570, 330), (900, 720), (60, 720)], fill=ROAD)
    for top in range(360, 720, 90):
        draw.polygon([(474, top), (486, top), (490, top + 45), (470, top + 45)], fill="#e8e6dc")
    if group == "pju":
        _lamp(draw, lit=mended)
    elif group in ("drainase", "irigasi"):
        draw.polygon([(590, 330), (640, 330), (960, 640), (960, 720), (910, 720)], fill=ROAD if mended else WATER)
    elif group == "pohon" and not mended:
        draw.line((120, 640, 820, 470), fill="#5b4630", width=34)
        draw.ellipse((660, 380, 900, 560), fill="#5d7a49")
    elif not mended:
        x, y = chance.randrange(330, 540), chance.randrange(500, 600)
        draw.ellipse((x, y, x + chance.randrange(110, 210), y + chance.randrange(45, 90)), fill=HOLE)
    else:
        draw.polygon([(350, 520), (560, 520), (600, 610), (330, 610)], fill="#4d4e50")
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(out, "JPEG", quality=85)
    return read_picture(out.getvalue())


def _lamp(draw: ImageDraw.ImageDraw, *, lit: bool) -> None:
    draw.rectangle((0, 0, 960, 330), fill="#26323c")
    draw.line((250, 560, 250, 150), fill="#b9bdbf", width=12)
    draw.line((250, 150, 400, 120), fill="#b9bdbf", width=10)
    draw.ellipse((380, 100, 440, 145), fill="#ffe7a3" if lit else "#57616a")
