"""Handing over a post: chosen, looked at, done, and written down on paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from lumbung.admin.people import find_mine
from lumbung.admin.post_forms import HandOverForm
from lumbung.admin.role_words import role_title
from lumbung.bilingual import Bilingual
from lumbung.context import current_scope, current_tenant
from lumbung.documents import pdf as documents
from lumbung.errors import LumbungError
from lumbung.identity import accounts, hand_over, people, roles
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import HandOver
from lumbung.notifications import account_news
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, format_date, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_hand_over", __name__, url_prefix="/admin/orang")
_ = core_domain.gettext

Page = BaseResponse | str | tuple[str, int]
Outcome = TypeVar("Outcome")


@blueprint.get("/<uuid:person_id>/serah-terima")
@requires("core.people")
def choose(person_id: UUID) -> str:
    """Ask who takes over what. ``penerus`` is the successor's id, when it is known already."""
    giver = find_mine(person_id)
    form = _form(giver)
    form.receiver.data = _suggested()
    return _page(giver, form)


@blueprint.post("/<uuid:person_id>/serah-terima/periksa")
@requires("core.people")
def look(person_id: UUID) -> Page:
    """Show what would move; nothing does yet."""
    giver = find_mine(person_id)
    form = _form(giver)
    if not form.validate():
        return _page(giver, form), 422
    plan = _plan(giver, form)
    moved = _attempt(form, lambda: hand_over.preview(current_scope().session, plan, me())) if plan else None
    if plan is None or moved is None:
        return _page(giver, form), 422
    return render_template(
        "admin/hand_over_preview.html", form=form, plan=plan, roles=_roles_of(moved), things=_things_of(moved)
    )


@blueprint.post("/<uuid:person_id>/serah-terima")
@requires("core.people")
def do(person_id: UUID) -> Page:
    """Hand over, in one transaction with every application, and tell both."""
    giver = find_mine(person_id)
    form = _form(giver)
    if not form.validate():
        return _page(giver, form), 422
    plan = _plan(giver, form)
    record = _attempt(form, lambda: hand_over.carry_out(current_scope().session, plan, me())) if plan else None
    if plan is None or record is None:
        return _page(giver, form), 422
    account_news.posts_handed_over(plan.giver, plan.receiver, sum(one["count"] for one in record.moved["things"]))
    flash(_("Serah terima dari %(giver)s kepada %(receiver)s selesai.", giver=giver.name, receiver=plan.receiver.name),
          "baik")  # fmt: skip
    return redirect(url_for(".done", record_id=record.id), 303)


@blueprint.get("/serah-terima/<uuid:record_id>")
@requires("core.people")
def done(record_id: UUID) -> str:
    """Show what was handed over."""
    record = _find(record_id)
    return render_template(
        "admin/hand_over_done.html", record=record, roles=_roles_of(record.moved), things=_things_of(record.moved)
    )


@blueprint.get("/serah-terima/<uuid:record_id>/berita-acara.pdf")
@requires("core.people")
def minutes(record_id: UUID) -> Response:
    """Return the minutes of a hand-over (berita acara serah terima), to be signed by both."""
    record = _find(record_id)
    answer = Response(documents.pdf("document", _minutes(record), language=language()), mimetype=documents.PDF)
    answer.headers.set("Content-Disposition", "inline", filename="berita-acara-serah-terima.pdf")
    return answer


def _form(giver: PersonRow) -> HandOverForm:
    """Return the form with the roles that one may hand over."""
    live = [one for one in giver.grants if one.is_live and roles.may_give(me(), one.role, one.unit_id)]
    return HandOverForm().offer((one, _named(one.role, one.unit.name if one.unit else None)) for one in live)


def _named(role: str, unit: str | None) -> str:
    title = role_title(role)
    name = f"{title.title} ({title.of})" if title.of else title.title
    return f"{name}, {unit or _('seluruh daerah')}"


def _page(giver: PersonRow, form: HandOverForm) -> str:
    records = hand_over.of_person(current_scope().session, giver.id)
    return render_template("admin/hand_over.html", giver=giver, form=form, records=records)


def _suggested() -> str:
    try:
        person_id = UUID(request.args.get("penerus", ""))
    except ValueError:
        return ""
    row = current_scope().session.get(PersonRow, (current_tenant().id, person_id))
    return row.email if row else ""


def _plan(giver: PersonRow, form: HandOverForm) -> hand_over.Plan | None:
    """Return what the form asks for; None with the reason in the form."""
    session = current_scope().session
    address = (form.receiver.data or "").strip().lower()
    receiver = session.scalar(select(PersonRow).where(PersonRow.email == address))
    if receiver is None:
        form.receiver.errors = [_("Tidak ada akun dengan alamat ini di daerah ini. Undang dulu orangnya.")]
        return None
    ids = {UUID(value) for value in form.grants.data or []}
    close, note = bool(form.close.data), form.note.data or ""

    def planned() -> hand_over.Plan:
        return hand_over.plan(session, me(), giver, receiver, ids, note=note, close=close)

    return _attempt(form, planned)


def _attempt(form: HandOverForm, act: Callable[[], Outcome]) -> Outcome | None:
    """Return what came of it; None with the reason in the form."""
    try:
        return act()
    except hand_over.PluginStopped as error:
        snapshot = current_scope().kernel.snapshot()
        names = ", ".join(snapshot.plugins[name].manifest.title(language()) for name in error.plugins)
        form.form_errors.append(
            _("Tidak ada yang dipindahkan: aplikasi %(names)s gagal menyerahkan urusannya. Hubungi operator platform.",
              names=names)
        )  # fmt: skip
    except accounts.OwnAccount:
        form.close.errors = [_("Akun yang sedang Anda pakai tidak dapat dinonaktifkan.")]
    except people.LastAdmin:
        form.form_errors.append(_("Ini pengelola terakhir. Beri peran pengelola kepada orang lain dulu."))
    except hand_over.SamePerson:
        form.receiver.errors = [_("Ini orang yang sama. Pilih penerusnya.")]
    except hand_over.ReceiverClosed:
        form.receiver.errors = [_("Akun penerus ini nonaktif. Aktifkan dulu.")]
    except hand_over.MayNotMove:
        form.form_errors.append(
            _("Salah satu peran atau akun ini di luar wewenang Anda. Mintalah pengelola daerah melakukannya.")
        )
    except LumbungError as error:
        form.form_errors.append(words_of(error))
    return None


def _find(record_id: UUID) -> HandOver:
    session, tenant = current_scope().session, current_tenant()
    record = session.get(HandOver, (tenant.id, record_id))
    return record if record is not None else abort(404)


def _roles_of(moved: Mapping[str, Any]) -> list[str]:
    return [_named(one["role"], one["unit"]) for one in moved["roles"]]


def _things_of(moved: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what moved, each as (application, "12 pengaduan")."""
    return [
        (Bilingual(**one["title"])(language()), f"{one['count']} {Bilingual(**one['what'])(language())}")
        for one in moved["things"]
    ]


def _minutes(record: HandOver) -> dict[str, Any]:
    at = record.at.astimezone(current_tenant().now().tzinfo)
    things = [[title, words] for title, words in _things_of(record.moved)]
    return {
        "title": _("Berita acara serah terima jabatan"),
        "blocks": [
            documents.text(
                _("Pada %(day)s dilakukan serah terima jabatan di %(tenant)s.", day=format_date(at.date()),
                  tenant=current_tenant().name)
            ),
            documents.facts(
                [
                    (_("Yang menyerahkan"), record.giver.name),
                    (_("Yang menerima"), record.receiver.name),
                    (_("Dilakukan oleh"), record.made_by),
                    (_("Catatan"), record.note),
                ]
            ),
            documents.heading(_("Peran yang diserahkan")),
            documents.table([_("Peran")], [[words] for words in _roles_of(record.moved)]),
            documents.heading(_("Urusan yang ikut berpindah")),
            documents.table([_("Aplikasi"), _("Jumlah")], things)
            if things
            else documents.text(_("Tidak ada urusan terbuka.")),
            documents.signature("", _("Yang menyerahkan"), record.giver.name),
            documents.signature("", _("Yang menerima"), record.receiver.name),
        ],
    }  # fmt: skip
