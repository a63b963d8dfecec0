"""``[[settings]]``: what a manifest may say of them, and how what people type becomes a value."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from lumbung.registry.manifest import Manifest, ManifestError, parse_manifest
from lumbung.registry.parts import Unfit
from lumbung.registry.plugin_setting import PluginSetting
from lumbung.registry.setting_values import as_plain, parse, value_of, written
from lumbung.testing.wheels import MANIFEST

GOOD = MANIFEST.format(name="contoh", version="1.0.0")
HEAD = '\n[[settings]]\nname = "satu"\ntitle = { id = "Satu", en = "One" }\n'
AB = 'choices = [{ value = "a", title = { id = "A", en = "A" } }, { value = "b", title = { id = "B", en = "B" } }]'


def declared(more: str) -> PluginSetting:
    manifest = parse_manifest(GOOD + HEAD + more, "x")
    assert Manifest.model_validate(manifest.as_json()) == manifest  # it survives the registry
    return manifest.settings[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('type = "angka"', "settings.0.type: Input should be"),
        ('type = "integer"\ndefault = 3\nmin = 5', "the default of satu: it must be 5 or more"),
        ('type = "integer"\ndefault = true', "the default of satu: it must be a whole number"),
        ('type = "integer"\ndefault = 1.5', "the default of satu: it must be a whole number"),
        ('type = "integer"\nmin = "a"', "min: it must be a whole number"),
        ('type = "integer"\nmin = 5\nmax = 1', "'min' is more than 'max'"),
        ('type = "decimal"\ndefault = inf', "it must be a number such as 12,5"),
        ('type = "decimal"\ndefault = 0.125', "at most 2 digits"),
        ('type = "rupiah"\ndefault = -1', "it must be 0 or more"),
        ('type = "boolean"\ndefault = "ya"', "it must be yes or no"),
        ('type = "date"\ndefault = 2026-01-01T08:00:00', "it must be a date"),
        ('type = "time"\ndefault = "8"', "it must be a time"),
        ('type = "url"\ndefault = "javascript:alert(1)"', "it must be an address"),
        ('type = "url"\ndefault = "https://"', "it must be an address"),
        ('type = "url"\ndefault = "http://a:b:c"', "it must be an address"),
        ('type = "email"\ndefault = "siti"', "it must be an e-mail address"),
        ('type = "phone"\ndefault = "12"', "it must be a telephone number"),
        ('type = "colour"\ndefault = "hijau"', "it must be a colour"),
        ('type = "choice"', "lists its choices"),
        (f'type = "choice"\ndefault = "c"\n{AB}', "it must be one of these: a, b"),
        (f'type = "choices"\ndefault = "a"\n{AB}', "it must be a list of choices"),
        ('type = "choice"\n' + AB.replace('"b"', '"a"'), "a choice is there twice"),
        (f'type = "text"\n{AB}', "'choices' is not for a setting of type 'text'"),
        ('type = "text"\nmin = 1', "'min' is not for a setting of type 'text'"),
        ('type = "text"\nmax_length = 501', "at most 500 characters"),
        ('type = "text"\nmin_length = 9\nmax_length = 3', "at most 3 characters"),
        ('type = "text"\npattern = "["', "'pattern' is not a regular expression"),
        ('type = "text"\npattern = "[a-z]+"\ndefault = "A"', "it must be written like [a-z]+"),
        ('type = "text"\ndefault = "dua\\nbaris"', "a character that cannot be shown"),
        ('type = "integer"\ndecimals = 1', "'decimals' is not for"),
        ('type = "secret"\ndefault = "x"', "has no default"),
        ('type = "unit"\nscopes = ["platform"]', "cannot be set for the whole platform"),
        ('type = "text"\nscopes = []', "settings.0.scopes"),
        ('type = "text"\nscopes = ["tenant", "tenant"]', "a scope is named twice"),
        ('type = "text"\nscopes = ["person"]', "settings.0.scopes"),
        ('type = "text"\npermission = "contoh.x"', "permission 'contoh.x' is used but not declared"),
        ('type = "text"\nlebih = 1', "settings.0.lebih"),
        ('type = "text"' + HEAD + 'type = "text"', "setting 'satu' is there twice"),
    ],
)
def test_a_setting_that_cannot_work_refuses_the_manifest(more: str, said: str) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_manifest(GOOD + HEAD + more, "x.whl")
    assert str(refused.value).startswith("x.whl: ") and said in str(refused.value)


@pytest.mark.parametrize(
    ("more", "typed", "value", "shown"),
    [
        ('type = "rupiah"', " Rp 1.250.000 ", 1_250_000, "1.250.000"),
        ('type = "rupiah"', "Rp1.250.000,00", 1_250_000, "1.250.000"),
        ('type = "rupiah"', "1250000", 1_250_000, "1.250.000"),
        ('type = "rupiah"\nmin = -10', "-5", -5, "-5"),
        ('type = "integer"', "1.250", 1250, "1250"),
        ('type = "integer"', "-7", -7, "-7"),
        ('type = "decimal"', "1.234,5", Decimal("1234.5"), "1234,5"),
        ('type = "decimal"', "12.5", Decimal("12.5"), "12,5"),
        ('type = "decimal"\ndecimals = 3', "0.125", Decimal("0.125"), "0,125"),
        ('type = "decimal"', "12", Decimal(12), "12"),
        ('type = "boolean"', "Ya", True, "ya"),
        ('type = "boolean"', "off", False, "tidak"),
        (f'type = "choices"\n{AB}', "b, a", ("a", "b"), "a, b"),
        ('type = "date"', "2026-11-24", date(2026, 11, 24), "2026-11-24"),
        ('type = "time"', "08:30", time(8, 30), "08:30"),
        ('type = "email"', "Siti@Contoh.ID", "Siti@contoh.id", "Siti@contoh.id"),
        ('type = "phone"', "0812 3456 7890", "+6281234567890", "+6281234567890"),
        ('type = "colour"', "#1b6e43", "#1B6E43", "#1B6E43"),
        ('type = "long_text"', "a\r\nb\r\n", "a\nb", "a\nb"),
        ('type = "secret"', " a b ", " a b ", " a b "),
        ('type = "unit"', "6ce1f3b0-5a53-4e0c-9d0e-1b7d0f5a9c11", UUID("6ce1f3b05a534e0c9d0e1b7d0f5a9c11"), None),
        ('type = "text"', "  ", None, ""),
    ],
)
def test_what_is_typed_becomes_a_value_that_can_be_typed_again(
    more: str, typed: str, value: Any, shown: str | None
) -> None:
    setting = declared(more)
    plain = parse(setting, typed)
    assert value_of(setting, plain) == value and type(value_of(setting, plain)) is type(value)
    assert as_plain(value) == plain or setting.type == "choices"
    assert shown is None or written(setting, plain) == shown
    assert parse(setting, written(setting, plain)) == plain


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("rupiah", "1.25"),
        ("rupiah", "1.250,50"),
        ("rupiah", "Rp"),
        ("rupiah", "seribu"),
        ("rupiah", "9" * 41),
        ("integer", "1,5"),
        ("integer", "١٢"),  # digits of another script
        ("integer", "1" * 17),
        ("decimal", "1.250"),  # could be either
        ("decimal", "1e9"),
        ("decimal", "12,"),
        ("boolean", "mungkin"),
        ("date", "24-11-2026"),
        ("time", "25:00"),
        ("unit", "DINKES"),
    ],
)
def test_what_could_be_meant_in_two_ways_is_refused(kind: str, typed: str) -> None:
    with pytest.raises(Unfit):
        parse(declared(f'type = "{kind}"'), typed)


def test_a_needed_setting_cannot_be_emptied() -> None:
    with pytest.raises(Unfit, match="must not be empty"):
        parse(declared('type = "text"\nrequired = true'), " ")
