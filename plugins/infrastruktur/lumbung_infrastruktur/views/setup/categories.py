"""Categories and their questions."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from lumbung.sdk import DomainError, find_or_404, requires, session, units

from ...forms.desk import unit_choices
from ...forms.setup import DATATYPES, CategoryForm, QuestionForm, option_rows
from ...models import Category, Question
from ...rules.kinds import GROUPS
from ...services import browsing, setup, starter
from ...words import _
from ..room import refused, say
from . import MANAGE, blueprint

STEPS = {"naik": -1, "turun": 1}


@blueprint.get("/kategori")
@requires(MANAGE)
def categories() -> ResponseReturnValue:
    """All categories, under their groups."""
    found = browsing.categories()
    asked = dict(session.execute(select(Question.category_id, func.count()).group_by(Question.category_id)).all())
    return render_template(
        "infrastruktur/setup/categories.html",
        groups=[(title, [one for one in found if one.group == code]) for code, title in GROUPS.items()],
        count=len(found),
        asked=asked,
        unit_names={unit.id: unit.name for unit in units.all()},
    )


@blueprint.post("/kategori/awal")
@requires(MANAGE)
def fill() -> ResponseReturnValue:
    """Add the first set of categories."""
    added = starter.load_starter()
    if added:
        flash(_("%(count)s kategori awal ditambahkan. Ubah sesuai kebutuhan daerah.", count=added), "baik")
    else:
        flash(_("Semua kategori awal sudah ada."), "laut")
    return redirect(url_for(".categories"), 303)


@blueprint.route("/kategori/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_category() -> ResponseReturnValue:
    """Add a category."""
    return _edit_category(None, CategoryForm(group=request.args.get("kelompok", "jalan")))


@blueprint.route("/kategori/<uuid:category_id>", methods=["GET", "POST"])
@requires(MANAGE)
def category(category_id: UUID) -> ResponseReturnValue:
    """Change a category, close or open it; its questions stand below."""
    found = find_or_404(Category, category_id)
    return _edit_category(found, CategoryForm(obj=found, unit=str(found.unit_id or "")))


def _edit_category(found: Category | None, form: CategoryForm) -> ResponseReturnValue:
    if found is not None:
        del form.code
    if form.validate_on_submit():
        try:
            made = setup.save_category(found, **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Kategori %(name)s tersimpan.", name=made.name), "baik")
            return redirect(url_for(".category", category_id=made.id), 303)
    page = render_template(
        "infrastruktur/setup/category.html", form=form, category=found, datatypes=DATATYPES,
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/kategori/<uuid:category_id>/hapus")
@requires(MANAGE)
def delete_category(category_id: UUID) -> ResponseReturnValue:
    """Delete a category that was never used."""
    found = find_or_404(Category, category_id)
    name = found.name
    try:
        setup.delete_category(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".category", category_id=category_id))
    flash(_("Kategori %(name)s dihapus.", name=name), "baik")
    return redirect(url_for(".categories"), 303)


@blueprint.post("/kategori/<uuid:category_id>/<word>")
@requires(MANAGE)
def move_category(category_id: UUID, word: str) -> ResponseReturnValue:
    """Move a category within its group."""
    setup.move_category(find_or_404(Category, category_id), STEPS.get(word) or abort(404))
    return redirect(url_for(".categories"), 303)


@blueprint.route("/kategori/<uuid:category_id>/pertanyaan/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_question(category_id: UUID) -> ResponseReturnValue:
    """Ask something more about a kind of damage."""
    return _edit_question(find_or_404(Category, category_id), None, QuestionForm())


@blueprint.route("/pertanyaan/<uuid:question_id>", methods=["GET", "POST"])
@requires(MANAGE)
def question(question_id: UUID) -> ResponseReturnValue:
    """Change a question."""
    found = find_or_404(Question, question_id)
    return _edit_question(found.category, found, QuestionForm(obj=found))


def _edit_question(about: Category, found: Question | None, form: QuestionForm) -> ResponseReturnValue:
    if found is not None:
        del form.code
    if form.validate_on_submit():
        try:
            setup.save_question(about, found, options=_options(), **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Pertanyaan tersimpan."), "baik")
            return redirect(url_for(".category", category_id=about.id, _anchor="pertanyaan"), 303)
    page = render_template(
        "infrastruktur/setup/question.html", form=form, category=about, question=found, rows=option_rows(found)
    )
    return page, 422 if form.is_submitted() else 200


def _options() -> list[dict[str, str]]:
    return setup.options_of(
        *(request.form.getlist(name) for name in ("pilihan-kunci", "pilihan-nama", "pilihan-inggris"))
    )


@blueprint.post("/pertanyaan/<uuid:question_id>/<word>")
@requires(MANAGE)
def act_on_question(question_id: UUID, word: str) -> ResponseReturnValue:
    """Move a question, or ask it no more."""
    found = find_or_404(Question, question_id)
    about = found.category_id
    if word == "hapus":
        setup.delete_question(found)
        flash(_("Pertanyaan dihapus. Jawaban yang sudah diberikan tetap ada pada laporannya."), "baik")
    else:
        setup.move_question(found, STEPS.get(word) or abort(404))
    return redirect(url_for(".category", category_id=about, _anchor="pertanyaan"), 303)


@blueprint.route("/penanggung-jawab", methods=["GET", "POST"])
@requires(MANAGE)
def responsible() -> ResponseReturnValue:
    """Which unit answers for each category, all on one page."""
    found = browsing.categories()
    if request.method == "POST":
        allowed = {value: UUID(value) for value, _title in unit_choices()}
        chosen = {one.id: allowed.get(request.form.get(f"unit-{one.id}", "")) for one in found}
        changed = setup.set_units(chosen)
        flash(_("%(count)s kategori berganti unit.", count=changed) if changed else _("Tidak ada yang berubah."),
              "baik" if changed else "laut")  # fmt: skip
        return redirect(url_for(".responsible"), 303)
    return render_template(
        "infrastruktur/setup/responsible.html",
        groups=[(title, [one for one in found if one.group == code]) for code, title in GROUPS.items()],
        unit_choices=unit_choices(),
        count=len(found),
    )
