"""The forms of the data protection officer."""

from __future__ import annotations

from flask_wtf import FlaskForm
from lokal import normalize_phone
from wtforms import EmailField, SelectField, StringField, TelField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length

from lumbung.identity.nik import NikWrong, check_nik
from lumbung.privacy.requests import KINDS, LONGEST_TEXT, kind_title
from lumbung.web.i18n import core_domain, language
from lumbung.web.refusals import words_of

_ = core_domain.lazy_gettext


class CounterForm(FlaskForm):
    """A request that somebody makes at the counter."""

    kind = SelectField(
        _("Permintaan"),
        choices=lambda: [(kind, kind_title(kind)(language())) for kind in KINDS if kind != "withdrawal"],
        validators=[InputRequired(_("Pilih yang diminta."))],
    )
    email = EmailField(
        _("Alamat surel akunnya"),
        description=_("Kosongkan bila pemohon tidak punya akun."),
        validators=[Length(max=254, message=_("Ini bukan alamat surel. Contoh: nama@contoh.id"))],
    )
    name = StringField(
        _("Nama pemohon"),
        description=_("Untuk yang tidak punya akun."),
        validators=[Length(max=120, message=_("Nama berisi 2 sampai 120 huruf."))],
    )
    contact = StringField(
        _("Cara menghubungi"),
        description=_("Nomor ponsel atau alamat, untuk memberi jawaban."),
        validators=[Length(max=120, message=_("Paling panjang 120 huruf."))],
    )
    text = TextAreaField(
        _("Penjelasan"),
        description=_("Tanpa NIK; itu ditanyakan saat dikerjakan dan tidak disimpan."),
        validators=[Length(max=LONGEST_TEXT, message=_("Paling panjang 4000 huruf."))],
    )

    def validate_name(self, field: StringField) -> None:
        """Somebody without an account is known by a name."""
        if not (self.email.data or "").strip() and len((field.data or "").strip()) < 2:
            raise ValidationError(core_domain.gettext("Tulis nama pemohon, atau alamat surel akunnya."))


class VerifyForm(FlaskForm):
    """How the officer made sure who asks."""

    how = StringField(
        _("Cara memeriksa identitas"),
        description=_("Misalnya: KTP asli diperlihatkan di loket. Jangan tulis nomornya."),
        validators=[InputRequired(_("Tulis cara Anda memeriksanya.")), Length(3, 200, _("Berisi 3 sampai 200 huruf."))],
    )


class AnswerForm(FlaskForm):
    """The answer."""

    answer = TextAreaField(
        _("Jawaban"),
        description=_("Apa yang dilakukan. Pemohon membacanya di sini dan dalam surat."),
        validators=[
            InputRequired(_("Tulis jawabannya.")),
            Length(3, LONGEST_TEXT, message=_("Berisi 3 sampai 4000 huruf.")),
        ],
    )


class RefusalForm(FlaskForm):
    """Why it is refused, and by which law."""

    reason = TextAreaField(
        _("Alasan penolakan"),
        validators=[
            InputRequired(_("Tulis alasannya.")),
            Length(3, LONGEST_TEXT, message=_("Berisi 3 sampai 4000 huruf.")),
        ],
    )
    legal_basis = StringField(
        _("Dasar hukum"),
        description=_("Misalnya: UU 27/2022 pasal 15 ayat 1 huruf c."),
        validators=[InputRequired(_("Tulis dasar hukumnya.")), Length(3, 300, _("Berisi 3 sampai 300 huruf."))],
    )


class ProofForm(FlaskForm):
    """What the officer read from the KTP: used to search, not kept. An erasure wants the request's number typed too."""

    nik = StringField(
        _("NIK pada KTP"),
        description=_("Untuk menemukan data dari layanan tanpa akun. Tidak disimpan."),
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    phone = TelField(
        _("Nomor ponsel yang terbukti miliknya"), description=_("Boleh kosong."), render_kw={"autocomplete": "off"}
    )
    konfirmasi = StringField(_("Nomor permintaan"), render_kw={"autocomplete": "off"})

    def validate_nik(self, field: StringField) -> None:
        """Refuse what cannot be a NIK."""
        if (field.data or "").strip():
            try:
                check_nik(field.data or "")
            except NikWrong as error:
                raise ValidationError(words_of(error)) from None

    def validate_phone(self, field: TelField) -> None:
        """Refuse what cannot be a phone number."""
        if (field.data or "").strip() and normalize_phone(field.data or "") is None:
            raise ValidationError(core_domain.gettext("Contoh: 0812 3456 7890"))

    def proven(self) -> tuple[str | None, str | None]:
        """Return NIK and phone number as they are compared, None for what was left empty."""
        nik = check_nik(self.nik.data) if (self.nik.data or "").strip() else None
        return nik, normalize_phone(self.phone.data) if (self.phone.data or "").strip() else None

    def names(self, code: str) -> bool:
        """Whether the request's number was typed; says so beside the field when not."""
        if (self.konfirmasi.data or "").strip().upper() == code:
            return True
        self.konfirmasi.errors = [core_domain.gettext("Ketik %(code)s untuk melanjutkan.", code=code)]
        return False
