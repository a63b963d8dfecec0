"""The form of a plugin's settings at one place, made from what its manifest declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    URLField,
    ValidationError,
)
from wtforms.widgets import DateInput, TimeInput

from lumbung.admin.forms import Checkboxes
from lumbung.errors import Sentence
from lumbung.plugin_settings.services import INHERIT, Line
from lumbung.registry.parts import Unfit
from lumbung.registry.plugin_setting import PluginSetting
from lumbung.registry.setting_values import LONGEST, Mismatch, parse, value_of, written
from lumbung.tenancy.cards import UnitCard
from lumbung.web.i18n import core_domain, language
from lumbung.web.refusals import words_of

_ = core_domain.gettext

VALUE, RESET = "s_", "r_"  # in front of a setting's name, which could otherwise be that of a part of the form
_FIELDS: dict[str, type[Field]] = {
    "long_text": TextAreaField,
    "email": EmailField,
    "url": URLField,
    "phone": TelField,
    "secret": PasswordField,
    "boolean": BooleanField,
    "choice": SelectField,
    "unit": SelectField,
    "choices": Checkboxes,
}
_PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


class SettingsForm(FlaskForm):
    """What every such form has: the mark of the values it shows, so that two who change them at once are told."""

    seen = HiddenField()
    lines: Sequence[Line] = ()

    def value_field(self, name: str) -> Field:
        """Return the field of a setting."""
        return self[VALUE + name]

    def reset_field(self, name: str) -> Field | None:
        """Return the box that takes away what was set here, None when nothing was."""
        return self._fields.get(RESET + name)

    def resets(self, name: str) -> bool:
        """Whether that box is ticked."""
        box = self.reset_field(name)
        return box is not None and bool(box.data)

    def wishes(self) -> dict[str, Any]:
        """Return what is to change, by the setting's name; call it after `validate`."""
        wished: dict[str, Any] = {}
        for line in self.lines:
            name = line.setting.name
            if self.resets(name):
                wished[name] = INHERIT
            elif self._is_new(line, self.value_field(name)):
                wished[name] = self.value_field(name).plain
        return wished

    @staticmethod
    def _is_new(line: Line, field: Field) -> bool:
        if line.setting.type == "secret":
            return bool(field.data)  # an empty box leaves the secret alone
        return bool(field.plain != line.plain)


class _Fits:
    """Asks the manifest whether what was typed fits, and keeps the plain value at the field."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.field_flags = {"required": True} if line.setting.required and line.setting.type != "boolean" else {}

    def __call__(self, form: SettingsForm, field: Field) -> None:
        setting = self._line.setting
        if form.resets(setting.name):
            return
        if setting.type == "secret" and not field.data and self._line.is_set:
            return
        try:
            field.plain = _plain(setting, field.data)
        except Mismatch as error:
            words = setting.pattern_help(language()) if setting.pattern_help else words_of(error)
            raise ValidationError(sentence(words)) from None
        except Unfit as error:
            raise ValidationError(sentence(words_of(error))) from None


def form_of(lines: Sequence[Line], units: Sequence[UnitCard], mark: str) -> SettingsForm:
    """Return the form of these settings; ``mark`` is that of the values it shows."""
    fields: dict[str, Any] = {"lines": lines}
    for line in lines:
        fields[VALUE + line.setting.name] = _field(line, units)
        if line.own is not None:
            fields[RESET + line.setting.name] = BooleanField(_("Kembali mengikuti nilai di atasnya"))
    data = {VALUE + line.setting.name: _shown(line) for line in lines} | {"seen": mark}
    made: SettingsForm = type("PluginSettingsForm", (SettingsForm,), fields)(data=data)
    return made


def sentence(words: str) -> str:
    """Return words as a sentence of its own."""
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"


def value_words(setting: PluginSetting, plain: Any, units: Sequence[UnitCard]) -> str:
    """Return a value as people read it: titles of choices, names of units, yes and no; a dash for nothing."""
    if setting.type == "secret":
        return str(_("tersimpan")) if plain else "–"
    if isinstance(plain, bool):
        return str(_("Ya") if plain else _("Tidak"))
    titles = {choice.value: choice.title(language()) for choice in setting.choices}
    if setting.type == "unit":
        titles = {str(unit.id): unit.name for unit in units}
    if isinstance(plain, list):
        return ", ".join(str(titles.get(one, one)) for one in plain) or "–"
    text = titles.get(str(plain)) or " ".join(written(setting, plain).split())
    return (f"Rp {text}" if setting.type == "rupiah" and text else text[:80]) or "–"


def _plain(setting: PluginSetting, data: Any) -> Any:
    if setting.type == "boolean":
        return bool(data)
    if setting.type == "choices":
        if setting.required and not data:
            raise Unfit("it must not be empty")
        return list(value_of(setting, list(data or [])))
    return parse(setting, data or "")


def _field(line: Line, units: Sequence[UnitCard]) -> Field:
    setting = line.setting
    more: dict[str, Any] = {"render_kw": dict(_attributes(setting, line))}
    if setting.type in ("choice", "choices"):
        more["choices"] = [SelectChoice(choice.value, choice.title(language())) for choice in setting.choices]
    if setting.type == "unit":
        more["choices"] = [SelectChoice(str(unit.id), "\N{EM SPACE}" * unit.depth + unit.name) for unit in units]
    if setting.type in ("choice", "unit") and not (setting.required and line.is_set):
        more["choices"] = [SelectChoice("", str(_("Belum ditetapkan"))), *more["choices"]]
    if setting.type in ("date", "time"):
        more["widget"] = DateInput() if setting.type == "date" else TimeInput()
    hints: list[str] = [setting.help(language()) if setting.help else "", limits(setting)]
    made: Field = _FIELDS.get(setting.type, StringField)(
        setting.title(language()),
        description=" ".join(filter(None, hints)),
        validators=[_Fits(line)],
        **more,
    )
    return made


def _attributes(setting: PluginSetting, line: Line) -> Mapping[str, str]:
    if setting.type == "secret":
        stored = {"placeholder": str(_("tersimpan"))} if line.is_set else {}
        return {"autocomplete": "new-password", **stored}
    if setting.type in ("integer", "rupiah", "decimal"):
        return {"inputmode": "decimal" if setting.type == "decimal" else "numeric", **_PLAIN}
    if setting.type == "colour":
        return {"placeholder": "#1B6E43", **_PLAIN}
    if setting.type == "text":
        return {"maxlength": str(setting.max_length or LONGEST["text"]), "autocomplete": "off"}
    return {"autocomplete": "off"} if setting.type in ("email", "phone", "url") else {}


def _shown(line: Line) -> Any:
    """Return what stands in the field; never a secret."""
    setting = line.setting
    if setting.type == "secret":
        return ""
    if setting.type in ("boolean", "choices"):
        return line.plain
    if setting.type in ("choice", "unit", "long_text"):
        return line.plain or ""
    return written(setting, line.plain)


def limits(setting: PluginSetting) -> str:
    """Return what a value must keep to, in words; empty when there is nothing to say."""
    low, high = written(setting, setting.min), written(setting, setting.max)
    if low and high:
        return str(_("Antara %(low)s dan %(high)s.", low=low, high=high))
    if low:
        return str(_("Paling sedikit %(low)s.", low=low))
    return str(_("Paling banyak %(high)s.", high=high)) if high else ""


def problem_words(problem: Sentence) -> str:
    """Return why a value that was set here is not used."""
    return str(_("Nilai yang pernah diatur di sini tidak dipakai: %(reason)s.", reason=words_of(problem).rstrip(".")))
