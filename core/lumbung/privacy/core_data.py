"""What the core itself holds of a person, section by section, for them to see and take away (UU 27/2022, article 7)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.database.encrypted import Unreadable
from lumbung.hooks import DataSection, Plain
from lumbung.identity.models import DeviceRow, PersonRow, SessionRow
from lumbung.identity.nik import masked
from lumbung.identity.post_models import Post
from lumbung.identity.second_factor.models import PasskeyRow, TotpRow
from lumbung.notifications.services import list_query
from lumbung.openid.models import ConsentRow
from lumbung.openid.upstream.models import IdentityRow
from lumbung.privacy import consents, requests
from lumbung.privacy.clocks import code_of

both = Catalogue("lumbung").both


def core_sections(session: Session, row: PersonRow, language: str, *, nik: str | None = None) -> list[DataSection]:
    """Return what the core holds of a person. No password, token or secret is in it.

    Their NIK is masked unless ``nik`` gives it: an open session alone does not show the whole number.
    """
    return [
        _account(row, language, nik),
        DataSection(
            "roles",
            both("Peran")(language),
            {"role": both("Peran")(language), "unit": both("Berlaku di")(language), "since": both("Sejak")(language)},
            [
                {"role": grant.role, "unit": grant.unit.name if grant.unit else None, "since": grant.granted_at}
                for grant in row.grants
            ],
        ),
        _posts(session, row, language),
        _consents(session, row, language),
        _requests(session, row, language),
        _applications(session, row, language),
        _identities(session, row, language),
        _sessions(session, row, language),
        _browsers(session, row, language),
        _factors(session, row, language),
        _notifications(session, row, language),
    ]


def nik_of(row: PersonRow) -> str | None:
    """Return a person's NIK, None when they gave none or the key that closed it is lost."""
    try:
        return row.nik
    except Unreadable:
        return None


def _account(row: PersonRow, language: str, nik: str | None) -> DataSection:
    columns = {
        "name": both("Nama"),
        "email": both("Alamat surel"),
        "phone": both("Nomor ponsel"),
        "nik": both("NIK"),
        "nip": both("NIP"),
        "position": both("Jabatan"),
        "unit": both("Unit"),
        "language": both("Bahasa"),
        "mail": both("Pemberitahuan lewat surel"),
        "created_at": both("Terdaftar"),
    }
    values: dict[str, Plain] = {
        "name": row.name,
        "email": row.email,
        "phone": row.phone,
        "nik": nik or (masked(known) if (known := nik_of(row)) else None),
        "nip": row.nip,
        "position": row.position,
        "unit": row.home_unit.name if row.home_unit else None,
        "language": row.language,
        "mail": row.mail,
        "created_at": row.created_at,
    }
    return DataSection("account", both("Akun")(language), _said(columns, language), [values])


def _consents(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "title": both("Persetujuan"),
        "version": both("Versi"),
        "given_at": both("Diberikan"),
        "given_on": both("Di formulir"),
        "address": both("Alamat jaringan"),
        "withdrawn_at": both("Berakhir"),
    }
    rows: list[dict[str, Plain]] = [
        {
            "title": Bilingual(**one.text.title)(language),
            "version": one.version,
            "given_at": one.given_at,
            "given_on": one.given_on,
            "address": one.address,
            "withdrawn_at": one.withdrawn_at,
        }
        for one in consents.history_of(session, row.id)
    ]
    return DataSection("consents", both("Persetujuan")(language), _said(columns, language), rows)


def _requests(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "number": both("Nomor"),
        "kind": both("Permintaan"),
        "state": both("Keadaan"),
        "text": both("Isi"),
        "received_at": both("Diterima"),
        "ended_at": both("Selesai"),
        "answer": both("Jawaban"),
    }
    rows: list[dict[str, Plain]] = [
        {
            "number": code_of(one),
            "kind": requests.kind_title(one.kind)(language),
            "state": requests.state_title(one.state)(language),
            "text": one.text,
            "received_at": one.received_at,
            "ended_at": one.ended_at,
            "answer": one.answer,
        }
        for one in session.scalars(requests.of_person(row.id))
    ]
    return DataSection("requests", both("Permintaan data pribadi")(language), _said(columns, language), rows)


def _posts(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "role": both("Peran"),
        "unit_name": both("Berlaku di"),
        "began_at": both("Sejak"),
        "ended_at": both("Berakhir"),
    }
    held = session.scalars(select(Post).where(Post.person_id == row.id).order_by(Post.began_at))
    rows: list[dict[str, Plain]] = [{key: getattr(one, key) for key in columns} for one in held]
    return DataSection("posts", both("Riwayat jabatan")(language), _said(columns, language), rows)


def _applications(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {"name": both("Aplikasi"), "scopes": both("Yang boleh diketahui"), "given_at": both("Diizinkan")}
    allowed = session.scalars(select(ConsentRow).where(ConsentRow.person_id == row.id).order_by(ConsentRow.given_at))
    rows: list[dict[str, Plain]] = [
        {"name": Bilingual(**one.client.name)(language), "scopes": " ".join(one.scopes), "given_at": one.given_at}
        for one in allowed
    ]
    return DataSection("applications", both("Aplikasi yang terhubung")(language), _said(columns, language), rows)


def _identities(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "provider": both("Penyedia"),
        "subject": both("Dikenal di sana sebagai"),
        "created_at": both("Ditautkan"),
        "used_at": both("Terakhir dipakai"),
    }
    linked = session.scalars(
        select(IdentityRow).where(IdentityRow.person_id == row.id).order_by(IdentityRow.created_at)
    )
    rows: list[dict[str, Plain]] = [
        {
            "provider": Bilingual(**one.upstream.title)(language),
            "subject": one.subject,
            "created_at": one.created_at,
            "used_at": one.used_at,
        }
        for one in linked
    ]
    return DataSection("identities", both("Identitas lain")(language), _said(columns, language), rows)


def _browsers(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {"created_at": both("Sejak"), "seen_at": both("Terakhir dipakai"), "agent": both("Peramban")}
    known = session.scalars(select(DeviceRow).where(DeviceRow.person_id == row.id).order_by(DeviceRow.created_at))
    rows: list[dict[str, Plain]] = [{key: getattr(one, key) for key in columns} for one in known]
    return DataSection("browsers", both("Peramban yang dikenal")(language), _said(columns, language), rows)


def _factors(session: Session, row: PersonRow, language: str) -> DataSection:
    """Name the second factors; what opens an account by them is not handed out."""
    columns = {"name": both("Faktor kedua"), "created_at": both("Sejak"), "used_at": both("Terakhir dipakai")}
    apps = session.scalars(select(TotpRow).where(TotpRow.person_id == row.id, TotpRow.confirmed_at.is_not(None)))
    keys = session.scalars(select(PasskeyRow).where(PasskeyRow.person_id == row.id).order_by(PasskeyRow.created_at))
    app = both("Aplikasi autentikator")(language)
    rows: list[dict[str, Plain]] = [{"name": app, "created_at": one.created_at, "used_at": None} for one in apps]
    rows += [{"name": one.name, "created_at": one.created_at, "used_at": one.used_at} for one in keys]
    return DataSection("factors", both("Faktor kedua")(language), _said(columns, language), rows)


def _sessions(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "created_at": both("Masuk"),
        "seen_at": both("Terakhir dipakai"),
        "revoked_at": both("Diakhiri"),
        "address": both("Alamat jaringan"),
        "agent": both("Peramban"),
    }
    opened = select(SessionRow).where(SessionRow.person_id == row.id).order_by(SessionRow.created_at)
    rows: list[dict[str, Plain]] = [{key: getattr(one, key) for key in columns} for one in session.scalars(opened)]
    return DataSection("sessions", both("Sesi")(language), _said(columns, language), rows)


def _notifications(session: Session, row: PersonRow, language: str) -> DataSection:
    columns = {
        "at": both("Waktu"),
        "title": both("Judul"),
        "text": both("Isi"),
        "read_at": both("Dibaca"),
        "mailed_at": both("Dikirim lewat surel"),
    }
    rows: list[dict[str, Plain]] = [
        {
            "at": one.at,
            "title": one.title_in(language),
            "text": one.text_in(language),
            "read_at": one.read_at,
            "mailed_at": one.mailed_at,
        }
        for one in session.scalars(list_query(row.id))
    ]
    return DataSection("notifications", both("Pemberitahuan")(language), _said(columns, language), rows)


def _said(columns: Mapping[str, Bilingual], language: str) -> dict[str, str]:
    return {name: title(language) for name, title in columns.items()}
