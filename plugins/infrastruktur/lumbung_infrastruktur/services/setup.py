"""Setting up: categories with their questions, who answers for what, authorities outside, answers given often.

What was used stays for its reports: the advice is to close it. What was never used may be deleted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from lumbung.sdk import DomainError, audit, find_region, session

from ..models import Category, Destination, Question, ReplyTemplate, Report, Route, Source
from ..rules.kinds import OURS
from ..words import _
from . import routing

LONGEST_CODE = 40
LISTS = ("singlevaluelist", "multivaluelist")


def code_of(text: str, taken: Iterable[str] = ()) -> str:
    """Make a code of a name: small letters, digits and underscores; numbered when it is taken."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_CODE] or "lain"
    known, found, number = set(taken), stem, 1
    while found in known:
        number += 1
        found = f"{stem[: LONGEST_CODE - 3]}_{number}"
    return found


# Categories


def save_category(category: Category | None, **values: Any) -> Category:
    """Add a category or change it. Its code is how programs know it, so it stays once it is given."""
    made = category or Category(position=_last(Category.position, Category.group == values["group"]) + 1)
    if category is None:
        values["code"] = values.get("code") or code_of(values["name"], session.scalars(select(Category.code)))
    else:
        values.pop("code", None)
    _keep(made, values, _("Kode %(code)s sudah dipakai kategori lain.", code=values.get("code", "")))
    audit("infrastruktur.category.save", made.name, about=made.id, open=made.open)
    return made


def delete_category(category: Category) -> None:
    """Delete a category that no report ever had, with its questions and routes."""
    if _any(Report.category_id == category.id, Report):
        raise DomainError(
            _("%(name)s sudah punya laporan. Tutup saja: warga tidak dapat memilihnya lagi.", name=category.name)
        )
    if _any(Source.category_id == category.id, Source):
        raise DomainError(_("%(name)s masih dipakai pada pertukaran data. Ganti dulu di sana.", name=category.name))
    for model in (Question, Route):
        for row in session.scalars(select(model).where(model.category_id == category.id)):
            session.delete(row)
    session.flush()
    session.expire(category, ["questions"])
    session.delete(category)
    session.flush()
    audit("infrastruktur.category.delete", category.name)


def move_category(category: Category, step: int) -> None:
    """Move a category up (-1) or down (1) within its group."""
    query = select(Category).where(Category.group == category.group)
    _move(session.scalars(query.order_by(Category.position, Category.name)).all(), category, step)
    audit("infrastruktur.category.save", category.name, about=category.id)


def set_units(chosen: Mapping[UUID, UUID | None]) -> int:
    """Say which unit answers for each category; return how many changed."""
    changed = 0
    for category in session.scalars(select(Category).where(Category.id.in_(list(chosen)))):
        if category.unit_id != chosen[category.id]:
            category.unit_id = chosen[category.id]
            audit("infrastruktur.category.save", category.name, about=category.id)
            changed += 1
    session.flush()
    return changed


# Questions


def save_question(category: Category, question: Question | None, **values: Any) -> Question:
    """Add a question to a category or change it. Its code stays: answers are kept by it."""
    kind, options = values["datatype"], values["options"]
    if kind in LISTS and len(options) < 2:
        raise DomainError(_("Isi sedikitnya dua pilihan jawaban."))
    values["options"] = options if kind in LISTS else []
    values["required"] = bool(values["required"] and values["variable"])
    made = question or Question(category_id=category.id)
    if question is None:
        made.position = _last(Question.position, Question.category_id == category.id) + 1
        mine = select(Question.code).where(Question.category_id == category.id)
        values["code"] = values.get("code") or code_of(values["text"], session.scalars(mine))
    else:
        values.pop("code", None)
    _keep(made, values, _("Kode %(code)s sudah dipakai pertanyaan lain.", code=values.get("code", "")))
    session.expire(category, ["questions"])
    audit("infrastruktur.question.save", f"{category.name}: {made.text}", about=category.id)
    return made


def delete_question(question: Question) -> None:
    """Ask it no more. Answers that were given stay with their reports, under its code."""
    category = question.category
    session.delete(question)
    session.flush()
    session.expire(category, ["questions"])
    audit("infrastruktur.question.delete", f"{category.name}: {question.text}", about=category.id)


def move_question(question: Question, step: int) -> None:
    """Move a question up (-1) or down (1)."""
    query = select(Question).where(Question.category_id == question.category_id).order_by(Question.position)
    _move(session.scalars(query).all(), question, step)
    session.expire(question.category, ["questions"])
    audit("infrastruktur.question.save", f"{question.category.name}: {question.text}", about=question.category_id)


def options_of(keys: Sequence[str], names: Sequence[str], english: Sequence[str]) -> list[dict[str, str]]:
    """Make a list's options of the rows of its editor. A row without a name is left out; a new one gets a key."""
    rows = [(key.strip(), name.strip(), more.strip()) for key, name, more in zip(keys, names, english, strict=False)]
    taken = {key for key, name, _more in rows if key and name}
    found = []
    for key, name, more in rows:
        if not name:
            continue
        if not key:
            key = code_of(name, taken)
            taken.add(key)
        found.append({"key": key[:LONGEST_CODE], "name": name[:120], "name_en": more[:120]})
    if len({one["key"] for one in found}) < len(found):
        raise DomainError(_("Dua pilihan memakai kunci yang sama."))
    return found


# Who answers


def routes() -> Sequence[Route]:
    """The rules in the order in which they are asked."""
    return session.scalars(select(Route).order_by(Route.position, Route.id)).all()


def save_route(route: Route | None, **values: Any) -> Route:
    """Add a rule or change it: a unit takes up what is ours, an authority outside what is not."""
    ours = values["authority"] == OURS
    if ours and values.get("unit_id") is None:
        raise DomainError(_("Pilih unit yang menangani."))
    values |= {"destination_id": None} if ours else {"unit_id": None}
    if values.get("district_code") and find_region(values["district_code"]) is None:
        raise DomainError(_("Kecamatan itu tidak ada."))
    if values.get("destination_id") is not None:
        _refuse_other_authority(values["destination_id"], values["authority"])
    made = route or Route(position=_last(Route.position) + 1)
    _keep(made, values, _("Aturan itu tidak dapat disimpan."))
    audit("infrastruktur.route.save", values.get("note") or values["authority"], about=made.id)
    return made


def delete_route(route: Route) -> None:
    """Drop a rule."""
    session.delete(route)
    session.flush()
    audit("infrastruktur.route.delete", route.note or route.authority)


def move_route(route: Route, step: int) -> None:
    """Let a rule be asked earlier (-1) or later (1)."""
    _move(routes(), route, step)
    audit("infrastruktur.route.save", route.note or route.authority, about=route.id)


def try_out(
    category: Category, *, lat: float | None = None, lon: float | None = None, village_code: str = ""
) -> routing.Proposal:
    """Work out who would be proposed for a report of a kind at a place. Nothing is written."""
    trial = Report(
        category_id=category.id,
        category=category,
        lat=lat,
        lon=lon,
        village_code=village_code,
        district_code=village_code[:8],
        address="",
        authority="",
    )
    with session.no_autoflush:
        return routing.decide(trial)


# Authorities outside, answers given often


def save_destination(destination: Destination | None, **values: Any) -> Destination:
    """Add an authority outside or change it."""
    made = destination or Destination()
    _keep(made, values, _("Sudah ada tujuan bernama %(name)s.", name=values["name"]))
    audit("infrastruktur.destination.save", made.name, about=made.id, open=made.open)
    return made


def delete_destination(destination: Destination) -> None:
    """Delete an authority outside that nothing was ever forwarded to."""
    if _any(Report.destination_id == destination.id, Report) or _any(Route.destination_id == destination.id, Route):
        raise DomainError(
            _("%(name)s dipakai pada laporan atau aturan. Tutup saja: tidak ditawarkan lagi.", name=destination.name)
        )
    session.delete(destination)
    session.flush()
    audit("infrastruktur.destination.delete", destination.name)


def save_template(template: ReplyTemplate | None, **values: Any) -> ReplyTemplate:
    """Add an answer that is given often, or change it."""
    made = template or ReplyTemplate()
    _keep(made, values, _("Sudah ada templat berjudul %(title)s.", title=values["title"]))
    audit("infrastruktur.template.save", made.title, about=made.id)
    return made


def delete_template(template: ReplyTemplate) -> None:
    """Drop an answer; what was written with it stays."""
    session.delete(template)
    session.flush()
    audit("infrastruktur.template.delete", template.title)


def _refuse_other_authority(destination_id: UUID, authority: str) -> None:
    destination = session.scalar(select(Destination).where(Destination.id == destination_id))
    if destination is None or destination.authority != authority:
        raise DomainError(_("Tujuan itu bukan dari kewenangan yang dipilih."))


def _any(condition: ColumnElement[bool], model: type[Any]) -> bool:
    return session.scalar(select(model.id).where(condition).limit(1)) is not None


def _last(column: Any, *conditions: ColumnElement[bool]) -> int:
    found = session.scalar(select(column).where(*conditions).order_by(column.desc()).limit(1))
    return int(found or 0)


def _move(rows: Sequence[Any], row: Any, step: int) -> None:
    """Change places with a neighbour, and number all anew: those added together may share a number."""
    order = list(rows)
    here = order.index(row)
    there = here + step
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    for position, one in enumerate(order, start=1):
        one.position = position
    session.flush()


def _keep(row: Any, values: dict[str, Any], when_taken: str) -> None:
    """Write values into a row; a unique constraint that objects becomes one sentence."""
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)
    except IntegrityError:
        session.expire_all()
        raise DomainError(when_taken) from None
