"""What an officer may do to a report: which act, who may, when it is offered, its form, and what is said afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from lumbung.sdk import DomainError, current_person, find, session, units

from ...forms import desk as forms
from ...models import Destination, ReplyTemplate, Report
from ...rules.states import OPEN, TRANSITIONS, State
from ...services import inbox, moderation, workflow
from ...services.officer_photos import add_photos
from ...words import _, _l

VERIFY, WORK, MODERATE = (inbox.VERIFY,), (inbox.WORK,), (inbox.MODERATE,)
EITHER = (inbox.VERIFY, inbox.WORK)


@dataclass(frozen=True)
class Act:
    """One act. ``word`` ends its address; ``crowd`` says that it locks more than one report, by itself."""

    form: type[forms.ActForm]
    title: Any
    icon: str
    permissions: tuple[str, ...]
    fits: Callable[[Report], bool]
    do: Callable[[Report, Any], str]
    tone: str = "muted"
    crowd: bool = False
    files: bool = False
    text: Any = ""

    @property
    def word(self) -> str:
        """What it is called in addresses."""
        return self.form.word

    def allowed(self, report: Report) -> bool:
        """Whether who is at work may do this to a report, were its state right."""
        return any(inbox.may(permission, report.unit_id) for permission in self.permissions)

    def offered(self, report: Report) -> bool:
        """Whether it stands on the page."""
        return self.fits(report) and self.allowed(report)

    def new_form(self, report: Report, *, sent: bool = False) -> forms.ActForm:
        """Its form: with what was ``sent``, or fresh, remembering how the report is now."""
        given: dict[str, Any] = {} if sent else {"formdata": None, "data": {"seen": inbox.stamp(report)}}
        form = self.form(**given)
        _offer(form, report)
        return form


def _to(state: State) -> Callable[[Report], bool]:
    return lambda report: state in TRANSITIONS[State(report.state)]


def _offer(form: forms.ActForm, report: Report) -> None:
    """Fill the choices of a form."""
    if isinstance(form, forms.RouteForm):
        form.offer(_units_for(report))
        if form.formdata is None:
            form.unit.data = str(report.unit_id or "") if report.state != State.ROUTED else ""
    elif isinstance(form, forms.ForwardForm):
        open_ones = select(Destination).where(Destination.open).order_by(Destination.name)
        form.offer(session.scalars(open_ones))
        if form.formdata is None:
            form.destination.data = str(report.destination_id or "")
    elif isinstance(form, forms.TemplateForm):
        wanted = {"tolak": State.REFUSED, "selesai": State.DONE}.get(form.word, "")
        query = select(ReplyTemplate).where(ReplyTemplate.state.in_(["", str(wanted)])).order_by(ReplyTemplate.title)
        form.offer_templates(session.scalars(query if wanted else _for_replies()).all())


def _for_replies() -> Any:
    return select(ReplyTemplate).order_by(ReplyTemplate.title)


def _units_for(report: Report) -> frozenset[UUID] | None:
    """Whom a report may be handed to: anybody by who checks reports, within their own units by who works on them."""
    person = current_person()
    if person is None:
        return frozenset()
    return None if inbox.may(inbox.VERIFY, report.unit_id) else person.units_with(inbox.WORK)


def _verify(report: Report, form: forms.VerifyForm) -> str:
    workflow.verify(report, form.typed("note"))
    return _("Laporan %(number)s terverifikasi.", number=report.number)


def _route(report: Report, form: forms.RouteForm) -> str:
    unit = units.get(UUID(form.unit.data))
    workflow.route(report, UUID(form.unit.data), form.typed("note"))
    return _("Laporan %(number)s didisposisi ke %(unit)s.", number=report.number, unit=unit.name if unit else "")


def _forward(report: Report, form: forms.ForwardForm) -> str:
    destination = find(Destination, UUID(form.destination.data))
    if destination is None:
        raise DomainError(_("Tujuan itu sudah tidak ada. Pilih yang lain."))
    sent = workflow.forward(report, destination, form.typed("note"), form.typed("reference"))
    if sent:
        return _("Laporan %(number)s diteruskan; surel terkirim ke %(name)s.", number=report.number,
                 name=destination.name)  # fmt: skip
    return _("Laporan %(number)s diteruskan ke %(name)s. Surel tidak dikirim; hubungi mereka sendiri.",
             number=report.number, name=destination.name)  # fmt: skip


def _merge(report: Report, form: forms.MergeForm) -> str:
    main = inbox.by_number(form.typed("number"))
    if main is None:
        raise DomainError(_("Tidak ada laporan bernomor %(number)s.", number=form.typed("number")))
    main = workflow.merge(report, main)
    return _("Laporan %(number)s digabungkan ke %(main)s.", number=report.number, main=main.number)


def _split(report: Report, form: forms.SplitForm) -> str:
    workflow.split(report, form.typed("reason"))
    return _("Laporan %(number)s dipisahkan lagi.", number=report.number)


def _refuse(report: Report, form: forms.RefuseForm) -> str:
    workflow.refuse(report, form.typed("reason"))
    return _("Laporan %(number)s ditolak; alasannya dibaca pelapor.", number=report.number)


def _postpone(report: Report, form: forms.PostponeForm) -> str:
    workflow.postpone(report, form.quarter.data, form.typed("note"), form.typed("budget_reference"))
    return _("Laporan %(number)s ditunda sampai %(quarter)s.", number=report.number, quarter=form.quarter.data)


def _start(report: Report, form: forms.StartForm) -> str:
    workflow.start(report)
    return _("Laporan %(number)s mulai dikerjakan.", number=report.number)


def _finish(report: Report, form: forms.FinishForm) -> str:
    photo_ids = add_photos(report, form.photos.data or [], kind="after")
    workflow.finish(report, form.typed("note"), photo_ids=photo_ids)
    return _("Laporan %(number)s selesai; pelapor diberi tahu.", number=report.number)


def _close(report: Report, form: forms.CloseForm) -> str:
    workflow.close(report)
    return _("Laporan %(number)s ditutup.", number=report.number)


def _reopen(report: Report, form: forms.ReopenForm) -> str:
    workflow.reopen(report, form.typed("reason"))
    return _("Laporan %(number)s dibuka kembali.", number=report.number)


def _reply(report: Report, form: forms.ReplyForm) -> str:
    internal = bool(form.internal.data)
    workflow.reply(report, form.typed("text"), internal=internal)
    return _("Catatan internal tersimpan.") if internal else _("Jawaban terkirim kepada pelapor.")


def _outside_answer(report: Report, form: forms.OutsideAnswerForm) -> str:
    workflow.outside_answer(report, form.typed("text"), form.typed("reference"))
    return _("Jawaban %(name)s tercatat; pelapor diberi tahu.", name=report.forwarded_to)


def _hide(report: Report, form: forms.HideForm) -> str:
    moderation.hide_report(report, form.typed("reason"))
    return _("Laporan %(number)s disembunyikan dari umum.", number=report.number)


def _show(report: Report, form: forms.ShowForm) -> str:
    moderation.show_report(report)
    return _("Laporan %(number)s tampil bagi umum.", number=report.number)


_ALL = (
    Act(forms.VerifyForm, _l("Verifikasi"), "circle-check", VERIFY, _to(State.VERIFIED), _verify, "laut"),
    Act(forms.RouteForm, _l("Disposisi"), "send", EITHER, _to(State.ROUTED), _route, "laut"),
    Act(
        forms.StartForm, _l("Mulai dikerjakan"), "player-play", WORK,
        lambda report: _to(State.WORKING)(report) and report.unit_id is not None, _start, "laut",
        text=_l("Pelapor diberi tahu bahwa pekerjaan dimulai."),
    ),
    Act(forms.FinishForm, _l("Nyatakan selesai"), "check", WORK, _to(State.DONE), _finish, "baik", files=True),
    Act(forms.ReplyForm, _l("Jawab"), "message-circle", EITHER, lambda _report: True, _reply),
    Act(
        forms.OutsideAnswerForm, _l("Jawaban instansi"), "mail", VERIFY,
        lambda report: report.state == State.ELSEWHERE, _outside_answer,
    ),
    Act(forms.ForwardForm, _l("Teruskan"), "external-link", VERIFY, _to(State.ELSEWHERE), _forward),
    Act(forms.MergeForm, _l("Gabungkan"), "arrow-merge", VERIFY, _to(State.DUPLICATE), _merge, crowd=True),
    Act(
        forms.SplitForm, _l("Pisahkan"), "arrows-split-2", VERIFY,
        lambda report: report.state == State.DUPLICATE, _split, crowd=True,
    ),
    Act(forms.PostponeForm, _l("Tunda"), "hourglass", EITHER, _to(State.POSTPONED), _postpone),
    Act(forms.RefuseForm, _l("Tolak"), "ban", VERIFY, _to(State.REFUSED), _refuse, "gawat"),
    Act(
        forms.CloseForm, _l("Tutup laporan"), "lock", VERIFY, _to(State.CLOSED), _close,
        text=_l("Tanpa tanggapan pelapor, laporan selesai juga tertutup sendiri."),
    ),
    Act(
        forms.ReopenForm, _l("Buka kembali"), "refresh", VERIFY,
        lambda report: _to(State.REOPENED)(report) and report.state != State.DUPLICATE, _reopen,
    ),
    Act(
        forms.HideForm, _l("Sembunyikan"), "eye-off", MODERATE,
        lambda report: report.visibility != "hidden", _hide, "gawat",
        text=_l("Umum tidak lagi melihat laporan ini; pelapor dan petugas tetap melihatnya."),
    ),
    Act(
        forms.ShowForm, _l("Tampilkan"), "eye", MODERATE,
        lambda report: report.visibility != "public", _show,
        text=_l("Setiap orang melihat laporan ini di peta dan daftar."),
    ),
)  # fmt: skip
ACTS: dict[str, Act] = {act.word: act for act in _ALL}


def may_change(report: Report) -> bool:
    """Whether kind, severity and place may be put right by who is at work."""
    return report.state in OPEN and inbox.may(inbox.VERIFY, report.unit_id)
