"""The first set of categories with their questions, for a tenant that has none."""

from __future__ import annotations

from sqlalchemy import select

from lumbung.sdk import audit, session

from ..models import Category, Question
from .starter_categories import CATEGORIES, StarterQuestion


def load_starter() -> int:
    """Add the categories of the first set that are not there yet, by their codes; return how many.

    Harmless to repeat: what an office changed or closed stays as it is.
    """
    known = set(session.scalars(select(Category.code)))
    added = 0
    for position, one in enumerate(CATEGORIES, start=1):
        if one.code in known:
            continue
        category = Category(position=position, **one.values())
        category.questions = [_question(question, place) for place, question in enumerate(one.questions, start=1)]
        session.add(category)
        added += 1
    session.flush()
    if added:
        audit("infrastruktur.category.starter", f"{added}", count=added)
    return added


def _question(one: StarterQuestion, position: int) -> Question:
    return Question(
        code=one.code,
        datatype=one.datatype,
        text=one.text,
        text_en=one.text_en,
        hint=one.hint,
        hint_en=one.hint_en,
        required=one.required,
        variable=one.variable,
        options=[{"key": key, "name": name, "name_en": name_en} for key, name, name_en in one.options],
        position=position,
    )
