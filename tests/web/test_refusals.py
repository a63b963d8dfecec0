"""What the house refuses is said to each reader in their own language; the command line says it in English."""

from __future__ import annotations

import ast
import gettext
import importlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import lumbung
from lumbung.errors import LumbungError, Sentence
from lumbung.registry.manifest import ManifestError, parse_manifest
from lumbung.tenancy.services import TenancyError
from lumbung.testing import TestHouse
from lumbung.testing.wheels import MANIFEST
from lumbung.web.refusals import words_of

CORE = Path(lumbung.__file__).parent
CATALOGUE = CORE / "translations/id/LC_MESSAGES/refusals.po"
# The rooms whose refusals a page may show; what is raised elsewhere is for the command line and the log.
ROOMS = (
    "lifecycle",
    "registry",
    "tenancy",
    "identity",
    "openid",
    "openid/upstream",
    "privacy",
    "plugin_settings",
    "probe",
    "instances",
    "instances/databases",
    "keeper",
    "adoption",
    "working_days",
    "documents",
    "deploy",
    "doctor",
    "geography",
)
MODULES = (
    "migrate",
    "kernel",
    "database/elsewhere",
    "database/operations",
    "database/engine",
    "outgoing",
    "web/access",
    "runtimes/form_filling",
    "runtimes/login_page",
    "runtimes/proxy",
    "runtimes/proxy_lines",
)
PLACEHOLDER = re.compile(r"%\((\w+)\)([sr])")


def sources() -> list[Path]:
    rooms = [path for room in ROOMS for path in sorted((CORE / room).glob("*.py"))]
    return rooms + [CORE / f"{module}.py" for module in MODULES]


def module_of(path: Path) -> ModuleType:
    dotted = ".".join(path.relative_to(CORE.parent).with_suffix("").parts)
    return importlib.import_module(dotted.removesuffix(".__init__"))


def called(call: ast.Call, here: ModuleType, around: type | None) -> object:
    """Return what a call calls, as far as the names of its module tell; ``super()`` is the class above."""
    function = call.func
    if isinstance(function, ast.Name):
        return getattr(here, function.id, None)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return getattr(getattr(here, function.value.id, None), function.attr, None)
    if isinstance(function, ast.Attribute) and ast.unparse(function.value) == "super()":
        return around.__mro__[1] if around and function.attr == "__init__" else None
    return None


def calls_in(path: Path) -> Iterator[tuple[ast.Call, object, ModuleType]]:
    here, tree = module_of(path), ast.parse(path.read_text(encoding="utf-8"))
    around = {
        call: getattr(here, node.name)
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for call in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, called(node, here, around.get(node)), here


def texts_in(thing: object) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, tuple | dict):
        for one in thing.values() if isinstance(thing, dict) else thing:
            yield from texts_in(one)


def sentences() -> Iterator[tuple[str, ast.expr | str]]:
    """Yield where a refusal is written and its template: a text, or the expression that is none."""
    for path in sources():
        for call, what, here in calls_in(path):
            where = f"{path.relative_to(CORE)}:{call.lineno}"
            if what == Sentence.heard:
                for node in ast.walk(call.args[1]):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "%(" in node.value:
                        yield where, node.value
                    elif isinstance(node, ast.Name):
                        yield from ((where, text) for text in texts_in(getattr(here, node.id, None)))
            elif isinstance(what, type) and issubclass(what, LumbungError | Sentence):
                own = "__init__" in vars(what) and what not in (LumbungError, TenancyError)
                if call.args and not own:
                    template = call.args[1 if issubclass(what, TenancyError) else 0]
                    if ast.unparse(template) not in ("template", "error"):  # handed on, to be said as it came
                        yield where, template.value if isinstance(template, ast.Constant) else template


def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="id")


class TestTheCatalogue:
    def test_a_refusal_is_one_template_with_its_values_apart(self) -> None:
        written = [f"{where}: {ast.unparse(text)}" for where, text in sentences() if not isinstance(text, str)]
        assert not written, "write the sentence with %(name)s and give the values by name"

    def test_it_holds_each_sentence_of_the_code_and_no_others(self) -> None:
        used = {text for _, text in sentences() if isinstance(text, str)} | {"none"}
        assert len(used) > 100
        known = {message.id: message for message in catalogue() if message.id}
        assert used - known.keys() == set(), f"translate these in {CATALOGUE.name}, then run 'make translations'"
        left = {text for text in known.keys() - used if known[text].auto_comments not in (["pydantic"], ["tomllib"])}
        assert left == set(), "nobody says this any more"
        assert not catalogue().obsolete

    def test_every_sentence_is_translated_with_the_same_placeholders(self) -> None:
        for message in catalogue():
            if message.id:
                assert message.string and not message.fuzzy, message.id
                assert set(PLACEHOLDER.findall(str(message.string))) == set(PLACEHOLDER.findall(str(message.id)))

    def test_every_placeholder_can_be_filled_in(self) -> None:
        for message in catalogue():
            names = PLACEHOLDER.findall(str(message.id))
            if names:
                filled = str(message.string) % {name: "isi" for name, _ in names}
                assert "%" not in filled

    def test_the_compiled_one_is_the_written_one(self) -> None:
        with CATALOGUE.with_suffix(".mo").open("rb") as file:
            compiled = gettext.GNUTranslations(file)
        written = {message.id: message.string for message in catalogue() if message.id}
        assert {text: compiled.gettext(str(text)) for text in written} == written
        assert len(compiled._catalog) == len(written) + 1  # type: ignore[attr-defined]  # the head


class TestWords:
    def test_a_refusal_is_said_in_indonesian_and_keeps_its_english_for_the_command_line(self) -> None:
        refused = LumbungError("Plugin %(plugin)s is not installed; installed are: %(known)s.", plugin="x", known=[])
        assert str(refused) == "Plugin x is not installed; installed are: none."
        assert words_of(refused) == "Aplikasi x belum terpasang. Yang terpasang: tidak ada."

    def test_a_refusal_within_a_refusal_is_said_too(self) -> None:
        inner = Sentence("the manifest kept of %(plugin)s", plugin="antrean")
        outer = ManifestError("%(where)s: %(key)s: %(reason)s.", where=inner, key="name", reason="50% rusak")
        assert str(outer) == "the manifest kept of antrean: name: 50% rusak."
        assert words_of(outer) == "keterangan antrean yang tersimpan: name: 50% rusak."

    def test_what_the_catalogue_does_not_know_is_said_as_it_stands(self) -> None:
        for text in ("Something 100% new.", "", "%(x)s", "%"):
            assert words_of(LumbungError(text)) == text

    def test_what_was_kept_for_a_later_reader_is_said_to_them(self) -> None:
        kept = LumbungError("Plugin %(plugin)s is not installed.", plugin="antrean").sentence.as_json()
        assert words_of(Sentence.from_json(kept)) == "Aplikasi antrean tidak terpasang."

    def test_it_follows_the_first_language_of_the_tenant(self, house: TestHouse) -> None:
        refused = TenancyError("code", "There is a unit with the code %(code)s already.", code="DINKES")
        with house.scope("sumbawa") as scope:
            assert words_of(refused) == "Sudah ada perangkat daerah dengan kode DINKES."
            scope.tenant = replace(scope.tenant, languages=("en", "id"))  # type: ignore[type-var]
            assert words_of(refused) == "There is a unit with the code DINKES already."


GOOD = MANIFEST.format(name="contoh", version="1.0.0")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('licence = "EUPL-1.2"', "", "licence: wajib diisi."),
        ('licence = "EUPL-1.2"', 'licence = "E"', "licence: isinya sedikitnya 2 huruf."),
        ('hooks = ["routes"]', "surprise = true", "surprise: tidak dikenal; hapus, atau periksa ejaannya."),
        ('hooks = ["routes"]', 'hooks = ["rutes"]', "seluruh isinya: tidak ada kait 'rutes'; yang ada: "),
        ('hooks = ["routes"]', 'hooks = "routes"', 'hooks: isinya harus daftar, misalnya ["a", "b"].'),
        ('hooks = ["routes"]', 'runtime = "cloud"', "runtime: isinya harus 'inline', 'process' atau 'remote'."),
        ('name = "contoh"', 'name = "Contoh"', "name: tulisannya harus mengikuti pola '^[a-z]"),
        ('name = "contoh"', 'name = "admin"', "nama 'admin' sudah dipakai Lumbung sendiri; pilih nama lain."),
        ('version = "1.0.0"', "version = 1.0", "version: isinya harus teks, di antara tanda kutip."),
        ('version = "1.0.0"', 'version = "satu"', "version: 'satu' bukan nomor versi; contoh: '1.0.0'."),
        ('en = "Sample"', 'en = ""', "title.en: tidak boleh kosong."),
        ("schema = 1", "schema =", "tidak dapat dibaca sebagai TOML: nilainya tidak sah (baris "),
        ("schema = 1", "schema 1", "kurang tanda '=' sesudah nama kunci (baris "),
        (
            'hooks = ["routes"]',
            '[[navigation]]\nplace = "roof"\ntitle = {id = "a", en = "b"}\npath = "/x"\n',
            "navigation.0.place: isinya harus 'citizen' atau 'desk'.",
        ),
        (
            'hooks = ["routes"]',
            '[[personal_data]]\nname = "NIK"\npurpose = {id = "a", en = "b"}\nbasis = "c"\nwhere = "d"\n'
            "retention_days = 0\n",
            "personal_data.0.retention_days: angkanya harus 1 atau lebih.",
        ),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said_in_indonesian(old: str, new: str, said: str) -> None:
    """A table ends the keys before it, so what is added as one stands at the end."""
    text = GOOD.replace(old, "") + new if new.startswith("[[") else GOOD.replace(old, new)
    with pytest.raises(ManifestError) as refused:
        parse_manifest(text, "x.whl: plugin.toml")
    words = words_of(refused.value)
    assert words.startswith("x.whl: plugin.toml")
    assert said in words
