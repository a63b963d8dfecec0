"""Taking boundaries in: looked at first, then all of it or nothing. Removing them again.

Every change grows the generation, so that what each process remembers (`lumbung.geography.boundaries`) is never old.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from lumbung import audit
from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.geography.boundaries import level_of, simplified
from lumbung.geography.errors import GeographyError
from lumbung.geography.features import FeatureFile, both
from lumbung.geography.matching import Matching, match
from lumbung.geography.models import Boundary, BoundaryDraft
from lumbung.registry.state import bump
from lumbung.tenancy.regions import Region, districts, find_region, villages

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

GRID = 0.000001  # degrees, a decimetre: what is kept
KEPT = timedelta(days=1)
LONGEST_SOURCE, LONGEST_NAME = 300, 200


@dataclass(frozen=True)
class Draft:
    """A file that was read and waits to be confirmed, as `BoundaryDraft` keeps it."""

    shapes: dict[str, dict[str, Any]]
    found: list[dict[str, Any]]
    unmatched: list[dict[str, Any]]
    elsewhere: int
    missing: list[str]
    notes: list[dict[str, str]]

    @property
    def codes(self) -> list[str]:
        """The codes of the regions it has boundaries of."""
        return sorted(self.shapes)


def prepare(file: FeatureFile, own_code: str | None) -> Draft:
    """Return what a file would bring. Raises `GeographyError` when there is nothing in it for this tenant."""
    if not own_code:
        raise GeographyError("The tenant has no region code yet; an operator fills it in under its identity.")
    matching = match(file.features, own_code)
    if not matching.matches:
        raise _nothing_found(matching, own_code)
    return Draft(
        shapes={one.region.code: _stored(_joined(one.features)) for one in matching.matches},
        found=[
            {
                "code": one.region.code,
                "name": one.region.name,
                "kind": one.region.kind,
                "by": one.by,
                "rows": one.rows,
                "doubt": one.doubt,
            }
            for one in matching.matches
        ],
        unmatched=[
            {"row": one.feature.row, "why": one.why, "name": one.name[:120], "hint": one.hint}
            for one in matching.unmatched
        ],
        elsewhere=matching.elsewhere,
        missing=[region.code for region in matching.missing],
        notes=[{"id": note.id, "en": note.en} for note in file.notes],
    )


def keep_draft(session: Session, draft: Draft, *, file_name: str, source: str, by: str) -> BoundaryDraft:
    """Keep what a file would bring until it is confirmed; what nobody confirmed within a day goes."""
    session.execute(delete(BoundaryDraft).where(BoundaryDraft.made_at < utc_now() - KEPT))
    content = gzip.compress(json.dumps(draft.__dict__, ensure_ascii=False).encode(), compresslevel=3)
    row = BoundaryDraft(
        file_name=file_name[:LONGEST_NAME],
        source=source[:LONGEST_SOURCE],
        content=content,
        made_at=utc_now(),
        made_by=by[:160],
    )
    session.add(row)
    session.flush()
    return row


def read_draft(row: BoundaryDraft) -> Draft:
    """Return what a draft holds."""
    return Draft(**json.loads(gzip.decompress(row.content)))


def confirm(session: Session, row: BoundaryDraft, own_code: str, *, by: str) -> list[Bilingual]:
    """Take the boundaries of a draft in and forget the draft. See `take_in`."""
    said = take_in(session, read_draft(row), own_code, source=row.source, file_name=row.file_name, by=by)
    session.delete(row)
    session.flush()
    return said


def take_in(session: Session, draft: Draft, own_code: str, *, source: str, file_name: str, by: str) -> list[Bilingual]:
    """Put the boundaries of a file in the place of those of the same regions; leave all others as they are.

    Districts, and the regency, that have no boundary of their own are made by joining those below. Returns what was
    made that way, in words.
    """
    _write(session, draft.shapes, source=source, by=by, derived=False)
    said = _derive(session, own_code, by=by)
    audit.record(
        "boundary.import", file_name[:LONGEST_NAME], source=source, regions=len(draft.shapes), codes=draft.codes[:40]
    )
    bump(session)
    return said


def remove(session: Session, codes: Iterable[str], own_code: str, *, by: str) -> int:
    """Remove the boundaries of these regions, and make anew what was joined of them. Returns how many were removed."""
    wanted = sorted(set(codes))
    rows = session.scalars(select(Boundary).where(Boundary.region_code.in_(wanted))).all()
    if not rows:
        return 0
    thing = rows[0].name if len(rows) == 1 else f"{len(rows)} batas wilayah"
    for row in rows:
        session.delete(row)
    session.flush()
    _derive(session, own_code, by=by)
    audit.record("boundary.remove", thing, regions=len(rows), codes=[row.region_code for row in rows][:40])
    bump(session)
    return len(rows)


def listed(session: Session) -> Sequence[Boundary]:
    """Return every boundary of the tenant without its shape, in code order."""
    return session.scalars(select(Boundary).order_by(Boundary.region_code)).all()


def map_of(session: Session, level: int | None = None) -> list[dict[str, Any]]:
    """Return what is loaded as features for a map: of the deepest level unless one is named."""
    from shapely.geometry import shape

    rows = session.scalars(select(Boundary).options(undefer(Boundary.geometry)).order_by(Boundary.region_code)).all()
    wanted = level or max((level_of(row.region_code) for row in rows), default=0)
    chosen = [row for row in rows if level_of(row.region_code) == wanted]
    drawn = simplified([shape(row.geometry) for row in chosen])
    return [_feature(geometry, row.region_code, row.name) for row, geometry in zip(chosen, drawn, strict=True)]


def map_of_draft(draft: Draft) -> list[dict[str, Any]]:
    """Return what a draft would bring as features for a map."""
    from shapely.geometry import shape

    names = {one["code"]: one["name"] for one in draft.found}
    by_level: dict[int, list[str]] = defaultdict(list)
    for code in draft.codes:
        by_level[level_of(code)].append(code)
    made = []
    for level in sorted(by_level):
        drawn = simplified([shape(draft.shapes[code]) for code in by_level[level]])
        made += [_feature(geometry, code, names[code]) for code, geometry in zip(by_level[level], drawn, strict=True)]
    return made


def _feature(geometry: dict[str, Any], code: str, name: str) -> dict[str, Any]:
    properties = {"code": code, "name": name, "title": name, "text": code}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _nothing_found(matching: Matching, own_code: str) -> GeographyError:
    region = find_region(own_code)
    if matching.elsewhere:
        return GeographyError(
            "All %(count)s shapes of the file belong to other regencies, none to %(region)s.",
            count=matching.elsewhere,
            region=region.name if region else own_code,
        )
    named = [one.name for one in matching.unmatched if one.name][:5]
    return GeographyError(
        "No shape of the file could be recognised as a region of %(region)s. It needs a column with the code of the "
        "Ministry of Home Affairs (52.04.08) or the name. Found: %(names)s.",
        region=region.name if region else own_code,
        names=named,
    )


def _joined(features: Sequence[Any]) -> BaseGeometry:
    import shapely
    from shapely.geometry import shape

    shapes = [shape(feature.geometry) for feature in features]
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)


def _stored(made: BaseGeometry) -> dict[str, Any]:
    """Return a shape as it is kept: on a grid of a decimetre, areas alone."""
    import shapely
    from shapely.geometry import mapping

    from lumbung.geography.mending import as_lists, only_areas

    kept = shapely.set_precision(made, GRID)
    if kept.is_empty:  # smaller than the grid
        kept = made
    if kept.geom_type == "GeometryCollection":
        kept = shapely.union_all(list(only_areas(kept)))
    return as_lists(mapping(kept))


def _write(session: Session, shapes: dict[str, dict[str, Any]], *, source: str, by: str, derived: bool) -> None:
    from shapely.geometry import shape

    session.execute(delete(Boundary).where(Boundary.region_code.in_(sorted(shapes))))
    now = utc_now()
    for code, geometry in shapes.items():
        region = find_region(code)
        if region is None:
            raise GeographyError("There is no region %(code)s.", code=code)
        west, south, east, north = shape(geometry).bounds
        session.add(
            Boundary(
                region_code=code,
                kind=region.kind,
                name=region.name[:160],
                geometry=geometry,
                west=west,
                south=south,
                east=east,
                north=north,
                derived=derived,
                source=source[:LONGEST_SOURCE],
                imported_at=now,
                imported_by=by[:160],
            )
        )
    session.flush()


def _derive(session: Session, own_code: str, *, by: str) -> list[Bilingual]:
    """Join villages to districts and districts to the regency, where these have no boundary of their own."""
    session.execute(delete(Boundary).where(Boundary.derived))
    if own_code.count(".") != 1:
        return []
    said, partial = _derive_districts(session, own_code, by=by)
    known = set(session.scalars(select(Boundary.region_code)))
    below = [region.code for region in districts(own_code)]
    if own_code not in known and below and known.issuperset(below) and not partial:
        _write(session, {own_code: _union(session, below)}, source=_JOINED, by=by, derived=True)
        said.append(both("Batas seluruh daerah dibentuk dari %(count)s kecamatan.", count=len(below)))
    return said


_JOINED = "gabungan batas di bawahnya"


def _derive_districts(session: Session, own_code: str, *, by: str) -> tuple[list[Bilingual], list[str]]:
    """Return what was joined, in words, and the districts of which some villages are not known."""
    known = set(session.scalars(select(Boundary.region_code)))
    partial: list[str] = []
    whole = 0
    said: list[Bilingual] = []
    made: dict[str, dict[str, Any]] = {}
    for district in districts(own_code):
        register = [region.code for region in villages(district.code)]
        loaded = [code for code in register if code in known]
        if district.code in known or not loaded:
            continue
        made[district.code] = _union(session, loaded)
        if len(loaded) == len(register):
            whole += 1
        else:
            partial.append(district.code)
            said.append(_partly(district, len(loaded), len(register)))
    if made:
        _write(session, made, source=_JOINED, by=by, derived=True)
    if whole:
        said.insert(0, both("Batas %(count)s kecamatan dibentuk dari batas desanya.", count=whole))
    return said, partial


def _partly(district: Region, loaded: int, total: int) -> Bilingual:
    return both(
        "Kecamatan %(name)s dibentuk dari %(loaded)s di antara %(total)s desanya; batasnya belum utuh.",
        name=district.name,
        loaded=loaded,
        total=total,
    )


def _union(session: Session, codes: Sequence[str]) -> dict[str, Any]:
    import shapely
    from shapely.geometry import shape

    rows = session.scalars(select(Boundary.geometry).where(Boundary.region_code.in_(codes)))
    return _stored(shapely.union_all([shape(geometry) for geometry in rows]))


def find_draft(session: Session, tenant_id: int, draft_id: UUID) -> BoundaryDraft | None:
    """Return a draft of the tenant, None when there is none: it was confirmed, or is older than a day."""
    return session.get(BoundaryDraft, (tenant_id, draft_id), options=[undefer(BoundaryDraft.content)])
