"""What a person asks of the data protection officer, how far it is, and the answer."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import PasswordField, TextAreaField
from wtforms.validators import InputRequired, Length

from lumbung.context import current_scope, current_tenant
from lumbung.documents.pdf import PDF
from lumbung.identity.passwords import matches
from lumbung.portal.my_data import account
from lumbung.privacy import clocks, erasure, letters, requests
from lumbung.privacy.models import DataRequest
from lumbung.web.access import me, signed_in
from lumbung.web.downloads import download
from lumbung.web.i18n import core_domain, language
from lumbung.web.limits import rate_limit
from lumbung.web.refusals import words_of

blueprint = Blueprint("my_requests", __name__, url_prefix="/akun/data/permintaan")
_ = core_domain.gettext
_l = core_domain.lazy_gettext

Page = BaseResponse | str | tuple[str, int]

OFFERED = (
    requests.COPY,
    requests.CORRECTION,
    requests.ERASURE,
    requests.RESTRICTION,
    requests.OBJECTION,
)
STEPS = (requests.RECEIVED, requests.VERIFIED, requests.WORKING, requests.DONE)


class RequestForm(FlaskForm):
    """What is asked for, in the person's own words."""

    text = TextAreaField(
        _l("Penjelasan"),
        description=_l("Tulis yang perlu kami ketahui. Jangan tulis NIK atau kata sandi di sini."),
        validators=[Length(max=requests.LONGEST_TEXT, message=_l("Paling panjang 4000 huruf."))],
    )
    current = PasswordField(
        _l("Kata sandi sekarang"), description=_l("Supaya tidak ada orang lain yang memintanya atas nama Anda.")
    )

    def shape(self, kind: str, *, has_password: bool) -> RequestForm:
        """Ask for what this kind of request needs: words for most, the password for an erasure."""
        if kind not in (requests.ERASURE, requests.COPY):
            self.text.validators = [InputRequired(_("Tulis apa yang Anda minta.")), *self.text.validators]
            self.text.flags.required = True
        if kind != requests.ERASURE or not has_password:
            del self.current
        return self


@blueprint.get("/")
@signed_in
def index() -> str:
    """List one's own requests and what else may be asked for."""
    rows = current_scope().session.scalars(requests.of_person(me().id)).all()
    return render_template("portal/data/requests.html", rows=rows, offered=OFFERED, **_words())


@blueprint.route("/baru/<kind>", methods=["GET", "POST"])
@signed_in
def add(kind: str) -> Page:
    """Ask for one of the rights; an erasure wants the password."""
    if kind not in OFFERED:
        abort(404)
    row = account()
    form = RequestForm().shape(kind, has_password=row.password_hash is not None)
    refusal = _cannot(kind)
    if form.is_submitted() and refusal is None and form.validate() and _knows_password(form):
        rate_limit(f"data request {row.id}", times=10, seconds=86400)
        try:
            made = requests.make(current_scope().session, kind, person_id=row.id, text=form.text.data or "")
        except requests.AlreadyOpen as error:
            form.form_errors = [words_of(error)]
        else:
            flash(_("Permintaan Anda kami terima dengan nomor %(code)s.", code=clocks.code_of(made)), "baik")
            return redirect(url_for(".detail", request_id=made.id), 303)
    page = render_template("portal/data/request_new.html", form=form, kind=kind, refusal=refusal, **_words())
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/<uuid:request_id>/")
@signed_in
def detail(request_id: UUID) -> str:
    """Show one of one's own requests: how far it is, what is left of its time, the answer."""
    row = _find(request_id)
    return render_template("portal/data/request.html", row=row, steps=_steps(row), **_words())


@blueprint.post("/<uuid:request_id>/batalkan")
@signed_in
def cancel(request_id: UUID) -> BaseResponse:
    """Take one's own request back, as long as it is not answered."""
    row = _find(request_id)
    try:
        requests.cancel(current_scope().session, row)
    except requests.WrongState:
        flash(_("Permintaan ini sudah dijawab dan tidak dapat dibatalkan lagi."), "padi")
    else:
        flash(_("Permintaan %(code)s dibatalkan.", code=clocks.code_of(row)), "baik")
    return redirect(url_for(".detail", request_id=row.id), 303)


@blueprint.get("/<uuid:request_id>/jawaban.pdf")
@signed_in
def letter(request_id: UUID) -> Response:
    """Hand out the answer as a letter."""
    row = _find(request_id)
    if row.state not in (requests.DONE, requests.REFUSED):
        abort(404)
    return download(f"{clocks.code_of(row)}.pdf", letters.answer_to(row, language()), PDF)


def _find(request_id: UUID) -> DataRequest:
    row = current_scope().session.get(DataRequest, (current_tenant().id, request_id))
    return row if row is not None and row.person_id == me().id else abort(404)


def _cannot(kind: str) -> str | None:
    if kind != requests.ERASURE:
        return None
    try:
        erasure.refuse_duties(account())
    except erasure.CannotErase:
        return str(
            _("Anda masih memegang peran di sini. Serahkan dulu kepada penerus; sesudah itu akun dapat dihapus.")
        )
    return None


def _knows_password(form: RequestForm) -> bool:
    if "current" not in form:
        return True
    row = account()
    rate_limit(f"password {row.id}", times=10, seconds=900)
    if matches(row.password_hash, form.current.data or ""):
        return True
    form.current.errors = [_("Ini bukan kata sandi Anda yang sekarang.")]
    return False


def _steps(row: DataRequest) -> list[dict[str, object]]:
    """Return the way of a request for `ui.status_steps`."""
    moments = {
        requests.RECEIVED: row.received_at,
        requests.VERIFIED: row.verified_at,
        requests.WORKING: row.started_at,
        requests.DONE: row.ended_at,
    }
    way = list(STEPS)
    if row.state in (requests.REFUSED, requests.CANCELLED):
        way = [step for step in STEPS[:-1] if moments[step]] + [row.state]
        moments[row.state] = row.ended_at
    here = way.index(row.state)
    ended = row.ended_at is not None
    return [
        {
            "title": requests.state_title(step)(language()),
            "state": ("refused" if row.state == requests.REFUSED else "done")
            if ended and place == here
            else "done" if place < here or ended else "now" if place == here else "next",
            "at": moments[step],
        }
        for place, step in enumerate(way)
    ]  # fmt: skip


def _words() -> dict[str, object]:
    return {
        "code_of": clocks.code_of,
        "kind_title": lambda kind: requests.kind_title(kind)(language()),
        "state_title": lambda state: requests.state_title(state)(language()),
        "left_in_words": lambda due: clocks.left_in_words(due)(language()),
        "tone_of": clocks.tone_of,
        "is_open": lambda row: row.state in clocks.OPEN,
    }
