"""This morning's reports, through the same door as everybody's: with photos, a duplicate nearby and a follower."""

from __future__ import annotations

from random import Random
from typing import Any

from sqlalchemy import select

from lumbung.sdk import Demo, now, session

from ..models import Category, Question
from ..services.reporting import NewReport, Reporter, make_report
from .pictures import picture

SCENES = (
    # category group, latitude, longitude, what, severity, village
    (
        "jalan",
        -8.4984,
        117.4228,
        "Lubang besar di depan Pasar Seketeng, tergenang kalau hujan.",
        "berat",
        "52.04.08.1004",
    ),
    ("pju", -8.4972, 117.4190, "Tiga lampu berturut-turut mati, gelap sekali di tikungan.", "sedang", "52.04.08.1002"),
    ("drainase", -8.5008, 117.4292, "Saluran penuh sampah, air meluap ke rumah warga.", "berat", "52.04.08.1004"),
    ("pohon", -8.4891, 117.4182, "Pohon tumbang menutup separuh jalan.", "darurat", "52.04.08.1006"),
    ("jalan", -8.49841, 117.42285, "Lubang di depan pasar, kemarin ada yang jatuh.", "berat", "52.04.08.1004"),
)


def fill_today(demo: Demo) -> None:
    """Report what was seen this morning; one of them is our citizen's."""
    chance = Random(24)  # noqa: S311
    for place, (group, lat, lon, what, severity, village) in enumerate(SCENES):
        category = session.scalar(select(Category).where(Category.group == group).order_by(Category.position).limit(1))
        if category is None:
            continue
        mine = place == 0
        make_report(
            NewReport(
                category=category,
                description=what,
                lat=lat,
                lon=lon,
                place_from="gps",
                village_code=village,
                severity=severity,
                answers={question.code: _answer(question) for question in category.questions if question.required},
                photos=[picture(chance, group)],
                reporter=Reporter(name="Muhammad Jafar", person_id=demo.person("warga@sumbawa.example"))
                if mine
                else Reporter(),
            )
        )


def _answer(question: Question) -> Any:
    """Something that fits a question."""
    match question.datatype:
        case "singlevaluelist":
            return question.options[0]["key"]
        case "multivaluelist":
            return [question.options[0]["key"]]
        case "number":
            return "1"
        case "datetime":
            return f"{now():%Y-%m-%dT%H:%M}"
        case _:
            return "Di tepi jalan"
