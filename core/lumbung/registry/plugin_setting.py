"""``[[settings]]`` of a manifest: what an office may set of a plugin, and what each value has to be."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from lumbung.registry.parts import Name, Part, Unfit, Words
from lumbung.registry.setting_values import LONGEST, ORDERED, as_plain, bound_of, value_of

Scope = Literal["platform", "tenant", "unit"]
SettingType = Literal[
    "text",
    "long_text",
    "integer",
    "decimal",
    "rupiah",
    "boolean",
    "choice",
    "choices",
    "date",
    "time",
    "url",
    "email",
    "phone",
    "colour",
    "secret",
    "unit",
]

_TEXTS = ("text", "long_text", "secret")
_ONLY_FOR = {
    "min": ORDERED,
    "max": ORDERED,
    "min_length": _TEXTS,
    "max_length": _TEXTS,
    "pattern": _TEXTS,
    "pattern_help": _TEXTS,
    "choices": ("choice", "choices"),
    "decimals": ("decimal",),
}

Plain = Annotated[Any, BeforeValidator(as_plain)]


class SettingChoice(Part):
    """One of the values that a ``choice`` may have."""

    value: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")
    title: Words


class PluginSetting(Part):
    """One setting. The most specific value wins: unit, units above it, tenant, platform, ``default``.

    ``permission`` is what somebody needs in a unit to set it there; without it only administrators do.
    """

    name: Name
    type: SettingType
    title: Words
    help: Words | None = None
    group: Words | None = None
    scopes: tuple[Scope, ...] = Field(("tenant",), min_length=1)
    permission: str | None = None
    required: bool = False
    default: Plain = None
    min: Plain = None
    max: Plain = None
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=1)
    decimals: int | None = Field(None, ge=0, le=6)
    pattern: str | None = Field(None, max_length=200)
    pattern_help: Words | None = None
    choices: tuple[SettingChoice, ...] = Field((), max_length=100)

    @property
    def places(self) -> int:
        """How many digits a number may have behind the comma."""
        return 2 if self.decimals is None else self.decimals

    @model_validator(mode="after")
    def _agree(self) -> PluginSetting:
        for key, types in _ONLY_FOR.items():
            if self.type not in types and getattr(self, key) not in (None, ()):
                raise Unfit("%(key)r is not for a setting of type %(type)r", key=key, type=self.type)
        if len(set(self.scopes)) < len(self.scopes):
            raise Unfit("a scope is named twice")
        self._agree_about_choices()
        self._agree_about_limits()
        if self.type in ("secret", "unit") and self.default is not None:
            raise Unfit("a setting of type %(type)r has no default", type=self.type)
        if self.type == "unit" and "platform" in self.scopes:
            raise Unfit("a unit belongs to one tenant, so it cannot be set for the whole platform")
        try:
            value_of(self, self.default)
        except Unfit as error:
            raise Unfit("the default of %(setting)s: %(reason)s", setting=self.name, reason=error) from None
        return self

    def _agree_about_choices(self) -> None:
        values = [choice.value for choice in self.choices]
        if self.type in _ONLY_FOR["choices"] and not values:
            raise Unfit("a setting of type %(type)r lists its choices", type=self.type)
        if len(set(values)) < len(values):
            raise Unfit("a choice is there twice")

    def _agree_about_limits(self) -> None:
        bounds = {}
        for key in ("min", "max"):
            try:
                bounds[key] = bound_of(self, getattr(self, key))
            except Unfit as error:
                raise Unfit("%(key)s: %(reason)s", key=key, reason=error) from None
        if None not in bounds.values() and bounds["min"] > bounds["max"]:
            raise Unfit("'min' is more than 'max'")
        if self.type in _TEXTS:
            most = min(self.max_length or LONGEST[self.type], LONGEST[self.type])
            if (self.max_length or 0) > most or (self.min_length or 0) > most:
                raise Unfit("a setting of type %(type)r has at most %(most)s characters", type=self.type, most=most)
        if self.pattern:
            try:
                re.compile(self.pattern)
            except re.error:
                raise Unfit("'pattern' is not a regular expression") from None


def refuse_disagreeing(settings: Sequence[PluginSetting], permissions: Collection[str]) -> None:
    """Raise `Unfit` when two settings have one name, or one asks for a permission that nobody declared."""
    names = set()
    for setting in settings:
        if setting.name in names:
            raise Unfit("setting %(name)r is there twice", name=setting.name)
        names.add(setting.name)
        if setting.permission and setting.permission not in permissions:
            raise Unfit("permission %(name)r is used but not declared under [[permissions]]", name=setting.permission)
