"""Posting letters with a secret link, and the other letters that nobody can switch off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import select

from lumbung.addresses import public_address
from lumbung.bilingual import Bilingual, Catalogue
from lumbung.clock import utc_now
from lumbung.context import Scope, current_scope
from lumbung.identity import letters
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import SecretLetter
from lumbung.jobs import defer_letter
from lumbung.mail import Letter, Mailer, MailRefused
from lumbung.notifications.mailing import TEMPLATES, language_of
from lumbung.tenancy.tenant import Tenant

PATHS = {
    letters.VERIFICATION: "/surel",
    letters.REGISTRATION: "/daftar/selesai",
    letters.INVITATION: "/undangan",
    letters.FORGOTTEN: "/kata-sandi-baru",
}
KEY = "k"  # the token goes in the query, which the access log leaves out
_ACTS = {letters.KNOWN: "/masuk", letters.UNKNOWN: "/daftar", letters.ADDRESS: "/akun", letters.PASSWORD: "/akun/sesi"}

_catalogue = Catalogue("lumbung")
both = _catalogue.both
_templates = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
)


def site_sends_mail() -> bool:
    """Whether letters leave this site at all."""
    return current_scope().kernel.settings.smtp_host is not None


def post(letter: SecretLetter) -> None:
    """Have a letter sent, if this transaction is committed. The queue learns its id and no more."""
    defer_letter(current_scope(), letter.id)


def link_of(letter: SecretLetter) -> str | None:
    """Return the whole secret link; None when no host of the tenant is registered."""
    scope = current_scope()
    assert scope.tenant is not None  # noqa: S101  (letters are a tenant's)
    return public_address(
        scope.kernel.settings, scope.tenant, f"{PATHS[letter.purpose]}?{KEY}={letters.token_of(letter)}"
    )


def tell(person: PersonRow, purpose: str, *, email: str | None = None, **detail: Any) -> None:
    """Write to a person what they have to know of their account, also when they want no mail.

    ``email`` is another address of theirs, such as the one before. Without a mail server nothing is written.
    """
    scope = current_scope()
    if not site_sends_mail():
        return
    assert scope.tenant is not None  # noqa: S101
    language = language_of(person, scope.tenant)
    post(
        letters.write(
            scope.session, purpose, email=email or person.email, language=language, person=person, detail=detail
        )
    )


def send_letter(scope: Scope, letter_id: UUID, mailer: Mailer) -> bool:
    """Send a letter; False when there is nothing to send. As `mailing.send_by_mail`, but nobody can opt out.

    Not sent: one that was swept away, sent, used, voided or is past its time, and none to a closed account.
    """
    tenant = scope.tenant
    assert tenant is not None  # noqa: S101  (a job about a letter carries its tenant)
    letter = scope.session.scalar(select(SecretLetter).where(SecretLetter.id == letter_id).with_for_update())
    if letter is None or letter.sent_at is not None or not letter.is_open:
        return False
    if letter.person is not None and not letter.person.active:
        return False
    try:
        mailer.send(_composed(tenant, letter))
    except MailRefused as refusal:  # its words may name the address, which the log and the faults must not
        sentence = f"The mail server refuses letter {letter.id} with {refusal.code}."
        raise MailRefused(sentence, refusal.code) from None
    if mailer.sends:
        letter.sent_at = utc_now()
    return mailer.sends


def _composed(tenant: Tenant, letter: SecretLetter) -> Letter:
    language = letter.language if letter.language in tenant.languages else tenant.languages[0]
    name = letter.person.name if letter.person else str(letter.detail.get("name", ""))
    subject, text, act, ignore = _words(letter, tenant)
    settings = current_scope().kernel.settings
    secret = letter.purpose in PATHS
    link = link_of(letter) if secret else public_address(settings, tenant, _ACTS[letter.purpose])
    until = letter.expires_at.astimezone(tenant.now().tzinfo)
    facts = {
        "t": lambda msgid, **values: _catalogue.say(language, msgid, **values),
        "language": language,
        "tenant": tenant.name,
        "name": name,
        "title": subject(language),
        "text": text(language),
        "act": act(language),
        "link": link,
        "until": until if secret else None,
        "ignore": ignore(language),
    }
    return Letter(
        to=letter.email,
        to_name=name,
        from_name=tenant.name,
        subject=subject(language),
        text=_templates.get_template("letter.txt").render(facts),
        html=_templates.get_template("letter.html").render(facts),
        key=f"{letter.id}-{int(letter.created_at.timestamp())}",
        at=letter.created_at.astimezone(tenant.now().tzinfo),
        language=language,
    )


def _words(letter: SecretLetter, tenant: Tenant) -> tuple[Bilingual, Bilingual, Bilingual, Bilingual]:
    """Return subject, text, what the link is called, and what to do when it was not them."""
    if letter.purpose in (letters.ADDRESS, letters.PASSWORD):
        return _of_a_change(letter, tenant)
    if letter.purpose == letters.INVITATION:
        return (
            both("Undangan ke layanan %(tenant)s", tenant=tenant.name),
            both(
                "%(by)s mengundang Anda memakai layanan %(tenant)s. Buka tautan ini untuk memilih kata sandi; "
                "sesudah itu akun Anda siap dipakai.",
                by=letter.made_by,
                tenant=tenant.name,
            ),
            both("Terima undangan"),
            both("Merasa tidak mengenal pengundangnya? Abaikan surel ini; tidak ada akun yang dibuat."),
        )
    subject, text, act = _of_a_wish(letter.purpose, tenant)
    if letter.purpose == letters.FORGOTTEN:
        return subject, text, act, both("Bukan Anda yang meminta? Abaikan surel ini; kata sandi Anda tetap berlaku.")
    return subject, text, act, both("Bukan Anda yang meminta? Abaikan surel ini; tidak ada yang berubah.")


def _of_a_wish(purpose: str, tenant: Tenant) -> tuple[Bilingual, Bilingual, Bilingual]:
    """Return the words of what somebody asked for, on a page that anybody may open."""
    where = {"tenant": tenant.name}
    if purpose == letters.REGISTRATION:
        text = both("Buka tautan ini untuk membuat akun layanan %(tenant)s dengan alamat surel ini.", **where)
        return both("Selesaikan pendaftaran akun Anda"), text, both("Selesaikan pendaftaran")
    if purpose == letters.KNOWN:
        text = both(
            "Seseorang ingin memakai alamat surel ini untuk sebuah akun di %(tenant)s, tetapi alamat ini sudah punya "
            "akun. Masuklah dengan akun itu. Lupa kata sandinya? Di halaman masuk Anda dapat membuat yang baru.",
            **where,
        )
        return both("Anda sudah punya akun"), text, both("Masuk")
    if purpose == letters.UNKNOWN:
        text = both(
            "Seseorang meminta kata sandi baru di %(tenant)s dengan alamat surel ini, tetapi tidak ada akun yang "
            "dapat dipakai dengan alamat ini. Mungkin Anda mendaftar dengan alamat lain.",
            **where,
        )
        return both("Tidak ada akun dengan alamat ini"), text, both("Daftar akun")
    if purpose == letters.FORGOTTEN:
        text = both("Buka tautan ini untuk membuat kata sandi baru akun Anda di %(tenant)s.", **where)
        return both("Kata sandi baru untuk akun Anda"), text, both("Buat kata sandi baru")
    text = both("Buka tautan ini untuk memastikan bahwa alamat surel ini milik Anda, di layanan %(tenant)s.", **where)
    return both("Pastikan alamat surel Anda"), text, both("Pastikan alamat ini")


def _of_a_change(letter: SecretLetter, tenant: Tenant) -> tuple[Bilingual, Bilingual, Bilingual, Bilingual]:
    """Return the words of a change to the account that they did not make, should it not have been them."""
    where = {"tenant": tenant.name}
    if letter.purpose == letters.PASSWORD:
        subject = both("Kata sandi Anda diganti")
        text = both(
            "Kata sandi akun Anda di %(tenant)s diganti lewat tautan lupa kata sandi. Semua sesi yang terbuka sudah "
            "diakhiri.",
            **where,
        )
    elif letter.detail.get("done"):
        subject = both("Alamat surel akun Anda diganti")
        text = both("Akun Anda di %(tenant)s kini memakai alamat surel lain; alamat ini tidak dipakai lagi.", **where)
    else:
        subject = both("Alamat surel akun Anda akan diganti")
        text = both(
            "Pada akun Anda di %(tenant)s diminta alamat surel lain. Alamat itu berlaku setelah dipastikan dari surel "
            "yang dikirim ke sana.",
            **where,
        )
    ignore = both("Bukan Anda yang mengubahnya? Segera hubungi petugas layanan.")
    return subject, text, both("Buka Akun saya"), ignore
