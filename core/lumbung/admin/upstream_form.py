"""The form of a provider of identities."""

from __future__ import annotations

from typing import Self

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, RadioField, SelectChoice, StringField, TextAreaField, URLField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from lumbung.bilingual import Bilingual
from lumbung.identity.models import CITIZEN, SERVANT
from lumbung.openid.upstream.discovery import LONGEST_ISSUER
from lumbung.openid.upstream.models import EVERYBODY, UpstreamRow
from lumbung.openid.upstream.services import CLAIM, CODE, USUAL_SCOPES, Wishes
from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext

_PLAIN = {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}


class UpstreamForm(FlaskForm):
    """What an administrator writes down of a provider."""

    title = StringField(
        _("Nama"),
        description=_("Tampil di tombol masuk: Masuk dengan …"),
        validators=[InputRequired(_("Tulis namanya.")), Length(2, 60, _("Nama berisi 2 sampai 60 huruf."))],
    )
    title_en = StringField(
        _("Nama dalam bahasa Inggris"),
        description=_("Boleh kosong bila namanya sama."),
        validators=[Length(max=60, message=_("Nama berisi 2 sampai 60 huruf."))],
    )
    issuer = URLField(
        _("Alamat penyedia (issuer)"),
        description=_("Persis seperti ditulis penyedia, tanpa /.well-known/…"),
        validators=[
            InputRequired(_("Tulis alamat penyedianya.")),
            Length(max=LONGEST_ISSUER, message=_("Alamat paling panjang 400 huruf.")),
        ],
        render_kw=_PLAIN,
    )
    client_id = StringField(
        _("client_id"),
        description=_("Diberikan penyedia saat situs ini didaftarkan di sana."),
        validators=[InputRequired(_("Tulis client_id-nya.")), Length(max=255, message=_("Paling panjang 255 huruf."))],
        render_kw=_PLAIN,
    )
    secret = PasswordField(
        _("Rahasia (client_secret)"),
        description=_(
            "Disimpan tersandi dan tidak pernah ditampilkan lagi. Kosongkan bila tidak ada, atau tidak diganti."
        ),
        validators=[Length(max=500, message=_("Paling panjang 500 huruf."))],
        render_kw={"autocomplete": "new-password"},
    )
    audience = RadioField(
        _("Siapa yang boleh masuk dari sana?"),
        choices=[
            SelectChoice(CITIZEN, _("Warga")),
            SelectChoice(SERVANT, _("Pegawai pemerintah daerah")),
            SelectChoice(EVERYBODY, _("Semua yang punya akun di sini")),
        ],
        default=CITIZEN,
    )
    domains = TextAreaField(
        _("Hanya alamat surel di domain ini"),
        description=_("Satu per baris, misalnya sumbawakab.go.id. Kosong berarti semua."),
        validators=[Length(max=6000, message=_("Paling panjang 6000 huruf."))],
        render_kw={"rows": 3, **_PLAIN},
    )
    trust_email = BooleanField(
        _("Percaya alamat surel yang sudah diverifikasi penyedia itu"),
        description=_("Pemilik akun dengan alamat yang sama ditawari menautkannya, setelah menulis kata sandinya."),
    )
    create_accounts = BooleanField(
        _("Buatkan akun bagi warga yang belum punya"),
        description=_("Setelah mereka membaca dan menyetujui teks persetujuan. Perlu pilihan di atas."),
    )
    scopes = StringField(
        _("Yang diminta (scope)"),
        description=_("Dipisah spasi. Biasanya openid profile email."),
        default=" ".join(USUAL_SCOPES),
        validators=[Length(max=600, message=_("Paling panjang 600 huruf."))],
        render_kw=_PLAIN,
    )
    number_claim = StringField(
        _("Klaim berisi NIK atau NIP"),
        description=_("Boleh kosong. Nama klaim di jawaban penyedia, misalnya nik."),
        validators=[
            Optional(),
            Regexp(rf"{CLAIM.pattern}\Z", message=_("Berisi huruf, angka, dan _ . : / -")),
        ],
        render_kw=_PLAIN,
    )

    @classmethod
    def of(cls, row: UpstreamRow, *, fresh: bool = False) -> Self:
        """Return the form filled in with a provider, or with what was sent unless ``fresh``."""
        known = {
            "title": row.title["id"],
            "title_en": row.title["en"] if row.title["en"] != row.title["id"] else "",
            "issuer": row.issuer,
            "client_id": row.client_id,
            "audience": row.audience,
            "domains": "\n".join(row.domains),
            "trust_email": row.trust_email,
            "create_accounts": row.create_accounts,
            "scopes": " ".join(row.scopes),
            "number_claim": row.number_claim or "",
        }
        return cls(formdata=None, data=known) if fresh else cls(data=known)

    def wishes(self) -> Wishes:
        """Return what was written."""
        title = " ".join((self.title.data or "").split())
        return Wishes(
            title=Bilingual(title, " ".join((self.title_en.data or "").split()) or title),
            issuer=(self.issuer.data or "").strip(),
            client_id=(self.client_id.data or "").strip(),
            client_secret=self.secret.data or None,
            scopes=tuple((self.scopes.data or "").split()),
            audience=self.audience.data,
            domains=tuple((self.domains.data or "").lower().replace(",", " ").split()),
            trust_email=bool(self.trust_email.data),
            create_accounts=bool(self.create_accounts.data),
            number_claim=(self.number_claim.data or "").strip() or None,
        )


class NewUpstreamForm(UpstreamForm):
    """The same, with the code, which does not change any more: it stands in the address people come back to."""

    code = StringField(
        _("Kode"),
        description=_("Huruf kecil, misalnya provinsi. Menjadi bagian alamat kembali, jadi tidak dapat diganti."),
        validators=[
            InputRequired(_("Tulis kodenya.")),
            Regexp(rf"{CODE.pattern}\Z", message=_("2 sampai 40 huruf kecil, angka, atau tanda hubung.")),
        ],
        render_kw=_PLAIN,
    )
