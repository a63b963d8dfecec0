"""The ledger of consents: who agreed to which version of which text, when and where, and when that ended.

A text is asked by the core or by a plugin's manifest (``[[consents]]``). What people agreed to is kept word by word
when the first of them agrees; a new wording is a new version beside it (UU 27/2022, articles 20 to 24).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.bilingual import Bilingual, Catalogue
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.events import emit
from lumbung.privacy.models import Consent, ConsentText

ACCOUNT = "core.account"
LONGEST = 4000

both = Catalogue("lumbung").both


class UnknownConsent(LumbungError):
    """Nothing of that code is asked here."""


class TextChanged(LumbungError):
    """The text was renewed while it was being read; the newer one has to be shown first."""


@dataclass(frozen=True)
class Asked:
    """A text as it is asked now. ``needed``: the account cannot be without it. ``of`` is the plugin, None the core."""

    code: str
    version: int
    title: Bilingual
    text: Bilingual
    of: str | None = None
    needed: bool = False


@dataclass(frozen=True)
class Standing:
    """What a person's consent to one text is at: the text, the row in force if any, whether a newer text waits."""

    asked: Asked
    given: Consent | None

    @property
    def outdated(self) -> bool:
        """Whether they agreed to an older version than the one that is asked now."""
        return self.given is not None and self.given.version < self.asked.version


def of_the_core() -> tuple[Asked, ...]:
    """Return what the core itself asks, in its first version."""
    return (
        Asked(
            code=ACCOUNT,
            version=1,
            title=both("Menyimpan data untuk akun saya"),
            text=both(
                "Saya setuju nama, alamat surel, dan nomor ponsel saya disimpan untuk akun ini dan dipakai oleh "
                "pemerintah daerah untuk layanan yang saya ambil. Saya dapat melihat, mengunduh, dan memperbaiki "
                "data saya, serta menarik persetujuan ini kapan saja di halaman Data saya. Bila saya menariknya, "
                "akun ditutup dan datanya dihapus dalam 3x24 jam, kecuali yang wajib disimpan menurut "
                "undang-undang."
            ),
            needed=True,
        ),
    )


def asked_now(session: Session) -> list[Asked]:
    """Return what is asked of people here, in its newest version: the core's first, then the enabled plugins'."""
    scope = current_scope()
    declared = list(of_the_core())
    for plugin in scope.kernel.snapshot().enabled_for(current_tenant().id):
        declared += [
            Asked(one.code, one.version, Bilingual(one.title.id, one.title.en), Bilingual(one.text.id, one.text.en),
                  plugin.name)
            for one in plugin.manifest.consents
        ]  # fmt: skip
    newest = {row.code: row for row in session.scalars(select(ConsentText).order_by(ConsentText.version))}
    return [_newer(one, newest.get(one.code)) for one in declared]


def asked(session: Session, code: str) -> Asked:
    """Return the newest version of one text; raises `UnknownConsent`."""
    found = next((one for one in asked_now(session) if one.code == code), None)
    if found is None:
        raise UnknownConsent("Nobody is asked for the consent %(code)r here.", code=code)
    return found


def give(session: Session, person_id: UUID, code: str, *, on: str, version: int | None = None) -> Consent:
    """Write down that a person agrees to the newest version of a text; agreeing twice changes nothing.

    ``on`` names the form they did it on; ``version`` the text that stood there. Raises `TextChanged` when that is no
    longer the newest, `UnknownConsent` for a code that is not asked.
    """
    now, scope = asked(session, code), current_scope()
    if version is not None and version != now.version:
        raise TextChanged("The text of this consent was renewed a moment ago; please read it again.")
    held = _in_force(session, person_id, code, lock=True)
    if held is not None and held.version >= now.version:
        return held
    if held is not None:
        _end(held, person_id, "renewed")
    text = _kept(session, now)
    given = Consent(
        person_id=person_id,
        text_id=text.id,
        code=code,
        version=now.version,
        given_at=utc_now(),
        given_on=on[:80],
        address=scope.address,
    )
    session.flush()
    session.add(given)
    session.flush()
    audit.record("consent.give", code, about=person_id, version=now.version)
    _tell("core.consent_given", given)
    return given


def withdraw(session: Session, person_id: UUID, code: str, *, by: UUID | None) -> bool:
    """End a person's consent at once and tell the plugins; False when they had given none.

    ``by`` is who did it: themselves, or an officer for them.
    """
    held = _in_force(session, person_id, code, lock=True)
    if held is None:
        return False
    _end(held, by, "withdrawn")
    session.flush()
    audit.record("consent.withdraw", code, about=person_id, version=held.version)
    _tell("core.consent_withdrawn", held)
    return True


def has(session: Session, person_id: UUID, code: str) -> bool:
    """Whether a person agrees to a text at this moment, in any of its versions."""
    return _in_force(session, person_id, code) is not None


def standing_of(session: Session, person_id: UUID) -> list[Standing]:
    """Return what is asked of a person and what they said, then what they agreed to that is asked no more."""
    rows = session.scalars(select(Consent).where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None)))
    given = {row.code: row for row in rows}
    standing = [Standing(one, given.pop(one.code, None)) for one in asked_now(session)]
    return standing + [Standing(_as_asked(row.text), row) for row in given.values()]


def history_of(session: Session, person_id: UUID) -> Sequence[Consent]:
    """Return all that a person ever agreed to, the newest first."""
    query = select(Consent).where(Consent.person_id == person_id).order_by(Consent.given_at.desc(), Consent.id)
    return session.scalars(query).all()


def versions(session: Session, code: str) -> Sequence[ConsentText]:
    """Return the versions of a text that were ever kept, the newest first."""
    query = select(ConsentText).where(ConsentText.code == code).order_by(ConsentText.version.desc())
    return session.scalars(query).all()


def holders(session: Session) -> dict[tuple[str, int], int]:
    """Return how many people agree to each version of each text now."""
    query = select(Consent.code, Consent.version, func.count()).where(Consent.withdrawn_at.is_(None))
    counted = session.execute(query.group_by(Consent.code, Consent.version))
    return {(code, version): count for code, version, count in counted}


def write_version(session: Session, code: str, title: Bilingual, text: Bilingual, *, by: str) -> ConsentText:
    """Put a new wording of one of the core's texts beside the old ones. People are asked again on their data page.

    Raises `UnknownConsent` for a text that is not the core's, `LumbungError` when nothing changed or somebody else was
    quicker.
    """
    if code not in {one.code for one in of_the_core()}:
        raise UnknownConsent("Nobody is asked for the consent %(code)r here.", code=code)
    now = asked(session, code)
    if (title, text) == (now.title, now.text):
        raise LumbungError("This is word by word the text that is asked already.")
    _kept(session, now)
    row = _kept(session, Asked(code, now.version + 1, title, text), by=by)
    if (row.title, row.text) != (asdict(title), asdict(text)):
        raise LumbungError("Somebody else wrote a new version a moment ago; please look at it first.")
    audit.record("consent.text", code, version=row.version)
    return row


def text_hash(code: str, version: int, title: dict[str, str], text: dict[str, str]) -> str:
    """Return the SHA-256 of a version of a text, by which it is known to be unchanged."""
    whole = json.dumps([code, version, title, text], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _kept(session: Session, asked: Asked, *, by: str = "") -> ConsentText:
    """Return the row of a text, adding it when nobody agreed to it before."""
    title, text = asdict(asked.title), asdict(asked.text)
    session.execute(
        insert(ConsentText)
        .values(
            code=asked.code,
            version=asked.version,
            title=title,
            text=text,
            hash=text_hash(asked.code, asked.version, title, text),
            valid_from=utc_now(),
            written_by=by or asked.of or "lumbung",
        )
        .on_conflict_do_nothing()
    )
    query = select(ConsentText).where(ConsentText.code == asked.code, ConsentText.version == asked.version)
    return session.scalars(query).one()


def _newer(declared: Asked, kept: ConsentText | None) -> Asked:
    if kept is None or kept.version < declared.version:
        return declared
    return Asked(
        declared.code, kept.version, Bilingual(**kept.title), Bilingual(**kept.text), declared.of, declared.needed
    )


def _as_asked(row: ConsentText) -> Asked:
    plugin = row.code.partition(".")[0]
    return Asked(row.code, row.version, Bilingual(**row.title), Bilingual(**row.text), plugin)


def _in_force(session: Session, person_id: UUID, code: str, *, lock: bool = False) -> Consent | None:
    query = select(Consent).where(Consent.person_id == person_id, Consent.code == code, Consent.withdrawn_at.is_(None))
    return session.scalar(query.with_for_update() if lock else query)


def _end(row: Consent, by: UUID | None, why: str) -> None:
    row.withdrawn_at, row.withdrawn_by, row.why_ended = utc_now(), by, why


def _tell(name: str, row: Consent) -> None:
    """Tell the plugins in the name of the core, whoever's code runs."""
    scope = current_scope()
    acting, scope.plugin = scope.plugin, None
    data: dict[str, Any] = {"person": str(row.person_id), "code": row.code, "version": row.version}
    try:
        emit(name, data)
    finally:
        scope.plugin = acting
