"""The desk of the data protection officer: what people asked for, how long is left, what is done about it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from lumbung import audit
from lumbung.admin.privacy_forms import AnswerForm, CounterForm, ProofForm, RefusalForm, VerifyForm
from lumbung.admin.privacy_list import requests_listing, words
from lumbung.context import current_scope, current_tenant
from lumbung.documents.pdf import PDF
from lumbung.errors import LumbungError
from lumbung.hooks import DataSubject
from lumbung.identity.models import PersonRow
from lumbung.privacy import clocks, erasure, letters, requests
from lumbung.privacy.models import DataRequest
from lumbung.privacy.subject import everything, subject_of
from lumbung.web.access import me, requires
from lumbung.web.downloads import download
from lumbung.web.i18n import core_domain, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_privacy", __name__, url_prefix="/admin/data-pribadi")
_ = core_domain.gettext

Page = BaseResponse | str | tuple[str, int]


@blueprint.get("/")
@requires("core.privacy")
def index() -> Page:
    """List requests, what is due first in front; or the same as a file."""
    listing = requests_listing()
    return listing.export() or render_template("admin/privacy/index.html", listing=listing, **words())


@blueprint.route("/baru", methods=["GET", "POST"])
@requires("core.privacy")
def add() -> Page:
    """Write down what somebody asks for at the counter; their account is found by its e-mail address."""
    form = CounterForm()
    if form.is_submitted() and form.validate():
        session = current_scope().session
        email = (form.email.data or "").strip().lower()
        holder = session.scalar(select(PersonRow).where(PersonRow.email == email)) if email else None
        if email and holder is None:
            form.email.errors = [_("Tidak ada akun dengan alamat ini. Kosongkan bila pemohon tidak punya akun.")]
        else:
            try:
                made = requests.make(
                    session,
                    form.kind.data,
                    person_id=holder.id if holder else None,
                    text=form.text.data or "",
                    applicant=form.name.data or "",
                    contact=form.contact.data or "",
                    received_by=me().name,
                )
            except requests.AlreadyOpen as error:
                form.form_errors = [words_of(error)]
            else:
                flash(_("Permintaan %(code)s dicatat.", code=clocks.code_of(made)), "baik")
                return redirect(url_for(".detail", request_id=made.id), 303)
    page = render_template("admin/privacy/new.html", form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/<uuid:request_id>/")
@requires("core.privacy")
def detail(request_id: UUID) -> str:
    """Show a request with all that may be done about it now."""
    row = find(request_id)
    note_reading(row, "privacy.request")
    return request_page(row)


@blueprint.post("/<uuid:request_id>/verifikasi")
@requires("core.privacy")
def verify(request_id: UUID) -> Page:
    """Note how one made sure who asks."""
    row, form = find(request_id), VerifyForm()
    if not form.validate():
        return request_page(row, verify=form), 422
    return _done(row, lambda: requests.verify(current_scope().session, row, how=form.how.data or "", by=me().name))


@blueprint.post("/<uuid:request_id>/kerjakan")
@requires("core.privacy")
def start(request_id: UUID) -> Page:
    """Note that it is being worked on."""
    row = find(request_id)
    return _done(row, lambda: requests.start(current_scope().session, row, by=me().name))


@blueprint.post("/<uuid:request_id>/jawab")
@requires("core.privacy")
def finish(request_id: UUID) -> Page:
    """Answer it. An erasure is answered by doing it."""
    row, form = find(request_id), AnswerForm()
    if row.kind == requests.ERASURE:
        abort(404)
    if not form.validate():
        return request_page(row, answer=form), 422
    return _done(
        row, lambda: requests.finish(current_scope().session, row, answer=form.answer.data or "", by=me().name)
    )


@blueprint.post("/<uuid:request_id>/tolak")
@requires("core.privacy")
def refuse(request_id: UUID) -> Page:
    """Refuse it, with the reason and the law."""
    row, form = find(request_id), RefusalForm()
    if not form.validate():
        return request_page(row, refusal=form), 422
    return _done(
        row,
        lambda: requests.refuse(
            current_scope().session,
            row,
            reason=form.reason.data or "",
            legal_basis=form.legal_basis.data or "",
            by=me().name,
        ),
    )


@blueprint.post("/<uuid:request_id>/salinan")
@requires("core.privacy")
def copy(request_id: UUID) -> Page:
    """Hand out all that is held of somebody who was identified, as a PDF."""
    row, form = find(request_id), ProofForm(prefix="copy")
    if row.kind != requests.COPY or row.state not in (requests.VERIFIED, requests.WORKING):
        return request_page(row, problem=str(_("Periksa dulu siapa yang meminta."))), 422
    if not form.validate():
        return request_page(row, hand_out=form), 422
    note_reading(row, "privacy.copy")
    audit.record("data.copy", clocks.code_of(row), about=row.id)
    subject = _subject(row, form)
    kept = everything(subject, row.person, language())
    return download(f"{clocks.code_of(row)}-salinan.pdf", letters.copy_of(kept, subject.name, language()), PDF)


@blueprint.post("/<uuid:request_id>/hapus")
@requires("core.privacy")
def erase(request_id: UUID) -> Page:
    """Erase the person from the core and from every application, or from none; the number is typed first."""
    row, form = find(request_id), ProofForm(prefix="erase")
    if row.kind not in (requests.ERASURE, requests.WITHDRAWAL):
        abort(404)
    if row.person_id == me().id:
        return request_page(row, problem=str(_("Data Anda sendiri dihapus oleh petugas lain."))), 422
    if not (form.validate() and form.names(clocks.code_of(row))):
        return request_page(row, erase=form), 422
    session = current_scope().session
    try:
        erasure.erase(session, row, _subject(row, form), by=me().name)
    except erasure.ErasureFailed as failed:
        session.rollback()
        silent = ", ".join(title(language()) for title in failed.titles)
        told = _("Tidak ada yang dihapus. Yang tidak dapat menghapus bagiannya: %(titles)s.", titles=silent)
        return request_page(find(request_id), problem=str(told)), 422
    except LumbungError as error:
        session.rollback()
        return request_page(find(request_id), problem=words_of(error)), 422
    flash(_("Datanya sudah dihapus. Unduh berita acaranya untuk arsip."), "baik")
    return redirect(url_for(".detail", request_id=row.id), 303)


@blueprint.get("/<uuid:request_id>/jawaban.pdf")
@requires("core.privacy")
def letter(request_id: UUID) -> Response:
    """Hand out the answer as a letter."""
    row = find(request_id)
    if row.state not in (requests.DONE, requests.REFUSED):
        abort(404)
    note_reading(row, "privacy.letter")
    return download(f"{clocks.code_of(row)}.pdf", letters.answer_to(row, language()), PDF)


@blueprint.get("/<uuid:request_id>/berita-acara.pdf")
@requires("core.privacy")
def record(request_id: UUID) -> Response:
    """Hand out the record of an erasure."""
    row = find(request_id)
    if not row.outcome:
        abort(404)
    return download(f"{clocks.code_of(row)}-berita-acara.pdf", letters.record_of_erasure(row, language()), PDF)


def request_page(row: DataRequest, *, problem: str | None = None, **forms: object) -> str:
    """Render a request; ``forms`` are those that were refused, by what they do."""
    given = {
        "verify": VerifyForm(formdata=None),
        "answer": AnswerForm(formdata=None),
        "refusal": RefusalForm(formdata=None),
        "hand_out": ProofForm(formdata=None, prefix="copy"),
        "erase": ProofForm(formdata=None, prefix="erase"),
    } | forms
    return render_template("admin/privacy/request.html", row=row, forms=given, problem=problem, **words())


def find(request_id: UUID) -> DataRequest:
    """Return a request of the tenant, or answer 404."""
    row = current_scope().session.get(DataRequest, (current_tenant().id, request_id))
    return row if row is not None else abort(404)


def note_reading(row: DataRequest, what: str) -> None:
    """Write into the access log that an officer reads somebody's data."""
    if row.person_id is not None:
        audit.note_reading(row.person_id, what, why=clocks.code_of(row))


def _subject(row: DataRequest, form: ProofForm) -> DataSubject:
    """Return the identified person; what the officer read from the KTP counts beside what the account holds."""
    nik, phone = form.proven()
    if row.person is None:
        return DataSubject(id=None, name=row.applicant, phone=phone, nik=nik)
    known = subject_of(row.person, identified=True)
    return DataSubject(known.id, known.name, known.email, phone or known.phone, nik or known.nik)


def _done(row: DataRequest, act: Callable[[], None]) -> Page:
    try:
        act()
    except requests.WrongState:
        current_scope().session.rollback()
        told = _("Keadaan permintaan ini sudah berubah. Lihat dulu keadaannya sekarang.")
        return request_page(find(row.id), problem=str(told)), 422
    state = requests.state_title(row.state)(language())
    flash(_("Permintaan %(code)s: %(state)s.", code=clocks.code_of(row), state=state), "baik")
    return redirect(url_for(".detail", request_id=row.id), 303)
