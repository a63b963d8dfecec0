"""The first set of categories: whole, in two languages, harmless to load again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lumbung_infrastruktur.models import Category, Question
from lumbung_infrastruktur.rules.kinds import ASSET_KINDS, GROUPS
from lumbung_infrastruktur.services.starter import load_starter
from lumbung_infrastruktur.services.starter_categories import CATEGORIES
from sqlalchemy import func, select

import lumbung.sdk
from lumbung.sdk import session

DATATYPES = {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}


def test_the_set_covers_every_group_and_every_datatype() -> None:
    assert {one.group for one in CATEGORIES} == set(GROUPS)
    assert {question.datatype for one in CATEGORIES for question in one.questions} == DATATYPES
    assert len({one.code for one in CATEGORIES}) == len(CATEGORIES) >= 18
    days = {one.code: one.days for one in CATEGORIES}
    wanted = {"jalan_berlubang": 14, "lampu_mati": 3, "pohon_tumbang": 1, "jembatan_rusak": 30}
    assert {code: days[code] for code in wanted} == wanted


def test_every_text_is_there_in_both_languages_and_fits() -> None:
    icons = Path(lumbung.sdk.__file__).parent.joinpath("static_src/icons.txt").read_text()
    for one in CATEGORIES:
        assert one.name and one.name_en and one.about and one.about_en and one.keywords, one.code
        assert max(len(one.about), len(one.about_en)) <= 300 and len(one.keywords) <= 200, one.code
        assert f"\n{one.icon}\n" in icons, one.icon
        assert one.asset in ("", *ASSET_KINDS), one.code
        for question in one.questions:
            assert question.text and question.text_en, (one.code, question.code)
            assert bool(question.options) == question.datatype.endswith("valuelist"), question.code
            assert all(key and name and english for key, name, english in question.options), question.code
            assert question.variable or not question.required, question.code


def test_loading_twice_adds_once_and_leaves_what_the_office_changed(house: Any, morning: None) -> None:
    with house.scope("sumbawa", plugin="infrastruktur"):
        assert load_starter() == len(CATEGORIES)
        hole = session.scalars(select(Category).where(Category.code == "jalan_berlubang")).one()
        hole.name, hole.open = "Lubang", False
        session.delete(session.scalars(select(Category).where(Category.code == "lainnya")).one().questions[0])
    with house.scope("sumbawa", plugin="infrastruktur"):
        assert load_starter() == 0
        assert session.scalars(select(Category).where(Category.code == "jalan_berlubang")).one().name == "Lubang"
        assert session.scalar(select(func.count()).select_from(Category)) == len(CATEGORIES)
        asked = sum(len(one.questions) for one in CATEGORIES)
        assert session.scalar(select(func.count()).select_from(Question)) == asked - 1
    with house.scope("sumbawabarat"):
        assert session.scalar(select(func.count()).select_from(Category)) == 0
