"""A rough boundary for the demo: the coasts of the shipped map, cut out by a box. It is no official border."""

from __future__ import annotations

import json
from importlib.resources import files
from io import BytesIO

from sqlalchemy.orm import Session

from lumbung.geography import importing
from lumbung.geography.features import read_features

SOURCE = "garis pantai kasar Natural Earth, bukan batas resmi"
BOX = (116.839, -9.105, 118.333, -8.127)  # west, south, east, north of Kabupaten Sumbawa
FILE = "outline.json"


def load_boundary(session: Session, region_code: str, *, by: str) -> None:
    """Load the rough boundary of the sample regency, unless the tenant has any boundary."""
    if importing.listed(session):
        return
    draft = importing.prepare(read_features(BytesIO(_rough(region_code)), FILE), region_code)
    importing.take_in(session, draft, region_code, source=SOURCE, file_name=FILE, by=by)


def _rough(region_code: str) -> bytes:
    from shapely import make_valid
    from shapely.geometry import box, mapping, shape

    outline = json.loads((files("lumbung") / "static" / "vendor" / FILE).read_text(encoding="utf-8"))
    land = make_valid(shape(outline["geometry"])).intersection(box(*BOX))
    feature = {"type": "Feature", "properties": {"kode": region_code}, "geometry": mapping(land)}
    return json.dumps(feature).encode()
