"""Writing ``plugin.toml``: in the order in which one reads it, with long texts as they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lumbung.adoption.plan import Plan
from lumbung.registry.manifest import parse_manifest


def manifest_text(plan: Plan, icon: str) -> str:
    """Return the text of the manifest of a plan; raises `ManifestError` when an answer does not fit into one."""
    text = "".join(f"{line}\n" for line in _lines(plan, icon))
    parse_manifest(text, "plugin.toml")
    return text


def _lines(plan: Plan, icon: str) -> Iterator[str]:
    title, summary = plan["title"], plan["summary"]
    yield "schema = 1"
    for key in ("name", "version"):
        yield f"{key} = {_value(plan[key])}"
    yield 'runtime = "process"'
    yield f"icon = {_value(icon)}"
    yield f"licence = {_value(plan['licence'])}"
    yield from _table("title", {"id": title, "en": plan["title_en"] or title})
    given = f"Aplikasi hibah {plan['donor']}: {title}."
    told = f"An application given by {plan['donor']}: {plan['title_en'] or title}."
    yield from _table("summary", {"id": summary or given, "en": plan["summary_en"] or summary or told})
    donor = {"name": plan["donor"], "region_code": plan["region_code"], "url": plan["donor_url"]}
    yield from _table("donor", {key: value for key, value in donor.items() if value})
    yield from _table("core", {"requires": ">=0.1,<1"})
    process = dict(plan.process)
    tables = {key: process.pop(key) for key in ("health", "limits", "database") if key in process}
    yield from _table("process", process)
    for key, table in tables.items():
        yield from _table(f"process.{key}", table)
    if plan.environment:
        yield from _table("process.environment", plan.environment)
    for file in plan.made:
        yield from ("", "[[process.files]]", f"place = {_value(file.place)}", f"path = {_value(file.path)}")
        yield f"text = {_text(file.text)}"
    if plan.openid:
        yield from _table("openid", plan.openid)
    if plan.sign_in:
        sign_in = dict(plan.sign_in)
        form = sign_in.pop("form", None)
        yield from _table("sign_in", sign_in)
        if form:
            more = form.pop("more_fields", None)
            yield from _table("sign_in.form", form)
            if more:
                yield from _table("sign_in.form.more_fields", more)
    for path, rule in plan.access:
        yield from ("", "[[access]]", f"path = {_value(path)}", f"rule = {_value(rule)}")


def _table(name: str, pairs: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"[{name}]")
    for key, value in pairs.items():
        yield f"{key if key.replace('_', '').replace('-', '').isalnum() else _value(key)} = {_value(value)}"


def _value(value: Any) -> str:
    """Return a value as TOML; texts as JSON writes them, which TOML reads too."""
    if isinstance(value, list | tuple):
        inside = ", ".join(_value(one) for one in value)
        if len(inside) < 90:
            return f"[{inside}]"
        return "[\n" + "".join(f"    {_value(one)},\n" for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(text: str) -> str:
    return _value(text) if "'''" in text or "\r" in text or "\n" not in text else f"'''\n{text}'''"
