"""What a person is told of their own account, so that a change they did not make does not stay unseen."""

from __future__ import annotations

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.context import current_tenant
from lumbung.identity.models import PersonRow
from lumbung.notifications.services import notify

both = Catalogue("lumbung").both


def password_changed(person: PersonRow) -> None:
    """They changed their password themselves, or so it seems."""
    notify(
        person.id,
        both("Kata sandi Anda diganti"),
        both(
            "Kata sandi akun Anda diganti pada %(at)s. Bukan Anda yang menggantinya? Segera hubungi petugas layanan.",
            at=current_tenant().now(),
        ),
        "/akun/sesi",
    )


def password_reset(person: PersonRow) -> None:
    """An administrator gave the account a new password."""
    notify(
        person.id,
        both("Kata sandi Anda dibuat baru oleh pengelola"),
        both("Masuklah dengan kata sandi yang Anda terima dari pengelola, lalu ganti dengan kalimat Anda sendiri."),
        "/akun/kata-sandi",
    )


def details_changed(person: PersonRow) -> None:
    """The name or the e-mail address of the account is another now."""
    notify(
        person.id,
        both("Data akun Anda diubah"),
        both(
            "Akun ini kini atas nama %(name)s dengan alamat surel %(email)s. Bukan Anda yang mengubahnya? "
            "Segera hubungi petugas layanan.",
            name=person.name,
            email=person.email,
        ),
        "/akun",
    )


def role_given(person: PersonRow, role: Bilingual, place: str | None) -> None:
    """They may do more now: a role in a unit, or (``place`` is None) in the whole tenant."""
    notify(
        person.id,
        both("Anda mendapat peran baru: %(role)s", role=role),
        both(
            "Peran %(role)s berlaku di %(place)s sejak sekarang.",
            role=role,
            place=place or current_tenant().name,
        ),
        "/akun",
    )
