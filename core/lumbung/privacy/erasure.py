"""Erasing a person: from the core and from every application that holds data of theirs, in one transaction.

Their account's row stays without a word that tells of whom, because trails and statistics point at it; nothing is
kept aside, so what the law calls deleting (menghapus) is also destroying (memusnahkan). See
`docs/decisions/0022-data-subject-rights.md` for what stays and why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.bilingual import Bilingual, Catalogue
from lumbung.clock import utc_now
from lumbung.context import Scope, current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.hooks import DataSubject, Erased
from lumbung.identity.models import PersonRow, SignInAttempt
from lumbung.instances import accounts, adapter
from lumbung.notifications import visitor_letters
from lumbung.notifications.models import VisitorLetter
from lumbung.privacy import requests
from lumbung.privacy.clocks import code_of
from lumbung.privacy.models import Consent, DataRequest
from lumbung.privacy.subject import concerned
from lumbung.registry.state import InstalledPlugin

GONE = "Akun dihapus"

both = Catalogue("lumbung").both

# Rows of the core that go when their person goes, whichever room they belong to: sessions, devices, factors, letters.
_GO_ALONG = text(
    """
    SELECT child.relname, a.attname FROM pg_constraint c
    JOIN pg_class child ON child.oid = c.conrelid
    JOIN pg_class parent ON parent.oid = c.confrelid
    CROSS JOIN LATERAL unnest(c.conkey) AS k(number)
    JOIN pg_attribute a ON a.attrelid = child.oid AND a.attnum = k.number
    WHERE c.contype = 'f' AND parent.relname = 'lumbung_person' AND c.confdeltype = 'c'
    AND starts_with(child.relname, 'lumbung_') AND a.attname <> 'tenant_id' AND NOT child.relname = ANY (:kept)
    ORDER BY child.relname
    """
)


# Who held which post when, and who handed it to whom, are acts of office: they stay, and point at an empty account.
OF_OFFICE = ("lumbung_post", "lumbung_hand_over")


class CannotErase(LumbungError):
    """The person still has duties here, or was erased before; the message says what to do first."""


class ErasureFailed(LumbungError):
    """An application could not erase its part, so nothing was erased; ``titles`` names those that could not."""

    def __init__(self, titles: Sequence[Bilingual]) -> None:
        self.titles = tuple(titles)
        super().__init__(
            "Nothing was erased: %(titles)s could not erase its part. Have it mended, then run this again.",
            titles=[title.id for title in titles],
        )


def erase(session: Session, request: DataRequest, subject: DataSubject, *, by: str) -> list[dict[str, Any]]:
    """Erase a person for a request that was verified, and return what was done, as it is kept for the record.

    ``subject`` is who the officer identified. Raises `CannotErase`, `requests.WrongState`, or `ErasureFailed`; the
    caller then rolls back, and all is as it was.
    """
    session.refresh(request, with_for_update=True)
    if request.state not in (requests.VERIFIED, requests.WORKING):
        raise CannotErase(
            "Request %(code)s is %(state)s; make sure first who asks for it.",
            code=code_of(request),
            state=request.state,
        )
    row = _locked(session, request.person_id)
    try:
        with ExitStack() as until:  # what applications erase in databases of their own is kept when all went well
            return _erase(session, request, subject, row, until, by=by)
    except adapter.NotKept as error:
        plugin = current_scope().kernel.snapshot().plugins[error.plugin]
        raise ErasureFailed([_title(plugin)]) from error


def _erase(
    session: Session, request: DataRequest, subject: DataSubject, row: PersonRow | None, until: ExitStack, *, by: str
) -> list[dict[str, Any]]:
    outcome = _by_applications(subject, until)
    if row is not None:
        outcome = _by_the_core(session, row) + outcome
    requests.finish(session, request, answer=_answer(outcome), by=by)
    request.outcome = outcome
    if row is not None:
        _without_words(session, row.id)
        _anonymise(session, row)
    request.text = request.applicant = request.contact = ""
    audit.record("data.erase", code_of(request), about=request.id, count=sum(one["count"] for one in outcome))
    session.flush()
    return outcome


def refuse_duties(row: PersonRow) -> None:
    """Refuse somebody who holds a role or looks after the platform: their post is handed over first."""
    if row.erased_at is not None:
        raise CannotErase("The data of this account were erased already.")
    if row.operator or row.live_grants:
        raise CannotErase("This person still holds roles here; hand their post over first, then erase.")


def _locked(session: Session, person_id: UUID | None) -> PersonRow | None:
    if person_id is None:
        return None
    row = session.get_one(PersonRow, (current_tenant().id, person_id), with_for_update=True, populate_existing=True)
    refuse_duties(row)
    return row


def _by_applications(subject: DataSubject, until: ExitStack) -> list[dict[str, Any]]:
    scope = current_scope()
    asked = concerned(scope)
    if asked.dumb:
        raise ErasureFailed(list(asked.dumb.values()))
    _close_accounts(scope, subject)
    here = [one for one in asked.plugins if not adapter.takes_the_place_of_hooks(one)]
    foreign = [one for one in asked.plugins if adapter.takes_the_place_of_hooks(one)]
    answers = scope.kernel.caller.ask_these("erase_person", here, each=Erased, person=subject)
    titles = {one.name: _title(one) for one in asked.plugins}
    failed = [titles[one.name] for one in here if one.name not in answers.values]
    told = dict(answers.values)
    if not failed:
        told |= adapter.erase(scope, foreign, subject, until).values
        failed = [titles[name] for name in titles if name not in told]
    if failed:
        raise ErasureFailed(failed)
    return [_as_kept(titles[name], one) for name in titles for one in told[name]]


def _close_accounts(scope: Scope, subject: DataSubject) -> None:
    """Close what the platform opened for them in applications; where all is undone, their next visit opens it again."""
    if subject.id is None:
        return
    try:
        accounts.close_those_of(scope, subject.id)
    except LumbungError as error:
        raise ErasureFailed([_title(plugin) for plugin in accounts.plugins_of(scope, subject.id)]) from error


def _title(plugin: InstalledPlugin) -> Bilingual:
    return Bilingual(plugin.manifest.title.id, plugin.manifest.title.en)


def _by_the_core(session: Session, row: PersonRow) -> list[dict[str, Any]]:
    gone = _delete_what_goes_along(session, row)
    agreed = session.execute(
        update(Consent).where(Consent.person_id == row.id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=utc_now(), why_ended="erased").returning(Consent.id)
    ).all()  # fmt: skip
    session.execute(update(Consent).where(Consent.person_id == row.id).values(address=None))
    accountable = both(
        "Pertanggungjawaban penyelenggaraan negara (UU 27/2022 pasal 15 ayat 1 huruf c, UU 43/2009 tentang "
        "Kearsipan). Nama tidak lagi ditampilkan."
    )
    done = [
        Erased(both("Nama, alamat surel, nomor, kata sandi, dan NIK pada akun"), 1),
        Erased(both("Sesi, perangkat, pemberitahuan, dan sejenisnya"), gone),
        Erased(
            both("Catatan persetujuan"),
            len(agreed),
            "anonymised",
            both("Bukti persetujuan wajib dapat ditunjukkan (UU 27/2022 pasal 24); nama dan alamatnya dihapus."),
        ),
        Erased(both("Jejak audit"), _in_the_trail(session, row.id), "kept", accountable),
    ]
    if posts := _of_office(session, row.id):
        done.append(Erased(both("Riwayat jabatan dan serah terima"), posts, "kept", accountable))
    return [_as_kept(both("Akun dan situs ini"), one) for one in done]


def _delete_what_goes_along(session: Session, row: PersonRow) -> int:
    """Delete the rows that go when their person goes, and what is known of them by their address alone."""
    gone = 0
    quote = session.connection().dialect.identifier_preparer.quote
    for table, column in session.execute(_GO_ALONG, {"kept": list(OF_OFFICE)}).all():
        deleted = session.execute(
            text(f"DELETE FROM {quote(table)} WHERE {quote(column)} = :person RETURNING 1"),  # noqa: S608  (names of pg_class)
            {"person": row.id},
        )
        gone += len(deleted.all())
    by_address = text("DELETE FROM lumbung_letter WHERE email = :email RETURNING 1")
    gone += len(session.execute(by_address, {"email": row.email}).all())
    to_visitor = delete(VisitorLetter).where(VisitorLetter.email_hash == visitor_letters.index_of(row.email))
    gone += len(session.execute(to_visitor.returning(VisitorLetter.id)).all())
    tried = hashlib.sha256(row.email.encode()).digest()
    attempts = delete(SignInAttempt).where(SignInAttempt.email_hash == tried).returning(SignInAttempt.id)
    gone += len(session.execute(attempts).all())
    session.expire_all()
    return gone


def _in_the_trail(session: Session, person_id: UUID) -> int:
    query = select(audit.AuditRow.id).where(
        (audit.AuditRow.about == person_id) | (audit.AuditRow.person_id == person_id)
    )
    return len(session.execute(query).all())


def _of_office(session: Session, person_id: UUID) -> int:
    held = text(
        "SELECT (SELECT count(*) FROM lumbung_post WHERE person_id = :person) + "
        "(SELECT count(*) FROM lumbung_hand_over WHERE giver_id = :person OR receiver_id = :person)"
    )
    return int(session.execute(held, {"person": person_id}).scalar_one())


def _without_words(session: Session, person_id: UUID) -> None:
    """Take the words out of all requests of the person: any of them may hold what was to be erased."""
    session.execute(
        update(DataRequest).where(DataRequest.person_id == person_id).values(text="", verified_how="", contact="")
    )
    session.execute(
        update(DataRequest)
        .where(DataRequest.person_id == person_id, DataRequest.kind.not_in([requests.ERASURE, requests.WITHDRAWAL]))
        .values(answer="")
    )


def _anonymise(session: Session, row: PersonRow) -> None:
    told = "DELETE FROM lumbung_notification WHERE person_id = :person"  # what finishing the request just told
    session.execute(text(told), {"person": row.id})
    session.expire(row)
    row.name, row.email = GONE, f"dihapus-{uuid4().hex}@dihapus.invalid"
    for column in PRIVATE:
        setattr(row, column, None)
    row.active = row.mail = False
    row.erased_at = utc_now()
    session.flush()


# Columns of an account that tell of whom it is; a test compares them with the table.
PRIVATE = (
    "phone",
    "password_hash",
    "language",
    "email_verified_at",
    "phone_verified_at",
    "nik",
    "nik_index",
    "nik_set_at",
    "nip",
    "organisation",
    "position",
    "unit_id",
)


def _answer(outcome: Sequence[dict[str, Any]]) -> str:
    counted = sum(one["count"] for one in outcome if one["how"] != "kept")
    return both("Data Anda telah dihapus: %(count)s catatan. Rinciannya ada di berita acara.", count=counted).id


def _as_kept(application: Bilingual, one: Erased) -> dict[str, Any]:
    return {
        "application": asdict(application),
        "what": asdict(one.what),
        "count": one.count,
        "how": one.how,
        "why": asdict(one.why) if one.why else None,
    }
