"""Finding an account by its owner's NIK. A form that is sent, so that the number stands in no address and no log."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lumbung import audit
from lumbung.context import current_scope
from lumbung.identity import nik
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain
from lumbung.web.limits import rate_limit
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_nik", __name__, url_prefix="/admin/orang/nik")
_ = core_domain.gettext
_l = core_domain.lazy_gettext

MOST_IN_TEN_MINUTES = 60


class LookupForm(FlaskForm):
    """A whole NIK, as somebody at the counter shows it."""

    nik = StringField(
        _l("NIK"),
        description=_l("16 angka pada KTP atau KK. Spasi dan titik boleh."),
        validators=[
            InputRequired(_l("Tulis NIK yang dicari.")),
            Length(max=60, message=_l("NIK terdiri atas 16 angka.")),
        ],
    )


@blueprint.route("", methods=["GET", "POST"])
@requires("core.people")
def look_up() -> Response | str | tuple[str, int]:
    """Lead to the account that holds a NIK; only a whole number finds it."""
    form = LookupForm()
    if not form.is_submitted():
        return render_template("admin/nik_lookup.html", form=form)
    if form.validate():
        rate_limit(f"nik lookup {me().id}", times=MOST_IN_TEN_MINUTES, seconds=600)
        try:
            found = nik.find(current_scope().session, form.nik.data or "")
        except nik.NikWrong as refusal:
            form.nik.errors = [words_of(refusal)]
        else:
            if found is not None:
                audit.note_reading(found, "person.nik")
                return redirect(url_for("admin_people.detail", person_id=found), 303)
            form.nik.errors = [_("Tidak ada akun dengan NIK ini di daerah ini.")]
    return render_template("admin/nik_lookup.html", form=form), 422
