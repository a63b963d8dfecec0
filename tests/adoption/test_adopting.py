from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from lumbung.adoption.adopting import adopt
from lumbung.cli.adopt import adopt as command
from lumbung.errors import LumbungError
from lumbung.instances.tree import digests_of, tree_hash
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.registry.manifest import read_manifest

APPS = Path(__file__).resolve().parent.parent / "foreign" / "apps"
DONOR = {"donor": "Kota Contoh"}


def manifest_of(adopted):
    return read_manifest(adopted.folder / adopted.folder.name / "plugin.toml")


@pytest.mark.parametrize("app", ["arsip_surat", "antrian_lama", "aduan_warga"])
def test_each_example_becomes_a_plugin_whose_own_tests_pass_and_whose_wheel_is_accepted(look, tmp_path, app):
    looked = look(app)
    adopted = adopt(looked, tmp_path / "to", given=DONOR)
    package = adopted.folder / adopted.folder.name
    assert tree_hash(digests_of(package / "source")) == tree_hash(digests_of(APPS / app)) == looked.received.hash
    assert looked.received.hash in (adopted.folder / "HANDOVER.md").read_text()
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(adopted.folder / "tests")]
    done = subprocess.run(tests, capture_output=True, text=True, check=False, cwd=adopted.folder)
    assert done.returncode == 0, done.stdout
    inspected = inspect_wheel(adopted.wheel.path)
    assert (inspected.manifest.name, inspected.manifest.runtime) == (app, "process")


def test_php_gets_its_database_without_an_edit_and_what_is_dangerous_is_closed(look, tmp_path):
    manifest = manifest_of(adopt(look("arsip_surat"), tmp_path, given=DONOR))
    process = manifest.process
    assert (process.database.engine, process.database.dump, process.database.least_tables) == (
        "mysql",
        "database/arsip_surat.sql",
        2,
    )
    files = {file.path: file.text for file in process.files}
    assert "function mysqli_connect(" in files["php/before.php"]
    assert "disable_functions = mysqli_connect," in files["php/lumbung.ini"]
    assert {"/config.php", "/database/"} <= set(process.deny)
    assert process.old_hosts == ("arsip.kota-contoh.example",)
    assert [(rule.path, rule.rule) for rule in manifest.access] == [("/", "signed_in"), ("/admin/info.php", "closed")]
    assert process.health.expect == 'name="password"'


def test_django_gets_a_settings_module_that_begins_with_theirs(look, tmp_path):
    manifest = manifest_of(adopt(look("aduan_warga"), tmp_path, given=DONOR))
    files = {file.path: file.text for file in manifest.process.files}
    assert "from aduan.settings import *" in files["lumbung_settings.py"]
    assert "DEBUG = False" in files["lumbung_settings.py"]
    assert manifest.openid.redirect_paths == ("/oidc/callback/",)
    for path, text in files.items():
        compile(text.replace("{{ ", "('").replace(" | json }}", "')").replace(" }}", "')"), path, "exec")


def test_filling_in_the_login_page_writes_the_sql_that_makes_an_account(look, tmp_path):
    adopted = adopt(look("arsip_surat"), tmp_path, given={**DONOR, "sign_in": "form"})
    form = manifest_of(adopted).sign_in
    assert (form.form.path, form.form.user_field, form.form.logout_path, form.hash) == (
        "/login.php",
        "username",
        "/logout.php",
        "md5",
    )
    sql = (adopted.folder / adopted.folder.name / "account.sql").read_text()
    assert "INSERT INTO `pengguna` (`username`, `password`, `nama`, `email`)" in sql


def test_codeigniter_gets_its_settings_beside_the_donated_ones(look, tree, tmp_path):
    folder = tree(
        {
            "index.php": "<?php define('ENVIRONMENT', isset($_SERVER['CI_ENV']) ? $_SERVER['CI_ENV'] : 'development');",
            "system/core/CodeIgniter.php": "const CI_VERSION = '3.1.11';",
            "application/config/database.php": "<?php $db['default'] = array('password' => 'rahasia1');",
            "application/.htaccess": "Deny from all",
        }
    )
    manifest = manifest_of(adopt(look(folder), tmp_path, given=DONOR))
    made = {file.path: file for file in manifest.process.files}
    assert made["application/config/production/database.php"].place == "source"
    assert "'CI_ENV' => 'production'" in made["php/before.php"].text
    assert {"/application/", "/system/"} <= set(manifest.process.deny)


def test_what_is_missing_is_named_when_nobody_may_be_asked(look, tmp_path):
    with pytest.raises(LumbungError, match=r"--set donor=\.\.\."):
        adopt(look("arsip_surat"), tmp_path / "out", given={})
    assert not (tmp_path / "out").exists()


def test_only_what_is_not_sure_is_asked(look, tmp_path):
    asked = {}

    def answer(guess):
        asked[guess.key] = guess.value
        return guess.value or "Kota Contoh"

    adopt(look("arsip_surat"), tmp_path / "out", given={"access": "public"}, ask=answer)
    assert asked == {"donor": None, "licence": "NOASSERTION", "sign_in": "none"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"nama": "x"}, "nothing called 'nama'"),
        ({"database": "oracle"}, "one of: mysql"),
        ({"dump": "../x.sql"}, "cannot be"),
        ({"name": "Arsip Surat"}, "small letters"),
        ({"name": "admin"}, "house's own"),
        ({"health": "login"}, "not a path of the application"),
        ({"memory_mb": "banyak"}, "it is a number"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_written(look, tmp_path, given, says):
    with pytest.raises(LumbungError, match=says):
        adopt(look("arsip_surat"), tmp_path / "out", given={**DONOR, **given})
    assert not list((tmp_path / "out").glob("lumbung_*"))


def test_the_same_tree_gives_the_same_wheel(look, tmp_path):
    first = adopt(look("antrian_lama"), tmp_path / "one", given=DONOR).wheel
    second = adopt(look("antrian_lama"), tmp_path / "two", given=DONOR).wheel
    assert first.sha256 == second.sha256


def test_a_wheel_may_hold_compiled_code_and_odd_files_in_the_donated_tree_alone(look, tree, tmp_path):
    folder = tree({"app.py": "from flask import Flask\napp = Flask(__name__)\n", "requirements.txt": "flask\n"})
    tree({"lib/fast.so": "x", "site.pth": "import os", "bin/tool": "#!/bin/sh", 'odd/a,"b".txt': "x"})
    adopted = adopt(look(folder), tmp_path / "out", given=DONOR)
    package = adopted.folder / adopted.folder.name
    (package / "beside.so").write_text("x")
    from lumbung.adoption.wheel import build_wheel

    with pytest.raises(LumbungError, match=r"compiled code, lumbung_donated/beside\.so"):
        build_wheel(adopted.folder, tmp_path / "again")
    assert not list((tmp_path / "again").iterdir())


def test_the_command_says_what_it_found_and_writes_the_plugin(tmp_path):
    arguments = [str(APPS / "antrian_lama"), "--no-input", "--to", str(tmp_path), "--set", "donor=Kota Contoh"]
    done = CliRunner().invoke(command, [*arguments, "--name", "antri"])
    assert done.exit_code == 0, done.output
    assert "app.py:84" in done.output
    project = tomllib.loads((tmp_path / "lumbung_antri/pyproject.toml").read_text())
    assert project["project"]["name"] == "lumbung-antri"
    again = CliRunner().invoke(command, [*arguments, "--name", "antri"])
    assert isinstance(again.exception, LumbungError)
    assert "is there already" in str(again.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "lumbung_antri"]
