"""What a person is told of their own account, so that a change they did not make does not stay unseen.

What touches the security of the account is sent also to those who want no mail.
"""

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
        must_reach=True,
    )


def password_reset(person: PersonRow) -> None:
    """An administrator gave the account a new password."""
    notify(
        person.id,
        both("Kata sandi Anda dibuat baru oleh pengelola"),
        both("Masuklah dengan kata sandi yang Anda terima dari pengelola, lalu ganti dengan kalimat Anda sendiri."),
        "/akun/kata-sandi",
        must_reach=True,
    )


def factor_added(person: PersonRow) -> None:
    """Another second factor counts for the account."""
    notify(
        person.id,
        both("Faktor kedua ditambahkan ke akun Anda"),
        both("Bukan Anda yang melakukannya? Segera ganti kata sandi, lalu hubungi petugas layanan."),
        "/akun/keamanan",
        must_reach=True,
    )


def factor_removed(person: PersonRow) -> None:
    """A second factor was taken out of the account by its owner, or so it seems."""
    notify(
        person.id,
        both("Faktor kedua dihapus dari akun Anda"),
        both("Bukan Anda yang melakukannya? Segera ganti kata sandi, lalu hubungi petugas layanan."),
        "/akun/keamanan",
        must_reach=True,
    )


def factors_reset(person: PersonRow) -> None:
    """An administrator took every second factor of the account away."""
    notify(
        person.id,
        both("Faktor kedua Anda diatur ulang oleh pengelola"),
        both("Masuklah dengan kata sandi, lalu pasang lagi. Anda tidak memintanya? Segera hubungi petugas layanan."),
        "/akun/keamanan",
        must_reach=True,
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
        must_reach=True,
    )


def nik_changed(person: PersonRow, *, given: bool) -> None:
    """A NIK was written into the account (``given``), or taken out of it. The number itself is not told."""
    title = both("NIK disimpan di akun Anda") if given else both("NIK dihapus dari akun Anda")
    notify(
        person.id,
        title,
        both("Bukan Anda yang melakukannya? Segera ganti kata sandi, lalu hubungi petugas layanan."),
        "/akun/nik",
        must_reach=True,
    )


def identity_linked(person: PersonRow, title: Bilingual) -> None:
    """An identity of another provider opens the account from now on."""
    notify(
        person.id,
        both("%(title)s kini membuka akun Anda", title=title),
        both("Bukan Anda yang melakukannya? Segera ganti kata sandi, lalu hubungi petugas layanan."),
        "/akun/identitas",
    )


def identity_unlinked(person: PersonRow) -> None:
    """An identity of another provider opens the account no more."""
    notify(
        person.id,
        both("Sebuah identitas dilepas dari akun Anda"),
        both("Bukan Anda yang melakukannya? Segera ganti kata sandi, lalu hubungi petugas layanan."),
        "/akun/identitas",
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


def invitation_accepted(inviter: PersonRow, person: PersonRow, url: str) -> None:
    """Somebody whom they invited has an account now; ``url`` is what to do next."""
    notify(
        inviter.id,
        both("%(name)s menerima undangan Anda", name=person.name),
        both("Akun %(name)s sudah siap dipakai, dengan peran yang Anda pilih.", name=person.name),
        url,
    )


def posts_handed_over(giver: PersonRow, receiver: PersonRow, count: int) -> None:
    """A post went from one to the other; both are told."""
    words = {"giver": giver.name, "receiver": receiver.name, "count": count}
    notify(
        receiver.id,
        both("Anda menerima serah terima dari %(giver)s", **words),
        both("Peran dan %(count)s urusan yang masih terbuka kini menjadi tugas Anda.", **words),
        "/meja/",
    )
    if giver.active:
        notify(
            giver.id,
            both("Tugas Anda diserahkan kepada %(receiver)s", **words),
            both("Peran yang diserahkan tidak berlaku lagi untuk Anda, dan %(count)s urusan ikut berpindah.", **words),
            "/akun",
        )
