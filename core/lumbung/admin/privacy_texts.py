"""Texts that people agree to: their versions, how many hold each, and a new wording of the core's own."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from lumbung.bilingual import Bilingual
from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.privacy import consents
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_privacy_texts", __name__, url_prefix="/admin/data-pribadi/persetujuan")
_ = core_domain.gettext
_l = core_domain.lazy_gettext

Page = Response | str | tuple[str, int]


class TextForm(FlaskForm):
    """A wording in both languages."""

    title = StringField(
        _l("Judul"), validators=[InputRequired(_l("Tulis judulnya.")), Length(3, 200, _l("Berisi 3 sampai 200 huruf."))]
    )
    text = TextAreaField(
        _l("Teks persetujuan"),
        description=_l("Apa yang disetujui, untuk apa, berapa lama, dan bagaimana menariknya kembali."),
        validators=[
            InputRequired(_l("Tulis teksnya.")),
            Length(10, consents.LONGEST, _l("Berisi 10 sampai 4000 huruf.")),
        ],
    )
    title_en = StringField(_l("Judul dalam bahasa Inggris"), validators=[InputRequired(_l("Tulis judulnya."))])
    text_en = TextAreaField(
        _l("Teks dalam bahasa Inggris"),
        validators=[
            InputRequired(_l("Tulis teksnya.")),
            Length(10, consents.LONGEST, _l("Berisi 10 sampai 4000 huruf.")),
        ],
    )


@blueprint.get("/")
@requires("core.privacy")
def index() -> str:
    """List what people are asked to agree to, with its versions and how many agree to each."""
    session = current_scope().session
    asked = consents.asked_now(session)
    return render_template(
        "admin/privacy/texts.html",
        asked=asked,
        versions={one.code: consents.versions(session, one.code) for one in asked},
        holders=consents.holders(session),
        plugins=current_scope().kernel.snapshot().plugins,
        language=language(),
    )


@blueprint.route("/<code>/baru", methods=["GET", "POST"])
@requires("core.privacy")
def add(code: str) -> Page:
    """Write a new version of one of the core's own texts; the old ones stay."""
    if code not in {one.code for one in consents.of_the_core()}:
        abort(404)
    session = current_scope().session
    now = consents.asked(session, code)
    form = TextForm(data={"title": now.title.id, "text": now.text.id, "title_en": now.title.en, "text_en": now.text.en})
    if form.is_submitted() and form.validate():
        try:
            row = consents.write_version(
                session,
                code,
                Bilingual(form.title.data.strip(), form.title_en.data.strip()),
                Bilingual(form.text.data.strip(), form.text_en.data.strip()),
                by=me().name,
            )
        except LumbungError as error:
            form.form_errors = [words_of(error)]
        else:
            flash(_("Versi %(version)s berlaku sejak sekarang.", version=row.version), "baik")
            return redirect(url_for(".index"), 303)
    page = render_template("admin/privacy/text_new.html", form=form, now=now, language=language())
    return (page, 422) if form.is_submitted() else page
