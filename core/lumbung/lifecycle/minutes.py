"""Minutes of a destruction (Berita Acara Pemusnahan): prepared, signed by two people, carried out, sealed.

What is signed is the SHA-256 of `text_of`, canonical JSON of what is destroyed and why. Two different people sign, at
least one of them an operator; signing takes a page, since a console cannot prove a person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lumbung.audit import anchor
from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.identity.models import PersonRow
from lumbung.kernel import Kernel
from lumbung.lifecycle import archives
from lumbung.lifecycle.minutes_models import Minutes, MinutesSignature
from lumbung.registry.models import ArchiveRow, PluginRow

FORMAT = "lumbung-minutes-1"
SIGNATURES = 2
SHORTEST_REASON = 10
LONGEST_REASON = 1000
_TEXT = ("format", "id", "number", "reason", "contents", "prepared_by", "prepared_at")
_NUMBER_LOCK = 5_204_026  # pg_advisory_xact_lock key: numbers are given out one after the other


class MinutesRefused(LumbungError):
    """What was asked for does not fit the state of the minutes, or of what they speak of."""


def prepare(
    kernel: Kernel,
    session: Session,
    archive: ArchiveRow,
    *,
    reason: str,
    by: str,
    also_archive: bool = False,
    archive_lost: bool = False,
) -> Minutes:
    """Write minutes for the destruction of a plugin's data and return them, unsigned.

    ``also_archive``: the archive file is destroyed too. ``archive_lost``: the file is gone or damaged, and whoever
    signs knows. Raises `MinutesRefused` unless the plugin is uninstalled, this is its newest archive, the date until
    which it is kept has passed, and no other minutes of it are open.
    """
    session.execute(select(func.pg_advisory_xact_lock(_NUMBER_LOCK)))
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise MinutesRefused(
            "Write the reason in %(least)s to %(most)s letters.", least=SHORTEST_REASON, most=LONGEST_REASON
        )
    refuse_unready(kernel, session, archive)
    other = open_of(session, archive.plugin)
    if other is not None:
        raise MinutesRefused("Minutes %(code)s are open; sign or withdraw those first.", code=code_of(other))
    if archive_lost and also_archive:
        raise MinutesRefused("An archive that is lost cannot be destroyed as well; choose one of the two.")
    row = Minutes(
        number=_next_number(session, archives.today_of(kernel)),
        plugin=archive.plugin,
        archive_id=archive.id,
        reason=reason,
        contents=_contents(session, archive, also_archive=also_archive, archive_lost=archive_lost),
        prepared_by=by[:160],
        prepared_at=utc_now().replace(microsecond=0),
    )
    session.add(row)
    session.flush()
    return row


def refuse_unready(kernel: Kernel, session: Session, archive: ArchiveRow) -> None:
    """Raise `MinutesRefused` unless the data of this archive's plugin may be destroyed now, as far as rows tell."""
    plugin = session.get_one(PluginRow, archive.plugin, populate_existing=True)
    if plugin.state != "uninstalled":
        raise MinutesRefused(
            "Only the data of an uninstalled plugin is destroyed; %(plugin)s is %(state)s.",
            plugin=plugin.name,
            state=plugin.state,
        )
    latest = archives.newest(session, plugin.name)
    if latest is None or latest.id != archive.id:
        raise MinutesRefused("There is a newer archive of %(plugin)s; prepare minutes for that.", plugin=plugin.name)
    if archives.today_of(kernel) <= archive.keep_until:
        raise MinutesRefused(
            "The data of %(plugin)s has to be kept until %(day)s; try again after that day.",
            plugin=plugin.name,
            day=archive.keep_until.isoformat(),
        )


def sign(session: Session, row: Minutes, person: PersonRow, *, seen: str) -> MinutesSignature:
    """Sign minutes in the name of ``person``, who read the text with the SHA-256 ``seen``.

    Raises `MinutesRefused` when the text is another, the minutes are closed or fully signed, the person signed already,
    or both signers would be no operators.
    """
    lock_open(session, row)
    if seen != hash_of(row):
        raise MinutesRefused("The text you read is not that of these minutes; open the page again and read it.")
    signed = signatures_of(session, row)
    if any(_same_person(one, person) for one in signed):
        raise MinutesRefused("You signed these minutes already; another person has to sign too.")
    if len(signed) >= SIGNATURES:
        raise MinutesRefused("These minutes bear both signatures already.")
    if signed and not (person.operator or any(one.operator for one in signed)):
        raise MinutesRefused("One of the two who sign has to be an operator of the platform.")
    signature = MinutesSignature(
        minutes_id=row.id,
        tenant_id=person.tenant_id,
        person_id=person.id,
        name=person.name,
        nip=person.nip,
        position=person.position,
        operator=person.operator,
        signed_at=utc_now(),
        text_hash=seen,
    )
    session.add(signature)
    session.flush()
    return signature


def withdraw(session: Session, row: Minutes, *, by: str) -> None:
    """Withdraw minutes that were not carried out; raises `MinutesRefused` for closed ones."""
    lock_open(session, row)
    row.withdrawn_at, row.withdrawn_by = utc_now(), by[:160]
    session.flush()


def lock_open(session: Session, row: Minutes) -> None:
    """Have people act one after the other, and nobody on minutes that are closed or being carried out."""
    session.refresh(row, with_for_update=True)
    if row.withdrawn_at is not None:
        raise MinutesRefused("These minutes were withdrawn; prepare new ones.")
    if row.carried_out_at is not None or row.seal is not None:
        raise MinutesRefused("These minutes were carried out; nothing of them changes any more.")


def refuse_unsigned(session: Session, row: Minutes) -> None:
    """Raise `MinutesRefused` unless two different people, one of them an operator still, signed this very text."""
    signed = signatures_of(session, row)
    expected = hash_of(row)
    different = {(one.tenant_id, one.person_id) for one in signed}
    if len(different) < SIGNATURES or any(one.text_hash != expected for one in signed):
        raise MinutesRefused(
            "Minutes %(code)s bear %(count)s of %(needed)s signatures.",
            code=code_of(row),
            count=sum(one.text_hash == expected for one in signed),
            needed=SIGNATURES,
        )
    people = {
        (person.tenant_id, person.id): person
        for person in session.scalars(select(PersonRow).where(PersonRow.id.in_([one.person_id for one in signed])))
    }
    signers = [people.get((one.tenant_id, one.person_id)) for one in signed]
    if not any(one is not None and one.operator and one.active for one in signers):
        raise MinutesRefused(
            "Nobody of those who signed %(code)s is an operator now; withdraw them and prepare new ones.",
            code=code_of(row),
        )


def signatures_of(session: Session, row: Minutes) -> Sequence[MinutesSignature]:
    """Return the signatures of minutes, the first in front."""
    query = select(MinutesSignature).where(MinutesSignature.minutes_id == row.id)
    return session.scalars(query.order_by(MinutesSignature.signed_at)).all()


def listed(session: Session) -> Sequence[Minutes]:
    """Return all minutes, the newest first."""
    return session.scalars(select(Minutes).order_by(Minutes.number.desc())).all()


def open_of(session: Session, plugin: str) -> Minutes | None:
    """Return the minutes of a plugin that are neither withdrawn nor carried out, None when there are none."""
    query = select(Minutes).where(
        Minutes.plugin == plugin, Minutes.withdrawn_at.is_(None), Minutes.carried_out_at.is_(None)
    )
    return session.scalar(query.order_by(Minutes.number.desc()).limit(1))


def find(session: Session, minutes_id: str | UUID) -> Minutes | None:
    """Return minutes by their id."""
    return session.get(Minutes, UUID(str(minutes_id)))


def code_of(row: Minutes) -> str:
    """Return the number of minutes as people quote it: BA-0001/2026."""
    return f"BA-{row.number % 10_000:04d}/{row.number // 10_000}"


def text_of(row: Minutes) -> str:
    """Return what is signed: canonical JSON (sorted keys, no spaces, UTF-8)."""
    return _canonical(
        {
            "format": FORMAT,
            "id": str(row.id),
            "number": code_of(row),
            "reason": row.reason,
            "contents": row.contents,
            "prepared_by": row.prepared_by,
            "prepared_at": _moment(row.prepared_at),
        }
    )


def hash_of(row: Minutes) -> str:
    """Return the SHA-256 of what is signed."""
    return hashlib.sha256(text_of(row).encode("utf-8")).hexdigest()


def statement_of(row: Minutes, signed: Sequence[MinutesSignature], found: dict[str, Any]) -> dict[str, Any]:
    """Return what the site seals: the text, who signed it, and what was found and done."""
    return {
        **json.loads(text_of(row)),
        "sha256": hash_of(row),
        "signatures": [
            {
                "name": one.name,
                "nip": one.nip,
                "position": one.position,
                "operator": one.operator,
                "signed_at": _moment(one.signed_at),
                "sha256": one.text_hash,
            }
            for one in signed
        ],
        "carried_out": found,
    }


def check_sealed(sealed: Mapping[str, Any], key: Ed25519PublicKey) -> dict[str, Any]:
    """Return the statement of minutes that were carried out, after checking the seal and what was signed.

    Needs no site: only the minutes as JSON and the public key. Raises `LumbungError` when anything was changed.
    """
    statement = anchor.unsealed(sealed, key)
    if statement.get("format") != FORMAT or any(name not in statement for name in _TEXT):
        raise MinutesRefused("This is no sealed statement of minutes.")
    expected = hashlib.sha256(_canonical({name: statement[name] for name in _TEXT}).encode("utf-8")).hexdigest()
    signed = [one for one in statement.get("signatures", ()) if one.get("sha256") == expected]
    if statement.get("sha256") != expected or len(signed) < SIGNATURES:
        raise MinutesRefused("What was signed is not what these minutes say.")
    return statement


def _contents(session: Session, archive: ArchiveRow, *, also_archive: bool, archive_lost: bool) -> dict[str, Any]:
    manifest = session.get_one(PluginRow, archive.plugin).manifest
    return {
        "plugin": archive.plugin,
        "version": archive.version,
        "title": archive.title,
        "donor": (manifest.get("donor") or {}).get("name", "-"),
        "archive": {
            "file": archive.file,
            "sha256": archive.sha256,
            "size": archive.size,
            "made_at": _moment(archive.made_at),
            "keep_until": archive.keep_until.isoformat(),
        },
        "tables": [
            {"name": name, "rows": told["rows"], "sha256": told["sha256"]}
            for name, told in sorted(archive.contents["tables"].items())
        ],
        "files": archive.contents.get("files", 0),
        "also_archive_file": also_archive,
        "archive_lost": archive_lost,
    }


def _next_number(session: Session, today: date) -> int:
    first = today.year * 10_000
    latest = session.scalar(select(func.max(Minutes.number)).where(Minutes.number.between(first, first + 9999)))
    return (latest or first) + 1


def _same_person(signature: MinutesSignature, person: PersonRow) -> bool:
    """An account elsewhere is the same person all the same: by NIP, or by name where the NIP does not tell."""
    if signature.person_id == person.id or (person.nip and signature.nip == person.nip):
        return True
    told_apart = bool(person.nip and signature.nip)
    return not told_apart and signature.name.casefold().split() == person.name.casefold().split()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
