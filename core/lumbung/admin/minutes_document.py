"""Minutes on paper: a Berita Acara Pemusnahan with its tables, hashes, signatures and a code to check it by."""

from __future__ import annotations

from collections.abc import Sequence

import segno

from lumbung.audit import anchor
from lumbung.context import current_scope
from lumbung.documents import pdf as documents
from lumbung.identity.nip import formatted
from lumbung.lifecycle import minutes
from lumbung.lifecycle.minutes_models import Minutes, MinutesSignature
from lumbung.web.i18n import core_domain, format_date, format_datetime, format_number, language


def _(text: str, **values: object) -> str:
    return str(core_domain.gettext(text, **values))


def document_of(row: Minutes, signed: Sequence[MinutesSignature]) -> bytes:
    """Return minutes as a PDF in the language of the page, marked a draft until they are carried out."""
    draft, digest, code = row.carried_out_at is None, minutes.hash_of(row), minutes.code_of(row)
    blocks = [
        documents.facts([(_("Nomor"), code), (_("Keadaan"), _state(row))]),
        documents.text(_opening(row)),
        *_subject(row),
        documents.heading(_("Yang dimusnahkan")),
        _tables(row),
        documents.text(_others(row)),
        documents.heading(_("Sidik")),
        documents.facts(
            [
                (_("Berkas arsip"), row.contents["archive"]["sha256"]),
                (_("Teks yang ditandatangani"), digest),
                *_seal(row),
            ]
        ),
    ]
    check = f"{code}\nSHA-256 {digest}\nEd25519 {_fingerprint()}"
    data = {
        "title": _("Berita Acara Pemusnahan Data Aplikasi"),
        "blocks": blocks,
        "draft": _("KONSEP") if draft else "",
        "qr": segno.make(check, micro=False, error="m").svg_inline(border=0, omitsize=True),
        "qr_says": _("Kode berisi nomor, sidik, dan kunci: %(check)s", check=check.replace("\n", ", ")),
        "signers": _signers(signed),
    }
    return documents.pdf("minutes", data, language=language())


def _state(row: Minutes) -> str:
    if row.carried_out_at is not None:
        return _("dilaksanakan %(at)s", at=format_datetime(row.carried_out_at))
    if row.withdrawn_at is not None:
        return _("dibatalkan %(at)s", at=format_datetime(row.withdrawn_at))
    return _("konsep, belum dilaksanakan")


def _opening(row: Minutes) -> str:
    if row.carried_out_at is None:
        return _(
            "Dokumen ini disiapkan pada %(day)s dan belum berlaku: data di bawah ini belum dimusnahkan.",
            day=format_date(row.prepared_at, "EEEE, d MMMM y"),
        )
    return _(
        "Pada hari %(day)s telah dimusnahkan data aplikasi yang disebut di bawah ini, yang sudah dicopot dari situs "
        "ini dan masa simpan arsipnya telah lewat.",
        day=format_date(row.carried_out_at, "EEEE, d MMMM y"),
    )


def _subject(row: Minutes) -> list[dict[str, object]]:
    contents, archive = row.contents, row.contents["archive"]
    lost = _("hilang atau rusak, sebagaimana dinyatakan di sini")
    gone, kept = _("ikut dimusnahkan"), _("tetap disimpan")
    fate = lost if contents["archive_lost"] else gone if contents["also_archive_file"] else kept
    return [
        documents.facts(
            [
                (_("Aplikasi"), f"{contents['title'].get(language(), contents['plugin'])} {contents['version']}"),
                (_("Pemberi"), contents["donor"]),
                (_("Arsip"), archive["file"]),
                (_("Disimpan sampai"), format_date(row.archive.keep_until)),
                (_("Berkas arsipnya"), fate),
                (_("Disiapkan oleh"), row.prepared_by),
            ]
        ),
        documents.heading(_("Alasan")),
        documents.text(row.reason),
    ]


def _tables(row: Minutes) -> dict[str, object]:
    destroyed = _carried_out(row).get("rows", {})
    rows = [
        (
            one["name"],
            format_number(one["rows"]),
            format_number(destroyed[one["name"]]) if one["name"] in destroyed else "",
            one["sha256"],
        )
        for one in row.contents["tables"]
    ]
    return documents.table([_("Tabel"), _("Baris diarsipkan"), _("Baris dimusnahkan"), _("Sidik SHA-256")], rows)


def _others(row: Minutes) -> str:
    return _(
        "Ikut dimusnahkan: pengaturan aplikasi, tabel versinya, salinan dari pemutakhiran, dan %(files)s berkas "
        "miliknya. Jejak audit dan riwayat pemasangan tetap disimpan.",
        files=format_number(_carried_out(row).get("files", row.contents["files"])),
    )


def _seal(row: Minutes) -> list[tuple[str, str]]:
    if row.carried_out_at is None or row.seal is None:
        return []
    return [(_("Segel situs (Ed25519)"), str(row.seal["signature"])), (_("Sidik kunci"), _fingerprint())]


def _signers(signed: Sequence[MinutesSignature]) -> list[dict[str, str]]:
    blank = {"office": _("(belum ditandatangani)"), "name": "", "nip": "", "at": ""}
    made = [
        {
            "office": one.position or (_("Operator platform") if one.operator else _("Pengelola daerah")),
            "name": one.name,
            "nip": f"NIP {formatted(one.nip)}" if one.nip else "",
            "at": _("Ditandatangani elektronik %(at)s", at=format_datetime(one.signed_at)),
        }
        for one in signed
    ]
    return [*made, *(blank for _number in range(minutes.SIGNATURES - len(made)))]


def _carried_out(row: Minutes) -> dict[str, dict[str, int]]:
    if row.seal is None:
        return {}
    found: dict[str, dict[str, int]] = row.seal.get("statement", {}).get("carried_out", row.seal)
    return found


def _fingerprint() -> str:
    return anchor.fingerprint(anchor.public_key(current_scope().kernel.settings))
