"""A manifest is read without running anything, and what is wrong with one fits into a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumbung.registry.manifest import RESERVED, Manifest, ManifestError, parse_manifest, read_manifest
from lumbung.testing.wheels import MANIFEST

GOOD = MANIFEST.format(name="contoh", version="1.0.0")


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


PERMISSION = '\n[[permissions]]\nname = "{name}"\ntitle = {{id = "a", en = "b"}}\n'

BAD = [
    ("", "schema", "required"),
    ("schema = ", "not valid TOML", "Invalid value"),
    (changed("schema = 1", "schema = 2"), "schema", "1"),
    (changed("schema = 1", 'schema = "1"'), "schema", "1"),
    (changed('name = "contoh"', 'name = "Contoh"'), "name", "pattern"),
    (changed('name = "contoh"', 'name = "x"'), "name", "pattern"),
    (changed('name = "contoh"', 'name = "con-toh"'), "name", "pattern"),
    (changed('name = "contoh"', 'name = "contoh\\n"'), "name", "pattern"),
    (changed('name = "contoh"', 'name = "admin"'), "admin", "the house's own"),
    (changed('name = "contoh"', 'name = "lumbung_x"'), "lumbung_x", "the house's own"),
    (changed('version = "1.0.0"', 'version = "satu"'), "version", "such as '1.0.0'"),
    (changed('version = "1.0.0"', "version = 1.0"), "version", "string"),
    (changed('licence = "EUPL-1.2"', ""), "licence", "required"),
    (changed('hooks = ["routes"]', 'hooks = "routes"'), "hooks", "tuple"),
    (changed('hooks = ["routes"]', 'hooks = ["rutes"]'), "rutes", "there are:"),
    (changed('hooks = ["routes"]', 'runtime = "cloud"'), "runtime", "inline"),
    (changed('hooks = ["routes"]', 'icon = "../x"'), "icon", "pattern"),
    (changed('hooks = ["routes"]', 'shared_tables = ["lumbung_person"]'), "lumbung_person", "'contoh_'"),
    (changed('hooks = ["routes"]', "surprise = true"), "surprise", "not permitted"),
    (changed('en = "Sample"', ""), "title.en", "required"),
    (changed('en = "Sample"', 'en = ""'), "title.en", "at least 1"),
    (changed('name = "Kota Bandung"', 'name = "K"'), "donor.name", "at least 2"),
    (changed('name = "Kota Bandung"', 'name = "Bandung"\nregion_code = "3273"'), "donor.region_code", "pattern"),
    (changed('name = "Kota Bandung"', 'name = "Bandung"\nurl = "javascript:x"'), "donor.url", "pattern"),
    (changed('requires = ">=0.1"', 'requires = "terbaru"'), "core.requires", "version range"),
    (GOOD + '[dependencies]\nlain = "?"\n', "dependencies.lain", "version range"),
    (GOOD + '[dependencies]\n"../x" = ">=1"\n', "dependencies", "pattern"),
    (GOOD + PERMISSION.format(name="lain.serve"), "lain.serve", "must begin with 'contoh.'"),
    (GOOD + PERMISSION.format(name="contoh"), "permissions.0.name", "pattern"),
    (
        GOOD + '[[roles]]\nname = "r"\ntitle = {id = "a", en = "b"}\npermissions = []\n',
        "roles.0.name",
        "pattern",
    ),
    (
        GOOD + '[[roles]]\nname = "raja"\ntitle = {id = "a", en = "b"}\npermissions = ["contoh.serve"]\n',
        "contoh.serve",
        "not declared",
    ),
    (
        GOOD + '[[navigation]]\nplace = "desk"\ntitle = {id = "a", en = "b"}\npath = "/x"\npermission = "contoh.x"\n',
        "contoh.x",
        "not declared",
    ),
    (
        GOOD + '[[navigation]]\nplace = "desk"\ntitle = {id = "a", en = "b"}\npath = "javascript:x"\n',
        "navigation.0.path",
        "such as '/loket'",
    ),
    (
        GOOD + '[[navigation]]\nplace = "roof"\ntitle = {id = "a", en = "b"}\npath = "/x"\n',
        "navigation.0.place",
        "'citizen' or 'desk'",
    ),
    (GOOD + '[events]\nemits = ["lain.happened"]\n', "lain.happened", "must begin with 'contoh.'"),
    (
        GOOD + '[[consents]]\ncode = "lain.news"\ntitle = {id = "a", en = "b"}\n'
        'text = {id = "Saya setuju begini.", en = "I agree to this."}\n',
        "lain.news",
        "must begin with 'contoh.'",
    ),
    (GOOD + '[[jobs]]\nname = "nightly"\ncron = "besok"\n', "jobs.0.cron", "such as '5 0 * * *'"),
    (GOOD + '[[jobs]]\nname = "nightly"\ncron = "* * * * * 30"\n', "jobs.0.cron", "such as '5 0 * * *'"),
    (GOOD + '[[jobs]]\nname = "nightly"\ncron = "61 0 * * *"\n', "jobs.0.cron", "such as '5 0 * * *'"),
    (
        GOOD
        + '[[personal_data]]\nname = "NIK"\npurpose = {id = "a", en = "b"}\nbasis = "c"\nwhere = "d"\n'
        + "retention_days = 0\n",
        "personal_data.0.retention_days",
        "greater than or equal to 1",
    ),
    (GOOD + '["a\\nb"]\nx = 1\n', "a b", "not permitted"),
]


@pytest.mark.parametrize(("text", "key", "expected"), BAD, ids=range(len(BAD)))
def test_a_bad_manifest_is_refused_in_a_sentence_that_names_file_key_and_expectation(
    text: str, key: str, expected: str
) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_manifest(text, "wheel.whl: plugin.toml")
    sentence = str(refused.value)
    assert sentence.startswith("wheel.whl: plugin.toml")
    assert key in sentence
    assert expected in sentence
    assert "\n" not in sentence
    assert "pydantic" not in sentence


def test_a_good_manifest_says_everything_in_two_languages_and_survives_the_registry() -> None:
    manifest = parse_manifest(GOOD, "x")
    assert (manifest.title("id"), manifest.title("en"), manifest.title("xx")) == ("Contoh", "Sample", "Contoh")
    assert manifest.donor.name == "Kota Bandung"
    assert Manifest.model_validate(manifest.as_json()) == manifest


@pytest.mark.parametrize("name", sorted(name for name in RESERVED if len(name) > 1))
def test_a_plugin_cannot_take_a_name_of_the_house(name: str) -> None:
    with pytest.raises(ManifestError, match="the house's own"):
        parse_manifest(changed('name = "contoh"', f'name = "{name}"'), "x")


def test_a_manifest_that_is_missing_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"plugin.toml is missing"):
        read_manifest(tmp_path / "plugin.toml")
    (tmp_path / "plugin.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ManifestError, match="not UTF-8"):
        read_manifest(tmp_path / "plugin.toml")


def test_every_first_segment_of_the_portal_is_reserved(house: object) -> None:
    app = house.app  # type: ignore[attr-defined]
    segments = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    named = {segment for segment in segments if segment.isidentifier() and not segment.startswith("_")}
    assert named <= RESERVED
